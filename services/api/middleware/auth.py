"""Authentication: the caller is a guest, known by a token that only the guest holds, a customer, or holds an API key.

Browsers store the token in the cookie `session`; other clients send `Authorization: Bearer <token>`, which they get as
X-Session-Token with their first write, or when they sign in. Only its SHA-256 is stored, so a leaked database gives
access to no pictures.

Only tokens issued here count: `guest_tokens` recognises a guest's, and a customer's is looked up at each request, so
that the end of a session and a change of role hold at once. Guests' tokens of earlier releases, and those issued before
SECRET_KEY was changed, count as long as their guest has files or jobs. Any other cookie is ignored, any other Bearer
token refused.
"""

import hashlib
import re
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from flask import Flask, Response, current_app, g, request

from services.api import guest_tokens, keys, session_tokens
from services.api.middleware import client_address, origins, policy
from services.api.middleware.policy import Auth, Limit
from shared import errors
from shared.db import api_keys, owners, sessions
from shared.db.pool import Database
from shared.models.customer import Customer, Role, Session
from shared.models.owner import Owner, OwnerType, Scope

API_KEY = "X-Api-Key"
COOKIE = "session"
HEADER = "X-Session-Token"
_DAY_S = 86_400
_LONGEST_DAYS = 400  # browsers store no cookie for longer
_TOKEN = re.compile(rf"(?:{session_tokens.PREFIX})?[A-Za-z0-9_-]{{43}}")  # a customer's, or three shorter a guest's
_GUEST_LENGTH = 43
_SCOPES: Mapping[Auth, Collection[Scope]] = {
    Auth.ADMIN: (Scope.ADMIN,),
    Auth.CATALOGUE: (Scope.ADMIN, Scope.CATALOGUE),
    Auth.ORDERS: (Scope.ADMIN, Scope.ORDERS),
}
_EXTENSION = "guest_tokens"


def install_identification(app: Flask, database: Database, secret: str, public_url: str, guest_days: int) -> None:
    """Identify the caller before each request, and send its token after each write; a guest keeps it `guest_days`.

    A caller with a wrong key or token is refused only by `install_authorization`, after the rate limits: guesses count.
    """
    app.extensions[_EXTENSION] = secret
    app.before_request(partial(_identify, database))
    keep_s = (guest_days or _LONGEST_DAYS) * _DAY_S  # as long as a guest's files
    app.after_request(partial(_send_token, https=public_url.startswith("https:"), keep_s=keep_s))


def install_authorization(app: Flask, allowed_origins: Collection[str]) -> None:
    """Refuse callers whose key or token is wrong, or not permitted that call, and writes by pages of other origins."""
    app.before_request(partial(_authorize, allowed_origins))


def caller() -> Owner | None:
    """The caller; None for a reader without a token, who owns nothing."""
    found: Owner | None = g.get("owner")
    return found


def identified() -> Owner:
    """The caller, of a route that needs one. Raises Unauthorized without."""
    found = caller()
    if found is None:
        raise errors.Unauthorized
    return found


def key() -> api_keys.Key | None:
    """The API key of the request."""
    found: api_keys.Key | None = g.get("key")
    return found


def session() -> tuple[Session, Customer] | None:
    """The session of the request, and who is signed in by it."""
    found: tuple[Session, Customer] | None = g.get("session")
    return found


def signed_in() -> tuple[Session, Customer]:
    """As `session`, of a route for customers. Raises Unauthorized without one."""
    found = session()
    if found is None:
        raise errors.Unauthorized
    return found


def customer() -> Customer:
    """Who is signed in, of a route for customers."""
    return signed_in()[1]


def is_admin() -> bool:
    """Whether the caller has a key of scope admin, or is a customer of that role."""
    return _permits((Scope.ADMIN,))


def actor() -> str:
    """Who does what an admin's route does, for its record: the key's name or the customer's address."""
    found = key()
    return found.name if found else customer().email


def begin(token: str) -> None:
    """Answer with this token of a session just opened, in place of the one that the request came with."""
    g.token, g.wrote = token, True


def leave() -> None:
    """Answer so that browsers forget the token of a session that has ended."""
    g.left = True


def counted_as() -> str:
    """Whom this call counts for: the API key or, because guests' tokens are free, the client's address."""
    found = key()
    return f"key:{found.id}" if found else client_address.client()


def visible_owner() -> Owner | None:
    """Whose rows the caller may reach by id; None means everyone's. Raises NotFound without a token."""
    if is_admin():
        return None
    if caller() is None:
        raise errors.NotFound
    return caller()


def writer() -> Owner:
    """The caller of a write; a new guest if the request names none."""
    found = caller()
    if found is None:
        g.token = guest_tokens.issue(current_app.extensions[_EXTENSION])
        g.owner = found = _owner(g.token)
    g.wrote = True
    return found


def _identify(database: Database) -> None:
    g.token, g.owner, g.key, g.session, g.refusal, g.wrote = None, None, None, None, None, False
    g.auth = policy.current().auth
    if g.auth is Auth.PUBLIC:
        return
    try:
        _read_credentials(database)
    except errors.Unauthorized as refusal:
        g.refusal = refusal


def _authorize(allowed_origins: Collection[str]) -> None:
    if g.refusal:
        raise g.refusal
    if (g.token and "Authorization" not in request.headers) or policy.current().limit is Limit.SIGN_IN:
        origins.refuse_foreign_write(allowed_origins)
    if g.auth is Auth.CUSTOMER and session() is None:
        raise errors.Unauthorized("Sign in first.")
    if g.auth is Auth.KEY and key() is None:
        raise errors.Unauthorized("Send an API key.")
    if g.auth is Auth.MEMBER and not (key() or session()):
        raise errors.Unauthorized("Sign in, or send an API key.")
    if g.auth in _SCOPES and not _permits(_SCOPES[g.auth]):
        raise errors.Forbidden if key() or session() else errors.Unauthorized("Sign in as an admin, or send a key.")


def _permits(scopes: Collection[Scope]) -> bool:
    """Whether the caller has a key of one of these scopes, or is a customer of role admin."""
    found, signed_in = key(), session()
    if found is not None:
        return found.scope in scopes
    return signed_in is not None and signed_in[1].role is Role.ADMIN


def _read_credentials(database: Database) -> None:
    """Set the caller that the request names. Raises Unauthorized if its key or token is wrong."""
    secret = request.headers.get(API_KEY)
    bearer = _bearer() if secret is None else None
    if bearer and not _TOKEN.fullmatch(bearer):
        secret = bearer
    if secret is not None:  # an empty header is a wrong key
        g.key = _find_key(database, secret)
        g.owner = Owner(OwnerType.KEY, str(g.key.id))
    elif token := bearer or _cookie():
        g.owner = _owner_of(database, token)
        if g.owner:
            g.token = token
        elif bearer:
            raise errors.Unauthorized("This token is not valid; leave it out to get a new one.")


def _owner_of(database: Database, token: str) -> Owner | None:
    """Whose token it is; None if it was not issued here, or its session has ended."""
    if len(token) > _GUEST_LENGTH:
        g.session = sessions.find(database, session_tokens.digest(token))
        return g.session[1].owner if g.session else None
    return _owner(token) if _is_ours(database, token) else None


def _is_ours(database: Database, token: str) -> bool:
    if guest_tokens.issued(current_app.extensions[_EXTENSION], token):
        return True
    with database.transaction() as connection:  # from an earlier release, or before SECRET_KEY was changed
        return owners.known(connection, _owner(token))


def _find_key(database: Database, secret: str) -> api_keys.Key:
    if not secret.startswith(keys.PREFIX):
        raise errors.Unauthorized
    found = api_keys.find(database, keys.digest(secret))
    if found is None:
        raise errors.Unauthorized
    return found


def _bearer() -> str | None:
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise errors.Unauthorized
    return token


def _cookie() -> str | None:
    token = request.cookies.get(COOKIE, "")
    return token if _TOKEN.fullmatch(token) else None  # browsers may hold a stale or foreign cookie: no error


def _send_token(response: Response, *, https: bool, keep_s: int) -> Response:
    where: dict[str, Any] = {"httponly": True, "samesite": "Lax", "secure": https or request.is_secure, "path": "/"}
    if response.status_code >= 400:
        return response
    if g.get("left"):
        response.delete_cookie(COOKIE, **where)
    elif g.get("wrote") and g.token:
        # A customer's session ends by itself.
        kept_s = keep_s if len(g.token) == _GUEST_LENGTH else _LONGEST_DAYS * _DAY_S
        response.headers[HEADER] = g.token
        response.set_cookie(COOKIE, g.token, max_age=kept_s, **where)
    return response


def _owner(token: str) -> Owner:
    return Owner(OwnerType.GUEST, hashlib.sha256(token.encode()).hexdigest())
