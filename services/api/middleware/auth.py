"""Who is calling: a guest, known by an opaque token that only the guest holds, or the holder of an API key.

Browsers keep it in the cookie `session`, other clients send `Authorization: Bearer <token>` (given to them as
X-Session-Token with their first write). Only its SHA-256 is stored, as the owner of rows, so reading the database
opens nobody's pictures.
"""

import hashlib
import re
import secrets
from functools import partial

from flask import Flask, Response, g, request

from services.api.keys import PREFIX, digest
from services.api.middleware import policy
from services.api.middleware.policy import Auth
from shared import errors
from shared.db import api_keys
from shared.db.pool import Database
from shared.models.owner import Owner, OwnerType, Scope

API_KEY = "X-Api-Key"
COOKIE = "session"
HEADER = "X-Session-Token"
KEEP_S = 30 * 86_400  # as long as a guest's files
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 random bytes; three letters shorter than a key


def install(app: Flask, database: Database) -> None:
    """Find the caller before each request, and give new guests their token after it."""
    app.before_request(partial(_identify, database))
    app.after_request(_hand_over)


def caller() -> Owner | None:
    """Who is calling; None for a reader without a token, who owns nothing."""
    found: Owner | None = g.get("owner")
    return found


def key() -> api_keys.Key | None:
    """The API key of the request."""
    found: api_keys.Key | None = g.get("key")
    return found


def reach() -> Owner | None:
    """Whose things the caller may ask for by id; None is everybody's. Without a token there is nothing here."""
    found = key()
    if found is not None and found.scope is Scope.ADMIN:
        return None
    if caller() is None:
        raise errors.NotFound
    return caller()


def writer() -> Owner:
    """The caller of a write; a new guest is made where nobody was."""
    found = caller()
    if found is None:
        g.token = secrets.token_urlsafe(32)
        g.owner = found = _owner(g.token)
    g.wrote = True
    return found


def _identify(database: Database) -> None:
    g.token, g.owner, g.key, g.wrote = None, None, None, False
    auth = policy.current().auth
    if auth is Auth.PUBLIC:
        return
    shown = request.headers.get(API_KEY)
    token = (_bearer() or _cookie()) if shown is None else None
    if token and not _TOKEN.fullmatch(token):
        shown = token
    if shown is not None:  # an empty one is a key as well, and a wrong one
        g.key = _known(database, shown)
        g.owner = Owner(OwnerType.KEY, str(g.key.id))
    elif token:
        g.token, g.owner = token, _owner(token)
    if auth is Auth.ADMIN:
        _admins_only()


def _admins_only() -> None:
    found = key()
    if found is None:
        raise errors.Unauthorized("This needs an API key of scope admin.")
    if found.scope is not Scope.ADMIN:
        raise errors.Forbidden


def _known(database: Database, given: str) -> api_keys.Key:
    if not given.startswith(PREFIX):
        raise errors.Unauthorized
    with database.transaction() as connection:
        found = api_keys.find(connection, digest(given))
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
    return token if _TOKEN.fullmatch(token) else None  # a stale or foreign cookie is nobody's fault


def _hand_over(answer: Response) -> Response:
    if g.get("wrote") and g.token and answer.status_code < 400:
        answer.headers[HEADER] = g.token
        answer.set_cookie(
            COOKIE, g.token, max_age=KEEP_S, httponly=True, samesite="Lax", secure=request.is_secure, path="/"
        )
    return answer


def _owner(token: str) -> Owner:
    return Owner(OwnerType.GUEST, hashlib.sha256(token.encode()).hexdigest())
