"""The worker's health checks and metrics over HTTP, on a port of its own: /health* and /metrics.

Uses the standard library's server, so that the worker needs no Flask.
"""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from shared import metrics
from shared.health import Health, may_operate


def serve(health: Health, host: str, port: int, ops_token: str | None) -> ThreadingHTTPServer:
    """Serve from a thread; call `shutdown()` on the returned server to stop."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 5  # how long a silent client can hold a thread

        def do_GET(self) -> None:
            match self.path:
                case "/health" | "/health/live":
                    self._send_json(200, health.live())
                case "/health/ready":
                    fit, body = health.ready()
                    self._send_json(200 if fit else 503, body)
                case "/health/detailed" if self._operator():
                    self._send_json(200, health.detailed())
                case "/metrics" if self._operator():
                    self._send(200, *_scrape(health))
                case _:
                    self._send_json(404, {"error": {"code": "not_found", "message": "There is nothing here."}})

        def _operator(self) -> bool:
            return may_operate(self.client_address[0], self.headers.get, ops_token)

        def _send_json(self, status: int, body: dict[str, object]) -> None:
            self._send(status, json.dumps(body).encode(), "application/json")

        def _send(self, status: int, body: bytes, content_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Health checks would flood the log."""

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

    server = Server((host, port), Handler)
    threading.Thread(target=server.serve_forever, name="health-server", daemon=True).start()
    return server


def _scrape(health: Health) -> tuple[bytes, str]:
    for name, up in health.up().items():
        metrics.CHECK_UP.labels(name).set(up)
    return metrics.expose()
