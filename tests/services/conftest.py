"""What the tests of several services start from: an environment of their own, and a database that can be taken away."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

_OTHERS = (
    "CDN_PURGE_TOKEN CDN_PURGE_URL CORS_ORIGINS DATABASE_DIRECT_URL DATABASE_POOL_MAX ENVIRONMENT LEASE_S MAIL_FROM "
    "OPS_TOKEN PUBLIC_URL R2_ACCESS_KEY_ID R2_BUCKET_NAME R2_ENDPOINT R2_SECRET_ACCESS_KEY REMBG_TOKEN SMTP_URL "
    "TRUSTED_HOPS WORKER_CONCURRENCY"
)
NOBODY = "http://127.0.0.1:1"  # refuses every connection


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """The settings a service needs and no others; nothing is there behind the addresses."""
    for name in _OTHERS.split():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:password@127.0.0.1:1/name")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("SECRET_KEY", "a secret of the tests, long enough")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("REMBG_ENDPOINT", NOBODY)
    monkeypatch.setenv("PRINT_INSTANCES", "1")
    monkeypatch.setenv("RATE_LIMIT_SIGN_IN", "0")
    for caller in ("", "PREMIUM_", "ADMIN_"):
        monkeypatch.setenv(f"RATE_LIMIT_{caller}API", "0")
        monkeypatch.setenv(f"RATE_LIMIT_{caller}UPLOADS", "0")
    return monkeypatch


@pytest.fixture
def environment(bare_environment: pytest.MonkeyPatch, database_url: str, redis_url: str) -> pytest.MonkeyPatch:
    """The same with a database and a Redis; the test changes what it is about."""
    bare_environment.setenv("DATABASE_URL", database_url)
    bare_environment.setenv("REDIS_URL", redis_url)
    return bare_environment


@pytest.fixture
def lose_database(database_url: str) -> Callable[[], None]:
    """Ends every connection to the test's database, and refuses new ones."""

    def lose() -> None:
        server, _, name = database_url.rpartition("/")
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(sql.SQL("alter database {} allow_connections false").format(sql.Identifier(name)))
            connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])

    return lose
