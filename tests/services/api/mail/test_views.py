"""/api/admin/mails: what became of each mail, and texts only where nobody else could read them."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from services.api.keys import digest, make
from services.api.middleware.auth import API_KEY
from shared.db import api_keys, ids, mails
from shared.models.mail import MailTemplate
from shared.models.owner import Scope
from tests.services.api.client import body, refused
from tests.services.api.conftest import Api, Start
from tests.services.api.mail.inbox import Inbox, listening, until

PATH = "/api/admin/mails"
TOKEN = "t" * 43


def _admin(api: Api) -> FlaskClient:
    key = make()
    with api.deps.database.transaction() as connection:
        api_keys.add(connection, "anne", Scope.ADMIN, digest(key))
    client = api.app.test_client(use_cookies=False)
    client.environ_base[f"HTTP_{API_KEY.upper().replace('-', '_')}"] = key
    return client


def _queue(api: Api, once: str = "reset:1") -> None:
    with api.deps.database.transaction() as connection:
        assert mails.enqueue(
            connection,
            once=once,
            recipient="ann@mail.example",
            template=MailTemplate.RESET,
            facts={"token": TOKEN},
        )


def _fail(api: Api) -> None:
    with api.deps.database.transaction() as connection:
        mail = mails.claim(connection, 60)
        assert mail is not None
        assert mails.failed(connection, mail, "550 no such user")


def _items(client: FlaskClient, query: str = "") -> list[dict[str, Any]]:
    response = client.get(PATH + query)
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = body(response)["items"]
    return items


def test_mails_are_listed_by_pages_and_by_status(api: Api) -> None:
    admin = _admin(api)
    for number in range(3):
        _queue(api, f"reset:{number}")
    first = body(admin.get(f"{PATH}?limit=2"))
    rest = _items(admin, f"?limit=2&cursor={first['nextCursor']}")
    assert len({mail["id"] for mail in first["items"] + rest}) == 3
    _fail(api)
    assert [mail["error"] for mail in _items(admin, "?status=failed")] == ["550 no such user"]
    assert _items(admin, "?status=sent") == []
    refused(admin.get(f"{PATH}?cursor=x"), 400, "invalid_cursor")
    refused(admin.get(f"{PATH}?status=lost"), 400, "invalid_request")


def test_without_a_mail_server_a_queued_mail_can_be_read(api: Api) -> None:
    _queue(api)
    (mail,) = _items(_admin(api))
    assert mail["text"].startswith("A new password for Stolen Tee\n\n")
    assert f"/account/reset#{TOKEN}" in mail["text"]
    assert (mail["recipient"], mail["template"], mail["status"]) == ("ann@mail.example", "reset", "queued")


@pytest.mark.parametrize(
    "given",
    [
        {"PUBLIC_URL": "https://shop.example"},
        {
            "SMTP_URL": "smtp+plain://127.0.0.1:1",
            "MAIL_FROM": "shop@shop.example",
            "PUBLIC_URL": "http://localhost:8000",
        },
    ],
    ids=["public", "sending"],
)
def test_elsewhere_no_administrator_reads_a_link(
    given: dict[str, str], start: Start, bare_environment: pytest.MonkeyPatch
) -> None:
    for name, value in given.items():
        bare_environment.setenv(name, value)
    api = start()
    _queue(api)
    response = _admin(api).get(PATH)
    assert body(response)["items"][0]["text"] is None
    assert TOKEN not in response.text


def test_a_failed_mail_shows_no_link_and_is_sent_again(api: Api) -> None:
    admin = _admin(api)
    _queue(api)
    _fail(api)
    (failed,) = _items(admin)
    assert failed["text"] is None
    again = admin.post(f"{PATH}/{failed['id']}/retry")
    assert again.status_code == 200, again.text
    assert (body(again)["status"], body(again)["attempts"], body(again)["error"]) == ("queued", 0, None)
    refused(admin.post(f"{PATH}/{failed['id']}/retry"), 409, "mail_not_failed")
    refused(admin.post(f"{PATH}/{ids.new()}/retry"), 404, "not_found")


def test_a_mail_of_a_newer_release_is_listed_without_text(api: Api) -> None:
    _queue(api)
    with api.deps.database.transaction() as connection:
        connection.execute("update mails set template = 'parcel'")
    assert [mail["text"] for mail in _items(_admin(api))] == [None]


def test_the_api_sends_what_is_queued(start: Start, bare_environment: pytest.MonkeyPatch) -> None:
    with listening(Inbox()) as inbox:
        bare_environment.setenv("SMTP_URL", f"smtp+plain://127.0.0.1:{inbox.port}")
        bare_environment.setenv("MAIL_FROM", "shop@shop.example")
        bare_environment.setenv("PUBLIC_URL", "https://shop.example")
        api = start()
        _queue(api)
        until(lambda: inbox.recipients == ["ann@mail.example"])
        api.stop()
    assert [mail["status"] for mail in _items(_admin(start()))] == ["sent"]
