"""The composition root of the service that draws mock-ups.

    GET /mockups/<garment>/<colour>/<key>?w=&widthMm=&dx=&dy=&rotate=   the WebP
    GET /health*  /metrics                                              shared/web.py

It is called by the api alone, which has checked that the caller may see the picture. `key` is that of the picture's
copy for pages, or `blank` for a garment without a print. The service knows no callers and no database; it reads the
storage.
"""

import signal
import threading
import time
from dataclasses import dataclass
from functools import partial
from hmac import compare_digest
from types import FrameType

from flask import Flask, Response, request

from services.worker.mockups import packs
from services.worker.mockups.files import Mockups
from services.worker.mockups.mockup_request import MockupRequest
from services.worker.mockups.settings import Settings
from shared import errors, malloc, sentry, storage, web
from shared.health import Check, Health

_TIDY_S = 600


@dataclass(frozen=True, slots=True)
class Dependencies:
    settings: Settings
    mockups: Mockups
    health: Health


def build(settings: Settings) -> Dependencies:
    """Raises RuntimeError if a pack is not the one that was drawn."""
    packs.verify_all()
    objects = storage.connect(settings.storage)
    health = Health("mockups", (Check("storage", objects.check),))
    health.mark_ready()
    return Dependencies(settings, Mockups(objects), health)


def create_app(deps: Dependencies) -> Flask:
    app = Flask("services.worker.mockups", static_folder=None)
    ops_token = deps.settings.ops.token
    web.install(app, deps.health, ops_token.get_secret_value() if ops_token else None)
    app.add_url_rule("/mockups/<garment>/<colour>/<key>", "mockup", partial(_show, deps))
    return app


def start() -> Flask:
    """The app of this process, configured from the environment."""
    settings = Settings.read()
    sentry.install("mockups", settings.ops)
    deps = build(settings)
    _drain_at_sigterm(deps)
    threading.Thread(target=_tidy, args=(deps.mockups,), name="tidy", daemon=True).start()
    return create_app(deps)


def _show(deps: Dependencies, garment: str, colour: str, key: str) -> Response:
    _authorise(deps.settings)
    asked = MockupRequest.read(garment, colour, key, request.args)
    return Response(deps.mockups.file(asked), content_type="image/webp", headers={"Cache-Control": "no-store"})


def _authorise(settings: Settings) -> None:
    token = settings.access.token
    given = request.headers.get("Authorization", "")
    if token and not compare_digest(given.encode(), f"Bearer {token.get_secret_value()}".encode()):
        raise errors.Unauthorized("This service needs its token.")


def _tidy(mockups: Mockups) -> None:
    while True:
        time.sleep(_TIDY_S)
        mockups.expire()
        malloc.give_back()


def _drain_at_sigterm(deps: Dependencies) -> None:
    """Fail readiness at once; the server's own handler then waits for requests in flight."""
    previous = signal.getsignal(signal.SIGTERM)

    def drain(number: int, frame: FrameType | None) -> None:
        deps.health.mark_draining()
        if callable(previous):
            previous(number, frame)

    signal.signal(signal.SIGTERM, drain)
