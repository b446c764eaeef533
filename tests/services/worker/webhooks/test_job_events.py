"""What jobs tell webhooks when they end, in the transaction that ends them, and what that costs."""

import json
from datetime import UTC, datetime

import pytest

from services.worker.webhooks.delivery import Delivery
from shared.db import job_queue, webhook_messages
from shared.models.job import JobState, Outcome, Timings
from shared.models.owner import Owner, OwnerType
from shared.models.webhook import EventType, MessageState
from tests.services.worker.conftest import Bench
from tests.services.worker.rembg_double import Answer
from tests.services.worker.webhooks.conftest import OWNER, Outbox, secret_of
from tests.services.worker.webhooks.receiver import Receiver

HOUR_S = 3600


def test_the_end_of_a_job_is_told_signed_to_the_endpoints_that_want_it(
    bench: Bench, outbox: Outbox, receiver: Receiver, delivery: Delivery
) -> None:
    wanting = outbox.register(receiver.url(), EventType.JOB_DONE)
    outbox.register(receiver.url("/other"), EventType.JOB_FAILED)
    outbox.register(receiver.url("/stranger"), EventType.JOB_DONE, owner=Owner(OwnerType.KEY, "another"))
    done = bench.run(bench.order(owner=OWNER))
    assert done.status is JobState.DONE
    delivery.run()
    (told,) = receiver.received
    said = told.verified(secret_of(wanting))
    assert (told.path, told.headers["content-type"], said["type"]) == ("/hooks", "application/json", "job.done")
    assert said["data"] == {
        "id": str(done.id),
        "type": "cutout",
        "status": "done",
        "assetId": str(done.asset_id),
        "parentId": None,
        "error": None,
    }
    assert abs((datetime.fromisoformat(said["timestamp"]) - datetime.now(UTC)).total_seconds()) < HOUR_S
    (kept,) = outbox.messages(wanting)
    assert (kept.status, [one.status for one in kept.log]) == (MessageState.DELIVERED, [204])


def test_a_failed_job_is_told_with_its_code(
    bench: Bench, outbox: Outbox, receiver: Receiver, delivery: Delivery
) -> None:
    endpoint = outbox.register(receiver.url(), EventType.JOB_FAILED)
    bench.rembg.answer = Answer(422, body=b'{"error":{"code":"unknown_foreground","message":""}}')
    failed = bench.run(bench.order(owner=OWNER))
    assert failed.status is JobState.FAILED
    assert failed.error is not None
    delivery.run()
    said = receiver.received[0].verified(secret_of(endpoint))
    assert (said["type"], said["data"]["status"]) == ("job.failed", "failed")
    assert said["data"]["error"] == failed.error.code


def test_a_job_that_was_handed_back_too_often_is_told_too(bench: Bench, outbox: Outbox) -> None:
    endpoint = outbox.register("https://shop.example/", EventType.JOB_FAILED)
    job_id = bench.order(owner=OWNER)
    bench.say("update jobs set attempts = 9 where id = %s", job_id)
    with bench.database.transaction() as connection:
        job_queue.fail_exhausted(connection)
    assert bench.job(job_id).status is JobState.FAILED
    (message,) = outbox.messages(endpoint)
    assert json.loads(message.payload)["data"]["error"] == "poison"


def test_what_is_undone_is_not_told(bench: Bench, outbox: Outbox) -> None:
    endpoint = outbox.register("https://shop.example/", EventType.JOB_DONE)
    job_id = bench.order(owner=OWNER)
    bench.say("update jobs set fence = fence + 1 where id = %s", job_id)
    job = bench.claim()
    bench.say("update jobs set fence = fence + 1 where id = %s", job_id)  # another worker has it
    with bench.database.transaction() as connection:
        assert not job_queue.finish(connection, job, Outcome({}), Timings())
    assert outbox.messages(endpoint) == []


@pytest.mark.parametrize("owner", [OWNER, Owner(OwnerType.CUSTOMER, "00000000-0000-7000-8000-000000000002")])
def test_an_event_costs_an_owner_without_endpoints_one_look_up(bench: Bench, owner: Owner) -> None:
    with bench.database.transaction() as connection:
        said: list[object] = []
        execute = connection.execute

        def count(*arguments: object, **options: object) -> object:
            said.append(arguments[0])
            return execute(*arguments, **options)  # type: ignore[call-overload]

        connection.execute = count  # type: ignore[method-assign, assignment]
        webhook_messages.announce(connection, EventType.JOB_DONE, {}, owner)
        assert len(said) == 1
        webhook_messages.announce(connection, EventType.JOB_DONE, {}, Owner(OwnerType.GUEST, "0" * 64))
        assert len(said) == 1
