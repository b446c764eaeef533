"""The whole surface of the API. Routes are registered from this table alone, and their policies are enforced from it.

`shared.web` adds `/health*` and `/metrics`, as it does for rembg. A view's docstring is the summary and description in
the OpenAPI document; its parameters' models are the request.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps
from inspect import getdoc
from typing import Any

from flask_openapi3 import OpenAPI, Tag

from services.api.admin import views as admin
from services.api.admin.schemas import JobsReport, ProvidersOut, RolloutOut
from services.api.assets import presigned_uploads as uploads
from services.api.assets import share_links as links
from services.api.assets import views as assets
from services.api.assets.schemas import AssetOut, AssetPage, LinkOut, Presigned
from services.api.cutouts import views as cutouts
from services.api.dependencies import Dependencies
from services.api.jobs import events
from services.api.jobs import views as jobs
from services.api.jobs.schemas import Accepted, JobOut, JobPage
from services.api.middleware import policy, upload_parser
from services.api.middleware.policy import Auth, Cache, Limit, Policy
from services.api.pages import views as pages
from services.api.schemas import ErrorOut, ResponseModel
from shared import web

PUBLIC, GUEST_READ, GUEST_WRITE, ADMIN = Auth.PUBLIC, Auth.GUEST_READ, Auth.GUEST_WRITE, Auth.ADMIN
UNLIMITED, API, UPLOADS = Limit.NONE, Limit.API, Limit.UPLOADS
NO_STORE, PICTURE, PAGE = Cache.NO_STORE, Cache.PICTURE, Cache.PAGE


@dataclass(frozen=True, slots=True)
class Route:
    """`answer` is the response's model or content type, None for an empty one; `status` goes with a returned model."""

    method: str
    path: str
    view: Callable[..., Any]
    auth: Auth
    limit: Limit
    cache: Cache
    answer: type[ResponseModel] | str | None
    status: int = 200
    other_status: int | None = None

    @property
    def name(self) -> str:
        """The endpoint and OpenAPI operation id: `jobs_show`."""
        return f"{self.view.__module__.split('.')[2]}_{self.view.__name__}"


GET, POST, PUT, DELETE = (partial(Route, method) for method in ("GET", "POST", "PUT", "DELETE"))

PICTURES = (
    POST("/api/uploads", assets.upload, GUEST_WRITE, UPLOADS, NO_STORE, AssetOut, 200, 201),
    POST("/api/uploads/presign", uploads.presign, GUEST_WRITE, UPLOADS, NO_STORE, Presigned, 201),
    PUT("/api/uploads/<uuid:upload_id>", uploads.receive, PUBLIC, API, NO_STORE, None, 204),
    POST("/api/uploads/<uuid:upload_id>/complete", uploads.complete, GUEST_WRITE, API, NO_STORE, AssetOut, 200, 201),
    POST("/api/cutouts", cutouts.create, GUEST_WRITE, UPLOADS, NO_STORE, Accepted, 202),
    GET("/api/assets", assets.page, GUEST_READ, UNLIMITED, NO_STORE, AssetPage),
    GET("/api/assets/<uuid:asset_id>", assets.show, GUEST_READ, UNLIMITED, NO_STORE, AssetOut),
    DELETE("/api/assets/<uuid:asset_id>", assets.delete, GUEST_WRITE, API, NO_STORE, None, 204),
    POST("/api/assets/<uuid:asset_id>/link", links.create_link, GUEST_READ, API, NO_STORE, LinkOut, 201),
    GET("/private/<uuid:asset_id>", links.follow_link, PUBLIC, UNLIMITED, NO_STORE, "image/*", 200, 206),
    GET("/assets/<key>/<grant>", assets.download, PUBLIC, UNLIMITED, PICTURE, "image/*", 200, 206),
)
JOBS = (
    POST("/api/jobs", jobs.create, GUEST_WRITE, API, NO_STORE, Accepted, 202),
    GET("/api/jobs", jobs.page, GUEST_READ, UNLIMITED, NO_STORE, JobPage),
    GET("/api/jobs/<uuid:job_id>", jobs.show, GUEST_READ, UNLIMITED, NO_STORE, JobOut),
    DELETE("/api/jobs/<uuid:job_id>", jobs.cancel, GUEST_WRITE, API, NO_STORE, JobOut),
    POST("/api/jobs/<uuid:job_id>/retry", jobs.retry, GUEST_WRITE, API, NO_STORE, Accepted, 202),
    GET("/api/jobs/<uuid:job_id>/events", events.follow, GUEST_READ, UNLIMITED, NO_STORE, "text/event-stream"),
)
ADMINISTRATION = (
    GET("/api/admin/rollout", admin.rollout, ADMIN, API, NO_STORE, RolloutOut),
    PUT("/api/admin/rollout", admin.set_rollout, ADMIN, API, NO_STORE, RolloutOut),
    GET("/api/admin/providers", admin.providers, ADMIN, API, NO_STORE, ProvidersOut),
    GET("/api/admin/jobs", admin.jobs_report, ADMIN, API, NO_STORE, JobsReport),
)
PAGES = (
    GET("/", pages.home, PUBLIC, UNLIMITED, PAGE, "text/html"),
    GET("/docs", pages.docs, PUBLIC, UNLIMITED, PAGE, "text/html"),
    GET("/static/<path:name>", pages.static, PUBLIC, UNLIMITED, PAGE, "*/*"),
    GET("/openapi.json", pages.openapi, PUBLIC, UNLIMITED, PAGE, "application/json"),
)
ROUTES = {"pictures": PICTURES, "jobs": JOBS, "admin": ADMINISTRATION, "": PAGES}  # by tag; "" is undocumented

_IMAGE = {"content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}, "required": True}
# The bodies that views read themselves: Flask-OpenAPI knows one content type per operation.
_BODIES = {assets.upload: upload_parser.BODY, cutouts.create: upload_parser.BODY, uploads.receive: _IMAGE}


def register(app: OpenAPI, deps: Dependencies) -> None:
    """Register every route, enforce the policies, and refuse any route that is not in the table."""
    policies = dict.fromkeys(web.ENDPOINTS, policy.UNRESTRICTED)
    for tag, route in ((tag, route) for tag, routes in ROUTES.items() for route in routes):
        summary, _, description = (getdoc(route.view) or "").partition("\n\n")
        add = getattr(app, route.method.lower())(
            route.path,
            endpoint=route.name,
            operation_id=route.name,
            tags=[Tag(name=tag)],
            summary=summary.removesuffix("."),
            responses=_responses(route),
            openapi_extensions={"requestBody": _BODIES[route.view]} if route.view in _BODIES else None,
            doc_ui=bool(tag),
        )
        add(_bound(route, deps, description))
        policies[route.name] = Policy(route.auth, route.limit, route.cache)
    policy.install(app, policies)


def _responses(route: Route) -> dict[str | int, Any]:
    """What OpenAPI says of the answer: its model or content type under each status, and the error under all others."""
    answer = route.answer
    said = {"content": {answer: {"schema": {"type": "string"}}}} if isinstance(answer, str) else answer
    statuses = (route.status, route.other_status) if route.other_status else (route.status,)
    return {**dict.fromkeys(statuses, said), "4XX": ErrorOut, "5XX": ErrorOut}


def _bound(route: Route, deps: Dependencies, description: str) -> Callable[..., Any]:
    """The view as Flask calls it: with its dependencies, and a model it returns made into JSON."""

    @wraps(route.view)
    def view(**parameters: Any) -> Any:
        result = route.view(deps, **parameters)
        if isinstance(result, ResponseModel):
            return result.response(route.status)
        return ("", route.status) if result is None else result

    view.__doc__ = description
    return view
