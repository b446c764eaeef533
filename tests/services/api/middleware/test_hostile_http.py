"""Hostile HTTP on the real port: bodies with a wrong length, ambiguous request heads."""

import json
import socket
from pathlib import Path
from typing import NamedTuple

from shared.images import MAX_BYTES
from tests.services import pictures
from tests.services.api.client import form
from tests.services.api.served import Served

_RAW = "POST /api/uploads", "Content-Type: image/png"
_FORM = "POST /api/uploads", "Content-Type: multipart/form-data; boundary=x"
_JSON = "POST /api/jobs", "Content-Type: application/json"
_CHUNKED = "Transfer-Encoding: chunked"
_LOOK = ("GET /health",)


class Said(NamedTuple):
    """Every response until the connection ended or fell silent: the statuses, and the code of the last one."""

    statuses: list[int]
    code: str


def _execute(port: int, head: tuple[str, ...], body: bytes = b"", *more: str, host: str = "Host: a\r\n") -> Said:
    lines = "".join(f"{line}\r\n" for line in (*head[1:], *more))
    return _send_raw(port, f"{head[0]} HTTP/1.1\r\n{host}{lines}\r\n".encode() + body)


def _send_raw(port: int, said: bytes) -> Said:
    """Send everything and close the sending side, as a caller that hangs up half-way."""
    with socket.create_connection(("127.0.0.1", port), 20) as connection:
        try:
            connection.sendall(said)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused while we are still sending
        response = bytearray()
        try:
            while part := connection.recv(65536):
                response += part
        except ConnectionResetError:
            pass
    heads = [part for part in bytes(response).split(b"HTTP/1.1 ")[1:] if not part.startswith(b"100 ")]
    last = heads[-1].partition(b"\r\n\r\n")[2] if heads else b""
    return Said(
        [int(head[:3]) for head in heads], json.loads(last)["error"]["code"] if last[:9] == b'{"error":' else ""
    )


def test_over_a_socket(served: Served, tmp_path: Path) -> None:
    """One test, because starting the server takes most of the time."""
    _nothing_is_taken_for_whole_that_is_not(served.port)
    _too_much_is_refused_before_it_is_read(served.port)
    _a_request_means_one_thing_or_nothing(served.port)
    _heads_and_forms_have_their_limits(served.port)
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    _who_asks_is_not_what_a_header_says(served)
    _a_body_without_a_length_is_taken_to_its_end(served.port)
    assert _execute(
        served.port, _FORM, form(pictures.jpeg()), f"Content-Length: {len(form(pictures.jpeg()))}"
    ).statuses == [201]


def _nothing_is_taken_for_whole_that_is_not(port: int) -> None:
    picture, wrapped = pictures.png(), form(pictures.png())
    first = f"{len(picture):x}\r\n".encode() + picture
    for head, body, more in (
        (_RAW, picture[:-20], f"Content-Length: {len(picture)}"),
        (_RAW, picture, f"Content-Length: {len(picture) + 1}"),
        (_RAW, b"", "Content-Length: 1"),
        (_FORM, wrapped[:-30], f"Content-Length: {len(wrapped)}"),
        (_FORM, wrapped, f"Content-Length: {len(wrapped) + 5}"),
        (_RAW, first, _CHUNKED),
        (_FORM, f"{len(wrapped) + 9:x}\r\n".encode() + wrapped, _CHUNKED),
        (_FORM, f"{len(wrapped):x}\r\n".encode() + wrapped, _CHUNKED),
        (_JSON, b"zz\r\n{}\r\n0\r\n\r\n", _CHUNKED),
        (_JSON, b"-2\r\n{}\r\n0\r\n\r\n", _CHUNKED),
        (_JSON, b"2\r\n{}0\r\n\r\n", _CHUNKED),
        (_JSON, b"2\r\n{}\r\n0\r\nno trailer\r\n\r\n", _CHUNKED),
        (_JSON, b'{"assetId"', "Content-Length: 40"),
    ):
        assert _execute(port, head, body, more) == ([400], "invalid_request"), (head, body[:40])
    assert _execute(port, _RAW) == ([400], "missing_file")


def _a_body_without_a_length_is_taken_to_its_end(port: int) -> None:
    picture = pictures.png()
    parts = (picture[:50], picture[50:])
    chunks = b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in parts)
    assert _execute(port, _RAW, chunks + b"0\r\n\r\n", _CHUNKED).statuses == [201]


def _too_much_is_refused_before_it_is_read(port: int) -> None:
    for head in (_RAW, _FORM, _JSON):
        for more in ((), ("Expect: 100-continue",)):
            assert _execute(port, head, b"abc", "Content-Length: 5000000000", *more) == ([413], "body_too_large")
    flood = f"{70_000:x}\r\n".encode() + bytes(70_000) + b"\r\n"
    assert _execute(port, _JSON, flood + b"0\r\n\r\n", _CHUNKED) == ([413], "body_too_large")
    flood = f"{MAX_BYTES + 1:x}\r\n".encode() + bytes(MAX_BYTES + 1) + b"\r\n"
    assert _execute(port, _RAW, flood + b"0\r\n\r\n", _CHUNKED) == ([413], "body_too_large")


def _a_request_means_one_thing_or_nothing(port: int) -> None:
    hidden = b"0\r\n\r\nGET /health HTTP/1.1\r\nHost: a\r\n\r\n"
    for more in (
        ("Content-Length: 4", _CHUNKED),
        (_CHUNKED, "Content-Length: 4"),
        ("Content-Length: 4", "Content-Length: 5"),
        ("Content-Length: +4",),
        ("Content-Length: -4",),
        ("Content-Length: 4, 4",),
        ("Transfer-Encoding : chunked",),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: xchunked",),
        (" Transfer-Encoding: chunked",),
    ):
        said = _execute(port, _JSON, hidden, *more)
        assert len(said.statuses) == 1, more
        assert said.statuses[0] in (400, 501), more
        assert said.code in ("invalid_request", "not_implemented"), more
    assert _execute(port, _LOOK, host="Host: a\r\nHost: b\r\n").statuses == [400]
    assert _execute(port, _LOOK, host="").statuses == [400]
    assert _send_raw(port, b"GET /health HTTP/1.1\nHost: a\n\n").statuses == [400]
    assert _send_raw(port, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").statuses == [400]


def _heads_and_forms_have_their_limits(port: int) -> None:
    assert _execute(port, ("GET /" + "a" * 9000,)) == ([414], "uri_too_long")
    assert _execute(port, (*_LOOK, f"X: {'a' * 9000}")) == ([431], "headers_too_large")
    assert _execute(port, (*_LOOK, *(f"X-{n}: a" for n in range(200)))) == ([431], "headers_too_large")
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
    for body in ((part + b"b\r\n") * 1500 + b"--x--\r\n", part + b"b" * 600_000 + b"\r\n--x--\r\n"):
        assert _execute(port, _FORM, body, f"Content-Length: {len(body)}") == ([413], "body_too_large")


def _who_asks_is_not_what_a_header_says(served: Served) -> None:
    """Without a proxy, anyone can send its headers: they neither open the operations routes nor change URLs."""
    wrapped = form(pictures.png())
    for header in ("X-Forwarded-For: 127.0.0.1", "X_Forwarded_For: 127.0.0.1", "X-Forwarded-Host: evil.example"):
        connection = served.connect()
        name, _, value = header.partition(": ")
        headers = {name: value, "Host": "evil.example", "Content-Type": "multipart/form-data; boundary=x"}
        connection.request("POST", "/api/uploads", wrapped, headers)
        response = json.loads(connection.getresponse().read())
        assert response["url"].startswith("/assets/")
    assert _execute(served.port, ("GET /metrics", "X-Forwarded-For: 127.0.0.1")).statuses == [404]
