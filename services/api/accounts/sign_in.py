"""Sessions: sign in and out, see where a customer is signed in, and end that."""

from services.api.accounts import schemas
from services.api.accounts.opening import open_session
from services.api.dependencies import Dependencies
from services.api.middleware import auth, rate_limits
from shared import errors, shop_errors
from shared.db import customers, sessions


def sign_in(deps: Dependencies, body: schemas.Credentials) -> schemas.CustomerOut:
    """Sign in.

    Answers with the token of a new session, as cookie and as X-Session-Token. What the caller had as a guest belongs to
    the customer from now on. A session ends 30 days after its last use.
    """
    rate_limits.count_attempt(body.email)
    with deps.database.transaction() as connection:
        customer = customers.by_email(connection, body.email)
    stored = customer.password_hash if customer else None
    right = deps.passwords.verify(stored, body.password)
    if customer is None or stored is None or not right:
        raise shop_errors.WrongCredentials
    renewed = deps.passwords.hash(body.password) if deps.passwords.outdated(stored) else None
    with deps.database.transaction() as connection:
        found = customers.find(connection, customer.id, lock=True)
        if found is None or found.password_hash != stored:  # changed while it was verified
            raise shop_errors.WrongCredentials
        if renewed:
            customers.set_password(connection, found.id, renewed)
        open_session(connection, found)
    return schemas.CustomerOut.from_row(found)


def refresh(deps: Dependencies) -> schemas.CustomerOut:
    """Change token.

    Ends the session, and opens another.
    """
    with deps.database.transaction() as connection:
        open_session(connection, auth.customer())
    return schemas.CustomerOut.from_row(auth.customer())


def sign_out(deps: Dependencies) -> None:
    """Sign out.

    Ends the session.
    """
    session, customer = auth.signed_in()
    with deps.database.transaction() as connection:
        sessions.end(connection, customer.id, session.id)
    auth.leave()


def list_sessions(deps: Dependencies) -> schemas.SessionList:
    """List sessions.

    Lists where the customer is signed in, newest first, at most 100.
    """
    session, customer = auth.signed_in()
    with deps.database.transaction() as connection:
        found = sessions.of_customer(connection, customer.id)
    return schemas.SessionList(items=[schemas.SessionOut.of(one, session.id) for one in found])


def end_session(deps: Dependencies, path: schemas.SessionPath) -> None:
    """End session.

    Signs out one browser or client.
    """
    with deps.database.transaction() as connection:
        if not sessions.end(connection, auth.customer().id, path.session_id):
            raise errors.NotFound


def end_sessions(deps: Dependencies) -> None:
    """End all sessions.

    Signs out everywhere, here too.
    """
    with deps.database.transaction() as connection:
        sessions.end_all(connection, auth.customer().id)
    auth.leave()
