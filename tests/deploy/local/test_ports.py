"""Ports are found free, or said to be taken."""

import os
import socket
import threading

import pytest

from deploy.local import ports
from deploy.local.errors import CommandError


def test_a_free_port_is_free() -> None:
    ports.require_free("PORT", ports.free())


def test_a_free_port_is_not_one_that_an_outgoing_connection_could_take() -> None:
    assert all(ports.free() < 32_768 for _ in range(20))


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_a_taken_port_is_named_with_a_way_out(address: str) -> None:
    with socket.create_server((address, 0)) as listener:
        taken = listener.getsockname()[1]
        with pytest.raises(CommandError, match=f"port {taken} is in use; .* make run REMBG_PORT={taken + 10}"):
            ports.require_free("REMBG_PORT", taken)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may use every port")
def test_a_forbidden_port_is_named_with_a_way_out() -> None:
    with pytest.raises(CommandError, match=r"port 1 cannot be used \(Permission denied\); .* make run PORT=8001"):
        ports.require_free("PORT", 1)


def test_a_connection_of_a_minute_ago_does_not_take_a_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        served, _ = listener.accept()
        served.close()  # the side that closes first keeps the port in TIME_WAIT
        client.close()
    ports.require_free("PORT", port)


def test_a_port_that_a_dying_run_still_holds_is_waited_for() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    threading.Timer(0.3, listener.close).start()
    ports.require_free("PORT", port, within_s=30)
