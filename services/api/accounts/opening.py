"""Opening a session: with a new token, and with what the caller owned as a guest."""

from flask import request

from services.api import session_tokens
from services.api.middleware import auth
from shared.db import customers, ownership, sessions
from shared.db.pool import Connection
from shared.models.customer import Customer
from shared.models.owner import OwnerType

_LONGEST_AGENT = 200


def open_session(connection: Connection, customer: Customer) -> None:
    """Answer this request with the token of a new session; the one that it came with, if any, ends."""
    customers.find(connection, customer.id, lock=True)
    earlier, caller = auth.session(), auth.caller()
    if earlier:
        sessions.end(connection, earlier[0].customer_id, earlier[0].id)
    elif caller and caller.type is OwnerType.GUEST:
        ownership.move(connection, caller, customer.owner)
    token = session_tokens.make()
    sessions.open_new(connection, customer.id, session_tokens.digest(token), _agent())
    auth.begin(token)


def _agent() -> str:
    return "".join(filter(str.isprintable, request.headers.get("User-Agent", "")))[:_LONGEST_AGENT]
