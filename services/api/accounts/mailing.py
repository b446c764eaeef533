"""Mails of accounts, queued in the transaction that causes them."""

import hashlib
import secrets

from shared.db import email_tokens, ids, mails
from shared.db.pool import Connection
from shared.models.customer import EmailToken, Purpose
from shared.models.mail import TOKEN, MailTemplate

_TEMPLATES = {Purpose.RESET: MailTemplate.RESET, Purpose.SIGN_IN: MailTemplate.SIGN_IN}


def send_token(connection: Connection, token: EmailToken) -> None:
    """Mail a new token to its address."""
    secret = secrets.token_urlsafe(32)
    email_tokens.add(connection, digest(secret), token)
    template = _TEMPLATES.get(token.purpose, MailTemplate.VERIFY)
    once = f"{token.purpose}:{ids.new()}"
    mails.enqueue(connection, once=once, recipient=token.email, template=template, facts={TOKEN: secret})


def send_notice(connection: Connection, email: str, template: MailTemplate) -> None:
    """Mail what has happened."""
    mails.enqueue(connection, once=f"{template}:{ids.new()}", recipient=email, template=template, facts={})


def digest(token: str) -> str:
    """The hash stored for a mailed token."""
    return hashlib.sha256(token.encode()).hexdigest()
