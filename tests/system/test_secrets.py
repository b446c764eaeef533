"""After a whole order, paid, made, sent and partly refunded: no secret is in a log, an error, Redis or a table.

Those of Stripe, of its double and of its payments, the tokens of sessions, the keys of the api, and its own secrets.
"""

import pickle
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import psycopg
import pytest
import redis
import requests

from deploy.local.payments import keys as stripe_keys
from services.api import session_tokens
from services.api.payments.client import StripeClient
from services.api.payments.objects import Intent
from services.api.payments.settings import Stripe
from shared.db import order_events, order_items, orders, payments, refunds, sessions
from shared.db.pool import Database
from shared.models.order import Order
from tests.services.api.orders import rows
from tests.stack import RunningStack

# A line of a log, a body or a value that matches holds a secret, or is about to.
SECRET = re.compile(
    rb"(?<![A-Za-z0-9])(?:[sr]k_(?:test|live)_\w|sk_[\w-]{20}|whsec_\w|st_[\w-]{40}|\w+_secret_\w)|client_?secret",
    re.IGNORECASE,
)
NAMES = re.compile(rb"STRIPE_(?:SECRET_KEY|WEBHOOK_SECRET)")  # of settings, in advice
INTENT, TOKEN = "pi_123_secret_456", f"st_{'x' * 43}"
WEBHOOK = ("POST", "/api/webhooks/stripe", {"Stripe-Signature": f"t=1,v1=whsec_{INTENT}"})


def _found(text: str | bytes) -> list[bytes]:
    data = NAMES.sub(b"", text.encode() if isinstance(text, str) else text)
    return [data[max(0, match.start() - 60) : match.end() + 20] for match in SECRET.finditer(data)]


@pytest.fixture(scope="module")
def database(stack: RunningStack) -> Iterator[Database]:
    opened = Database(stack.database_url, pool_max=2)
    opened.open()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def own(stack: RunningStack) -> list[bytes]:
    """The secrets of this very system."""
    secret = (stack.data / "secret_key").read_text()
    port = stack.settings.stripe_double_port
    stripe = [value for name, value in stripe_keys(secret, port).items() if "SECRET" in name]
    return [one.encode() for one in (secret, (stack.data / "postgres/password").read_text(), *stripe)]


@pytest.fixture(scope="module")
def customer(database: Database) -> tuple[str, Order]:
    """The token of one, with an order that was not paid."""
    token = session_tokens.make()
    with database.transaction() as connection:
        order = rows.order(connection)
        connection.execute("update products set status = 'archived' where slug like 'tee-%'")  # others look at them
        sessions.open_new(connection, order.customer_id, session_tokens.digest(token), "tests")
    return token, order


@pytest.fixture(scope="module")
def refusals(stack: RunningStack, told: list[str], customer: tuple[str, Order]) -> list[requests.Response]:
    """What is answered to requests with secrets in them, and while Stripe fails."""
    assert told
    token, order = customer
    signed_in = {"Authorization": f"Bearer {token}", "Idempotency-Key": "key"}
    payment, kind = ("POST", f"/api/orders/{order.id}/payment"), {"kind": "payment_intent"}
    send = partial(_send, stack.address)
    answers = [
        send("GET", "/api/account", {"Authorization": f"Bearer {TOKEN}"}),
        send("GET", "/api/account", {"Cookie": f"session={TOKEN}"}),
        send("GET", "/api/admin/jobs", {"X-Api-Key": f"sk_live_{'x' * 40}"}),
        send("GET", f"/api/orders/{INTENT}", signed_in),
        send("GET", f"/api/orders?cursor={INTENT}", signed_in),
        send("GET", f"/nothing/{INTENT}?key=sk_live_1", signed_in),
        send("POST", "/api/account/verify", {}, {"token": TOKEN, "password": INTENT}),
        send("POST", "/api/session", {}, {"email": "ann@shop.example", "password": f"sk_live_{INTENT}"}),
        send(*WEBHOOK, {"client_secret": INTENT}),
        send(*payment, signed_in, {"kind": INTENT}),
    ]
    for fault in ("500_before", "429"):
        _play(stack, fault)
        answers.append(send(*payment, {**signed_in, "Idempotency-Key": fault}, kind))
    return answers


def _send(
    address: str, method: str, path: str, headers: dict[str, str], body: dict[str, Any] | None = None
) -> requests.Response:
    return requests.request(method, f"{address}{path}", headers=headers, json=body, timeout=60)


def _play(stack: RunningStack, fault: str) -> None:
    """The double plays a fault as often as the api asks."""
    key = stripe_keys((stack.data / "secret_key").read_text(), 0)["STRIPE_SECRET_KEY"]
    address = f"http://127.0.0.1:{stack.settings.stripe_double_port}/control/faults"
    faults = [{"kind": fault, "call": "POST /v1/payment_intents", "times": 3, "seconds": 1}]
    requests.put(
        address, json={"faults": faults}, headers={"Authorization": f"Bearer {key}"}, timeout=30
    ).raise_for_status()


def test_no_error_repeats_a_secret(refusals: list[requests.Response]) -> None:
    assert {answer.status_code for answer in refusals} == {400, 401, 404, 503}
    for answer in refusals:
        assert _found(answer.content) == [], answer.url
        assert _found(str(answer.headers)) == [], answer.url


def test_no_log_holds_a_secret(stack: RunningStack, refusals: list[requests.Response], own: list[bytes]) -> None:
    log = stack.log.read_bytes()
    assert b"/api/webhooks/stripe" in log
    assert all(answer.headers["X-Request-Id"].encode() in log for answer in refusals)
    assert [line for line in log.splitlines() if _found(line) or any(one in line for one in own)] == []


def test_no_key_and_no_value_in_redis_holds_a_secret(stack: RunningStack, told: list[str], own: list[bytes]) -> None:
    with redis.Redis.from_url(stack.redis_url) as client:
        stored: list[tuple[bytes, bytes]] = [(key, _value(client, key)) for key in client.scan_iter()]
    assert told
    assert stored
    assert [one for one in stored if _found(b" ".join(one)) or any(secret in one[1] for secret in own)] == []


def _value(client: redis.Redis, key: Any) -> bytes:
    """All of it as text, whatever its type."""
    read: Any = {
        b"string": lambda: client.get(key),
        b"list": lambda: client.lrange(key, 0, -1),
        b"set": lambda: client.smembers(key),
        b"hash": lambda: client.hgetall(key),
        b"zset": lambda: client.zrange(key, 0, -1),
        b"stream": lambda: client.xrange(key),
    }
    return repr(read[client.type(key)]()).encode()


def test_no_row_of_any_table_holds_a_secret(
    stack: RunningStack, refusals: list[requests.Response], own: list[bytes]
) -> None:
    assert refusals
    with psycopg.connect(stack.database_url) as connection:
        tables = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
        rows = {
            (table, text)
            for (table,) in tables
            for (text,) in connection.execute(f'select t::text from "{table}" t'.encode())
        }
    assert {"orders", "payments", "refunds", "webhook_events", "idempotency_keys"} <= {table for table, _ in rows}
    assert [row for row in rows if _found(row[1]) or any(one in row[1].encode() for one in own)] == []


def test_nothing_that_is_read_of_an_order_holds_a_secret(database: Database, refusals: list[requests.Response]) -> None:
    assert refusals
    with database.transaction() as connection:
        ids = [row["id"] for row in connection.execute("select id from orders").fetchall()]
        readers = (orders.lock, order_items.of_order, order_events.of_order, payments.of_order, refunds.of_order)
        values = [reader(connection, order_id) for order_id in ids for reader in readers]
    assert _found(pickle.dumps(values)) == []
    assert _found(repr(values)) == []


def test_settings_and_what_stripe_says_show_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in stripe_keys("secret", 12111).items():
        monkeypatch.setenv(name, value)
    settings = Stripe.read()
    assert settings.key is not None
    client = StripeClient(settings.key.get_secret_value(), live=False, api_base=settings.api_base)
    intent = Intent("pi_1", "succeeded", 100, "usd", None, None, None, INTENT)
    for shown in map(repr, (settings, client, vars(client), intent)):
        assert _found(shown) == []
    with pytest.raises(TypeError):
        pickle.dumps(client)
