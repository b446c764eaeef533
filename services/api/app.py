"""The api's composition root: builds the dependencies once per process, and the app from them.

The whole surface, with policies at each route:

    POST /api/uploads  /api/cutouts          cutouts/views.py
    POST /api/uploads/presign, PUT /<id>     assets/presigned_uploads.py, with POST /<id>/complete
    GET|POST /api/jobs, GET|DELETE /<id>     jobs/views.py, with POST /<id>/retry
    GET /api/jobs/<id>/events                jobs/events.py
    GET /api/assets, GET|DELETE /<id>        assets/views.py
    /api/admin/rollout, providers, jobs      admin/views.py, for keys of scope admin
    GET /  /docs  /openapi.json              pages/views.py
    GET /health*  /metrics                   shared/web.py
"""

import atexit
import signal
import threading
from collections.abc import Mapping
from functools import partial
from types import FrameType
from typing import Any

import requests
from flask import Response
from flask.json.provider import DefaultJSONProvider
from flask_openapi3 import Info, OpenAPI
from werkzeug.middleware.proxy_fix import ProxyFix

from services.api import schemas
from services.api.admin import views as admin
from services.api.assets import presigned_uploads, share_links
from services.api.assets import views as assets
from services.api.assets.variants import Variants
from services.api.cutouts import views as cutouts
from services.api.decoder.pool import Decoder
from services.api.dependencies import Dependencies
from services.api.jobs import events as job_events
from services.api.jobs import views as jobs
from services.api.middleware import auth, cors, policy, rate_limits, request_body, response_compression
from services.api.middleware.url_fetcher import UrlFetcher
from services.api.pages import views as pages
from services.api.settings import Settings
from services.api.url_builder import UrlBuilder
from shared import broker, events, failpoints, log, sentry, storage, timeouts, web
from shared.db import pool
from shared.health import Check, Health

VERSION = "0.1.0"
_TOKENS: dict[str, Any] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": f"The {auth.HEADER} of a first write."},
    "cookie": {"type": "apiKey", "in": "cookie", "name": auth.COOKIE},
    "key": {"type": "apiKey", "in": "header", "name": auth.API_KEY, "description": "An API key of the shop's own."},
}


def build(settings: Settings, decoder: Decoder) -> Dependencies:
    """Build and start every part but the decoder, whose processes outlive one set of parts in tests."""
    database = pool.Database(
        settings.database.url.get_secret_value(),
        pool_max=settings.database.pool_max,
        statement_s=timeouts.STATEMENT_API_S,
    )
    objects = storage.connect(settings.storage)
    waker = broker.Waker(settings.broker.url.get_secret_value())
    checks = (
        Check("database", database.check, critical=True),
        Check("storage", objects.check),
        Check("redis", waker.check),
        Check("rembg", partial(_rembg, settings.rembg.endpoint)),
    )
    deps = Dependencies(
        settings=settings,
        database=database,
        storage=objects,
        decoder=decoder,
        variants=Variants(objects, decoder),
        waker=waker,
        hub=events.Hub(partial(pool.notifications, settings.database.direct_url, "jobs")),
        health=Health("api", checks, partial(_facts, settings)),
        urls=UrlBuilder(settings.web.public_url),
        fetcher=UrlFetcher() if settings.web.fetch_urls else None,
    )
    database.open()
    deps.hub.start()
    deps.health.mark_ready()
    return deps


def create_app(deps: Dependencies) -> OpenAPI:
    """The Flask app over `deps`."""
    app = OpenAPI(
        "services.api",
        info=Info(title="Stolen Tee", version=VERSION, description="A picture in, its cut-out out."),
        doc_ui=False,
        static_folder=None,
        security_schemes=_TOKENS,
        openapi_extensions={"security": [{}, *({name: []} for name in _TOKENS)]},  # either of them, or none yet
        validation_error_status="4XX",  # under which every operation tells our own envelope
        validation_error_model=schemas.ErrorOut,
        validation_error_callback=request_body.refuse,
    )
    app.json = _Json(app)
    hops = deps.settings.web.trusted_hops
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    ops_token = deps.settings.ops.token
    web.install(app, deps.health, ops_token.get_secret_value() if ops_token else None)
    response_compression.install(app)
    cors.install(app, deps.settings.web.origins)
    rate_limits.install(app, deps.settings.web, deps.settings.broker.url.get_secret_value())
    auth.install(app, deps.database)
    request_body.install(app)
    for view in (cutouts, presigned_uploads, jobs, job_events, assets, share_links, admin):
        app.register_api(view.blueprint(deps))
    app.register_blueprint(pages.blueprint())
    policy.install(app)
    if deps.settings.web.public_url.startswith("https:"):
        app.after_request(_https_only)
    return app


def start() -> OpenAPI:
    """The app of this process, from the environment."""
    log.setup("api")
    failpoints.arm(failpoints.Failpoint.read())
    settings, decoder = Settings.read(), Decoder()
    decoder.start()
    sentry.install("api", settings.ops)
    deps = build(settings, decoder)
    atexit.register(deps.database.close)  # its threads are waited for otherwise
    _drain_at_sigterm(deps)
    return create_app(deps)


def _drain_at_sigterm(deps: Dependencies) -> None:
    """Open streams end and probes hear of it at once; the server's own handler then waits for what is in flight."""
    before = signal.getsignal(signal.SIGTERM)

    def drain(number: int, frame: FrameType | None) -> None:
        deps.health.mark_draining()
        threading.Thread(target=deps.hub.stop).start()  # it takes locks, which a signal's handler must not
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGTERM, drain)


def _https_only(answer: Response) -> Response:
    """For a year, and for this host: what lies below it is not ours to decide."""
    answer.headers["Strict-Transport-Security"] = "max-age=31536000"
    return answer


class _Json(DefaultJSONProvider):
    def loads(self, s: str | bytes, **options: Any) -> Any:
        """As always, but nested without end, with NaN or with a name given twice it is no JSON to us."""
        try:
            return super().loads(s, object_pairs_hook=_unique, parse_constant=_refuse_constant, **options)
        except RecursionError:
            raise ValueError("nested too deeply") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values under one name, one reader takes the first and another the last."""
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name is given twice")
    return made


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _rembg(endpoint: str) -> Mapping[str, object]:
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(f"{endpoint.rstrip('/')}/health/ready", timeout=(0.5, 1))
    answer.raise_for_status()
    return {}


def _facts(settings: Settings) -> Mapping[str, object]:
    """What the deployment saves: of the 2,035.97 USD a month of design, 23.97 come from the object storage."""
    r2 = settings.storage.endpoint is not None
    return {
        "environment": settings.ops.environment,
        "infrastructure": {
            "rembgSelfHosted": True,
            "r2Storage": r2,
            "costOptimized": True,
            "estimatedMonthlySavings": 2035.97 if r2 else 2012.00,
        },
    }
