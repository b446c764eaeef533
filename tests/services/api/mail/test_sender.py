"""Every mail is sent, whatever fails, and only a process that dies over one may send it twice."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from services.api.mail import sender
from services.api.mail.letters import Letters
from services.api.mail.sender import Sender
from services.api.mail.settings import Security, Server
from services.api.pages.settings import Shop
from shared import timeouts
from shared.db import mails
from shared.db.pool import Database
from shared.models.mail import Mail, MailState, MailTemplate
from tests.services.api.mail.inbox import Inbox, listening, until
from tests.services.api.served import Served

URL, SHOP = "https://shop.example", "shop@shop.example"
ROOT = Path(__file__).parents[4]
Begin = Callable[..., Sender]


def _queue(database: Database, number: int = 1) -> None:
    with database.transaction() as connection:
        for each in range(number):
            assert mails.enqueue(
                connection,
                once=f"reset:{each}",
                recipient=f"ann{each}@mail.example",
                template=MailTemplate.RESET,
                facts={"token": f"{each:043}"},
            )


def _mails(database: Database) -> list[Mail]:
    with database.transaction() as connection:
        return mails.page(connection, 100, None, None).items


def _one(database: Database) -> Mail:
    (mail,) = _mails(database)
    return mail


def _counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("stolentee_mails_total", {"outcome": outcome}) or 0.0


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "IDLE_S", 0.02)
    monkeypatch.setattr(sender, "AWAY_S", 0.1)


@pytest.fixture
def begin(database: Database) -> Iterator[Begin]:
    """Starts a sender for a mail server at a port."""
    started: list[Sender] = []

    def start(port: int, through: Database = database) -> Sender:
        server = Server("127.0.0.1", port, Security.NONE, None, "")
        started.append(Sender(through, Letters(Shop(), URL), server, SHOP))
        started[-1].start()
        return started[-1]

    yield start
    for each in started:
        each.stop()
        each.join(20)


def test_a_mail_is_sent_and_its_token_forgotten(database: Database, inbox: Inbox, begin: Begin) -> None:
    before = _counted("sent")
    _queue(database)
    begin(inbox.port)
    until(lambda: _one(database).status is MailState.SENT)
    (message,) = inbox.messages
    assert message["Message-ID"] == f"<{_one(database).id}@shop.example>"
    text = message.get_body(("plain",))
    assert text is not None
    assert f"{URL}/account/reset#{0:043}" in text.get_content()
    assert _one(database).facts == {}
    assert _counted("sent") == before + 1


def test_4xx_is_tried_again_a_minute_later(database: Database, inbox: Inbox, begin: Begin) -> None:
    inbox.replies["RCPT"] = "450 greylisted"
    _queue(database)
    begin(inbox.port)
    until(lambda: _one(database).error)
    mail = _one(database)
    assert (mail.status, mail.attempts, mail.error) == (MailState.QUEUED, 1, "450 greylisted")
    assert 55 < (mail.run_after - mail.created_at).total_seconds() < 90


def test_the_delay_doubles_up_to_six_hours() -> None:
    delays = [sender.retry_delay_s(attempts) for attempts in (1, 2, 3, 9, 10, 1000)]
    assert delays == [60, 120, 240, 15_360, 21_600, 21_600]


def test_5xx_ends_a_mail_and_not_those_behind_it(database: Database, inbox: Inbox, begin: Begin) -> None:
    inbox.replies["RCPT"] = "550 no such user"
    _queue(database, 2)
    begin(inbox.port)
    until(lambda: {mail.status for mail in _mails(database)} == {MailState.FAILED})
    assert {mail.error for mail in _mails(database)} == {"550 no such user"}
    assert {mail.attempts for mail in _mails(database)} == {1}


def test_a_mail_stays_due_while_no_server_is_there(database: Database, begin: Begin) -> None:
    inbox = Inbox()
    _queue(database)
    begin(inbox.port)
    until(lambda: _one(database).error)
    assert (_one(database).status, _one(database).attempts) == (MailState.QUEUED, 0)
    with listening(inbox):
        until(lambda: _one(database).status is MailState.SENT)
    assert inbox.recipients == ["ann0@mail.example"]


def test_a_server_that_hangs_defers_the_mail(
    database: Database, inbox: Inbox, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeouts, "MAIL_READ_S", 0.3)
    inbox.thinks_s = 3600
    _queue(database)
    begin(inbox.port)
    until(lambda: _one(database).error)
    assert _one(database).status is MailState.QUEUED


def test_a_mail_of_a_newer_release_stops_no_other(database: Database, inbox: Inbox, begin: Begin) -> None:
    _queue(database, 2)
    with database.transaction() as connection:
        connection.execute("update mails set template = 'parcel', run_after = 'epoch' where once = 'reset:0'")
    begin(inbox.port)
    until(lambda: [mail.status for mail in _mails(database)].count(MailState.SENT) == 1)
    assert [mail.error for mail in _mails(database) if mail.status is MailState.QUEUED] == ["ValueError"]


def test_a_mail_that_is_of_no_use_any_more_is_given_up(database: Database, inbox: Inbox, begin: Begin) -> None:
    before = _counted("expired")
    _queue(database)
    with database.transaction() as connection:
        connection.execute("update mails set expires_at = now() - interval '1 second'")
    begin(inbox.port)
    until(lambda: _counted("expired") == before + 1)
    assert _one(database).status is MailState.FAILED
    assert inbox.envelopes == []


def test_two_senders_send_each_mail_once_and_one_at_a_time(
    database: Database, database_url: str, inbox: Inbox, begin: Begin
) -> None:
    second = Database(database_url)
    second.open()
    _queue(database, 15)
    begin(inbox.port)
    other = begin(inbox.port, second)
    until(lambda: {mail.status for mail in _mails(database)} == {MailState.SENT})
    other.stop()
    other.join(20)
    second.close()
    assert inbox.recipients == sorted(f"ann{each}@mail.example" for each in range(15))
    assert inbox.most_at_once == 1


def test_a_stopped_sender_finishes_its_mail_and_begins_no_other(database: Database, inbox: Inbox, begin: Begin) -> None:
    _queue(database, 15)
    running = begin(inbox.port)
    until(inbox.asked.is_set)
    running.stop()
    running.join(20)
    states = [mail.status for mail in _mails(database)]
    assert states.count(MailState.SENT) == len(inbox.envelopes) < 15
    assert all(mail.lease_until is None for mail in _mails(database))


@pytest.fixture
def process(database_url: str, inbox: Inbox) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts a process that sends, with leases of a second."""
    started: list[subprocess.Popen[bytes]] = []

    def start(**environment: str) -> subprocess.Popen[bytes]:
        own = {
            "DATABASE_URL": database_url,
            "SMTP_URL": f"smtp+plain://127.0.0.1:{inbox.port}",
            "MAIL_FROM": SHOP,
            "PUBLIC_URL": URL,
        }
        command = [sys.executable, "-m", "tests.services.api.mail.sending"]
        started.append(subprocess.Popen(command, cwd=ROOT, env={**os.environ, **own, **environment}))
        return started[-1]

    yield start
    for each in started:
        each.kill()
        each.wait(20)


def test_killed_between_sending_and_recording_a_mail_comes_twice_with_one_id(
    database: Database, inbox: Inbox, begin: Begin, process: Callable[..., subprocess.Popen[bytes]]
) -> None:
    _queue(database, 3)
    killed = process(FAILPOINT="m1:exit", TESTING="1")
    assert killed.wait(60) == -signal.SIGKILL
    assert len(inbox.envelopes) == 1
    begin(inbox.port)
    until(lambda: {mail.status for mail in _mails(database)} == {MailState.SENT})
    assert len(inbox.envelopes) == 4
    assert len({message["Message-ID"] for message in inbox.messages}) == 3


def test_killed_while_the_server_thinks_no_mail_is_lost(
    database: Database, inbox: Inbox, begin: Begin, process: Callable[..., subprocess.Popen[bytes]]
) -> None:
    inbox.thinks_s = 3600
    _queue(database, 3)
    killed = process()
    until(inbox.asked.is_set, 60)
    killed.kill()
    killed.wait(20)
    inbox.thinks_s = 0.01
    inbox.at_once = 0
    begin(inbox.port)
    until(lambda: {mail.status for mail in _mails(database)} == {MailState.SENT})
    assert inbox.recipients == sorted(f"ann{each}@mail.example" for each in range(3))


def test_an_api_that_is_stopped_records_the_mail_it_is_sending(
    database: Database, environment: pytest.MonkeyPatch, inbox: Inbox, free_port: int
) -> None:
    environment.setenv("SMTP_URL", f"smtp+plain://127.0.0.1:{inbox.port}")
    environment.setenv("MAIL_FROM", SHOP)
    environment.setenv("PUBLIC_URL", URL)
    inbox.thinks_s = 1.5
    _queue(database, 2)
    api = Served(free_port)
    until(inbox.asked.is_set)
    api.stop()
    assert api.process.returncode == 0
    assert len(inbox.envelopes) == 1
    assert sorted(mail.status for mail in _mails(database)) == [MailState.QUEUED, MailState.SENT]
