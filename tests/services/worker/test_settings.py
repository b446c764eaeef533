"""What the worker takes from the environment."""

import pytest

from services.worker.settings import Settings
from shared import settings


def test_defaults_are_those_of_the_contract(bare_environment: pytest.MonkeyPatch) -> None:
    bare_environment.delenv("REMBG_ENDPOINT")
    read = Settings.read()
    assert (read.work.lease_s, read.work.threads, read.work.port, read.work.host) == (60, 3, 8001, "0.0.0.0")
    assert (read.rembg.endpoint, read.rembg.token) == ("http://127.0.0.1:7000", None)


@pytest.mark.parametrize(
    ("given", "read"),
    [("", ["jobs"]), ("print", ["print"]), (" print_slow, jobs ,jobs,", ["print_slow", "jobs"])],
)
def test_the_queues_of_a_worker_are_a_list_of_names(
    bare_environment: pytest.MonkeyPatch, given: str, read: list[str]
) -> None:
    bare_environment.setenv("WORKER_QUEUES", given)
    assert list(Settings.read().work.queues) == read


def test_given_values_are_taken(bare_environment: pytest.MonkeyPatch) -> None:
    for name, value in {"LEASE_S": "2.5", "WORKER_CONCURRENCY": "8", "WORKER_PORT": "9", "BIND_HOST": "::1"}.items():
        bare_environment.setenv(name, value)
    work = Settings.read().work
    assert (work.lease_s, work.threads, work.port, work.host) == (2.5, 8, 9, "::1")


@pytest.mark.parametrize(
    ("instances", "given", "prints"),
    [("", "", False), ("0", "", False), ("2", "", True), ("0", "true", True), ("1", "false", False)],
)
def test_print_edges_follow_a_cutout_where_there_are_workers_for_them_unless_it_is_said(
    bare_environment: pytest.MonkeyPatch, instances: str, given: str, prints: bool
) -> None:
    bare_environment.setenv("PRINT_INSTANCES", instances)
    bare_environment.setenv("PRINT_AFTER_CUTOUT", given)
    assert Settings.read().work.prints is prints


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PRINT_AFTER_CUTOUT", "perhaps"),
        ("LEASE_S", "1"),
        ("LEASE_S", "soon"),
        ("WORKER_CONCURRENCY", "0"),
        ("WORKER_CONCURRENCY", "33"),
        ("WORKER_PORT", "65536"),
        ("WORKER_QUEUES", "jobs,mail"),
        ("WORKER_QUEUES", "Jobs"),
        ("WORKER_QUEUES", ","),
        ("SECRET_KEY", ""),
        ("DATABASE_URL", ""),
        ("REDIS_URL", ""),
    ],
)
def test_a_wrong_setting_is_named(bare_environment: pytest.MonkeyPatch, name: str, value: str) -> None:
    bare_environment.setenv(name, value)
    with pytest.raises(settings.Invalid, match=name):
        Settings.read()


def test_the_purge_hook_is_off_by_default_and_needs_the_public_url(
    bare_environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Settings.read().cdn.purge_url is None
    bare_environment.setenv("CDN_PURGE_URL", "https://cdn.example/purge?key=hunter2")
    for wrong in ("", "shop.example"):
        bare_environment.setenv("PUBLIC_URL", wrong)
        with pytest.raises(settings.Invalid, match="PUBLIC_URL"):
            Settings.read()
    bare_environment.setenv("PUBLIC_URL", "https://shop.example")
    assert "hunter2" not in repr(Settings.read())
    for wrong in ("cdn.example/hunter2", "ftp://cdn.example/hunter2", "https://cdn.example/ hunter2"):
        bare_environment.setenv("CDN_PURGE_URL", wrong)
        with pytest.raises(settings.Invalid, match="CDN_PURGE_URL"):
            Settings.read()
    assert "hunter2" not in capsys.readouterr().err
