"""The outbox as rows: each mail once, under a lease, with an end."""

from typing import Any

import pytest
from psycopg import errors as refusals

from shared.db import ids, mails
from shared.db.pagination import Cursor
from shared.db.pool import Database
from shared.models.mail import MAIL_TERMS, Mail, MailState, MailTemplate
from tests.shared.db.rows import run

GOOD: dict[str, Any] = {
    "id": ids.new(),
    "once": "verify:1",
    "recipient": "ann@shop.example",
    "template": "verify",
    "facts": "{}",
}


def _queue(database: Database, once: str = "reset:1", recipient: str = "ann@shop.example") -> bool:
    return run(
        *(database, mails.enqueue),
        once=once,
        recipient=recipient,
        template=MailTemplate.RESET,
        facts={"token": "t" * 43},
    )


def _notify(database: Database, once: str) -> bool:
    facts: dict[str, str] = {}
    template = MailTemplate.PASSWORD_CHANGED
    return run(database, mails.enqueue, once=once, recipient="ann@shop.example", template=template, facts=facts)


def _claimed(database: Database, lease_s: float = 60) -> Mail:
    mail = run(database, mails.claim, lease_s)
    assert mail is not None
    return mail


def _all(database: Database, status: MailState | None = None) -> list[Mail]:
    return run(database, mails.page, 100, None, status).items


def _say(database: Database, statement: str, *values: object) -> None:
    with database.transaction() as connection:
        connection.execute(statement.encode(), values)


def test_the_same_cause_queues_one_mail(database: Database) -> None:
    assert [_queue(database), _queue(database), _queue(database, "reset:2")] == [True, False, True]
    assert len(_all(database)) == 2


def test_a_mail_is_queued_with_exactly_the_facts_of_its_template(database: Database) -> None:
    with pytest.raises(ValueError, match=r"reset needs the facts \['token'\]"):
        run(database, mails.enqueue, once="1", recipient="a@b.example", template=MailTemplate.RESET, facts={})
    with pytest.raises(ValueError, match="password_changed"):
        run(
            *(database, mails.enqueue),
            once="1",
            recipient="a@b.example",
            template=MailTemplate.PASSWORD_CHANGED,
            facts={"x": "y"},
        )


def test_every_template_has_its_terms() -> None:
    assert MAIL_TERMS.keys() == set(MailTemplate)


def test_an_address_gets_a_limited_number_of_mails_that_anyone_can_cause(database: Database) -> None:
    for number in range(mails.OPEN_PER_HOUR):
        assert _queue(database, f"reset:{number}", "Ann@shop.example")
    assert not _queue(database, "reset:more")
    assert _queue(database, "reset:other", "bert@shop.example")
    assert _notify(database, "password:1")
    _say(database, "update mails set created_at = created_at - interval '1 hour'")
    assert _queue(database, "reset:later")


def test_a_mail_is_claimed_once_until_its_lease_ends(database: Database) -> None:
    _queue(database)
    first = _claimed(database)
    assert run(database, mails.claim, 60) is None
    _say(database, "update mails set lease_until = now() - interval '1 second'")
    second = _claimed(database)
    assert (first.attempts, second.attempts) == (1, 2)
    assert not run(database, mails.sent, first)
    assert not run(database, mails.failed, first, "late")
    assert run(database, mails.sent, second)
    assert run(database, mails.claim, 60) is None


def test_one_mail_is_sent_at_a_time_and_the_one_due_longest_comes_first(database: Database) -> None:
    _queue(database, "reset:1")
    _queue(database, "reset:2", "bert@shop.example")
    _say(database, "update mails set run_after = run_after - interval '1 minute' where once = 'reset:2'")
    first = _claimed(database)
    assert run(database, mails.claim, 60) is None
    assert run(database, mails.sent, first)
    assert [first.recipient, _claimed(database).recipient] == ["bert@shop.example", "ann@shop.example"]


def test_nothing_is_claimed_while_another_transaction_claims(database: Database) -> None:
    _queue(database, "reset:1")
    _queue(database, "reset:2")
    with database.transaction() as connection:
        assert mails.claim(connection, 60)
        assert run(database, mails.claim, 60) is None


def test_a_sent_mail_keeps_no_token(database: Database) -> None:
    _queue(database)
    mail = _claimed(database)
    assert mail.facts == {"token": "t" * 43}
    assert run(database, mails.sent, mail)
    (kept,) = _all(database, MailState.SENT)
    assert kept.facts == {}
    assert kept.sent_at is not None


def test_a_deferred_mail_is_due_after_its_delay(database: Database) -> None:
    _queue(database)
    assert run(database, mails.deferred, _claimed(database), "451 later", 60)
    assert run(database, mails.claim, 60) is None
    _say(database, "update mails set run_after = run_after - interval '1 minute'")
    again = _claimed(database)
    assert (again.error, again.attempts) == ("451 later", 2)


def test_a_released_mail_is_due_as_before(database: Database) -> None:
    _queue(database)
    mail = _claimed(database)
    assert run(database, mails.released, mail, "connection refused")
    again = _claimed(database)
    assert (again.error, again.attempts, again.run_after) == ("connection refused", 1, mail.run_after)


def test_a_mail_that_is_of_no_use_any_more_fails_and_is_not_claimed(database: Database) -> None:
    _queue(database)
    assert run(database, mails.expire, 10) == 0
    claimed = _claimed(database)
    _say(database, "update mails set expires_at = now()")
    assert run(database, mails.expire, 10) == 0  # it is just being sent
    assert run(database, mails.deferred, claimed, "451 later", 0)
    assert run(database, mails.claim, 60) is None
    assert run(database, mails.expire, 10) == 1
    assert [mail.error for mail in _all(database, MailState.FAILED)] == ["451 later"]


def test_only_a_failed_mail_is_queued_again(database: Database) -> None:
    _queue(database)
    mail = _claimed(database)
    assert run(database, mails.retry, mail.id) is None
    assert run(database, mails.failed, mail, "550 no such user")
    again = run(database, mails.retry, mail.id)
    assert again is not None
    assert (again.status, again.attempts, again.error) == (MailState.QUEUED, 0, None)
    assert _claimed(database).facts == {"token": "t" * 43}


def test_a_failed_mail_with_a_dead_link_is_not_queued_again_but_a_notice_is(database: Database) -> None:
    _queue(database)
    _notify(database, "password:1")
    _say(database, "update mails set expires_at = now()")
    assert run(database, mails.expire, 10) == 2
    retried = {mail.template: run(database, mails.retry, mail.id) for mail in _all(database)}
    assert retried["reset"] is None
    notice = retried["password_changed"]
    assert notice is not None
    assert notice.expires_at > notice.run_after


def test_pages_are_newest_first_and_can_be_of_one_status(database: Database) -> None:
    for number in range(3):
        _queue(database, f"reset:{number}")
    first = run(database, mails.page, 2, None, None)
    rest = run(database, mails.page, 2, Cursor.parse(first.next_cursor or ""), None)
    assert sorted((mail.id for mail in first.items + rest.items), reverse=True) == [
        mail.id for mail in first.items + rest.items
    ]
    run(database, mails.sent, _claimed(database))
    assert [len(_all(database, status)) for status in MailState] == [2, 1, 0]


def test_the_mail_due_longest_says_how_long_it_has_waited(database: Database) -> None:
    assert run(database, mails.overdue_s) == 0
    _queue(database)
    _say(database, "update mails set run_after = run_after - interval '1 hour'")
    assert run(database, mails.overdue_s) >= 3600
    run(database, mails.deferred, _claimed(database), "451 later", 60)
    assert run(database, mails.overdue_s) == 0


def test_an_erased_address_keeps_no_mail(database: Database) -> None:
    _queue(database, "reset:1")
    _queue(database, "reset:2", "bert@shop.example")
    assert run(database, mails.forget, "ANN@shop.example") == 1
    assert [mail.recipient for mail in _all(database)] == ["bert@shop.example"]


def test_old_mails_are_deleted_a_bounded_number_at_once(database: Database) -> None:
    for number in range(3):
        _queue(database, f"reset:{number}")
    assert run(database, mails.prune, 3600, 2) == 0
    _say(database, "update mails set created_at = created_at - interval '2 hours'")
    assert [run(database, mails.prune, 3600, 2) for _ in range(2)] == [2, 1]


@pytest.mark.parametrize(
    "broken",
    [
        {"once": ""},
        {"once": "x" * 201},
        {"recipient": "a@b, c@d"},
        {"recipient": "a@b.example\r\nBcc: c@d"},
        {"recipient": "a@"},
        {"recipient": "a" * 250 + "@b.example"},
        {"status": "lost"},
        {"status": "sent"},
        {"sent_at": "2026-11-30T00:00:00Z"},
        {"status": "failed", "lease_until": "2026-11-30T00:00:00Z"},
        {"attempts": -1},
    ],
    ids=str,
)
def test_the_table_refuses_what_no_mail_is(database: Database, broken: dict[str, Any]) -> None:
    with pytest.raises(refusals.CheckViolation):
        _insert(database, GOOD | broken)


def test_the_table_refuses_a_second_mail_of_a_cause(database: Database) -> None:
    _insert(database, GOOD)
    with pytest.raises(refusals.UniqueViolation, match="mails_once_key"):
        _insert(database, GOOD | {"id": ids.new()})


def _insert(database: Database, row: dict[str, Any]) -> None:
    columns, marks = ", ".join([*row, "expires_at"]), ", ".join(["%s"] * len(row))
    _say(database, f"insert into mails ({columns}) values ({marks}, now())", *row.values())
