"""What a mail server answers, and what becomes of the mail."""

import socket
import threading
import time
from email.message import EmailMessage
from pathlib import Path

import pytest

from services.api.mail import smtp
from services.api.mail.settings import Security, Server
from services.api.mail.smtp import Deferred, Refused, Unreachable
from shared import timeouts
from tests.services.api.certificates import self_signed
from tests.services.api.mail.inbox import Inbox, listening, protected, takes

DROPS = 300  # six seconds
SENDER, ANN = "shop@shop.example", "ann@mail.example"


def _server(port: int, security: Security = Security.NONE, password: str | None = None) -> Server:
    return Server("localhost", port, security, password and "shop", password or "")


def _send(server: Server, recipient: str = ANN, to: str = ANN) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = SENDER, to, "Hello"
    message.set_content("Hello.")
    smtp.send(server, SENDER, recipient, message)


def test_a_mail_arrives_from_the_shop_at_its_one_recipient(inbox: Inbox) -> None:
    _send(_server(inbox.port), to=f"{ANN}, bert@mail.example")
    (envelope,) = inbox.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == (SENDER, [ANN])


@pytest.mark.parametrize(
    ("command", "reply", "outcome"),
    [
        ("RCPT", "450 greylisted, come back later", Deferred),
        ("RCPT", "550 no such user", Refused),
        ("DATA", "451 not now", Deferred),
        ("DATA", "554 spam", Refused),
    ],
)
def test_4xx_is_for_now_and_5xx_for_good(inbox: Inbox, command: str, reply: str, outcome: type[Exception]) -> None:
    inbox.replies[command] = reply
    with pytest.raises(outcome, match=reply):
        _send(_server(inbox.port))
    assert inbox.envelopes == []


def test_an_address_the_server_cannot_take_is_refused() -> None:
    with listening(Inbox(), enable_SMTPUTF8=False) as inbox, pytest.raises(Refused):
        _send(_server(inbox.port), "änn@mail.example", "änn@mail.example")


def test_without_a_mail_server_the_mail_is_not_to_blame(free_port: int) -> None:
    with pytest.raises(Unreachable, match="ConnectionRefusedError"):
        _send(_server(free_port))


def test_a_server_that_never_answers_is_given_up(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeouts, "MAIL_READ_S", 0.3)
    inbox.thinks_s = 3600
    with pytest.raises(Deferred):
        _send(_server(inbox.port))


def test_a_server_that_answers_byte_by_byte_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeouts, "MAIL_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sent: list[bytes] = []
        dripping = threading.Thread(target=_drip, args=[listener, sent], daemon=True)
        dripping.start()
        with pytest.raises(Unreachable):
            _send(_server(listener.getsockname()[1]))
        dripping.join(20)
        assert 0 < len(sent) < DROPS


def _drip(listener: socket.socket, sent: list[bytes]) -> None:
    connection, _ = listener.accept()
    with connection:
        for _ in range(DROPS):
            try:
                connection.sendall(b"2")
            except OSError:
                return
            sent.append(b"2")
            time.sleep(0.02)


def test_a_server_that_turns_everyone_away_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_turn_away, args=[listener], daemon=True).start()
        with pytest.raises(Unreachable, match="554 go away"):
            _send(_server(listener.getsockname()[1]))


def _turn_away(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.sendall(b"554 go away\r\n")
        connection.recv(1)


def test_without_starttls_nothing_is_sent(inbox: Inbox) -> None:
    with pytest.raises(Unreachable, match="STARTTLS"):
        _send(_server(inbox.port, Security.STARTTLS))
    assert inbox.envelopes == []


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_a_connection_is_protected_and_its_certificate_checked(
    security: Security, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = str(self_signed(tmp_path, "localhost"))
    name = "ssl_context" if security is Security.TLS else "tls_context"
    with listening(Inbox(), **{name: protected(certificate)}) as inbox:
        with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
            _send(_server(inbox.port, security))
        monkeypatch.setenv("SSL_CERT_FILE", certificate)
        _send(_server(inbox.port, security))
        assert inbox.recipients == [ANN]


def test_a_wrong_password_is_no_fault_of_the_mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = str(self_signed(tmp_path, "localhost"))
    monkeypatch.setenv("SSL_CERT_FILE", certificate)
    with listening(Inbox(), tls_context=protected(certificate), authenticator=takes("right")) as inbox:
        with pytest.raises(Unreachable, match="535"):
            _send(_server(inbox.port, Security.STARTTLS, "wrong"))
        _send(_server(inbox.port, Security.STARTTLS, "right"))
        assert inbox.recipients == [ANN]
