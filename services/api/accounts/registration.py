"""Registering, links to sign in, and setting a forgotten password: only the mail tells whether there is an account."""

from dataclasses import replace

from services.api.accounts import mailing, rules, schemas
from services.api.accounts.opening import open_session
from services.api.dependencies import Dependencies
from services.api.middleware import auth, rate_limits
from shared import errors, shop_errors
from shared.db import customers, email_tokens, sessions
from shared.db.pool import Connection
from shared.models.customer import Customer, EmailToken, Purpose
from shared.models.mail import MailTemplate

_CONFIRMS = (Purpose.VERIFY, Purpose.CHANGE, Purpose.SIGN_IN)


def register(deps: Dependencies, body: schemas.Registration) -> schemas.MailRequested:
    """Register customer.

    Sends a mail, whose token confirms the address. Until then there is no account. The answer is the same for an
    address that has one.
    """
    rate_limits.count_attempt(body.email)
    rules.require_strong(body.password, body.email)
    hashed = deps.passwords.hash(body.password)
    with deps.database.transaction() as connection:
        if customers.by_email(connection, body.email):
            mailing.send_notice(connection, body.email, MailTemplate.ALREADY_REGISTERED)
        else:
            token = EmailToken(Purpose.VERIFY, body.email, name=body.name, password_hash=hashed)
            mailing.send_token(connection, token)
    return schemas.MailRequested()


def verify(deps: Dependencies, body: schemas.Confirmation) -> schemas.CustomerOut:
    """Confirm address.

    Takes the token of a mail. That of a registration makes the account and signs in, with all that the caller had as a
    guest. So does that of a link to sign in; an account made by it has no password. That of a new address changes the
    address of the customer, who must be signed in.
    """
    with deps.database.transaction() as connection:
        token = email_tokens.spend(connection, mailing.digest(body.token), _CONFIRMS)
        if token is None:
            raise shop_errors.TokenSpent
        try:
            confirmed = _CONFIRM[token.purpose](connection, token)
        except customers.Taken:
            raise shop_errors.TokenSpent from None
    return schemas.CustomerOut.from_row(confirmed)


def _register(connection: Connection, token: EmailToken) -> Customer:
    customer = customers.add(connection, token.email, token.name or "", token.password_hash)
    email_tokens.drop(connection, customer)
    open_session(connection, customer)
    return customer


def _sign_in(connection: Connection, token: EmailToken) -> Customer:
    """As the customer of this address, who is made now if there is none."""
    known = customers.by_email(connection, token.email)
    if known is None:
        return _register(connection, token)
    customer = customers.find(connection, known.id, lock=True)
    if customer is None:  # erased meanwhile
        raise shop_errors.TokenSpent
    open_session(connection, customer)
    return customer


def _move(connection: Connection, token: EmailToken) -> Customer:
    """Only for the customer itself: whoever reads the mail of a mistyped address must not get the account."""
    signed_in = auth.session()
    if signed_in is None or signed_in[1].id != token.customer_id:
        raise errors.Unauthorized("Sign in first, then follow the link again.")
    customer = signed_in[1]
    customers.set_email(connection, customer.id, token.email)
    email_tokens.drop(connection, customer)
    mailing.send_notice(connection, customer.email, MailTemplate.EMAIL_CHANGED)
    found = customers.find(connection, customer.id)
    if found is None:  # erased meanwhile
        raise shop_errors.TokenSpent
    return found


_CONFIRM = {Purpose.VERIFY: _register, Purpose.CHANGE: _move, Purpose.SIGN_IN: _sign_in}


def request_link(deps: Dependencies, body: schemas.MailRequest) -> schemas.MailRequested:
    """Sign in by mail.

    Sends a mail, whose token signs in without a password, for guests who order and for customers. The answer and the
    mail are the same whether or not the address has an account.
    """
    rate_limits.count_attempt(body.email)
    with deps.database.transaction() as connection:
        mailing.send_token(connection, EmailToken(Purpose.SIGN_IN, body.email))
    return schemas.MailRequested()


def request_reset(deps: Dependencies, body: schemas.MailRequest) -> schemas.MailRequested:
    """Forgot password.

    Sends a mail, whose token sets a new password if the address has an account. One without an account is sent a link
    to sign in, so that neither the answer nor the time it takes tells whether there is an account.
    """
    rate_limits.count_attempt(body.email)
    with deps.database.transaction() as connection:
        customer = customers.by_email(connection, body.email)
        token = EmailToken(Purpose.SIGN_IN, body.email)
        if customer:
            token = EmailToken(Purpose.RESET, customer.email, customer.id)
        mailing.send_token(connection, token)
    return schemas.MailRequested()


def confirm_reset(deps: Dependencies, body: schemas.NewPassword) -> schemas.CustomerOut:
    """Set new password.

    Takes the token of a mail. Signs in, and ends all other sessions.
    """
    digest = mailing.digest(body.token)
    with deps.database.transaction() as connection:
        token = email_tokens.find(connection, digest, [Purpose.RESET])
    if token is None:
        raise shop_errors.TokenSpent
    rules.require_strong(body.password, token.email)
    hashed = deps.passwords.hash(body.password)
    with deps.database.transaction() as connection:
        spent = email_tokens.spend(connection, digest, [Purpose.RESET])
        customer = customers.by_email(connection, spent.email) if spent else None
        if spent is None or customer is None or customer.id != spent.customer_id:  # the address has changed since
            raise shop_errors.TokenSpent
        changed = replace_password(connection, customer, hashed)
    return schemas.CustomerOut.from_row(changed)


def replace_password(connection: Connection, customer: Customer, hashed: str) -> Customer:
    """Set the password, end all sessions and mailed tokens, and open a session for the caller."""
    customers.set_password(connection, customer.id, hashed)
    sessions.end_all(connection, customer.id)
    email_tokens.drop(connection, customer)
    mailing.send_notice(connection, customer.email, MailTemplate.PASSWORD_CHANGED)
    open_session(connection, customer)
    return replace(customer, password_hash=hashed)
