"""Who is calling: a guest, known by an opaque token that only the guest holds.

Browsers keep it in the cookie `session`, other clients send `Authorization: Bearer <token>` (given to them as
X-Session-Token with their first write). Only its SHA-256 is stored, as the owner of rows, so reading the database
opens nobody's pictures.
"""

import hashlib
import re
import secrets

from flask import Flask, Response, g, request

from services.api import policy
from services.api.policy import Auth
from shared import errors
from shared.models import Owner, OwnerType

COOKIE = "session"
HEADER = "X-Session-Token"
KEEP_S = 30 * 86_400  # as long as a guest's files
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 random bytes


def install(app: Flask) -> None:
    """Find the caller before each request, and give new guests their token after it."""
    app.before_request(_identify)
    app.after_request(_hand_over)


def caller() -> Owner | None:
    """Who is calling; None for a reader without a token, who owns nothing."""
    found: Owner | None = g.get("owner")
    return found


def reader() -> Owner:
    """The caller of a read for one thing: without a token there is nothing here."""
    found = caller()
    if found is None:
        raise errors.NotFound
    return found


def writer() -> Owner:
    """The caller of a write; a new guest is made where nobody was."""
    found = caller()
    if found is None:
        g.token = secrets.token_urlsafe(32)
        g.owner = found = _owner(g.token)
    g.wrote = True
    return found


def _identify() -> None:
    g.token, g.owner, g.wrote = None, None, False
    if policy.current().auth not in (Auth.GUEST_READ, Auth.GUEST_WRITE):
        return
    if token := _bearer() or _cookie():
        g.token, g.owner = token, _owner(token)


def _bearer() -> str | None:
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not _TOKEN.fullmatch(token):
        raise errors.Unauthorized
    return token


def _cookie() -> str | None:
    token = request.cookies.get(COOKIE, "")
    return token if _TOKEN.fullmatch(token) else None  # a stale or foreign cookie is nobody's fault


def _hand_over(answer: Response) -> Response:
    if g.get("wrote") and answer.status_code < 400:
        answer.headers[HEADER] = g.token
        answer.set_cookie(
            COOKIE, g.token, max_age=KEEP_S, httponly=True, samesite="Lax", secure=request.is_secure, path="/"
        )
    return answer


def _owner(token: str) -> Owner:
    return Owner(OwnerType.GUEST, hashlib.sha256(token.encode()).hexdigest())
