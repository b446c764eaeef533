"""Clients of customers who are signed in, and of API keys, made without the routes that make them."""

from flask.testing import FlaskClient

from services.api import keys, session_tokens
from services.api.middleware.auth import API_KEY, COOKIE
from shared.db import api_keys, customers, sessions
from shared.models.customer import Role
from shared.models.owner import Scope
from tests.services.api.conftest import Api


def signed_in(api: Api, email: str, role: Role = Role.CUSTOMER, password_hash: str | None = "no hash") -> FlaskClient:
    """A new customer's client. Its password is none that can be typed."""
    token = session_tokens.make()
    with api.deps.database.transaction() as connection:
        made = customers.by_email(connection, email) or customers.add(connection, email, "Ann", password_hash)
        customers.set_role(connection, email, role)
        sessions.open_new(connection, made.id, session_tokens.digest(token), "tests")
    client = api.guest()
    client.set_cookie(COOKIE, token)
    return client


def token_of(client: FlaskClient) -> str:
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    return cookie.value


def with_key(api: Api, scope: Scope) -> FlaskClient:
    """The client of a new API key of this scope."""
    secret = keys.make()
    with api.deps.database.transaction() as connection:
        api_keys.add(connection, scope, scope, keys.digest(secret))
    client = api.app.test_client(use_cookies=False)
    client.environ_base[f"HTTP_{API_KEY.upper().replace('-', '_')}"] = secret
    return client
