"""Callers wait for their job through lost notifications and ends of patience, and find it again."""

import io

import pytest
from flask.testing import FlaskClient

from services.api.removebg import waiting
from shared.models.owner import Scope
from tests.services import pictures
from tests.services.api.client import body
from tests.services.api.conftest import Api, Start
from tests.services.api.customers import with_key
from tests.services.api.removebg.conftest import RESULT, Worker, working

PATH = "/v1.0/removebg"
_SILENCE = """create or replace function job_changed() returns trigger language plpgsql as $$
begin
    new.version := old.version + 1;
    return new;
end
$$"""


@pytest.fixture
def impatient(start: Start, environment: pytest.MonkeyPatch) -> Api:
    """An api whose callers wait for a second."""
    environment.setenv("REMOVEBG_WAIT_S", "1")
    return start()


def _send(client: FlaskClient) -> tuple[int, bytes]:
    response = client.post(PATH, data={"image_file": (io.BytesIO(pictures.jpeg()), "a.jpg")})
    response.close()
    if response.status_code == 503:
        assert body(response)["errors"][0]["retry_after"] == int(response.headers["Retry-After"]) == 5
    return response.status_code, response.data


def _count(api: Api, statement: str) -> int:
    with api.deps.database.transaction() as connection:
        row = connection.execute(statement).fetchone()
    assert row is not None
    return int(row["count"])


def test_a_lost_notification_costs_time_only(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "POLL_S", 0.2)
    with api.deps.database.transaction() as connection:
        connection.execute(_SILENCE)
    with working(Worker(api)):
        assert _send(with_key(api, Scope.PREMIUM)) == (200, RESULT)


def test_a_request_sent_again_joins_its_job_and_is_charged_once(impatient: Api) -> None:
    client = with_key(impatient, Scope.PREMIUM)
    assert [_send(client)[0], _send(client)[0]] == [503, 503]
    assert _count(impatient, "select count(*) from jobs") == 1
    assert _count(impatient, "select coalesce(sum(quarters), 0) as count from credits_used") == 0
    with working(Worker(impatient)):
        assert _send(client) == (200, RESULT)
    assert _count(impatient, "select sum(quarters) as count from credits_used") == 1


def test_a_process_that_stops_sends_its_callers_elsewhere_at_once(api: Api) -> None:
    api.deps.hub.stop()
    assert _send(with_key(api, Scope.PREMIUM))[0] == 503  # and not after REMOVEBG_WAIT_S
