"""The OpenAPI document. Everything in it follows from the table of routes, its policies and the models.

Flask-OpenAPI collects parameters and bodies from the views' models. What it cannot know is added here: each status with
its codes and headers, who may call, links between operations, and the components.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from http import HTTPStatus
from itertools import groupby
from typing import Any

from flask_openapi3 import OpenAPI
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from services.api import examples
from services.api.assets.schemas import UploadForm
from services.api.jobs.schemas import Accepted
from services.api.middleware import auth
from services.api.middleware.policy import Auth, Limit
from services.api.route import Csv, Raw, Route, Signed
from services.api.schemas import ErrorOut, ResponseModel, never_null
from services.api.webhooks import document
from services.api.webhooks.event_schemas import BODIES
from shared import errors
from shared.image_format.structure import STORED, Format
from shared.images import MAX_BYTES

_JSON = "application/json"
_REFERENCE = "#/components/schemas/{model}"
_BYTES = {"type": "string", "format": "binary", "minLength": 1}
_FILE, _SERVED = _BYTES | {"maxLength": MAX_BYTES}, _BYTES | {"maxLength": 8 << 30}  # the sheet of a printer is large
IMAGES = tuple(sorted(kind.content_type for kind in STORED))
MOCKUP = ("image/webp",)
CSV = ("text/csv",)
PDF = ("application/pdf",)
ZIP = ("application/zip",)
SERVED = (*IMAGES, "application/pdf", "image/svg+xml", "image/tiff")  # pictures, and files for printers

_TOKENS: dict[str, Any] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": f"The {auth.HEADER} of a first write or of signing in, or an API key.",
    },
    "cookie": {"type": "apiKey", "in": "cookie", "name": auth.COOKIE},
    "key": {
        "type": "apiKey",
        "in": "header",
        "name": auth.API_KEY,
        "description": "An API key issued by the shop; it has limits of its own.",
    },
}
GUESTS: list[dict[str, Any]] = [{}, *({name: []} for name in _TOKENS)]  # any of them, or none yet
_SIGNED_IN: list[dict[str, Any]] = [{"bearer": []}, {"cookie": []}]
_SECURITY: Mapping[Auth, list[dict[str, Any]]] = {
    Auth.PUBLIC: [],
    Auth.CUSTOMER: _SIGNED_IN,
    Auth.MEMBER: [*_SIGNED_IN, {"key": []}],
    Auth.ADMIN: [*_SIGNED_IN, {"key": []}],
    Auth.CATALOGUE: [*_SIGNED_IN, {"key": []}],
    Auth.ORDERS: [*_SIGNED_IN, {"key": []}],
}


def _header(description: str, required: bool = False, **schema: object) -> dict[str, Any]:
    return {"description": description, "required": required, "schema": schema}


_TEXT: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 2000}
_NUMBER: dict[str, Any] = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}
_HEADERS = {
    "X-Request-Id": _header("The id of this request in all logs.", True, **_TEXT),
    "RateLimit-Policy": _header(
        "Each limit that counts this call, as `calls;w=seconds`. Absent where limits are off.", **_TEXT
    ),
    "RateLimit-Limit": _header("Requests that the tightest limit allows.", **_NUMBER),
    "RateLimit-Remaining": _header("Requests left now.", **_NUMBER),
    "RateLimit-Reset": _header("Seconds until one more request is allowed.", **_NUMBER),
    auth.HEADER: _header("The token of a guest or customer, to be sent as `Authorization: Bearer`.", **_TEXT),
    "Set-Cookie": _header("The same token for browsers.", **_TEXT),
    "Idempotent-Replayed": _header(
        "This is the first response with this Idempotency-Key.", type="string", const="true"
    ),
    "Location": _header("The job's URL.", True, **_TEXT, format="uri-reference"),
    "Retry-After": _header("Seconds to wait before another try.", True, **_NUMBER),
    "ETag": _header("The version of these bytes.", True, **_TEXT),
    "Accept-Ranges": _header("Ranges are in bytes.", True, type="string", const="bytes"),
    "Content-Disposition": _header("The file's name.", True, **_TEXT),
    "Content-Range": _header("The bytes sent, and the size of the whole.", True, **_TEXT),
}


def _errors(route: Route) -> dict[str, Any]:
    by_status = groupby(route.failures, key=lambda failure: failure.status)
    return {str(status): _error(route, status, tuple(failures)) for status, failures in by_status}


def _with_examples(operation: dict[str, Any]) -> dict[str, Any]:
    """The operation with an example of each parameter of its path."""
    parameters = operation.get("parameters", [])
    named = examples.PARAMETERS
    filled = [place | {"example": named[place["name"]]} if place["in"] == "path" else place for place in parameters]
    return operation | {"parameters": filled}


def _parameters(route: Route) -> set[str]:
    path = route.model("path")
    return set(path.model_fields) if path else set()


def _leads(names: Mapping[str, str], target: Route) -> bool:
    """Whether a body with these names says all that the target's path needs."""
    parameters = _parameters(target)
    return bool(parameters) and parameters <= names.keys()


def _link(target: Route, names: Mapping[str, str]) -> dict[str, Any]:
    parameters = {name: f"$response.body#/{names[name]}" for name in sorted(_parameters(target))}
    return {"operationId": target.name, "parameters": parameters}


def _success(route: Route, status: int) -> dict[str, Any]:
    names = [auth.HEADER, "Set-Cookie"] if _sends_token(route) else []
    if route.idempotent:
        names.append("Idempotent-Replayed")
    if _body_of(route, status) is Accepted:
        names += ["Location"] if len(route.statuses) == 1 else ["Location", "Retry-After"]
    if HTTPStatus.NOT_MODIFIED in route.statuses:
        names.append("ETag")
    if route.answer in (CSV, PDF, ZIP):
        names.append("Content-Disposition")
    if route.answer == SERVED:
        names.append("Accept-Ranges")
        names += [] if status == HTTPStatus.NOT_MODIFIED else ["Content-Disposition"]
        names += ["Content-Range"] if status == HTTPStatus.PARTIAL_CONTENT else []
    response: dict[str, Any] = {"description": HTTPStatus(status).phrase, "headers": _named(route, names)}
    if status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
        response["content"] = _content(_body_of(route, status))
    return response


def _body_of(route: Route, status: int) -> type[ResponseModel] | tuple[str, ...] | None:
    """202 beside 200 names the job that makes what 200 is."""
    return Accepted if status == HTTPStatus.ACCEPTED and len(route.statuses) > 1 else route.answer


def _sends_token(route: Route) -> bool:
    return route.auth is Auth.GUEST_WRITE or (route.auth is Auth.CUSTOMER and route.method != "GET")


def _error(route: Route, status: int, failures: Collection[type[errors.Failure]]) -> dict[str, Any]:
    names = ["Retry-After"] if all(failure.retryable for failure in failures) else []
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        names.append("Content-Range")
    headers = _named(route, names)
    if errors.RequestInProgress in failures:
        headers["Retry-After"] = _HEADERS["Retry-After"] | {"required": False}  # the other codes need no patience
    codes = "\n".join(f"- `{failure.code}`: {failure.message}" for failure in failures)
    return {"description": codes, "headers": headers, "content": _content(ErrorOut)}


def _named(route: Route, names: Iterable[str]) -> dict[str, Any]:
    limits = [] if route.limit is Limit.NONE else [name for name in _HEADERS if name.startswith("RateLimit-")]
    return {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-Id", *limits, *names)}


def _content(answer: type[ResponseModel] | tuple[str, ...] | None) -> dict[str, Any] | None:
    if answer is None:
        return None
    if isinstance(answer, tuple):
        return {name: {"schema": _SERVED if name in SERVED else {}} for name in answer}  # events are not one text
    return {_JSON: {"schema": _reference(answer)}}


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=model.__name__)}


class Document:
    """The document of an app, made when it is first read.

    `formats` are those in which pictures are accepted.
    """

    def __init__(self, app: OpenAPI, routes: Collection[Route], formats: Iterable[Format]) -> None:
        self._app = app
        self._routes = routes
        self._formats = sorted(formats)

    @cached_property
    def content(self) -> dict[str, Any]:
        """The whole document."""
        collected = self._app.api_doc
        by_name = {route.name: route for route in self._routes}
        paths = {
            path: {
                method: _with_examples(found) | self._operation(by_name[found["operationId"]])
                for method, found in item.items()
            }
            for path, item in collected["paths"].items()
        }
        return collected | {"paths": paths, "webhooks": document.section(), "components": self._components()}

    @cached_property
    def json(self) -> str:
        return json.dumps(self.content, separators=(",", ":"))

    def _operation(self, route: Route) -> dict[str, Any]:
        facts: dict[str, Any] = {"responses": {**self._successes(route), **_errors(route)}}
        if route.auth in _SECURITY:
            facts["security"] = _SECURITY[route.auth]
        if route.body:
            facts["requestBody"] = self._body(route.body)
        return facts

    def _components(self) -> dict[str, Any]:
        """The schemas of all bodies, the headers, and the ways to say who is calling."""
        schemas = _schemas(self._routes)
        for name, models in sorted(dict(form.in_json for form in _forms(self._routes)).items()):  # always in one order
            schemas[name] = {"oneOf": [_reference(model) for model in models]}
        return {"schemas": schemas, "headers": _HEADERS, "securitySchemes": _TOKENS}

    def _successes(self, route: Route) -> dict[str, Any]:
        return {
            str(status): _success(route, status) | self._links(_body_of(route, status)) for status in route.statuses
        }

    def _links(self, answer: type[ResponseModel] | tuple[str, ...] | None) -> dict[str, Any]:
        names = answer.names if isinstance(answer, type) else {}
        links = {target.name: _link(target, names) for target in self._routes if _leads(names, target)}
        return {"links": links} if links else {}

    def _body(self, model: type[UploadForm | Raw | Csv | Signed]) -> dict[str, Any]:
        if model is Signed:
            return {"required": True, "content": {_JSON: {"schema": {"type": "object"}}}}
        if model is Csv:
            return {"required": True, "content": {CSV[0]: {"schema": _BYTES | {"maxLength": Csv.max_bytes}}}}
        pictures = (*(kind.content_type for kind in self._formats), "application/octet-stream")
        types = ZIP if issubclass(model, UploadForm) and model.archive else pictures
        content: dict[str, Any] = {name: {"schema": _FILE} for name in types}
        if not issubclass(model, UploadForm):
            return {"required": True, "content": content}
        # first: its example needs no file
        picture = {_JSON: {"schema": {"$ref": _REFERENCE.format(model=model.in_json[0])}}}
        content = {**picture, "multipart/form-data": {"schema": _reference(model)}, **content}
        labels = ", ".join(kind.label for kind in self._formats)
        description = (
            f"{'Pictures' if model.archive else 'A picture'} of at most 20 MB and 50 megapixels, not animated: "
            f"{labels}. The content decides what it is, not the content type. JPEG, PNG and WebP are stored as "
            "received, others as a lossless PNG."
        )
        return {"required": True, "description": description, "content": content}


def _forms(routes: Collection[Route]) -> set[type[UploadForm]]:
    return {route.body for route in routes if route.body and issubclass(route.body, UploadForm)}


def _schemas(routes: Collection[Route]) -> dict[str, Any]:
    queries = {route.model("query") for route in routes}
    pictures = {model for form in _forms(routes) for model in form.in_json[1]}
    read = {*pictures, *queries, *(route.body or route.model("body") for route in routes)} - {Raw, Csv, Signed}
    answers = {_body_of(route, status) for route in routes for status in route.statuses}
    written: set[type[BaseModel]] = {
        ErrorOut,
        *BODIES.values(),
        *(answer for answer in answers if isinstance(answer, type)),
    }
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "serialization") for model in written]
    models += [(model, "validation") for model in read if model]
    named: dict[str, Any] = models_json_schema(sorted(models, key=str), ref_template=_REFERENCE)[1]["$defs"]
    for form in _forms(routes):
        never_null(named[form.__name__])
    parameters = {query.__name__ for query in queries if query}  # these are described one by one
    return {name: schema for name, schema in sorted(named.items()) if name not in parameters}
