"""A mailbox over the outbox, and customers who came by the routes."""

from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.services.api.client import body
from tests.services.api.conftest import Api, Start

ANN, BOB, PASSWORD = "ann@shop.example", "bob@shop.example", "correct horse"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The mails that were queued."""

    api: Api

    def mails(self, recipient: str = ANN) -> list[tuple[str, dict[str, Any]]]:
        """Template and facts, oldest first."""
        with self.api.deps.database.transaction() as connection:
            rows = connection.execute(
                "select template, facts from mails where lower(recipient) = lower(%s) order by id", [recipient]
            ).fetchall()
        return [(row["template"], row["facts"]) for row in rows]

    def token(self, recipient: str = ANN) -> str:
        """That of the newest mail."""
        return str(self.mails(recipient)[-1][1]["token"])


@pytest.fixture
def mailbox(api: Api) -> Mailbox:
    return Mailbox(api)


@pytest.fixture
def limited(start: Start, environment: pytest.MonkeyPatch) -> Mailbox:
    environment.setenv("RATE_LIMIT_SIGN_IN", "5/15m")
    return Mailbox(start())


def register(client: FlaskClient, email: str = ANN, password: str = PASSWORD, **more: str) -> TestResponse:
    return client.post("/api/account", json={"email": email, "password": password, **more})


def verify(client: FlaskClient, token: str) -> TestResponse:
    return client.post("/api/account/verify", json={"token": token})


def sign_in(client: FlaskClient, email: str = ANN, password: str = PASSWORD) -> TestResponse:
    return client.post("/api/session", json={"email": email, "password": password})


def customer(mailbox: Mailbox, email: str = ANN, client: FlaskClient | None = None) -> FlaskClient:
    """A customer's client, signed in."""
    client = client or mailbox.api.guest()
    assert register(client, email).status_code == 202
    confirmed = verify(client, mailbox.token(email))
    assert confirmed.status_code == 200, confirmed.text
    assert body(confirmed)["email"] == email
    return client
