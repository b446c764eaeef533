"""Two instances of rembg under one name share the work, and one that is away or full leaves it to the other."""

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from services.worker import providers
from services.worker.providers import http_exchange
from services.worker.providers.self_hosted import SelfHosted, instances
from tests.services.worker.rembg_double import Double, refusal

HOSTS = ("127.0.0.2", "127.0.0.3")
GONE = "127.0.0.4"


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Double, Double]]:
    """Two on one port, and a name for both and for one that is gone."""
    first = Double(HOSTS[0])
    second = Double(HOSTS[1], urlsplit(first.url).port or 0)
    plain = socket.getaddrinfo

    def resolve(host: str, port: int, *args: int, **options: int) -> list[object]:
        if host != "rembg":
            return list(plain(host, port, *args, **options))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in (*HOSTS, GONE)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    yield first, second
    first.stop()
    second.stop()


@pytest.fixture
def remover(pair: tuple[Double, Double]) -> Iterator[SelfHosted]:
    with http_exchange.session() as client:
        yield SelfHosted(client, f"http://rembg:{urlsplit(pair[0].url).port}")


def test_both_get_work_under_the_name_they_share(pair: tuple[Double, Double], remover: SelfHosted) -> None:
    for number in range(40):
        remover.remove(b"picture", f"some.{number}")
    assert all(len(double.asked) > 3 for double in pair)  # by chance once in a hundred million
    assert {asked.headers["Host"].partition(":")[0] for double in pair for asked in double.asked} == {"rembg"}


def test_a_full_one_leaves_it_to_the_other(pair: tuple[Double, Double], remover: SelfHosted) -> None:
    pair[0].answer = refusal(503, "busy")
    for number in range(20):
        remover.remove(b"picture", f"some.{number}")
    assert len(pair[1].asked) == 20


def test_one_that_may_be_working_on_it_is_not_doubled(pair: tuple[Double, Double], remover: SelfHosted) -> None:
    for double in pair:
        double.answer.share = 0.5
    with pytest.raises(providers.Unavailable):
        remover.remove(b"picture", "some.1")
    assert sum(len(double.asked) for double in pair) == 1


@pytest.mark.parametrize("url", ["https://rembg.example/remove", "http://no-such-host.invalid/remove"])
def test_what_cannot_be_chosen_stays_as_it_is(url: str) -> None:
    assert instances(url) == [url]


def test_an_address_stands_for_itself() -> None:
    assert instances("http://[::1]:7000/remove") == ["http://[::1]:7000/remove"]
