"""Authentication: the caller is a guest, known by a token that only the guest holds, or holds an API key.

Browsers store the token in the cookie `session`; other clients send `Authorization: Bearer <token>`, which they get as
X-Session-Token with their first write. Only its SHA-256 is stored, as the owner of rows, so a leaked database gives
access to no pictures.

Only tokens issued here count: `guest_tokens` recognises them. Those of earlier releases, and those issued before
SECRET_KEY was changed, count as long as their guest has files or jobs. Any other cookie is ignored, any other Bearer
token refused.
"""

import hashlib
import re
from functools import partial

from flask import Flask, Response, current_app, g, request

from services.api import guest_tokens
from services.api.keys import PREFIX, digest
from services.api.middleware import client_address, policy
from services.api.middleware.policy import Auth
from shared import errors
from shared.db import api_keys, owners
from shared.db.pool import Database
from shared.models.owner import Owner, OwnerType, Scope

API_KEY = "X-Api-Key"
COOKIE = "session"
HEADER = "X-Session-Token"
_DAY_S = 86_400
_LONGEST_DAYS = 400  # browsers store no cookie for longer
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 bytes; three characters shorter than a key
_EXTENSION = "guest_tokens"


def install_identification(app: Flask, database: Database, secret: str, public_url: str, guest_days: int) -> None:
    """Identify the caller before each request, and send guests their token, for `guest_days`, after each write.

    A caller with a wrong key or token is refused only by `install_authorization`, after the rate limits: guesses count.
    """
    app.extensions[_EXTENSION] = secret
    app.before_request(partial(_identify, database))
    keep_s = (guest_days or _LONGEST_DAYS) * _DAY_S  # as long as a guest's files
    app.after_request(partial(_send_token, https=public_url.startswith("https:"), keep_s=keep_s))


def install_authorization(app: Flask) -> None:
    """Refuse callers whose key or token is wrong, or whose key's scope does not permit the call."""
    app.before_request(_authorize)


def caller() -> Owner | None:
    """The caller; None for a reader without a token, who owns nothing."""
    found: Owner | None = g.get("owner")
    return found


def key() -> api_keys.Key | None:
    """The API key of the request."""
    found: api_keys.Key | None = g.get("key")
    return found


def counted_as() -> str:
    """Whom this call counts for: the API key or, because guests' tokens are free, the client's address."""
    found = key()
    return f"key:{found.id}" if found else client_address.client()


def visible_owner() -> Owner | None:
    """Whose rows the caller may reach by id; None means everyone's. Raises NotFound without a token."""
    found = key()
    if found is not None and found.scope is Scope.ADMIN:
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
    g.token, g.owner, g.key, g.refusal, g.wrote = None, None, None, None, False
    g.auth = policy.current().auth
    if g.auth is Auth.PUBLIC:
        return
    try:
        _read_credentials(database)
    except errors.Unauthorized as refusal:
        g.refusal = refusal


def _authorize() -> None:
    if g.refusal:
        raise g.refusal
    if g.auth is Auth.ADMIN:
        _require_admin()


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
        if _is_ours(database, token):
            g.token, g.owner = token, _owner(token)
        elif bearer:
            raise errors.Unauthorized("This token is not valid; leave it out to get a new one.")


def _is_ours(database: Database, token: str) -> bool:
    if guest_tokens.issued(current_app.extensions[_EXTENSION], token):
        return True
    with database.transaction() as connection:  # from an earlier release, or before SECRET_KEY was changed
        return owners.known(connection, _owner(token))


def _require_admin() -> None:
    found = key()
    if found is None:
        raise errors.Unauthorized("This needs an API key of scope admin.")
    if found.scope is not Scope.ADMIN:
        raise errors.Forbidden


def _find_key(database: Database, secret: str) -> api_keys.Key:
    if not secret.startswith(PREFIX):
        raise errors.Unauthorized
    with database.transaction() as connection:
        found = api_keys.find(connection, digest(secret))
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
    if g.get("wrote") and g.token and response.status_code < 400:
        response.headers[HEADER] = g.token
        secure = https or request.is_secure
        response.set_cookie(COOKIE, g.token, max_age=keep_s, httponly=True, samesite="Lax", secure=secure, path="/")
    return response


def _owner(token: str) -> Owner:
    return Owner(OwnerType.GUEST, hashlib.sha256(token.encode()).hexdigest())
