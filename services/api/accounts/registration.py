"""Registering, and setting a forgotten password: nothing but the mail tells whether there is an account."""

from services.api.accounts import mailing, rules, schemas
from services.api.accounts.opening import open_session
from services.api.dependencies import Dependencies
from services.api.middleware import auth, rate_limits
from shared import errors, shop_errors
from shared.db import customers, email_tokens, sessions
from shared.db.pool import Connection
from shared.models.customer import Customer, EmailToken, Purpose
from shared.models.mail import MailTemplate

_CONFIRMS = (Purpose.VERIFY, Purpose.CHANGE)


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

    Takes the token of a mail: makes the account and signs in, with all that the caller had as a guest; or, of a
    customer who is signed in, changes the address.
    """
    with deps.database.transaction() as connection:
        token = email_tokens.spend(connection, mailing.digest(body.token), _CONFIRMS)
        if token is None:
            raise shop_errors.TokenSpent
        try:
            confirmed = _register(connection, token) if token.purpose is Purpose.VERIFY else _move(connection, token)
        except customers.Taken:
            raise shop_errors.TokenSpent from None
    return schemas.CustomerOut.from_row(confirmed)


def _register(connection: Connection, token: EmailToken) -> Customer:
    assert token.name is not None
    assert token.password_hash is not None
    customer = customers.add(connection, token.email, token.name, token.password_hash)
    email_tokens.drop_of_email(connection, token.email)
    open_session(connection, customer)
    return customer


def _move(connection: Connection, token: EmailToken) -> Customer:
    """Only for the customer itself: whoever reads the mail of a mistyped address must not get the account."""
    signed_in = auth.session()
    if signed_in is None or signed_in[1].id != token.customer_id:
        raise errors.Unauthorized("Sign in first, then follow the link again.")
    customer = signed_in[1]
    customers.set_email(connection, customer.id, token.email)
    email_tokens.drop_of_customer(connection, customer.id)
    mailing.send_notice(connection, customer.email, MailTemplate.EMAIL_CHANGED)
    found = customers.find(connection, customer.id)
    if found is None:  # erased meanwhile
        raise shop_errors.TokenSpent
    return found


def request_reset(deps: Dependencies, body: schemas.ResetRequest) -> schemas.MailRequested:
    """Forgot password.

    Sends a mail, whose token sets a new password, if the address has an account. The answer is the same if it has none.
    """
    rate_limits.count_attempt(body.email)
    with deps.database.transaction() as connection:
        customer = customers.by_email(connection, body.email)
        if customer:
            mailing.send_token(connection, EmailToken(Purpose.RESET, customer.email, customer.id))
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
        replace_password(connection, customer, hashed)
    return schemas.CustomerOut.from_row(customer)


def replace_password(connection: Connection, customer: Customer, hashed: str) -> None:
    """Set the password, end all sessions and mailed tokens, and open a session for the caller."""
    customers.set_password(connection, customer.id, hashed)
    sessions.end_all(connection, customer.id)
    email_tokens.drop_of_customer(connection, customer.id)
    mailing.send_notice(connection, customer.email, MailTemplate.PASSWORD_CHANGED)
    open_session(connection, customer)
