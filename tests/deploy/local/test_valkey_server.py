"""Valkey needs no installation, asks for a password, never evicts and keeps its data."""

import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis

from deploy.local.supervisor import await_ready
from deploy.local.valkey_server import Valkey
from tests.deploy.local.processes import ended

FOLDER = 'with "quotes",\n lines and \\'


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path / FOLDER / "valkey")
    server.start()
    await_ready(server)
    yield server
    server.stop()


def client(server: Valkey) -> "redis.Redis":
    return redis.Redis.from_url(server.url, decode_responses=True)


def test_what_was_told_is_there_after_a_restart_at_the_same_address(server: Valkey) -> None:
    with client(server) as told:
        told.set("word", "kept")
    server.stop()
    server.start()
    await_ready(server)
    with client(server) as asked:
        assert asked.get("word") == "kept"


def test_it_never_evicts(server: Valkey) -> None:
    with client(server) as asked:
        assert asked.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_strangers_need_the_password(server: Valkey) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as stranger:
        stranger.sendall(b"PING\r\n")
        assert stranger.recv(100).startswith(b"-NOAUTH")


def test_the_password_is_not_among_the_arguments(server: Valkey) -> None:
    password = server.url.split(":")[2].split("@")[0]
    assert not any(password in word for word in psutil.Process(server.pid).cmdline())


def test_an_orphan_on_the_folder_is_stopped_first(server: Valkey, tmp_path: Path) -> None:
    orphan = server.pid or 0
    successor = Valkey(tmp_path / FOLDER / "valkey")
    successor.start()
    await_ready(successor)
    successor.stop()
    assert ended(orphan)


def test_it_is_not_ready_before_it_answers(tmp_path: Path) -> None:
    assert not Valkey(tmp_path).ready()
