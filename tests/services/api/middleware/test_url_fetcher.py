"""Fetching pictures by URL, and that no internal address is ever called."""

import contextlib
import threading
import time
from collections.abc import Iterable, Iterator
from ipaddress import ip_network

import pytest

from services.api.middleware import url_fetcher
from services.api.middleware.url_fetcher import UrlFetcher
from shared import errors, guarded_http
from shared.images import MAX_BYTES
from tests.services.api.sources import Say, Source, endless, moved, page, serving
from tests.shared.test_ip_guard import SPECIAL

HERE = ip_network("127.0.0.2/32")  # the sources of these tests; the canaries are on 127.0.0.1
NAME = "pictures.example"
HOSTS = (  # neither a name nor an address in its canonical form
    *("192.0.2", "0300.0.2.1", "3221225985", "0xc0000201", "192.0.2.1.", "192.0.2.256", "[192.0.2.1]", "[::1%25lo]"),
    *("[::", "localhost", "localhost.", "redis", "ex\u00e4mple.com", "%31.example.com", "-.example.com", "-", "_", "."),
)
MALFORMED = (  # no plain URL of a picture
    *("", " ", "\x00", "{canary}", "//{canary}/", "http://", "http:///{canary}/", "http://:80/", "http:/{canary}/"),
    *("http:{canary}/", " http://{canary}/", "http://{canary}:/", "http://{canary}:80/", "http://[{canary}]/"),
    *("http://{canary}/a b", "http://{canary}\t/", "http://{canary}\n/", "http://{canary}\\", "http://{canary}/\\"),
    *("http://user@{canary}/", "http://user:password@{canary}/", "http://example.com@{canary}/"),
    *("ftp://{canary}/", "file:///name", "data:,picture", "https://{canary}/", "HTTP://{canary}/"),
)


def _to(*found: str) -> guarded_http.Resolve:
    return lambda host, port: found


@contextlib.contextmanager
def _source(pages: dict[str, bytes | Say]) -> Iterator[Source]:
    with serving(Source(pages, "127.0.0.2")) as source:
        yield source


@pytest.fixture
def canary() -> Iterator[Source]:
    with serving(Source({"/": page(b"caught")})) as source:
        yield source


def _fetcher(source: Source, deadline_s: float = 20) -> UrlFetcher:
    return UrlFetcher(lambda *_: ["127.0.0.2"], allowed=[HERE], ports=[source.port], deadline_s=deadline_s)


def _fetched(page: bytes | Say, deadline_s: float = 20) -> bytes:
    with _source({"/": page}) as source:
        return _fetcher(source, deadline_s).fetch(f"http://{NAME}:{source.port}/")


def test_a_picture_is_fetched_and_the_request_reveals_nothing_internal(
    monkeypatch: pytest.MonkeyPatch, canary: Source
) -> None:
    for variable in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(variable, f"http://127.0.0.1:{canary.port}")
    with _source({"/a/b.jpg?w=1": page(b"bytes")}) as source:
        assert _fetcher(source).fetch(f"http://{NAME.upper()}:{source.port}/a/b.jpg?w=1#part") == b"bytes"
        head = source.asked[0].lower().splitlines()
    assert f"host: {NAME}:{source.port}" in head
    assert "accept-encoding: identity" in head
    assert {line.split(":")[0] for line in head[1:]} == {
        "host",
        "accept",
        "accept-encoding",
        "connection",
        "user-agent",
    }
    assert canary.hits == 0


@pytest.mark.parametrize("way", ["chunked", "until the end"])
def test_a_body_may_come_without_a_length(way: str) -> None:
    head = "Transfer-Encoding: chunked\r\n" if way == "chunked" else ""
    body = "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n" if way == "chunked" else "abcde"
    assert _fetched(f"HTTP/1.1 200 OK\r\n{head}\r\n{body}".encode()) == b"abcde"


def test_a_special_or_malformed_address_is_never_called(canary: Source) -> None:
    called: list[str] = []

    def resolve(host: str, _: int) -> Iterable[str]:
        called.append(host)
        return ["127.0.0.1"]

    fetcher = UrlFetcher(resolve, ports=[canary.port])
    literals = [f"http://{host}:{canary.port}/" for host in HOSTS]
    urls = [*literals, *(url.replace("{canary}", f"127.0.0.1:{canary.port}") for url in MALFORMED)]
    urls += [f"http://[{text}]:{canary.port}/" if ":" in text else f"http://{text}:{canary.port}/" for text in SPECIAL]
    for url in [*urls, f"http://{NAME}:{canary.port}/", f"http://127.0.0.1.{NAME}:{canary.port}/"]:
        with pytest.raises(errors.UrlNotAllowed):
            fetcher.fetch(url)
    assert canary.hits == 0
    assert called == [NAME, f"127.0.0.1.{NAME}"]  # everything else was refused unresolved


def test_a_name_with_a_special_address_among_others_is_refused() -> None:
    responses = [found for text in SPECIAL for found in ([text], ["1.1.1.1", text], [text, "2606:4700:4700::1111"])]
    fetcher = UrlFetcher(lambda *_: responses.pop())
    for _ in range(len(responses)):
        with pytest.raises(errors.UrlNotAllowed):
            fetcher.fetch(f"http://{NAME}/")
    responses.append([])
    with pytest.raises(errors.UrlNotAllowed):
        fetcher.fetch(f"http://{NAME}/")


def test_other_ports_are_not_called(canary: Source) -> None:
    fetcher = UrlFetcher(_to("127.0.0.1"), allowed=[ip_network("127.0.0.1/32")])
    with pytest.raises(errors.UrlNotAllowed, match="default ports"):
        fetcher.fetch(f"http://{NAME}:{canary.port}/")
    assert canary.hits == 0


def test_dns_rebinding_changes_nothing(canary: Source) -> None:
    responses = iter([["127.0.0.2"], ["127.0.0.1"]])
    with _source({"/": page(b"bytes")}) as source:
        fetcher = UrlFetcher(lambda *_: next(responses), allowed=[HERE], ports=[source.port, canary.port])
        assert fetcher.fetch(f"http://{NAME}:{source.port}/") == b"bytes"
    with pytest.raises(errors.UrlNotAllowed):
        fetcher.fetch(f"http://{NAME}:{canary.port}/")
    assert canary.hits == 0


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent"])
def test_three_redirects_are_followed(status: str) -> None:
    pages = {"/": moved("/2", status), "/2": moved("3", status), "/3": moved(f"//{NAME}:PORT/4", status)}
    with _source({**pages, "/4": page(b"bytes")}) as source:
        source.pages["/3"] = moved(f"//{NAME}:{source.port}/4", status)
        assert _fetcher(source).fetch(f"http://{NAME}:{source.port}/") == b"bytes"


def test_a_fourth_redirect_and_a_loop_are_not(canary: Source) -> None:
    pages: dict[str, bytes | Say] = {f"/{n}": moved(f"/{n + 1}") for n in range(12)}
    with _source({**pages, "/": moved("/"), "/nowhere": page(status="302 Found")}) as source:
        for target in ("/0", "/", "/nowhere"):
            source.asked.clear()
            with pytest.raises(errors.SourceUnreachable):
                _fetcher(source).fetch(f"http://{NAME}:{source.port}{target}")
            assert len(source.asked) == 4


def test_a_redirect_is_vetted_like_the_first_url(canary: Source) -> None:
    inside = [f"http://127.0.0.1:{canary.port}/", f"//127.0.0.1:{canary.port}/", f"http://inner.example:{canary.port}/"]
    for to in [*inside, *(url.replace("{canary}", f"127.0.0.1:{canary.port}") for url in MALFORMED if ":" in url)]:
        if "\n" in to or "\x00" in to:
            continue  # not valid in a header
        with _source({"/": moved(to), f"/127.0.0.1:{canary.port}/": moved("file:///")}) as source:
            name_of = {NAME: "127.0.0.2", "inner.example": "127.0.0.1"}
            fetcher = UrlFetcher(lambda host, _: [name_of[host]], allowed=[HERE], ports=[source.port, canary.port])  # noqa: B023
            with pytest.raises((errors.UrlNotAllowed, errors.SourceUnreachable)):
                fetcher.fetch(f"http://{NAME}:{source.port}/")
    assert canary.hits == 0


_HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "say",
    [
        endless(b"", b""),
        endless(_HEAD + b"X: ", b"x"),
        endless(_HEAD, b"X: x\r\n", 0.2),
        endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        endless(_HEAD + b"\r\n", b"x"),
        endless(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
    ids=["silence", "header line", "headers", "continue", "body", "chunks"],
)
def test_everything_ends_at_one_deadline(say: Say) -> None:
    began = time.monotonic()
    with pytest.raises(errors.SourceUnreachable):
        _fetched(say, deadline_s=0.4)
    assert time.monotonic() - began < 10


def test_a_resolver_that_hangs_does_not_block_the_request() -> None:
    done = threading.Event()

    def resolve(*_: object) -> Iterable[str]:
        done.wait(30)
        return ["1.1.1.1"]

    with pytest.raises(errors.SourceUnreachable):
        UrlFetcher(resolve, deadline_s=0.1).fetch(f"http://{NAME}/")
    done.set()


def test_twenty_megabytes_are_read_and_no_more() -> None:
    whole = bytes(MAX_BYTES)
    assert len(_fetched(page(whole))) == MAX_BYTES
    flood = endless(_HEAD + b"\r\n", bytes(1 << 20), 0)
    announced = endless(_HEAD + b"Content-Length: 99999999999\r\n\r\n", b"")
    for say in (page(whole + b"x"), flood, announced):
        with pytest.raises(errors.BodyTooLarge):
            _fetched(say)


@pytest.mark.parametrize(
    "said",
    [
        page(b"x", Content_Encoding="gzip"),
        page(b"x", "404 Not Found"),
        page(b"x", "206 Partial Content"),
        page(b"x", Content_Length="2"),
        _HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc",
        _HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc",
        b"",
        b"220 mail.example ESMTP\r\n",
        _HEAD + b"X: x\r\n" * 200 + b"\r\n",
    ],
    ids=["gzip", "404", "206", "short", "cut chunk", "no chunk", "nothing", "smtp", "many headers"],
)
def test_an_incomplete_or_odd_response_is_refused(said: bytes) -> None:
    with pytest.raises(errors.SourceUnreachable):
        _fetched(said)


def test_a_closed_port_and_an_unknown_name_are_unreachable(free_port: int) -> None:
    def nobody(*_: object) -> Iterable[str]:
        raise OSError("no such name")

    for resolve in (_to("127.0.0.2", "127.0.0.2"), nobody):
        with pytest.raises(errors.SourceUnreachable):
            UrlFetcher(resolve, allowed=[HERE], ports=[free_port]).fetch(f"http://{NAME}:{free_port}/")


def test_more_than_eight_concurrent_fetches_are_busy() -> None:
    go, places = threading.Event(), threading.Barrier(url_fetcher.CONCURRENT + 1)

    def resolve(*_: object) -> Iterable[str]:
        places.wait(20)
        go.wait(20)
        return []

    fetcher = UrlFetcher(resolve)

    def ask() -> None:
        with contextlib.suppress(errors.UrlNotAllowed):
            fetcher.fetch(f"http://{NAME}/")

    callers = [threading.Thread(target=ask) for _ in range(url_fetcher.CONCURRENT)]
    for caller in callers:
        caller.start()
    places.wait(20)
    with pytest.raises(errors.Busy):
        fetcher.fetch(f"http://{NAME}/")
    go.set()
    for caller in callers:
        caller.join()
