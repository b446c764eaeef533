"""What every service refuses at its start, naming the variable and never showing a secret."""

from collections.abc import Callable
from typing import get_args

import pytest
from pydantic import SecretStr

from services.api import settings as api
from services.rembg import settings as rembg
from services.worker import settings as worker
from shared import settings

READ: dict[str, Callable[[], object]] = {
    "api": api.Settings.read,
    "worker": worker.Settings.read,
    "rembg": rembg.Settings.read,
}
STRONG = "5f1d8a0c3b7e4629" * 2
PUBLISHED = "development-only-development-only"
S3 = {"R2_ENDPOINT": "https://r2.example", "R2_ACCESS_KEY_ID": "id", "R2_BUCKET_NAME": "pictures"}
SECRETS = {
    "SECRET_KEY": ("api", "worker"),
    "OPS_TOKEN": ("api", "worker", "rembg"),
    "REMBG_TOKEN": ("api", "worker", "rembg"),
    "REMOVE_BG_API_KEY": ("api", "worker"),
    "R2_SECRET_ACCESS_KEY": ("api", "worker"),
}
OWN = {"SECRET_KEY", "OPS_TOKEN", "REMBG_TOKEN"}
URLS = {
    "DATABASE_URL": "postgresql://u:{}@h/n",
    "DATABASE_DIRECT_URL": "postgresql://u:{}@h/n",
    "REDIS_URL": "redis://:{}@h",
}
EVERY_SECRET = [(service, name) for name, services in SECRETS.items() for service in services]
EVERY_PASSWORD = [(service, name) for name in URLS for service in ("api", "worker")]


@pytest.fixture
def production(bare_environment: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The settings of a deployment that may start, with every secret."""
    given = S3 | dict.fromkeys(SECRETS, STRONG) | {name: url.format(STRONG) for name, url in URLS.items()}
    for name, value in given.items():
        bare_environment.setenv(name, value)
    bare_environment.setenv("ENVIRONMENT", "production")
    return bare_environment


def refusal(service: str) -> str:
    with pytest.raises(settings.Invalid) as caught:
        READ[service]()
    return str(caught.value)


@pytest.mark.usefixtures("production")
@pytest.mark.parametrize("service", READ)
def test_strong_secrets_are_accepted_in_production(service: str) -> None:
    READ[service]()


@pytest.mark.parametrize("spelling", ["production", "Production", "PRODUCTION", " production "])
@pytest.mark.parametrize(("service", "name"), EVERY_SECRET)
def test_a_published_secret_is_refused_in_production_in_any_spelling(
    production: pytest.MonkeyPatch, service: str, name: str, spelling: str
) -> None:
    production.setenv("ENVIRONMENT", spelling)
    production.setenv(name, PUBLISHED.title())
    assert f"{name}: is a public development value" in refusal(service)


@pytest.mark.parametrize(("service", "name"), EVERY_SECRET)
def test_a_short_secret_is_refused_in_production_and_not_shown(
    production: pytest.MonkeyPatch, service: str, name: str
) -> None:
    production.setenv(name, "hunter2")
    words = refusal(service)
    assert f"{name}: " in words
    assert "hunter2" not in words


@pytest.mark.parametrize("environment", ["production", "development"])
@pytest.mark.parametrize("secret", [" " * 40, "\t" * 40, f"{STRONG}\n", "ü" * 40])
@pytest.mark.parametrize(("service", "name"), EVERY_SECRET)
def test_a_blank_or_unusable_secret_is_refused_everywhere(
    production: pytest.MonkeyPatch, service: str, name: str, secret: str, environment: str
) -> None:
    production.setenv("ENVIRONMENT", environment)
    production.setenv(name, secret)
    assert f"{name}: must be printable ASCII" in refusal(service)


@pytest.mark.parametrize("password", ["", "%20" * 10, "short", "development"])
@pytest.mark.parametrize(("service", "name"), EVERY_PASSWORD)
def test_a_weak_password_in_an_address_is_refused_in_production(
    production: pytest.MonkeyPatch, service: str, name: str, password: str
) -> None:
    production.setenv(name, URLS[name].format(password))
    words = refusal(service)
    assert f"{name}: " in words
    assert not password or password not in words.replace("a public development value", "")
    production.setenv("ENVIRONMENT", "staging")
    READ[service]()


@pytest.mark.parametrize(("service", "name"), [(s, n) for s, n in EVERY_SECRET if n in OWN])
def test_the_development_secrets_of_compose_work_outside_production(
    production: pytest.MonkeyPatch, service: str, name: str
) -> None:
    production.setenv("ENVIRONMENT", "development")
    production.setenv(name, PUBLISHED)
    READ[service]()


BLOCKS = [block for block in settings.EnvSettings.__subclasses__() if not block.__module__.startswith("tests")]


def fields_of(*kinds: type) -> list[tuple[type[settings.EnvSettings], str]]:
    """Every setting of one of the types, so that a new one is tested as well."""
    return [
        (block, str(field.validation_alias))
        for block in BLOCKS
        for field in block.model_fields.values()
        if _types(field.annotation) & set(kinds)
    ]


def _types(annotation: object) -> set[object]:
    """The types in an annotation, such as those of `Annotated[int, ...] | None`."""
    return {annotation}.union(*map(_types, get_args(annotation)))


def refusal_of(block: type[settings.EnvSettings]) -> str:
    with pytest.raises(settings.Invalid) as caught:
        block.read()
    return str(caught.value)


@pytest.mark.parametrize("value", ["inf", "-inf", "Infinity", "nan", "1e999", "-1", "9" * 30, "1e12", "many"])
@pytest.mark.parametrize(("block", "name"), fields_of(int, float))
def test_a_number_out_of_bounds_is_refused_by_name(
    bare_environment: pytest.MonkeyPatch, block: type[settings.EnvSettings], name: str, value: str
) -> None:
    bare_environment.setenv(name, value)
    assert f"{name}: " in refusal_of(block)


@pytest.mark.parametrize("value", ["inf", "many", "-1/h", "1/-1h", "9999999999/h", "1/99999d", "\u0663/h"])
@pytest.mark.parametrize("name", ["RATE_LIMIT_API", "RATE_LIMIT_UPLOADS", "RATE_LIMIT_SIGN_IN"])
def test_an_impossible_rate_is_refused_by_name(bare_environment: pytest.MonkeyPatch, name: str, value: str) -> None:
    bare_environment.setenv(name, value)
    assert f"{name}: " in refusal("api")


@pytest.mark.parametrize(("block", "name"), fields_of(SecretStr))
def test_every_secret_is_refused_in_production_when_it_is_published(
    bare_environment: pytest.MonkeyPatch, block: type[settings.EnvSettings], name: str
) -> None:
    bare_environment.setenv("ENVIRONMENT", "production")
    bare_environment.setenv(name, PUBLISHED)
    assert f"{name}: " in refusal_of(block)


ADDRESSES = [
    field
    for field in fields_of(str, SecretStr)
    if field[1].endswith(("_URL", "_ENDPOINT", "_DSN", "_HOST", "_ORIGINS"))
]


@pytest.mark.parametrize(
    "value",
    [
        *("inf:", "nonsense:", "ftp://host.example/0", "file:///etc/passwd", "javascript:alert(1)", "gopher://host"),
        *("https://", "://host", "https://me:hunter2@/", "https://host:99999/1", "https://key@host:x/1"),
        *("https://ho st/1", "https://\u00e9/1"),
    ],
)
@pytest.mark.parametrize(("block", "name"), ADDRESSES)
def test_what_is_no_address_is_refused_by_name(
    bare_environment: pytest.MonkeyPatch, block: type[settings.EnvSettings], name: str, value: str
) -> None:
    bare_environment.setenv(name, value)
    words = refusal_of(block)
    assert f"{name}: " in words
    assert "hunter2" not in words
