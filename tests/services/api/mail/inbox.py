"""A real mail server on this machine, which answers as a test says."""

import asyncio
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from deploy.local import ports


class Inbox:
    """What arrived. `replies` are answers to RCPT or DATA in place of 250; `thinks_s` is how long DATA takes."""

    def __init__(self) -> None:
        self.port = ports.free()
        self.envelopes: list[Envelope] = []
        self.replies: dict[str, str] = {}
        self.thinks_s = 0.01
        self.asked = threading.Event()  # a mail has come whole
        self.at_once = 0
        self.most_at_once = 0

    @property
    def messages(self) -> list[EmailMessage]:
        return [_parsed(each) for each in self.envelopes]

    @property
    def recipients(self) -> list[str]:
        return sorted(name for envelope in self.envelopes for name in envelope.rcpt_tos)

    async def handle_RCPT(self, _: Any, __: Session, envelope: Envelope, address: str, ___: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if "RCPT" in self.replies:
            return self.replies["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: Any, __: Session, envelope: Envelope) -> str:  # noqa: N802
        self.asked.set()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.thinks_s)
        self.at_once -= 1
        if "DATA" in self.replies:
            return self.replies["DATA"]
        self.envelopes.append(envelope)
        return "250 accepted"


def _parsed(envelope: Envelope) -> EmailMessage:
    assert isinstance(envelope.content, bytes)
    return message_from_bytes(envelope.content, policy=policy.default)


@contextmanager
def listening(inbox: Inbox, **options: Any) -> Iterator[Inbox]:
    controller = Controller(inbox, hostname="127.0.0.1", port=inbox.port, **options)
    controller.start()
    try:
        yield inbox
    finally:
        controller.stop()


def protected(certificate: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def takes(password: str) -> Callable[..., AuthResult]:
    """An authenticator for one password, whoever has it."""

    def check(_: Any, __: Any, ___: Any, ____: str, given: LoginPassword) -> AuthResult:
        return AuthResult(success=given.password == password.encode(), handled=False)

    return check


def until(reached: Callable[[], object], within_s: float = 20) -> None:
    """Wait for something that a thread or a process does."""
    end = time.monotonic() + within_s
    while not reached():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
