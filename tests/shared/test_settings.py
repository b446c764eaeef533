"""Settings are read once and have defaults; an error names the variable without showing its value."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from shared import settings
from shared.storage.bucket import Bucket

SECRET = "swordfish-swordfish-swordfish-swordfish"
R2 = {
    "R2_ENDPOINT": "https://r2.example",
    "R2_ACCESS_KEY_ID": "id",
    "R2_SECRET_ACCESS_KEY": SECRET,
    "R2_BUCKET_NAME": "pictures",
}
NAMES = (
    *R2,
    *("DATABASE_URL", "DATABASE_DIRECT_URL", "DATABASE_POOL_MAX", "REDIS_URL", "DATA_DIR", "ENVIRONMENT", "OPS_TOKEN"),
    *("SECRET_KEY", "REMBG_ENDPOINT", "REMBG_TOKEN"),
)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without any of our settings."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def refused(block: type[settings.EnvSettings]) -> str:
    with pytest.raises(settings.Invalid) as caught:
        block.read()
    return str(caught.value)


@pytest.mark.usefixtures("environment")
def test_optional_settings_have_defaults() -> None:
    storage, ops, rembg = settings.Storage.read(), settings.Ops.read(), settings.Rembg.read()
    assert (storage.data_dir, storage.endpoint) == (Path("data"), None)
    assert (ops.environment, ops.token) == ("development", None)
    assert (rembg.endpoint, rembg.token) == ("http://127.0.0.1:7000", None)


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    ("block", "name"),
    [
        (settings.Database, "DATABASE_URL"),
        (settings.Broker, "REDIS_URL"),
        (settings.Keys, "SECRET_KEY"),
    ],
)
def test_a_missing_required_setting_is_named(block: type[settings.EnvSettings], name: str) -> None:
    assert f"{name}: Field required" in refused(block)


def test_values_come_from_the_environment(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DATABASE_URL", "postgresql://pooled")
    environment.setenv("DATABASE_POOL_MAX", "7")
    database = settings.Database.read()
    assert (database.url.get_secret_value(), database.pool_max) == ("postgresql://pooled", 7)


def test_an_empty_variable_counts_as_unset(environment: pytest.MonkeyPatch) -> None:
    for name in ("R2_ENDPOINT", "OPS_TOKEN", "DATA_DIR", "SECRET_KEY"):
        environment.setenv(name, "")
    assert settings.Storage.read().endpoint is None
    assert settings.Storage.read().data_dir == Path("data")
    assert settings.Ops.read().token is None
    assert "SECRET_KEY: Field required" in refused(settings.Keys)


def test_names_are_case_sensitive(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ops_token", SECRET)
    assert settings.Ops.read().token is None


def test_sessions_use_the_direct_address_where_there_is_one(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DATABASE_URL", "postgresql://pooled")
    assert settings.Database.read().direct_url == "postgresql://pooled"
    environment.setenv("DATABASE_DIRECT_URL", "postgresql://direct")
    assert settings.Database.read().direct_url == "postgresql://direct"


@pytest.mark.parametrize("size", ["1", "51", "many", "2.5"])
def test_an_invalid_pool_size_is_refused_by_name(environment: pytest.MonkeyPatch, size: str) -> None:
    environment.setenv("DATABASE_URL", f"postgresql://user:{SECRET}@host/name")
    environment.setenv("DATABASE_POOL_MAX", size)
    assert "DATABASE_POOL_MAX: Input should be" in refused(settings.Database)


def test_a_short_secret_is_refused_and_not_shown(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SECRET_KEY", "swordfish")
    words = refused(settings.Keys)
    assert "SECRET_KEY: must have at least 32 characters" in words
    assert "swordfish" not in words


def test_every_invalid_setting_is_named_and_no_value_is_shown(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DATABASE_POOL_MAX", SECRET)
    words = refused(settings.Database)
    assert "DATABASE_URL" in words
    assert "DATABASE_POOL_MAX" in words
    assert SECRET not in words


def test_invalid_settings_end_the_process_with_one_line_and_a_status_that_prevents_restarts() -> None:
    script = "from shared import settings; settings.Broker.read()"
    done = subprocess.run([sys.executable, "-c", script], env={}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (3, "")  # gunicorn gives up on a worker that ends with 3
    assert done.stderr == "invalid settings: REDIS_URL: Field required\n"


@pytest.mark.parametrize("forgotten", ["R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY", "R2_BUCKET_NAME"])
def test_incomplete_bucket_settings_are_refused(environment: pytest.MonkeyPatch, forgotten: str) -> None:
    for name, value in R2.items():
        environment.setenv(name, "" if name == forgotten else value)
    words = refused(settings.Storage)
    assert "R2_ENDPOINT also needs" in words
    assert SECRET not in words


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("R2_ENDPOINT", odd) for odd in ("nonsense", "r2.example", "ftp://r2.example", "https://", "https://a b")),
        *(("R2_ENDPOINT", f"https://{odd}") for odd in ("r2_.example", "me@r2.example", "r2:0", "r2:70000", "r2:x")),
        *(("R2_ENDPOINT", f"https://{odd}") for odd in ("r2.example?x", "-r2.example", "r2..example", f"{'a-' * 40}!")),
        *(("R2_BUCKET_NAME", odd) for odd in ("pictures/", "pic tures", "a" * 256)),
    ],
)
def test_an_impossible_bucket_is_refused_before_anything_starts(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    for each, usual in (R2 | {name: value}).items():
        environment.setenv(each, usual)
    words = refused(settings.Storage)
    assert f"{name}: " in words
    assert SECRET not in words


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:9000", "http://[::1]:9000", "https://x.example/storage/v1/s3", "http://minio:9000/"]
)
def test_any_http_endpoint_may_serve_a_bucket(environment: pytest.MonkeyPatch, endpoint: str) -> None:
    for each, usual in (R2 | {"R2_ENDPOINT": endpoint}).items():
        environment.setenv(each, usual)
    Bucket(settings.Storage.read())  # the S3 client checks it as well


def test_all_of_the_bucket_settings_are_accepted(environment: pytest.MonkeyPatch) -> None:
    for name, value in R2.items():
        environment.setenv(name, value)
    storage = settings.Storage.read()
    assert (storage.endpoint, storage.access_key_id, storage.bucket) == ("https://r2.example", "id", "pictures")


def test_bucket_settings_are_ignored_without_an_endpoint(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("R2_BUCKET_NAME", "pictures")
    assert settings.Storage.read().endpoint is None


def test_secrets_are_not_printed(environment: pytest.MonkeyPatch) -> None:
    for name in ("OPS_TOKEN", "SECRET_KEY", "REMBG_TOKEN"):
        environment.setenv(name, SECRET)
    for name in ("DATABASE_URL", "DATABASE_DIRECT_URL"):
        environment.setenv(name, f"postgresql://user:{SECRET}@host/name")
    environment.setenv("REDIS_URL", f"redis://:{SECRET}@host")
    for name, value in R2.items():
        environment.setenv(name, value)
    blocks = (settings.Database, settings.Broker, settings.Storage, settings.Ops, settings.Keys, settings.Rembg)
    for block in blocks:
        assert SECRET not in repr(block.read())
        assert SECRET not in str(block.read())


def test_settings_are_frozen(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("OPS_TOKEN", SECRET)
    ops = settings.Ops.read()
    with pytest.raises(ValidationError):
        ops.token = SecretStr("other")  # type: ignore[misc]
