"""deploy/nginx.conf before two instances of the api: timeouts, limits, request ids, streams and trusted addresses."""

import http.client
import json
import socket
import time
from contextlib import ExitStack, closing, suppress

import pytest
import requests

from deploy.local.supervisor import await_ready
from tests.deploy.front import Deployment
from tests.deploy.senders import slow_senders
from tests.services import pictures

# A starved health check takes seconds; the target of 0.1 needs an idle machine.
LIMIT_S = 1.0
_TRIES = 20
ORIGIN = "https://shop.example"


@pytest.fixture
def session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


def _usual_health(deployment: Deployment, session: requests.Session) -> float:
    took = []
    for _ in range(_TRIES):
        began = time.monotonic()
        assert session.get(f"{deployment.address}/health/live", timeout=30).status_code == 200
        took.append(time.monotonic() - began)
    return sorted(took)[_TRIES // 2]  # without a free thread all are slow; on a busy machine some are


def test_slow_heads_and_bodies_delay_no_other_request(deployment: Deployment, session: requests.Session) -> None:
    with slow_senders(deployment.front.port, heads=200, bodies=200):
        assert _usual_health(deployment, session) < LIMIT_S


def test_slow_senders_are_disconnected(deployment: Deployment) -> None:
    with slow_senders(deployment.front.port, heads=1, bodies=1) as connections:
        for connection in connections:
            connection.settimeout(15)  # 5 s of silence are allowed
            with suppress(ConnectionResetError):
                while connection.recv(1000):
                    pass


def test_a_refusal_of_a_large_body_reaches_the_caller(deployment: Deployment, session: requests.Session) -> None:
    headers = {"Authorization": "Bearer wrong", "Content-Type": "image/png"}
    for _ in range(_TRIES):
        refused = session.post(f"{deployment.address}/api/uploads", data=bytes(3_000_000), headers=headers, timeout=20)
        assert refused.json()["error"]["code"] == "unauthorized"


def test_slow_readers_hold_no_thread(deployment: Deployment, session: requests.Session) -> None:
    with ExitStack() as opened:
        for _ in range(80):  # both instances have 64 threads
            reader = opened.enter_context(socket.create_connection(("127.0.0.1", deployment.front.port)))
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            reader.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n")
        assert _usual_health(deployment, session) < 15  # a thread would be held for the front's 30 seconds


def test_request_ids_pass_through_if_they_are_valid(deployment: Deployment, session: requests.Session) -> None:
    own = session.get(f"{deployment.address}/api/jobs", headers={"X-Request-Id": "mine.1"})
    assert own.headers["X-Request-Id"] == "mine.1"
    made = session.get(f"{deployment.address}/api/jobs", headers={"X-Request-Id": "not sane"})
    _until_logged(deployment, {"mine.1", made.headers["X-Request-Id"]})


def _until_logged(deployment: Deployment, ids: set[str]) -> None:
    """Lines are written after their answers."""
    until = time.monotonic() + 10
    while not ids <= {line["request_id"] for line in _lines(deployment)}:
        assert time.monotonic() < until
        time.sleep(0.05)


def _lines(deployment: Deployment) -> list[dict[str, str]]:
    return [json.loads(line) for line in (deployment.folder / "access.log").read_text().splitlines()]


def test_no_log_names_an_address_that_is_a_permission(deployment: Deployment, session: requests.Session) -> None:
    made = session.post(f"{deployment.address}/api/uploads", files={"file": ("a.png", pictures.png())})
    url = made.json()["url"]
    link = session.post(f"{deployment.address}/api/assets/{made.json()['id']}/link").json()["url"]
    put = session.post(f"{deployment.address}/api/uploads/presign", json={"bytes": 9}).json()["uploadUrl"]
    paths = [f"{url}?w=400", url.replace("/assets/", "/ASSETS/"), f"//x{url}", url.rpartition("-")[0], f"/api/..{url}"]
    paths += [link, put]
    for number, path in enumerate(paths):
        session.get(deployment.address + path, headers={"X-Request-Id": f"privacy-{number}"})
    for instance in deployment.instances:
        instance.stop()
    try:
        assert session.get(deployment.address + url, headers={"X-Request-Id": "privacy-last"}).status_code == 503
    finally:
        for instance in deployment.instances:
            instance.start()
            await_ready(instance)
    _until_logged(deployment, {"privacy-last", *(f"privacy-{number}" for number in range(len(paths)))})
    logs = [*deployment.folder.glob("*.log"), *deployment.folder.parent.glob("api-*.log")]
    permissions = [url.split("/")[2], *(signed.rpartition("=")[2] for signed in (link, put))]
    assert [log.name for log in logs for permission in permissions if permission in log.read_text()] == []
    routes = {line["route"] for line in _lines(deployment) if line["request_id"].startswith("privacy")}
    assert routes == {"/assets/<key>/<grant>", "unknown", link.partition("?")[0], put.partition("?")[0]}


def test_the_front_passes_on_how_long_a_picture_may_be_kept(deployment: Deployment, session: requests.Session) -> None:
    made = session.post(f"{deployment.address}/api/uploads", files={"file": ("a.png", pictures.png())})
    shown = session.get(deployment.address + made.json()["url"])
    assert (shown.status_code, shown.headers["Cache-Control"]) == (200, "private, max-age=3600")
    assert shown.headers["CDN-Cache-Control"] == "no-store"


def test_a_body_over_the_limit_is_refused_before_it_is_sent(deployment: Deployment) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", deployment.front.port, timeout=10)
    with closing(connection):
        connection.putrequest("POST", "/api/cutouts")
        connection.putheader("Content-Length", str(5 * 1024**3))
        connection.putheader("Origin", ORIGIN)
        connection.endheaders()
        answer = connection.getresponse()
        assert answer.status == 413
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        error = json.loads(answer.read())["error"]
    assert error["code"] == "body_too_large"
    assert error["requestId"]


@pytest.mark.parametrize(
    ("head", "status", "code"),
    [
        ("GET /" + "a" * 9000 + " HTTP/1.1\r\nHost: x", 414, "uri_too_long"),  # by nginx
        ("GET /" + "a" * 5000 + " HTTP/1.1\r\nHost: x", 414, "uri_too_long"),  # by the api's server
        ("GET / HTTP/1.1\r\nHost: x\r\nX: " + "a" * 9000, 431, "headers_too_large"),
        ("GET / HTTP/1.1\r\nHost: x" + "\r\nX: a" * 200, 431, "headers_too_large"),
        ("GET / HTTP/1.1\r\nHost: x\r\n: a", 400, "invalid_request"),
        ("nonsense", 400, "invalid_request"),
        ("GET /refused HTTP/1.1\r\nHost: x", 404, "not_found"),
        ("TRACE / HTTP/1.1\r\nHost: x", 405, "method_not_allowed"),
        ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip", 501, "not_implemented"),
    ],
    ids=[
        "nginx-uri",
        "api-uri",
        "nginx-header",
        "api-headers",
        "malformed",
        "nonsense",
        "internal",
        "trace",
        "encoding",
    ],
)
def test_a_head_that_cannot_be_read_is_refused_in_the_one_shape(
    deployment: Deployment, head: str, status: int, code: str
) -> None:
    with closing(socket.create_connection(("127.0.0.1", deployment.front.port), 10)) as connection:
        connection.sendall(f"{head}\r\n\r\n".encode())
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        error = json.loads(answer.read())["error"]
    assert (answer.status, error["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/json"
    assert error["message"]
    assert error["requestId"] == answer.headers["X-Request-Id"]


def test_a_weak_etag_is_known_behind_the_front(deployment: Deployment, session: requests.Session) -> None:
    sent = session.post(f"{deployment.address}/api/uploads", files={"file": ("a.png", pictures.png())})
    for path in (sent.json()["url"], "/openapi.json", "/"):
        for accepted in ("gzip", "identity"):
            headers = {"Accept-Encoding": accepted}
            tag = session.get(deployment.address + path, headers=headers).headers["ETag"].removeprefix("W/")
            for known in (tag, f"W/{tag}", f'"another", W/{tag}'):
                again = session.get(deployment.address + path, headers={**headers, "If-None-Match": known})
                assert (again.status_code, again.content) == (304, b""), (path, accepted, known)


def test_a_chunked_body_arrives_whole(deployment: Deployment, session: requests.Session) -> None:
    request = requests.Request("POST", f"{deployment.address}/api/uploads", files={"file": ("a.png", pictures.png())})
    body = request.prepare()
    assert isinstance(body.body, bytes)
    chunks = (body.body[at : at + 100] for at in range(0, len(body.body), 100))
    sent = session.post(body.url or "", data=chunks, headers={"Content-Type": body.headers["Content-Type"]})
    assert sent.status_code == 201


def test_a_clients_forwarding_headers_are_ignored(deployment: Deployment, session: requests.Session) -> None:
    answer = session.get(f"{deployment.address}/metrics", headers={"X-Forwarded-For": "127.0.0.1"})
    assert answer.status_code == 404


def test_streams_are_not_buffered(deployment: Deployment, session: requests.Session) -> None:
    sent = session.post(f"{deployment.address}/api/cutouts", files={"file": ("a.png", pictures.png())})
    began = time.monotonic()
    with session.get(deployment.address + sent.json()["eventsUrl"], stream=True, timeout=5) as stream:
        first = next(stream.iter_lines())
    assert first == b"retry: 1000"
    assert time.monotonic() - began < 5  # there is no worker, so the stream itself would go on for 30 s


def test_without_instances_the_front_answers_like_the_api(deployment: Deployment, session: requests.Session) -> None:
    for instance in deployment.instances:
        instance.stop()
    try:
        answer = session.get(f"{deployment.address}/api/jobs", headers={"Origin": ORIGIN})
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
        assert answer.headers["Retry-After"] == "2"
        assert answer.headers["X-Request-Id"] == answer.json()["error"]["requestId"]
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    finally:
        for instance in deployment.instances:
            instance.start()
            await_ready(instance)
