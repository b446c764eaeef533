"""The double over HTTP: `/v1/...` as Stripe's, `/control/...` for tests, pages for customers, `/health/ready`."""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urljoin, urlsplit

from deploy.local.stripe_double import checkout, pages
from deploy.local.stripe_double.control import Control
from deploy.local.stripe_double.double import Answer, Double, NoAnswer, Request
from deploy.local.stripe_double.refusals import Refusal
from deploy.local.stripe_double.webhooks import Webhooks

_LONGEST_BODY = 1 << 20
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing resets the connection
_TICK_S = 1.0


class Server(ThreadingHTTPServer):
    """Serves until the process is killed, which loses nothing."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], double: Double, webhooks: Webhooks) -> None:
        super().__init__(address, _Handler)
        self.double = double
        self.webhooks = webhooks
        self.control = Control(double, webhooks)

    def serve(self) -> None:
        threading.Thread(target=self._expire, name="expiry", daemon=True).start()
        self.serve_forever()

    def _expire(self) -> None:
        while True:
            time.sleep(_TICK_S)
            with self.double.state.transaction():
                checkout.expire_due(self.double.state)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    timeout = 60
    wbufsize = -1  # head and body in one packet
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer(urlsplit(self.path).query)

    def do_POST(self) -> None:
        self._answer(self._body())

    def do_PUT(self) -> None:
        self._answer(self._body())

    def log_message(self, *_: object) -> None:
        """`/control/calls` is the log."""

    def _answer(self, text: str) -> None:
        path = urlsplit(self.path).path
        try:
            if path.startswith("/v1/"):
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.command, path, headers, text, self._page())
                answer = self.server.double.answer(request)
            else:
                answer = self._own(path)(path, text)
        except NoAnswer:
            self._reset()
        except Refusal as refusal:
            self._send(Answer(refusal.status, json.dumps(refusal.body)))
        else:
            self._send(answer)

    def _own(self, path: str) -> Callable[[str, str], Answer]:
        """What is not Stripe's API."""
        if path == "/health/ready":
            return lambda *_: Answer(200, "{}")
        return self._controlled if path.startswith("/control/") else self._shown

    def _controlled(self, path: str, text: str) -> Answer:
        if self.headers.get("Authorization") != f"Bearer {self.server.double.secret_key}":
            raise Refusal("The control address needs the secret key.", status=401)
        try:
            given = json.loads(text or "{}") if self.command != "GET" else dict(parse_qsl(text))
        except ValueError as error:
            raise Refusal(f"Not JSON: {error}") from None
        return Answer(200, json.dumps(self.server.control.answer(self.command, path, given)))

    def _shown(self, path: str, text: str) -> Answer:
        state = self.server.double.state
        html = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}
        try:
            with state.transaction():
                if self.command == "GET":
                    return Answer(200, pages.shown(state, path), html)
                button = dict(parse_qsl(text)).get("button", "")
                return Answer(200, pages.pressed(state, path, button, self._page()), html)
        except pages.Redirect as redirect:
            shop = self.server.webhooks.url  # Stripe wants whole addresses; `make run` does not know its own
            return Answer(303, "", {"Location": urljoin(shop, redirect.url)})

    def _page(self) -> str:
        return f"http://{self.headers.get('Host', '')}"

    def _body(self) -> str:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > _LONGEST_BODY:
            self.close_connection = True
            return ""
        return self.rfile.read(int(length)).decode(errors="replace")

    def _send(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.send_response(answer.status)
        for name, value in ({"Content-Type": "application/json"} | answer.headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        with suppress(OSError):  # the caller went
            self.wfile.flush()

    def _reset(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.connection.close()
