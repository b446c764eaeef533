"""The studio at `/`, pages of orders and legal ones, the reference at `/docs`, the OpenAPI document, as settings say.

No build step, and nothing is loaded from other hosts. What depends on settings is tagged by its content, so that a
browser shows a change after the restart that made it.
"""

from importlib.resources import files
from pathlib import Path

from flask import Response, current_app, render_template, request, send_from_directory

from services.api.dependencies import Dependencies
from services.api.orders import numbering
from services.api.pages import colors, logo
from services.api.pages.legal import TITLES
from services.api.pages.schemas import FilePath
from shared import errors
from shared.settings import Retention

DOCUMENT = "document"  # the app's extension that is a services.api.openapi.Document
STATIC = Path(__file__).parent.parent / "static"
_STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_DOCS = _STRICT.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")  # the viewer's script sets styles
_PICTURE = "default-src 'none'; style-src 'unsafe-inline'; sandbox"  # an SVG, opened as a page, runs no script
_VIEWER = {"swagger-ui.css": "css", "swagger-ui-bundle.js": "js"}
_ACCOUNT = {"verify": "Confirm your address", "reset": "Choose a new password", "sign-in": "Sign in"}
_COLORED = ("docs.css", "style.css")


def home(deps: Dependencies) -> Response:
    retention = _retention(deps.settings.retention)
    public_url = deps.settings.web.public_url
    return _page(deps, "index.html", retention=retention, public_url=public_url)


def legal(deps: Dependencies, path: FilePath) -> Response:
    """Raises errors.NotFound for a document that is not set."""
    document = deps.settings.legal.find(path.name)
    if document is None:
        raise errors.NotFound
    if document.elsewhere:
        return Response(status=302, headers={"Location": document.elsewhere})
    return _page(deps, "legal.html", title=TITLES[path.name], paragraphs=document.paragraphs)


def account(deps: Dependencies, path: FilePath) -> Response:
    """What a link in a mail opens. Raises errors.NotFound for any other page."""
    if path.name not in _ACCOUNT:
        raise errors.NotFound
    return _page(deps, "account.html", title=_ACCOUNT[path.name], page=path.name)


def order(deps: Dependencies, path: FilePath) -> Response:
    """The state of an order, for its customer: the page's script asks for it. Raises errors.NotFound for no number."""
    number = numbering.read(path.name)
    if number is None:
        raise errors.NotFound
    return _page(deps, "order.html", title=f"Order {number}", number=number)


def _page(deps: Dependencies, template: str, **facts: object) -> Response:
    page = render_template(template, shop=deps.settings.shop, legal=deps.settings.legal, **facts)
    return _protect(_tagged(page, "text/html"), _STRICT)


def docs(deps: Dependencies) -> Response:
    return _protect(_tagged(render_template("docs.html", shop=deps.settings.shop), "text/html"), _DOCS)


def static(deps: Dependencies, path: FilePath) -> Response:
    shop = deps.settings.shop
    if kind := _VIEWER.get(path.name):
        return send_from_directory(str(files("flask_openapi3_swagger") / "templates" / "swagger" / kind), path.name)
    if path.name == "logo":
        picture = logo.choose(shop, STATIC / "favicon.svg")
        return _protect(_tagged(picture.data, picture.content_type), _PICTURE)
    if path.name in _COLORED:
        return _tagged((STATIC / path.name).read_text("utf-8") + colors.style(shop.color), "text/css")
    return send_from_directory(STATIC, path.name)


def openapi(_: Dependencies) -> Response:
    return _tagged(current_app.extensions[DOCUMENT].json, "application/json")


def _retention(retention: Retention) -> str:
    guests, customers = (_deletion(days) for days in (retention.guest_days, retention.customer_days))
    return f"Pictures are {guests}; pictures sent with an API key are {customers}."


def _deletion(days: int) -> str:
    if not days:
        return "stored until their owner deletes them"
    return f"deleted {days} day{'s' if days > 1 else ''} after they were last uploaded"


def _tagged(body: str | bytes, content_type: str) -> Response:
    response = Response(body, mimetype=content_type)
    response.add_etag()
    response.make_conditional(request)
    return response


def _protect(response: Response, csp: str) -> Response:
    response.headers["Content-Security-Policy"] = csp
    response.headers["Referrer-Policy"] = "same-origin"
    return response
