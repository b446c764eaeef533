"""The page for people at `/`, the reference at `/docs`, the description at `/openapi.json`.

No build step, nothing from elsewhere.
"""

from importlib.resources import files
from pathlib import Path

from flask import Blueprint, Response, current_app, jsonify, send_from_directory

from services.api.middleware.policy import Auth, Cache, Limit, policy

STATIC = Path(__file__).parent.parent / "static"
_STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_DOCS = _STRICT.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")  # set by the viewer's script
_VIEWER = {"swagger-ui.css": "css", "swagger-ui-bundle.js": "js"}


def blueprint() -> Blueprint:
    pages = Blueprint("pages", __name__)

    @pages.get("/")
    @policy(auth=Auth.PUBLIC, limit=Limit.NONE, cache=Cache.PAGE)
    def home() -> Response:
        return _page("index.html", _STRICT)

    @pages.get("/docs")
    @policy(auth=Auth.PUBLIC, limit=Limit.NONE, cache=Cache.PAGE)
    def docs() -> Response:
        return _page("docs.html", _DOCS)

    @pages.get("/static/<path:name>")
    @policy(auth=Auth.PUBLIC, limit=Limit.NONE, cache=Cache.PAGE)
    def static(name: str) -> Response:
        if kind := _VIEWER.get(name):
            return send_from_directory(str(files("flask_openapi3_swagger") / "templates" / "swagger" / kind), name)
        return send_from_directory(STATIC, name)

    @pages.get("/openapi.json")
    @policy(auth=Auth.PUBLIC, limit=Limit.NONE, cache=Cache.PAGE)
    def openapi() -> Response:
        return jsonify(current_app.api_doc)  # type: ignore[attr-defined]  # the app is an OpenAPI

    return pages


def _page(name: str, csp: str) -> Response:
    answer = send_from_directory(STATIC, name)
    answer.headers["Content-Security-Policy"] = csp
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer
