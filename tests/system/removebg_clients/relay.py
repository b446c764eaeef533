"""A TLS server for api.remove.bg that passes what it reads on to the api."""

import contextlib
import shutil
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.services.api.certificates import self_signed

HOST = "api.remove.bg"
_DRAIN_S = 10


class Relay(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, to: int, certificate: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.to = to
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(certificate)


class _Passing(socketserver.BaseRequestHandler):
    server: Relay

    def handle(self) -> None:
        with (
            contextlib.suppress(OSError),
            self.server.tls.wrap_socket(self.request, server_side=True) as client,
            socket.create_connection(("127.0.0.1", self.server.to)) as api,
        ):
            back = threading.Thread(target=_pass, args=[api, client])
            back.start()
            _pass(client, api)
            back.join()
            client.settimeout(_DRAIN_S)
            while client.recv(1 << 16):  # closed with bytes unread, it would take the response back
                pass


def _pass(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        shutil.copyfileobj(source.makefile("rb", 0), target.makefile("wb", 0))
        target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def relaying(to: int, folder: Path) -> Iterator[tuple[int, Path]]:
    """The port of a relay to this port of the machine, and the file of the certificate that clients must trust."""
    certificate = self_signed(folder, HOST)
    with Relay(to, certificate) as relay:
        threading.Thread(target=relay.serve_forever, daemon=True).start()
        yield int(relay.server_address[1]), certificate
        relay.shutdown()
