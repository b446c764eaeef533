"""The whole surface of the API. Routes are registered from this table alone, and their policies are enforced from it.

`shared.web` adds `/health*` and `/metrics`, as it does for rembg. A view's docstring is the summary and description in
the OpenAPI document; its parameters' models are the request.
"""

from collections.abc import Callable
from functools import wraps
from inspect import getdoc
from typing import Any

from flask_openapi3 import OpenAPI, Tag

from services.api.admin import views as admin
from services.api.admin.schemas import JobsReport, ProvidersOut, RolloutOut
from services.api.assets import presigned_uploads as uploads
from services.api.assets import share_links as links
from services.api.assets import views as assets
from services.api.assets.schemas import AssetOut, AssetPage, LinkOut, Presigned, UploadForm
from services.api.batch_routes import BATCHES
from services.api.cutouts import views as cutouts
from services.api.cutouts.schemas import CutoutForm
from services.api.dependencies import Dependencies
from services.api.gang_sheets import views as gang_sheets
from services.api.gang_sheets.schemas import GangSheetOut, SheetFileOut
from services.api.jobs import events
from services.api.jobs import views as jobs
from services.api.jobs.schemas import Accepted, JobOut, JobPage
from services.api.middleware import policy
from services.api.middleware.policy import Policy
from services.api.mockups import views as mockups
from services.api.mockups.schemas import GarmentList, MockupList
from services.api.openapi import MOCKUP, SERVED, Document
from services.api.pages import views as pages
from services.api.print import drawings
from services.api.print import views as prints
from services.api.print.drawing_schemas import CutlineOut, VectorOut
from services.api.print.enlargement_schemas import EnlargementOut
from services.api.print.file_schemas import PrintFileOut
from services.api.print.schemas import PrintCheckOut, PrintEdgesOut
from services.api.removebg import views as removebg
from services.api.route import (
    ADMIN,
    API,
    DELETE,
    GET,
    GUEST_READ,
    GUEST_WRITE,
    KEY,
    NO_STORE,
    PAGE,
    PICTURE,
    POST,
    PUBLIC,
    PUT,
    UNLIMITED,
    UPLOADS,
    Raw,
    Route,
)
from services.api.schemas import ResponseModel
from services.api.shop_routes import SHOP
from services.api.webhook_routes import WEBHOOKS
from shared import errors, web

DOWNLOADED = (200, 206, 304)
MADE = (200, 202)  # 202 while a job makes it
EVENTS = ("text/event-stream",)
SIGNED_MOCKUP = "/mockups/<garment>/<color>/<uuid:asset_id>/<mockup_grant>.webp"

# What views raise; `Route.failures` adds what follows from policies and models.
QUOTA = (errors.StorageQuota, errors.JobQuota)  # a job stores its results
REFUSED = (
    *(errors.StorageQuota, errors.UnsupportedImage, errors.UnreadableImage, errors.ImageTooLarge),
    *(errors.ImageTooSmall, errors.AnimatedImage, errors.TooComplex),
)
SENT = (*REFUSED, errors.MissingFile, errors.UrlNotAllowed, errors.SourceUnreachable)
QUEUED = (*SENT, errors.NotFound, *QUOTA)  # the background
ANNOUNCED = (errors.StorageQuota,)
RECEIVED = (errors.Forbidden, errors.LengthRequired)
COMPLETED = (*REFUSED, errors.NotUploaded, errors.DigestMismatch)
LISTED = (errors.InvalidCursor,)
SHOWN = (errors.RangeNotSatisfiable, errors.Forbidden, errors.UnreadableImage, errors.TooComplex)
FOLLOWED = (errors.RangeNotSatisfiable, errors.Forbidden)
ASKED = (errors.Forbidden, errors.NotFound, *QUOTA)
STREAMED = (errors.RateLimited,)
DRAWN = (errors.UnreadableImage, errors.TooComplex, errors.ImageTooSmall)
SIGNED = (errors.Forbidden, *DRAWN)
DERIVED = (errors.NoInk, errors.SourceMissing, errors.Poison, *QUOTA)
OUTLINED = (*DERIVED, errors.TooComplex, errors.TooLarge)
TRACED = (*DERIVED, errors.TooComplex, errors.TooLarge, errors.NotFlatArtwork)
ENLARGED = (*DERIVED, errors.LargeEnough, errors.NotFlatArtwork, errors.TooLarge)
SIZED = (*DERIVED, errors.TooLarge)
COMPOSED = (*ASKED, errors.Poison)
LAID_OUT = (*SIZED, errors.DoesNotFit)
RETRIED = (errors.JobNotFailed, errors.SourceMissing, *QUOTA)

PICTURES = (
    POST("/api/uploads", assets.upload, GUEST_WRITE, UPLOADS, NO_STORE, AssetOut, (200, 201), SENT, UploadForm),
    POST("/api/uploads/presign", uploads.presign, GUEST_WRITE, UPLOADS, NO_STORE, Presigned, (201,), ANNOUNCED),
    PUT("/api/uploads/<uuid:upload_id>", uploads.receive, PUBLIC, API, NO_STORE, None, (204,), RECEIVED, Raw),
    POST(
        *("/api/uploads/<uuid:upload_id>/complete", uploads.complete, GUEST_WRITE, API, NO_STORE),
        *(AssetOut, (200, 201), COMPLETED),
    ),
    POST("/api/cutouts", cutouts.create, GUEST_WRITE, UPLOADS, NO_STORE, Accepted, (202,), QUEUED, CutoutForm),
    GET("/api/assets", assets.page, GUEST_READ, UNLIMITED, NO_STORE, AssetPage, (200,), LISTED),
    GET("/api/assets/<uuid:asset_id>", assets.show, GUEST_READ, UNLIMITED, NO_STORE, AssetOut),
    DELETE("/api/assets/<uuid:asset_id>", assets.delete, GUEST_WRITE, API, NO_STORE, None, (204,)),
    POST("/api/assets/<uuid:asset_id>/link", links.create_link, GUEST_READ, API, NO_STORE, LinkOut, (201,)),
    GET("/private/<uuid:asset_id>", links.follow_link, PUBLIC, UNLIMITED, NO_STORE, SERVED, DOWNLOADED, FOLLOWED),
    GET("/assets/<key>/<grant>", assets.download, PUBLIC, UNLIMITED, PICTURE, SERVED, DOWNLOADED, SHOWN),
)
JOBS = (
    POST("/api/jobs", jobs.create, GUEST_WRITE, API, NO_STORE, Accepted, (202,), ASKED),
    GET("/api/jobs", jobs.page, GUEST_READ, UNLIMITED, NO_STORE, JobPage, (200,), LISTED),
    GET("/api/jobs/<uuid:job_id>", jobs.show, GUEST_READ, UNLIMITED, NO_STORE, JobOut),
    DELETE("/api/jobs/<uuid:job_id>", jobs.cancel, GUEST_WRITE, API, NO_STORE, JobOut, (200,), (errors.JobFinished,)),
    POST("/api/jobs/<uuid:job_id>/retry", jobs.retry, GUEST_WRITE, API, NO_STORE, Accepted, (202,), RETRIED),
    GET("/api/jobs/<uuid:job_id>/events", events.follow, GUEST_READ, UNLIMITED, NO_STORE, EVENTS, (200,), STREAMED),
)
MOCKUPS = (
    GET("/api/garments", mockups.garments, PUBLIC, UNLIMITED, PAGE, GarmentList),
    GET("/api/assets/<uuid:asset_id>/mockups", mockups.addresses, GUEST_READ, UNLIMITED, NO_STORE, MockupList),
    GET(
        *("/mockups/<garment>/<color>/<uuid:asset_id>.webp", mockups.show, GUEST_READ, UNLIMITED, PICTURE),
        *(MOCKUP, (200, 304), DRAWN),
    ),
    GET(
        *(SIGNED_MOCKUP, mockups.show_signed, PUBLIC, UNLIMITED, PICTURE),
        *(MOCKUP, (200, 304), SIGNED),
    ),
)
PRINTS = (
    GET(
        *("/api/assets/<uuid:asset_id>/print-check", prints.check, GUEST_READ, API, NO_STORE),
        *(PrintCheckOut, MADE, DERIVED),
    ),
    GET("/api/assets/<uuid:asset_id>/cutline", drawings.cutline, GUEST_READ, API, NO_STORE, CutlineOut, MADE, OUTLINED),
    GET("/api/assets/<uuid:asset_id>/vector", drawings.vector, GUEST_READ, API, NO_STORE, VectorOut, MADE, TRACED),
    GET(
        *("/api/assets/<uuid:asset_id>/print-edges", prints.edges, GUEST_READ, API, NO_STORE),
        *(PrintEdgesOut, MADE, DERIVED),
    ),
    GET(
        *("/api/assets/<uuid:asset_id>/enlargement", prints.enlargement, GUEST_READ, API, NO_STORE),
        *(EnlargementOut, MADE, ENLARGED),
    ),
    GET("/api/assets/<uuid:asset_id>/print-file", prints.file, GUEST_READ, API, NO_STORE, PrintFileOut, MADE, SIZED),
)
GANG_SHEETS = (
    POST("/api/gang-sheets", gang_sheets.create, GUEST_WRITE, API, NO_STORE, Accepted, (202,), COMPOSED),
    GET("/api/gang-sheets/<uuid:job_id>", gang_sheets.show, GUEST_READ, UNLIMITED, NO_STORE, GangSheetOut),
    GET(
        *("/api/gang-sheets/<uuid:job_id>/sheets/<number>", gang_sheets.sheet, GUEST_READ, API, NO_STORE),
        *(SheetFileOut, MADE, LAID_OUT),
    ),
)
ADMINISTRATION = (
    GET("/api/admin/rollout", admin.rollout, ADMIN, API, NO_STORE, RolloutOut),
    PUT("/api/admin/rollout", admin.set_rollout, ADMIN, API, NO_STORE, RolloutOut),
    GET("/api/admin/providers", admin.providers, ADMIN, API, NO_STORE, ProvidersOut),
    GET("/api/admin/jobs", admin.jobs_report, ADMIN, API, NO_STORE, JobsReport),
)
PAGES = (
    GET("/", pages.home, PUBLIC, UNLIMITED, PAGE, ("text/html",)),
    GET("/legal/<name>", pages.legal, PUBLIC, UNLIMITED, PAGE, ("text/html",), (200, 302)),
    GET("/account/<name>", pages.account, PUBLIC, UNLIMITED, PAGE, ("text/html",)),
    GET("/orders/<name>", pages.order, PUBLIC, UNLIMITED, PAGE, ("text/html",)),
    GET("/docs", pages.docs, PUBLIC, UNLIMITED, PAGE, ("text/html",)),
    GET("/static/<path:name>", pages.static, PUBLIC, UNLIMITED, PAGE, ("*/*",)),
    GET("/openapi.json", pages.openapi, PUBLIC, UNLIMITED, PAGE, ("application/json",)),
)
REMOVE_BG = (  # documented by their maker and in docs/removebg.md; clients of some kinds prefix /api
    POST("/v1.0/removebg", removebg.remove, KEY, API, NO_STORE, None),
    GET("/v1.0/account", removebg.account, KEY, API, NO_STORE, None),
    POST("/v1.0/improve", removebg.improve, KEY, API, NO_STORE, None),
)
DOCUMENTED = {  # by tag
    "pictures": PICTURES,
    "jobs": JOBS,
    "prints": PRINTS,
    "gang sheets": GANG_SHEETS,
    "batches": BATCHES,
    "mockups": MOCKUPS,
    **SHOP,
    "webhooks": WEBHOOKS,
    "admin": ADMINISTRATION,
}

_TAGS = {
    "pictures": "Uploads, and the addresses of pictures.",
    "jobs": "The work on pictures: started, watched, cancelled and repeated.",
    "prints": "What a picture needs for print: checks, hard edges, cut lines, vectors and files for printers.",
    "batches": "Many pictures cut out with the same options: sent at once, followed as one, and downloaded as one.",
    "gang sheets": "Many pictures on as little film as possible.",
    "mockups": "Pictures on garments.",
    "catalogue": "Products, their pictures and their stock, as visitors see them.",
    "designs": "Pictures placed on products.",
    "catalogue administration": "Products, stock and product files, for admins.",
    "accounts": "Customers, their sessions and addresses.",
    "mails": "Mails to customers, for admins.",
    "prices": "Price list, discount codes and the price of a cart.",
    "orders": "Orders of customers: placed, shown and cancelled.",
    "payments": "Payments of orders, and the events that Stripe sends.",
    "refunds": "Money paid back, and disputes.",
    "production": "What is printed, packed and shipped.",
    "documents": "Invoices, packing slips and labels.",
    "webhooks": "Events sent to callers, and where to.",
    "books": "What was received, refunded and charged, day by day.",
    "admin": "Providers and queues, for admins.",
}


def register(app: OpenAPI, deps: Dependencies) -> None:
    """Register every route, enforce the policies, and refuse any route that is not in the table."""
    for tag, routes in DOCUMENTED.items():
        for route in routes:
            _add(app, deps, route, tag)
    for route in (*PAGES, *REMOVE_BG):
        _add(app, deps, route)
    for route in REMOVE_BG:
        app.add_url_rule(f"/api{route.path}", route.name, methods=[route.method])
    documented = [route for routes in DOCUMENTED.values() for route in routes]
    app.extensions[pages.DOCUMENT] = Document(app, documented, deps.settings.web.formats)
    policies = {route.name: Policy(route.auth, route.limit, route.cache) for route in (*documented, *PAGES, *REMOVE_BG)}
    policy.install(app, policies | dict.fromkeys(web.ENDPOINTS, policy.UNRESTRICTED))


def _add(app: OpenAPI, deps: Dependencies, route: Route, tag: str = "") -> None:
    summary, _, description = (getdoc(route.view) or "").partition("\n\n")
    add = getattr(app, route.method.lower())(
        route.path,
        endpoint=route.name,
        operation_id=route.name,
        tags=[Tag(name=tag, description=_TAGS.get(tag))],
        summary=summary.removesuffix("."),
        openapi_extensions={"description": description} if description else None,
        doc_ui=bool(tag),
    )
    add(_bound(route, deps))


def _bound(route: Route, deps: Dependencies) -> Callable[..., Any]:
    """The view as Flask calls it: with its dependencies, and a model it returns made into JSON."""

    @wraps(route.view)
    def view(**parameters: Any) -> Any:
        result = route.view(deps, **parameters)
        if isinstance(result, ResponseModel):
            return result.response(route.statuses[0])
        return ("", route.statuses[0]) if result is None else result

    return view
