"""One HTTP exchange: it ends in bounded time and reports whether the request may have arrived."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import requests

from services.worker.providers import Broken, Unavailable, http_exchange
from services.worker.providers.http_exchange import Reply, post
from shared import timeouts
from tests.services.worker.rembg_double import Answer, Double


@pytest.fixture
def server() -> Iterator[Double]:
    double = Double()
    yield double
    double.stop()


@pytest.fixture
def client() -> Iterator[requests.Session]:
    with http_exchange.session() as made:
        yield made


def _unavailable(client: requests.Session, url: str) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        post(client, url, data=b"picture")
    return caught.value


def test_a_response_is_status_headers_and_body(server: Double, client: requests.Session) -> None:
    server.answer = Answer(418, {"X-Some": "thing"}, b"tea")
    reply = post(client, server.url, data=b"picture")
    assert (reply.status, reply.headers["x-some"], reply.body) == (418, "thing", b"tea")
    assert server.asked[0].picture == b"picture"


def test_a_redirect_is_not_followed(server: Double, client: requests.Session) -> None:
    server.answer = Answer(307, {"Location": server.url + "/elsewhere"})
    assert post(client, server.url, data=b"picture").status == 307
    assert len(server.asked) == 1


def test_a_configured_internet_proxy_is_not_used(
    server: Double, client: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert post(client, server.url, data=b"picture").status == 200


def test_a_refused_connection_sent_nothing(client: requests.Session) -> None:
    assert _unavailable(client, "http://127.0.0.1:1").charged is False


def test_an_unknown_host_name_sent_nothing(client: requests.Session) -> None:
    assert _unavailable(client, "http://nobody.invalid").charged is False


def test_a_connection_that_times_out_sent_nothing(client: requests.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeouts, "PROVIDER_CONNECT_S", 0.2)
    with socket.socket() as full:  # a backlog of one, and no accept
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        with socket.create_connection(full.getsockname()):
            error = _unavailable(client, f"http://127.0.0.1:{full.getsockname()[1]}")
    assert error.charged is False


def test_a_request_without_a_response_may_have_arrived(
    server: Double, client: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeouts, "PROVIDER_READ_S", 0.2)
    server.answer = Answer(wait_s=0.6)
    assert _unavailable(client, server.url).charged is True


def test_a_request_on_a_broken_connection_may_have_arrived(server: Double, client: requests.Session) -> None:
    server.answer = Answer(body=bytes(1000), share=0.5)
    assert _unavailable(client, server.url).charged is True
    server.answer = Answer(body=b"good")
    assert post(client, server.url, data=b"picture").body == b"good"


def test_a_request_that_was_closed_without_a_response_may_have_arrived(client: requests.Session) -> None:
    with socket.create_server(("127.0.0.1", 0)) as rude:

        def hang_up() -> None:
            line, _ = rude.accept()
            with line:
                line.recv(1 << 16)

        thread = threading.Thread(target=hang_up)
        thread.start()
        assert _unavailable(client, f"http://127.0.0.1:{rude.getsockname()[1]}").charged is True
        thread.join()


def test_a_slow_response_times_out(server: Double, client: requests.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeouts, "PROVIDER_S", 0.3)
    server.answer = Answer(body=bytes(100), pause_s=0.05)
    began = time.monotonic()
    error = _unavailable(client, server.url)
    assert "too long" in str(error)
    assert error.charged is True
    assert time.monotonic() - began < 3


def test_an_endless_response_is_an_error_and_counts_as_charged(
    server: Double, client: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_exchange, "MAX_BYTES", 100_000)
    server.answer = Answer(body=bytes(200_000))
    with pytest.raises(Broken, match="too large") as caught:
        post(client, server.url, data=b"picture")
    assert caught.value.charged is True


def test_no_exchange_takes_longer_than_a_minute() -> None:
    for text, seconds in (
        ("7", 7),
        ("0", 0),
        ("3600", 60),
        ("", None),
        ("-1", None),
        ("²", None),
        ("soon", None),
        ("Fri, 31 Dec 2027 23:59:59 GMT", None),
    ):
        assert http_exchange.retry_after_s(Reply(503, {"Retry-After": text}, b"")) == seconds
    assert http_exchange.retry_after_s(Reply(503, {}, b"")) is None
