"""The delivery of webhooks over a real Postgres, to receivers on this machine."""

import threading
from collections.abc import Iterator

import pytest

from services.worker.webhooks.delivery import AT_ONCE, Delivery
from services.worker.webhooks.sending import Sender
from shared.db import webhook_endpoints, webhook_messages
from shared.models.owner import Owner, OwnerType
from shared.models.webhook import Endpoint, EventType, Message, derived_secret
from shared.webhook_settings import Webhooks
from tests.services.worker.conftest import SECRET, Bench
from tests.services.worker.webhooks.receiver import Receiver

OWNER = Owner(OwnerType.KEY, "00000000-0000-7000-8000-000000000001")
LOCAL = Webhooks.read({"WEBHOOKS_ALLOW_LOOPBACK": "true"})


class Outbox:
    """Registers endpoints, writes messages, and says what became of them."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def register(self, url: str, *events: EventType, owner: Owner = OWNER) -> Endpoint:
        with self._bench.database.transaction() as connection:
            made = webhook_endpoints.add(connection, owner, url, list(events or EventType))
        assert made is not None
        return made

    def add(self, endpoint: Endpoint, count: int = 1) -> list[str]:
        """The ids of new messages."""
        with self._bench.database.transaction() as connection:
            return [
                str(webhook_messages.add(connection, endpoint.id, EventType.TEST, {"number": number}).id)
                for number in range(count)
            ]

    def endpoint(self, endpoint: Endpoint) -> Endpoint:
        with self._bench.database.transaction() as connection:
            found = webhook_endpoints.find(connection, None, endpoint.id)
        assert found is not None
        return found

    def messages(self, endpoint: Endpoint) -> list[Message]:
        """The newest 100, newest first."""
        with self._bench.database.transaction() as connection:
            return webhook_messages.page(connection, endpoint.id, 100, None, None).items

    def states(self) -> dict[str, int]:
        rows = self._bench.say("select status, count(*)::int as messages from webhook_messages group by status")
        return {row["status"]: row["messages"] for row in rows}

    def due(self) -> int:
        """How many messages wait for nothing but a worker."""
        rows = self._bench.say(
            "select count(*)::int as due from webhook_messages where status = 'pending' and run_after <= now()"
        )
        return int(rows[0]["due"])

    def pass_time(self, seconds: float) -> None:
        """Move the clocks of all rows."""
        shift = "interval '1 second' * %s"
        self._bench.say(
            f"""update webhook_messages set run_after = run_after - {shift}, created_at = created_at - {shift},
            lease_until = lease_until - {shift}""",
            *[seconds] * 3,
        )
        self._bench.say(
            f"""update webhook_endpoints set failing_since = failing_since - {shift},
            old_secret_until = old_secret_until - {shift}""",
            *[seconds] * 2,
        )


@pytest.fixture
def outbox(bench: Bench) -> Outbox:
    return Outbox(bench)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.go.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def delivery(bench: Bench) -> Iterator[Delivery]:
    made = Delivery(bench.database, Sender(LOCAL, LOCAL.client(AT_ONCE), SECRET))
    yield made
    made.close()


def secret_of(endpoint: Endpoint, version: int = 1) -> bytes:
    return derived_secret(SECRET, endpoint.id, version)
