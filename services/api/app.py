"""The api's composition root: builds the dependencies once per process, and the app from them."""

import atexit
import signal
import threading
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any

from flask_openapi3 import Info, OpenAPI, Server
from werkzeug.middleware.proxy_fix import ProxyFix

from services.api import error_codes, health, openapi, routes
from services.api.accounts.passwords import Passwords
from services.api.answers import Answers
from services.api.assets.variants import Variants
from services.api.batches import results
from services.api.batches.ingestion import Ingestion
from services.api.decoder.pool import Decoder
from services.api.dependencies import Dependencies
from services.api.documents.renderer import Documents
from services.api.jobs import events as job_events
from services.api.mail.letters import Letters
from services.api.mail.sender import Sender
from services.api.mail.settings import Smtp
from services.api.middleware import (
    auth,
    cors,
    idempotency,
    rate_limits,
    request_body,
    response_cache,
    response_compression,
    security_headers,
)
from services.api.middleware.sliding_windows import Counter
from services.api.middleware.strict_json import StrictJson
from services.api.middleware.url_fetcher import UrlFetcher
from services.api.mockups.client import MockupService
from services.api.payments.reconciler import Reconciler
from services.api.payments.settings import Stripe
from services.api.removebg import refusals
from services.api.removebg.callers import Callers
from services.api.settings import Mockups, Settings, Web
from services.api.url_builder import UrlBuilder
from shared import broker, cache, events, failpoints, log, sentry, storage, timeouts, web
from shared.bulkhead import Bulkhead
from shared.db import pool, price_lists, products
from shared.images.press_profiles import Profiles
from shared.version import VERSION

if TYPE_CHECKING:
    from services.api.payments.client import StripeClient


def build(settings: Settings, decoder: Decoder) -> Dependencies:
    """Build and start all parts but the decoder, whose processes outlive one set of parts in tests."""
    database = pool.Database(
        settings.database.url.get_secret_value(),
        pool_max=settings.database.pool_max,
        statement_s=timeouts.STATEMENT_API_S,
    )
    secret = settings.keys.secret.get_secret_value()
    objects = storage.connect(settings.storage)
    redis_url = settings.broker.url.get_secret_value()
    stripe = _stripe(settings.stripe)
    letters = Letters(settings.shop, settings.web.public_url)
    waker = broker.Waker(redis_url)
    deps = Dependencies(
        settings=settings,
        secret=secret,
        database=database,
        storage=objects,
        decoder=decoder,
        variants=Variants(objects, decoder),
        waker=waker,
        hub=events.Hub(
            partial(pool.notifications, settings.database.direct_url, "jobs"),
            job_events.MAX_STREAMS,
            job_events.MAX_STREAMS_EACH,
        ),
        counter=Counter(redis_url),
        callers=Callers(),
        health=health.build(settings, database, objects, waker, stripe),
        profiles=Profiles.read(settings.printing.profiles),
        urls=UrlBuilder(secret, settings.web.public_url),
        passwords=Passwords(),
        fetcher=UrlFetcher() if settings.web.fetch_urls else None,
        catalogue=Answers(cache.Cache("catalogue", redis_url), database, products.catalogue_version),
        prices=Answers(cache.Cache("prices", redis_url), database, price_lists.version),
        mockups=_mockups(settings.mockups),
        documents=Documents(),
        stripe=stripe,
        letters=letters,
        mail_sender=_mail_sender(settings.smtp, database, letters),
        reconciler=Reconciler(),
        ingestion=Ingestion(),
        result_streams=Bulkhead(results.STREAMS, 0, 0),
    )
    database.open()
    deps.hub.start()
    if deps.mail_sender:
        deps.mail_sender.start()
    deps.reconciler.start(deps)
    deps.ingestion.start(deps)
    deps.health.mark_ready()
    return deps


def _mockups(settings: Mockups) -> MockupService | None:
    token = settings.token.get_secret_value() if settings.token else None
    return MockupService(settings.endpoint, token) if settings.endpoint else None


def _stripe(settings: Stripe) -> "StripeClient | None":
    if settings.key is None:
        return None
    from services.api.payments.client import StripeClient  # not at the top: it loads Stripe's library

    return StripeClient(settings.key.get_secret_value(), live=settings.live, api_base=settings.api_base)


def _mail_sender(settings: Smtp, database: pool.Database, letters: Letters) -> Sender | None:
    server = settings.server
    return Sender(database, letters, server, settings.sender or "") if server else None


def create_app(deps: Dependencies) -> OpenAPI:
    """The Flask app over `deps`. The order of the middleware is the order in which it sees a request."""
    app = OpenAPI(
        "services.api",
        info=Info(title=deps.settings.shop.name, version=VERSION, description=_description(deps.settings.web)),
        doc_ui=False,
        static_folder=None,
        servers=[Server(url=deps.settings.web.public_url or "/")],
        openapi_extensions={"security": openapi.GUESTS},
        validation_error_status=400,
        validation_error_callback=request_body.refuse,
    )
    app.json = StrictJson(app)
    app.ensure_sync = _as_it_is  # type: ignore[method-assign, assignment]
    hops = deps.settings.web.trusted_hops
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    ops_token = deps.settings.ops.token
    web.install(app, deps.health, ops_token.get_secret_value() if ops_token else None)
    refusals.install(app)
    response_compression.install(app)
    cors.install(app, deps.settings.web.origins)
    guest_days = deps.settings.retention.guest_days
    auth.install_identification(app, deps.database, deps.secret, deps.settings.web.public_url, guest_days)
    rate_limits.install(app, deps.settings.web, deps.counter)
    auth.install_authorization(app, {*deps.settings.web.origins, deps.settings.web.public_url})
    request_body.install(app)
    idempotency.install(app)
    app.after_request(deps.urls.renew)
    routes.register(app, deps)
    security_headers.install(app, deps.settings.web.public_url)
    response_cache.install(app, deps.settings.web.origins)
    return app


def _as_it_is(function: Callable[..., Any]) -> Callable[..., Any]:
    """No view or hook is async; Flask asks it of each of them at each request."""
    return function


def _description(web_settings: Web) -> str:
    return (
        "Upload a picture, get its cut-out.\n\n"
        "Calls that write are limited per API key or, without one, per client address; reads are not limited. "
        "The headers `RateLimit-*` say what is left, and `Retry-After` how long a refused caller has to wait.\n\n"
        f"{rate_limits.describe(web_settings)}\n\n{error_codes.section()}"
    )


def start() -> OpenAPI:
    """The app of this process, configured from the environment."""
    log.setup("api")
    failpoints.arm(failpoints.Failpoint.read())
    settings, decoder = Settings.read(), Decoder()
    decoder.start()
    sentry.install("api", settings.ops)
    deps = build(settings, decoder)
    atexit.register(deps.close)
    _drain_at_sigterm(deps)
    return create_app(deps)


def _drain_at_sigterm(deps: Dependencies) -> None:
    """End open streams and fail readiness at once; the server's own handler then waits for requests in flight."""
    previous = signal.getsignal(signal.SIGTERM)

    def drain(number: int, frame: FrameType | None) -> None:
        deps.health.mark_draining()
        threading.Thread(target=deps.stop).start()  # it takes locks, which a signal handler must not
        if callable(previous):
            previous(number, frame)

    signal.signal(signal.SIGTERM, drain)
