"""What every service refuses at its start, naming the variable and never showing a secret."""

from collections.abc import Callable

import pytest

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


NUMBERS = {
    "api": [
        *("REMOVE_BG_PRICE_CENTS", "PAID_ABOVE_UNCERTAIN", "PROVIDER_DAILY_BUDGET_CENTS", "DATABASE_POOL_MAX"),
        *("TRUSTED_HOPS", "QUOTA_STORED_MB", "QUOTA_UNFINISHED_JOBS", "API_INSTANCES", "SELF_HOSTED_ROLLOUT_PERCENT"),
        *("RATE_LIMIT_API", "RATE_LIMIT_UPLOADS"),
    ],
    "worker": ["LEASE_S", "WORKER_CONCURRENCY", "WORKER_PORT", "REMBG_PLACES", "REMOVE_BG_PRICE_CENTS"],
    "rembg": ["REMBG_DEADLINE_S", "REMBG_STUCK_S", "REMBG_MAX_WORKERS", "REMBG_MAX_WAITING"],
}


@pytest.mark.parametrize("value", ["inf", "-inf", "Infinity", "nan", "1e999", "-1", "9" * 30, "٣/h"])
@pytest.mark.parametrize(("service", "name"), [(service, name) for service, names in NUMBERS.items() for name in names])
def test_a_number_out_of_bounds_is_refused_by_name(
    bare_environment: pytest.MonkeyPatch, service: str, name: str, value: str
) -> None:
    bare_environment.setenv(name, value)
    assert f"{name}: " in refusal(service)


_SHARED = "DATABASE_URL DATABASE_DIRECT_URL REDIS_URL R2_ENDPOINT REMBG_ENDPOINT REMOVE_BG_URL SENTRY_DSN"
ADDRESSES = {
    "api": f"{_SHARED} PUBLIC_URL CORS_ORIGINS".split(),
    "worker": f"{_SHARED} BIND_HOST".split(),
    "rembg": ["REMBG_MODEL_BASE_URL", "SENTRY_DSN"],
}


@pytest.mark.parametrize(
    "value",
    [
        *("inf:", "nonsense:", "ftp://host.example/0", "file:///etc/passwd", "javascript:alert(1)", "gopher://host"),
        *("https://", "://host", "https://me:hunter2@/", "https://host:99999/1", "https://key@host:x/1"),
        *("https://ho st/1", "https://\u00e9/1"),
    ],
)
@pytest.mark.parametrize(("service", "name"), [(s, name) for s, names in ADDRESSES.items() for name in names])
def test_what_is_no_address_is_refused_by_name(
    bare_environment: pytest.MonkeyPatch, service: str, name: str, value: str
) -> None:
    bare_environment.setenv(name, value)
    words = refusal(service)
    assert f"{name}: " in words
    assert "hunter2" not in words
