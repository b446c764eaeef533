"""A customer's account: see, change, export and erase it. An admin gives roles."""

from services.api.accounts import mailing, rules, schemas
from services.api.accounts.registration import replace_password
from services.api.dependencies import Dependencies
from services.api.middleware import auth, rate_limits
from shared import errors, shop_errors
from shared.db import customers, mails, orders, ownership, postal_addresses, sessions
from shared.db.pool import Connection
from shared.models.customer import Customer, EmailToken, Purpose
from shared.models.mail import MailTemplate


def show(deps: Dependencies) -> schemas.CustomerOut:  # noqa: ARG001 - as every view
    """Show account.

    Shows the customer who is signed in.
    """
    return schemas.CustomerOut.from_row(auth.customer())


def change(deps: Dependencies, body: schemas.AccountChange) -> schemas.CustomerOut:
    """Change account.

    A new `email` is sent a mail, and holds once that is confirmed. A new `password` ends all other sessions, and
    changes the token of this one. Either needs the `currentPassword` of a customer who has one.
    """
    customer = auth.customer()
    email = body.email if body.email != customer.email else None
    proven = bool(email or body.password)
    if proven and customer.has_password:
        _prove(deps, customer, body.current_password)
    hashed = None
    if body.password:
        rules.require_strong(body.password, email or customer.email)
        hashed = deps.passwords.hash(body.password)
    with deps.database.transaction() as connection:
        if proven and _lock(connection, customer).password_hash != customer.password_hash:  # changed meanwhile
            raise shop_errors.WrongCredentials
        if body.name is not None:
            customers.set_name(connection, customer.id, body.name)
        if hashed:
            replace_password(connection, customer, hashed)
        if email:
            _announce(connection, customer, email)
        return schemas.CustomerOut.from_row(_lock(connection, customer))


def _prove(deps: Dependencies, customer: Customer, password: str | None) -> None:
    """Raises WrongCredentials; such attempts count as those to sign in."""
    rate_limits.count_attempt(customer.email)
    if password is None or not deps.passwords.verify(customer.password_hash, password):
        raise shop_errors.WrongCredentials("The current password is wrong.")


def _lock(connection: Connection, customer: Customer) -> Customer:
    found = customers.find(connection, customer.id, lock=True)
    if found is None:  # erased by another request
        raise errors.Unauthorized
    return found


def _announce(connection: Connection, customer: Customer, email: str) -> None:
    """Ask the new address; one that has an account is told so."""
    other = customers.by_email(connection, email)
    if other is None or other.id == customer.id:  # only its case may change
        mailing.send_token(connection, EmailToken(Purpose.CHANGE, email, customer.id))
    else:
        mailing.send_notice(connection, email, MailTemplate.ALREADY_REGISTERED)


def erase(deps: Dependencies) -> None:
    """Erase account.

    Address, name, password, postal addresses and sessions are gone at once; pictures are hidden at once and removed a
    week later. Orders that were paid stay with their invoices, as the law demands. While an order is neither shipped
    nor cancelled nor refunded, the account cannot be erased.
    """
    with deps.database.transaction() as connection:
        customer = _lock(connection, auth.customer())
        if numbers := orders.unfinished(connection, customer.id):
            raise shop_errors.OpenOrders(details={"orderNumbers": numbers})
        ownership.erase(connection, customer.owner)
        mails.forget(connection, customer.email)
        mailing.send_notice(connection, customer.email, MailTemplate.ACCOUNT_ERASED)
        customers.erase(connection, customer)
    auth.leave()


def export(deps: Dependencies) -> schemas.DataExport:
    """Export data.

    Returns everything that is stored about the customer.
    """
    session, customer = auth.signed_in()
    with deps.database.transaction() as connection:
        records = ownership.export(connection, customer.owner)
        opened = sessions.of_customer(connection, customer.id)
        postal = postal_addresses.of_customer(connection, customer.id)
    for picture in (*records["assets"], *records["order_prints"]):
        key = picture.pop("key")
        picture["url"] = deps.urls.asset(key) if key else None
    return schemas.DataExport(
        customer=schemas.CustomerOut.from_row(customer),
        sessions=[schemas.SessionOut.of(one, session.id) for one in opened],
        addresses=[schemas.AddressOut.of(one) for one in postal],
        records=records,
    )


def set_role(deps: Dependencies, body: schemas.RoleChange) -> schemas.RoleOut:
    """Give role.

    An admin may do what an API key of scope admin may. The role holds from the customer's next request on.
    """
    with deps.database.transaction() as connection:
        if not customers.set_role(connection, body.email, body.role):
            raise errors.NotFound("No customer has this address.")
    return schemas.RoleOut(email=body.email, role=body.role)
