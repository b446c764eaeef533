"""A line about each call of the story, and where it ends."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import ClassVar

import pytest

from deploy.local import ports
from deploy.local.errors import CommandError
from deploy.local.story_client import StoryClient

_ID = "01a22cb8-12b3-742c-99d8-f6cb9395d2fb"


class _Handler(BaseHTTPRequestHandler):
    seen: ClassVar[list[tuple[str | None, str | None]]] = []  # who asked, by header and by cookie
    answers: ClassVar[list[tuple[int, str, bytes]]] = []

    def do_GET(self) -> None:
        self.seen.append((self.headers["Authorization"], self.headers["Cookie"]))
        status, kind, body = self.answers.pop(0)
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("X-Session-Token", "TOKEN"), ("Set-Cookie", "session=TOKEN")):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    _Handler.seen.clear()
    _Handler.answers.clear()
    with HTTPServer(("127.0.0.1", 0), _Handler) as running:
        Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def client(server: HTTPServer, said: list[str]) -> StoryClient:
    return StoryClient(f"http://127.0.0.1:{server.server_address[1]}", said.append)


def _answer(status: int, body: bytes, kind: str = "application/json") -> None:
    _Handler.answers.append((status, kind, body))


def test_a_line_says_what_was_sent_and_what_came_back(client: StoryClient, said: list[str]) -> None:
    _answer(200, b'{"name": "Ann"}')
    found = client.call("GET", f"/api/orders/{_ID}?signature=x", "nothing", came=lambda body: f"it is {body['name']}")
    assert found == {"name": "Ann"}
    assert said == ["  GET  /api/orders/01a22cb8...  nothing\n    200  it is Ann"]


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (f"/assets/{64 * 'a'}.png/1796054400-793f8", "/assets/aaaaaaaa..."),
        (
            f"/mockups/tshirt-front/1c1c1f/{_ID}/1796054400-793f8.webp?widthMm=1",
            "/mockups/tshirt-front/1c1c1f/01a22cb8...",
        ),
        (f"/private/{_ID}?signature=793f8", "/private/01a22cb8..."),
    ],
)
def test_no_line_has_the_permission_to_see_a_picture(
    client: StoryClient, said: list[str], path: str, shown: str
) -> None:
    _answer(200, b"", "image/png")
    client.file(path, "picture", "image/png")
    assert said[0].startswith(f"  GET  {shown}\n")


def test_the_token_of_an_answer_says_who_asks_next_and_no_cookie_does(client: StoryClient) -> None:
    for _ in range(2):
        _answer(200, b"{}")
        client.call("GET", "/")
    assert _Handler.seen == [(None, None), ("Bearer TOKEN", None)]


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (409, b'{"error": {"code": "not_payable", "message": "It is paid."}}', "409 instead of 200; not_payable: It"),
        (201, b"{}", "answered 201 instead of 200"),
        (502, b"<html>", "answered 502, and no JSON"),
    ],
)
def test_another_answer_than_expected_ends_it(client: StoryClient, status: int, body: bytes, words: str) -> None:
    _answer(status, body)
    with pytest.raises(CommandError, match=words):
        client.call("GET", "/")


def test_no_answer_ends_it(said: list[str]) -> None:
    client = StoryClient(f"http://127.0.0.1:{ports.free()}", said.append)
    with pytest.raises(CommandError, match=r"GET / was not answered \(ConnectionError\)"):
        client.call("GET", "/")


def test_it_waits_quietly_for_what_fits(client: StoryClient, said: list[str]) -> None:
    for number in range(3):
        _answer(200, b'{"number": %d}' % number)
    client.until("/", lambda body: body["number"] == 2, came=lambda body: str(body["number"]), what="a number")
    assert said == ["  GET  /\n    200  2"]


def test_a_file_is_told_by_kind_and_size(client: StoryClient, said: list[str]) -> None:
    _answer(200, b"%PDF", "application/pdf")
    assert client.file("/slip.pdf", "packing slip", "application/pdf") == b"%PDF"
    assert said == ["  GET  /slip.pdf\n    200  packing slip: application/pdf, 4 bytes"]
    _answer(200, b"{}")
    with pytest.raises(CommandError, match="not application/pdf"):
        client.file("/slip.pdf", "packing slip", "application/pdf")
