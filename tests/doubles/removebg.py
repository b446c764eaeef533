"""A double of remove.bg 1.0 over HTTP, with faults on demand and a ledger of its charges.

Only another company's server may have a double. This one checks the key, parses the form, cuts an ellipse out of the
picture and appends one JSON line a call to its ledger, a file that survives any kill. In a thread:
`with RemoveBg(ledger) as double`. As a process: `python -m tests.doubles.removebg PORT LEDGER`.

`double.next` holds the faults of the next calls, `double.always` that of all later ones; over HTTP, `PUT /faults` with
`{"next": [...], "always": "..."}`. A fault is a name of FAULTS, or an error code of the API such as
`unknown_foreground`; `200:unknown_foreground` is the same error with HTTP 200, as newer servers send it.
"""

import base64
import io
import json
import os
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from PIL import Image, ImageDraw, ImageOps, UnidentifiedImageError
from werkzeug.formparser import parse_form_data

KEY = "a key of the tests"
MAX_BYTES, MAX_PNG_PIXELS = 22 * 2**20, 10_000_000
HUGE_BYTES = 2_000_000  # more than the test lets our client read
SLOW_S = 1.0
_ERRORS = {  # code: (status, title)
    "auth_failed": (403, "API Key invalid"),
    "insufficient_credits": (402, "Insufficient credits"),
    "rate_limit_exceeded": (429, "Rate limit exceeded"),
    "internal_error": (500, "Internal error"),
    "service_unavailable": (503, "Service unavailable"),
    "unknown_foreground": (400, "Could not identify foreground in image"),
    "failed_to_read_image": (400, "Failed to read image"),
    "file_too_large": (400, "File too large"),
    "missing_source": (400, "No image given"),
    "resolution_too_high": (400, "Image resolution too high"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the ledger: a completely received call and its cost in credits."""

    request_id: str
    fault: str
    charged: float
    at: float


class RemoveBg:
    """The double in a thread; the ledger may hold lines of an earlier run."""

    def __init__(self, ledger: Path, *, port: int = 0, retry_after_s: int = 1) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self.next: deque[str] = deque()
        self.always = "ok"
        self.retry_after_s = retry_after_s
        self.meanwhile: Callable[[], object] = lambda: None  # called while a client waits for its picture
        self.stopped = threading.Event()  # hanging responses wait for this
        self._server = ThreadingHTTPServer(("127.0.0.1", port), type("Handler", (_Handler,), {"double": self}))
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """The value for REMOVE_BG_URL."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1.0"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="removebg", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def serve(self) -> None:
        """Serve in this thread until the process ends."""
        self._server.serve_forever()

    def fault(self) -> str:
        """Take the fault of the current call."""
        with self._lock:
            return self.next.popleft() if self.next else self.always

    def enter(self, entry: Entry) -> None:
        """Write a line before responding, as an invoice would count the call."""
        line = json.dumps(asdict(entry)) + "\n"
        file = os.open(self._ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            os.write(file, line.encode())  # a single write is atomic
        finally:
            os.close(file)

    def entries(self) -> list[Entry]:
        """Return the lines of the ledger."""
        if not self._ledger.exists():
            return []
        return [Entry(**json.loads(line)) for line in self._ledger.read_text().splitlines()]


class _Handler(BaseHTTPRequestHandler):
    double: RemoveBg
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_PUT(self) -> None:
        wish = json.loads(self._body())
        self.double.next.extend(wish.get("next", []))
        self.double.always = wish.get("always", self.double.always)
        self._send(204, b"", {})

    def do_POST(self) -> None:
        body = self._body()
        code, picture = self._judge(body)
        fault = code or self.double.fault()
        act = FAULTS.get(fault)
        self._enter(fault, charged=1.0 if act else 0.0)
        self.double.meanwhile()
        with suppress(BrokenPipeError, ConnectionResetError):  # the client was killed
            if act:
                act(self, picture)
            else:
                self.refuse(fault)

    def refuse(self, fault: str) -> None:
        under, _, code = fault.rpartition(":")
        status, title = _ERRORS[code]
        wait = {"Retry-After": str(self.double.retry_after_s)} if status == 429 else {}
        self.send_json(int(under or status), {"errors": [{"title": title, "code": code}]}, wait)

    def send_json(self, status: int, value: object, headers: dict[str, str]) -> None:
        self._send(status, json.dumps(value).encode(), {"Content-Type": "application/json; charset=utf-8", **headers})

    def send_picture(self, png: bytes, *, promised: int | None = None) -> None:
        """Respond 200; `promised` is a Content-Length that the body does not keep."""
        rate = {"X-RateLimit-Limit": "500", "X-RateLimit-Remaining": "499", "X-RateLimit-Reset": "0"}
        facts = {"Content-Type": "image/png", "X-Type": "other", "X-Credits-Charged": "1", **rate}
        self._send(200, png, facts, promised)

    def die(self) -> None:
        """Close the connection."""
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _judge(self, body: bytes) -> tuple[str, bytes]:
        """Return the code of the request's fault or "", and the picture."""
        if self.headers.get("X-Api-Key") != KEY:
            return "auth_failed", b""
        if self.path != "/v1.0/removebg":
            return "missing_source", b""
        environ = {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        _, form, files = parse_form_data(environ)
        if "image_file" not in files or form.get("format") != "png":  # the double supports nothing else
            return "missing_source", b""
        with closing(files["image_file"]) as sent:
            picture = sent.read()
        return ("file_too_large" if len(picture) > MAX_BYTES else ""), picture

    def _enter(self, fault: str, charged: float) -> None:
        self.double.enter(Entry(self.headers.get("X-Request-Id", ""), fault, charged, time.time()))

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _send(self, status: int, body: bytes, headers: dict[str, str], promised: int | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if promised is None else promised))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """The ledger is the log."""


def cutout(picture: bytes, mode: str = "RGBA", scale: float = 1.0) -> bytes:
    """Cut an ellipse with a soft edge out of the picture; at most 10 megapixels, like the original."""
    try:
        with Image.open(io.BytesIO(picture)) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except (UnidentifiedImageError, OSError):
        upright = Image.new("RGB", (64, 64))
    scale = min(scale, (MAX_PNG_PIXELS / (upright.width * upright.height)) ** 0.5)
    if scale < 1:
        upright = upright.resize((max(1, int(upright.width * scale)), max(1, int(upright.height * scale))))
    alpha = Image.new("L", (upright.width * 2, upright.height * 2), 0)
    ImageDraw.Draw(alpha).ellipse(
        (alpha.width // 5, alpha.height // 5, alpha.width * 4 // 5, alpha.height * 4 // 5), 255
    )
    upright.putalpha(alpha.resize(upright.size, Image.Resampling.LANCZOS))
    out = io.BytesIO()
    upright.convert(mode).save(out, "PNG", compress_level=1)
    return out.getvalue()


def _slowly(handler: _Handler, picture: bytes) -> None:
    time.sleep(SLOW_S)
    handler.send_picture(cutout(picture))


def _hang(handler: _Handler, _: bytes) -> None:
    handler.double.stopped.wait()
    handler.die()


def _cut(handler: _Handler, picture: bytes) -> None:
    png = cutout(picture)
    handler.send_picture(png[: len(png) // 2], promised=len(png))
    handler.die()


def _huge(handler: _Handler, picture: bytes) -> None:
    png = cutout(picture)
    handler.send_picture(png, promised=HUGE_BYTES)
    block = bytes(1 << 20)
    for _ in range((HUGE_BYTES - len(png)) // len(block)):
        handler.wfile.write(block)
    handler.die()


def _base64(handler: _Handler, picture: bytes) -> None:
    answer = {"data": {"result_b64": base64.b64encode(cutout(picture)).decode()}}
    handler.send_json(200, answer, {"X-Credits-Charged": "1"})


# Responses to charged calls: the good one, and the bad ones that cost money too.
FAULTS: dict[str, Callable[[_Handler, bytes], None]] = {
    "ok": lambda handler, picture: handler.send_picture(cutout(picture)),
    "base64": _base64,
    "slow": _slowly,
    "hang": _hang,
    "cut": _cut,
    "huge": _huge,
    "garbage": lambda handler, _: handler.send_picture(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4),
    "wrong_size": lambda handler, picture: handler.send_picture(cutout(picture, scale=0.5)),
    "no_alpha": lambda handler, picture: handler.send_picture(cutout(picture, mode="RGB")),
    "close": lambda handler, _: handler.die(),
}


if __name__ == "__main__":
    RemoveBg(Path(sys.argv[2]), port=int(sys.argv[1])).serve()
