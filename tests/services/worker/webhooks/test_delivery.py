"""Webhooks reach their receivers, whatever happens to those meanwhile."""

import threading
import time
from datetime import UTC, datetime

from services.worker.webhooks import rules
from services.worker.webhooks.delivery import AT_ONCE, Delivery
from services.worker.webhooks.sending import Sender
from shared import errors
from shared.db import customers, webhook_endpoints, webhook_messages
from shared.guarded_http import GuardedClient
from shared.models.webhook import Attempt, EventType
from shared.webhook_settings import Webhooks
from tests.services.conftest import NOBODY
from tests.services.worker.conftest import SECRET, Bench
from tests.services.worker.webhooks.conftest import LOCAL, OWNER, Outbox, secret_of
from tests.services.worker.webhooks.outage import HOUR_S, outlast
from tests.services.worker.webhooks.receiver import Receiver


def test_a_receiver_that_is_down_for_an_hour_misses_nothing(
    outbox: Outbox, receiver: Receiver, delivery: Delivery
) -> None:
    endpoint = outbox.register(receiver.url())
    for one in outlast(outbox, receiver, delivery, endpoint, 50):
        assert one.verified(secret_of(endpoint))["type"] == "webhook.test"


def test_waits_grow_to_three_days() -> None:
    waits = [rules.delay_s(attempts) for attempts in range(1, len(rules.DELAYS_S) + 2)]
    assert waits[-1] is None
    known = [wait for wait in waits if wait is not None]
    assert known == sorted(known)
    assert known[0] < 10
    assert rules.TOLERANCE_S <= sum(rules.DELAYS_S) <= sum(rules.DELAYS_S) * (1 + rules.JITTER) < 4 * 24 * HOUR_S


def test_after_three_days_of_refusals_the_endpoint_is_disabled_and_its_owner_told(
    bench: Bench, outbox: Outbox, receiver: Receiver, delivery: Delivery
) -> None:
    with bench.database.transaction() as connection:
        ann = customers.add(connection, "ann@shop.example", "Ann", None)
    endpoint = outbox.register(receiver.url(), owner=ann.owner)
    outbox.add(endpoint)
    receiver.status = 500
    for delay_s in (*rules.DELAYS_S, 0):
        assert outbox.endpoint(endpoint).disabled_at is None
        delivery.run()
        outbox.pass_time(delay_s * (1 + rules.JITTER))
    found = outbox.endpoint(endpoint)
    assert (found.disabled_reason, outbox.states()) == ("failing", {"failed": 1})
    assert len(receiver.received) == 1 + len(rules.DELAYS_S)
    (mail,) = bench.say("select recipient, template, facts from mails")
    assert (mail["recipient"], mail["template"]) == ("ann@shop.example", "webhook_disabled")
    assert mail["facts"] == {"address": receiver.url(), "problem": "The last response was 500."}
    with bench.database.transaction() as connection:
        webhook_messages.announce(connection, EventType.JOB_DONE, {}, ann.owner)
    assert outbox.states() == {"failed": 1}, "nothing is written for a disabled endpoint"


def test_one_refused_message_disables_nothing_while_others_are_accepted(
    outbox: Outbox, receiver: Receiver, delivery: Delivery
) -> None:
    endpoint = outbox.register(receiver.url())
    outbox.add(endpoint)
    for delay_s in (*rules.DELAYS_S, 0):
        receiver.status = 400
        delivery.run()
        receiver.status = 200
        outbox.add(endpoint)
        delivery.run()
        outbox.pass_time(delay_s * (1 + rules.JITTER))
    assert outbox.endpoint(endpoint).disabled_at is None
    assert outbox.states() == {"failed": 1, "delivered": 1 + len(rules.DELAYS_S)}


def test_a_receiver_that_is_gone_is_disabled_at_once_and_gets_what_waited_once_enabled(
    bench: Bench, outbox: Outbox, receiver: Receiver, delivery: Delivery
) -> None:
    endpoint = outbox.register(receiver.url())
    outbox.add(endpoint)
    receiver.status = 410
    delivery.run()
    assert outbox.endpoint(endpoint).disabled_reason == "gone"
    outbox.add(endpoint)
    outbox.pass_time(HOUR_S)
    delivery.run()
    assert len(receiver.received) == 1
    receiver.status = 200
    with bench.database.transaction() as connection:
        webhook_endpoints.change(connection, OWNER, endpoint.id, enabled=True)
    delivery.run()
    assert outbox.states() == {"delivered": 2}


def test_a_redirect_is_a_refusal_and_a_huge_response_is_not_read(
    outbox: Outbox, receiver: Receiver, delivery: Delivery
) -> None:
    endpoint = outbox.register(receiver.url())
    outbox.add(endpoint)
    receiver.status, receiver.headers = 302, {"Location": receiver.url("/elsewhere")}
    delivery.run()
    assert receiver.ids("/elsewhere") == []
    assert [one.status for one in outbox.messages(endpoint)[0].log] == [302]
    receiver.status, receiver.headers, receiver.body = 200, {}, bytes(64 << 20)
    outbox.pass_time(10)
    delivery.run()
    assert outbox.states() == {"delivered": 1}


def test_internal_addresses_are_never_called(bench: Bench, outbox: Outbox, receiver: Receiver) -> None:
    endpoint = outbox.register(receiver.url())  # as if its name had become an internal address since
    outbox.add(endpoint)
    guarded = Webhooks.read({})
    strict = Delivery(bench.database, Sender(guarded, guarded.client(1), SECRET))
    strict.run()
    strict.close()
    assert receiver.received == []
    (attempt,) = outbox.messages(endpoint)[0].log
    assert attempt.status is None
    assert "Only" in (attempt.error or "")


def test_production_calls_no_http_address_that_was_registered_before(
    bench: Bench, outbox: Outbox, receiver: Receiver
) -> None:
    endpoint = outbox.register(receiver.url())
    outbox.add(endpoint)
    strict = Delivery(bench.database, Sender(Webhooks.read({"ENVIRONMENT": "production"}), LOCAL.client(1), SECRET))
    strict.run()
    strict.close()
    assert receiver.received == []
    assert outbox.messages(endpoint)[0].log[0].error == "Webhooks are sent to https addresses only."


def test_a_name_that_leads_inside_is_never_called(bench: Bench, outbox: Outbox, receiver: Receiver) -> None:
    endpoint = outbox.register(f"http://hooks.example:{receiver.server_port}/")
    outbox.add(endpoint)
    client = GuardedClient(1, lambda *_: ["127.0.0.1"], ports=[receiver.server_port])
    strict = Delivery(bench.database, Sender(LOCAL, client, SECRET))
    strict.run()
    strict.close()
    assert receiver.received == []
    assert outbox.messages(endpoint)[0].log[0].error == errors.UrlNotAllowed.message


def test_a_silent_and_a_closed_receiver_fail_in_time(bench: Bench, outbox: Outbox, receiver: Receiver) -> None:
    silent, closed = outbox.register(receiver.url("/slow")), outbox.register(f"{NOBODY}/")
    for endpoint in (silent, closed):
        outbox.add(endpoint)
    hasty = Delivery(bench.database, Sender(LOCAL, LOCAL.client(2), SECRET, deadline_s=0.3))
    hasty.run()
    hasty.close()
    assert outbox.messages(silent)[0].log[0].error == "No response in time."
    assert outbox.messages(closed)[0].log[0].error == "No response: ConnectionRefusedError."
    assert outbox.states() == {"pending": 2}


def test_both_secrets_sign_while_one_is_rotated(
    bench: Bench, outbox: Outbox, receiver: Receiver, delivery: Delivery
) -> None:
    endpoint = outbox.register(receiver.url())
    with bench.database.transaction() as connection:
        webhook_endpoints.rotate(connection, OWNER, endpoint.id)
    outbox.add(endpoint)
    delivery.run()
    assert receiver.received[0].headers["webhook-signature"].count("v1,") == 2
    receiver.received[0].verified(secret_of(endpoint), secret_of(endpoint, 2))
    outbox.pass_time(25 * HOUR_S)
    outbox.add(endpoint)
    delivery.run()
    assert receiver.received[1].headers["webhook-signature"].count("v1,") == 1
    receiver.received[1].verified(secret_of(endpoint, 2))


def test_slow_receivers_hold_no_other_up(outbox: Outbox, receiver: Receiver, delivery: Delivery) -> None:
    slow = outbox.register(receiver.url("/slow"))
    quick = outbox.register(receiver.url())
    outbox.add(slow, 50)
    ids = outbox.add(quick, 50)
    turn = threading.Thread(target=delivery.run)
    turn.start()
    until = time.monotonic() + 60
    while len(receiver.ids()) < len(ids):
        assert time.monotonic() < until
        time.sleep(0.02)
    assert len(receiver.ids("/slow")) == webhook_messages.AT_ONCE_EACH < AT_ONCE
    receiver.go.set()
    turn.join()


def test_a_lost_lease_writes_nothing(bench: Bench, outbox: Outbox) -> None:
    endpoint = outbox.register("https://shop.example/")
    outbox.add(endpoint)
    attempt = Attempt(datetime.now(UTC), 200, None, 1)
    with bench.database.transaction() as connection:
        (late,) = webhook_messages.claim(connection, 1, 60)
    outbox.pass_time(120)
    with bench.database.transaction() as connection:
        (again,) = webhook_messages.claim(connection, 1, 60)
        assert not webhook_messages.failed(connection, late, attempt)
        assert webhook_messages.delivered(connection, again, attempt)
    assert (again.id, again.payload, again.attempts) == (late.id, late.payload, 2)
