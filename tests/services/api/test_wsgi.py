"""The api behind its real server: streams, bodies, connections and shutdown."""

import contextlib
import http.client
import json
import signal
import time
from collections.abc import Mapping
from types import MappingProxyType

from tests.services import pictures
from tests.services.api.client import form
from tests.services.api.served import Served

_FORM = {"Content-Type": "multipart/form-data; boundary=x"}


def _ask(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> tuple[http.client.HTTPResponse, dict[str, object]]:
    connection.request(method, path, body, dict(headers))
    response = connection.getresponse()
    return response, json.loads(response.read())


def test_over_http(served: Served) -> None:
    """One test, because starting the server takes most of the time."""
    _a_connection_is_kept_also_over_refusals(served)
    _a_body_without_a_length_is_taken_up_to_the_limit(served)
    _a_body_beyond_the_limit_is_refused_before_it_is_sent(served)
    _events_arrive_when_they_happen(served)
    _open_streams_do_not_keep_the_process(served)


def _a_connection_is_kept_also_over_refusals(served: Served) -> None:
    connection = served.connect()
    connection.connect()
    first = connection.sock
    for _ in range(2):
        assert _ask(connection, "GET", "/health")[0].status == 200
        assert _ask(connection, "GET", "/nowhere")[0].status == 404
        assert _ask(connection, "POST", "/api/uploads", form(b"no picture"), _FORM)[0].status == 415
    assert connection.sock is first


def _a_body_without_a_length_is_taken_up_to_the_limit(served: Served) -> None:
    def chunked(data: bytes) -> int:
        connection = served.connect()
        pieces = (data[at : at + 100_000] for at in range(0, len(data), 100_000))
        with contextlib.suppress(ConnectionError):  # refused while we are still sending
            connection.request("POST", "/api/uploads", pieces, _FORM, encode_chunked=True)
        return connection.getresponse().status

    assert chunked(form(pictures.jpeg())) == 201
    assert chunked(form(bytes(22_000_000))) == 413


def _a_body_beyond_the_limit_is_refused_before_it_is_sent(served: Served) -> None:
    connection = served.connect()
    connection.putrequest("POST", "/api/uploads")
    for name, value in (*_FORM.items(), ("Content-Length", "1000000000")):
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    assert response.status == 413
    assert json.loads(response.read())["error"]["code"] == "body_too_large"


def _events_arrive_when_they_happen(served: Served) -> None:
    guest, stream, job = _following(served)
    while stream.readline() != b"\n":
        pass  # the job as it is now
    assert _ask(served.connect(), "DELETE", job, headers=guest)[0].status == 200
    assert b'"status": "cancelled"' in stream.read()


def _open_streams_do_not_keep_the_process(served: Served) -> None:
    served.hang_up()  # connections that were kept are waited for a little
    _, stream, _ = _following(served)
    served.process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    stream.read()
    assert served.process.wait(40) == 0
    assert time.monotonic() - began < 10  # and not as long as a stream lasts


def _following(served: Served) -> tuple[dict[str, str], http.client.HTTPResponse, str]:
    """A guest's headers, the stream of a job after its first line, the job's address."""
    response, accepted = _ask(served.connect(), "POST", "/api/cutouts", form(pictures.jpeg()), _FORM)
    guest = {"Authorization": f"Bearer {response.headers['X-Session-Token']}"}
    connection = served.connect()
    connection.request("GET", str(accepted["eventsUrl"]), headers=guest)
    stream = connection.getresponse()
    assert stream.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert (stream.readline(), stream.readline()) == (b"retry: 1000\n", b"\n")
    return guest, stream, str(accepted["statusUrl"])
