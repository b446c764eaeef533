"""The studio at `/`, the reference at `/docs`, the OpenAPI document at `/openapi.json`.

No build step, and nothing is loaded from other hosts.
"""

from importlib.resources import files
from pathlib import Path

from flask import Response, current_app, request, send_from_directory

from services.api.dependencies import Dependencies
from services.api.pages.schemas import FilePath
from shared.settings import Retention

DOCUMENT = "document"  # the app's extension that is a services.api.openapi.Document
STATIC = Path(__file__).parent.parent / "static"
_STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_DOCS = _STRICT.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")  # the viewer's script sets styles
_VIEWER = {"swagger-ui.css": "css", "swagger-ui-bundle.js": "js"}


def home(deps: Dependencies) -> Response:
    page = (STATIC / "index.html").read_text("utf-8").replace("<!-- retention -->", _retention(deps.settings.retention))
    response = Response(page, mimetype="text/html")
    response.add_etag()
    response.make_conditional(request)
    return _protect(response, _STRICT)


def docs(_: Dependencies) -> Response:
    return _protect(send_from_directory(STATIC, "docs.html"), _DOCS)


def static(_: Dependencies, path: FilePath) -> Response:
    if kind := _VIEWER.get(path.name):
        return send_from_directory(str(files("flask_openapi3_swagger") / "templates" / "swagger" / kind), path.name)
    return send_from_directory(STATIC, path.name)


def openapi(_: Dependencies) -> Response:
    response = Response(current_app.extensions[DOCUMENT].json, content_type="application/json")
    response.add_etag()
    response.make_conditional(request)
    return response


def _retention(retention: Retention) -> str:
    guests, customers = (_kept(days) for days in (retention.guest_days, retention.customer_days))
    return f"Pictures are {guests}; pictures sent with an API key are {customers}."


def _kept(days: int) -> str:
    if not days:
        return "kept until their owner deletes them"
    return f"deleted {days} day{'s' if days > 1 else ''} after they were last sent"


def _protect(response: Response, csp: str) -> Response:
    response.headers["Content-Security-Policy"] = csp
    response.headers["Referrer-Policy"] = "same-origin"
    return response
