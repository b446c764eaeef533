"""A test client that fails a test whose response the OpenAPI document does not describe in full.

Every test of the api calls through it, so no status, code, header, content type or field can be left out.
"""

from typing import Any

import jsonschema  # type: ignore[import-untyped]
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.test import TestResponse

from services.api.pages.views import DOCUMENT
from services.api.routes import DOCUMENTED
from tests.services.api.client import body

JSON = "application/json"
_DOCUMENT: dict[str, Any] = {}  # of the first app: settings change nothing about responses
_VALIDATORS: dict[str, Any] = {}  # by reference
ROUTES = {route.name: route for routes in DOCUMENTED.values() for route in routes}
# HTTP's own, and those of every response of this host.
_GENERAL = {
    *("Accept-Encoding", "Cache-Control", "CDN-Cache-Control", "Content-Encoding", "Content-Length", "Content-Type"),
    *("Content-Security-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Referrer-Policy"),
    *("Date", "Strict-Transport-Security", "Vary", "X-Accel-Buffering", "X-Content-Type-Options", "X-Frame-Options"),
}


class DocumentedClient(FlaskClient):
    def open(self, *args: Any, **options: Any) -> TestResponse:
        response = super().open(*args, **options)
        request = response.request
        name = endpoint(self.application, request.method, request.path)
        if name in ROUTES and request.method != "OPTIONS":
            check(self.application, name, response)
        return response


def document(app: Flask) -> dict[str, Any]:
    found: dict[str, Any] = app.extensions[DOCUMENT].content
    return found


def operations(description: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The operations of a document by id."""
    return {said["operationId"]: said for item in description["paths"].values() for said in item.values()}


def check(app: Flask, name: str, response: TestResponse) -> None:
    """Compare a response with what the document says of its operation."""
    if not _DOCUMENT:
        _DOCUMENT.update(document(app), operations=operations(document(app)))
    where = f"{name} {response.status_code}"
    described = _DOCUMENT["operations"][name]["responses"].get(str(response.status_code))
    assert described, f"{where} {response.text[:200]} is not documented"
    shared = _DOCUMENT["components"]["headers"]
    facts = {header: shared[header] if "$ref" in said else said for header, said in described["headers"].items()}
    required = {header for header, said in facts.items() if said["required"]}
    sent = {header for header, _ in response.headers}
    assert required <= sent, f"{where} lacks {required - sent}"
    other = {header for header in sent if not header.startswith("Access-Control-")} - _GENERAL
    assert other <= described["headers"].keys(), f"{where} has {other - described['headers'].keys()}"
    if response.request.method != "HEAD" and "Content-Encoding" not in response.headers:
        _check_body(name, response, described)


def _check_body(name: str, response: TestResponse, described: dict[str, Any]) -> None:
    content = described.get("content")
    if not content:
        assert response.data == b"", f"{name} {response.status_code} has a body"
        return
    assert response.mimetype in content, f"{name} {response.status_code} is {response.mimetype}"
    if response.mimetype == JSON:
        _validator(content[JSON]["schema"]["$ref"]).validate(response.json)
    if response.status_code >= 400:
        codes = {kind.code for kind in ROUTES[name].failures if kind.status == response.status_code}
        assert body(response)["error"]["code"] in codes, f"{name} does not document {response.text}"


def _validator(reference: str) -> Any:
    if reference not in _VALIDATORS:
        schema = {"$ref": reference, "components": _DOCUMENT["components"], "unevaluatedProperties": False}
        checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
        _VALIDATORS[reference] = jsonschema.Draft202012Validator(schema, format_checker=checker)
    return _VALIDATORS[reference]


def endpoint(app: Flask, method: str, path: str) -> str:
    """The endpoint that answers a request; empty if none does."""
    try:
        found: tuple[str, Any] = app.url_map.bind("localhost").match(path, method)
    except (HTTPException, RequestRedirect):
        return ""
    return found[0]
