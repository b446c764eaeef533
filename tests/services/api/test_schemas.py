"""The OpenAPI document: valid in itself, and matched by the real responses."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import jsonschema  # type: ignore[import-untyped]
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.api import app, keys
from shared.db import api_keys as rows
from shared.models.owner import Scope
from tests.services import pictures
from tests.services.api.client import body, cut_out, send, upload
from tests.services.api.conftest import Api

_JSON = "application/json"


def _operations(description: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in description["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from ([node["$ref"]] if "$ref" in node else [])
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from _references(part)


def test_the_document_has_its_version_title_and_security_schemes(guest: FlaskClient) -> None:
    description = body(guest.get("/openapi.json"))
    assert description["openapi"].startswith("3.1")
    assert description["info"]["version"] == app.VERSION
    assert description["info"]["title"]
    assert description["info"]["description"]
    assert set(description["components"]["securitySchemes"]) == {"bearer", "cookie", "key"}
    assert description["security"] == [{}, {"bearer": []}, {"cookie": []}, {"key": []}]


def test_every_reference_resolves_and_every_schema_is_valid(guest: FlaskClient) -> None:
    description = body(guest.get("/openapi.json"))
    schemas = description["components"]["schemas"]
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    assert {name.removeprefix("#/components/schemas/") for name in _references(description)} <= set(schemas)


def test_every_operation_has_a_summary_tags_and_responses(guest: FlaskClient) -> None:
    operations = list(_operations(body(guest.get("/openapi.json"))))
    assert len({operation["operationId"] for _, _, operation in operations}) == len(operations)
    envelope = {"schema": {"$ref": "#/components/schemas/ErrorOut"}}
    for method, path, operation in operations:
        assert operation["summary"], (method, path)
        assert operation["tags"]
        responses = operation["responses"]
        assert {"4XX", "5XX"} < set(responses)
        assert responses["4XX"]["content"][_JSON] == responses["5XX"]["content"][_JSON] == envelope
        named = {place["name"] for place in operation.get("parameters", []) if place["in"] == "path"}
        assert named == {part[1:-1] for part in path.split("/") if part.startswith("{")}


def test_every_route_of_the_api_is_described(api: Api) -> None:
    described = {(method, path) for method, path, _ in _operations(body(api.guest().get("/openapi.json")))}
    routes = {
        (method, rule.rule.replace("<uuid:", "<").replace("<", "{").replace(">", "}"))
        for rule in api.app.url_map.iter_rules()
        if rule.rule.startswith(("/api/", "/assets/", "/private/"))
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert described == routes


def _responses(api: Api) -> Iterator[tuple[str, str, TestResponse]]:
    """(method, documented path, a response) of every operation, and of every kind of error."""
    guest = api.guest()
    asset, accepted = upload(guest), cut_out(guest)
    job, kept = accepted["statusUrl"], f"/api/assets/{asset['id']}"
    payload = {"assetId": asset["id"], "type": "cutout"}
    yield "POST", "/api/uploads", send(guest, "/api/uploads", pictures.png())
    yield "POST", "/api/uploads", send(guest, "/api/uploads", pictures.png())
    yield "POST", "/api/uploads", send(guest, "/api/uploads", b"no picture")
    yield "POST", "/api/cutouts", send(guest, "/api/cutouts", pictures.png())
    yield "POST", "/api/cutouts", guest.post("/api/cutouts")
    yield from _presigned_responses(guest)
    yield "GET", "/api/assets", guest.get("/api/assets?limit=1")
    yield "GET", "/api/assets", guest.get("/api/assets?limit=1", headers={"Authorization": "Bearer x"})
    yield "GET", "/api/assets/{asset_id}", guest.get(kept)
    yield "GET", "/api/assets/{asset_id}", guest.get(f"/api/assets/{UUID(int=0)}")
    yield "GET", "/assets/{key}/{grant}", guest.get(asset["url"], buffered=True)
    linked = guest.post(f"{kept}/link")
    yield "POST", "/api/assets/{asset_id}/link", linked
    yield "GET", "/private/{asset_id}", guest.get(body(linked)["url"], buffered=True)
    yield "POST", "/api/jobs", guest.post("/api/jobs", json=payload)
    yield "POST", "/api/jobs", guest.post("/api/jobs", json={"assetId": 1, "colour": "red"})
    yield "GET", "/api/jobs", guest.get("/api/jobs?limit=1")
    yield "GET", "/api/jobs", guest.get("/api/jobs?cursor=x")
    yield "GET", "/api/jobs/{job_id}", guest.get(job)
    yield "DELETE", "/api/jobs/{job_id}", guest.delete(job)
    yield "DELETE", "/api/jobs/{job_id}", guest.delete(job)
    yield "GET", "/api/jobs/{job_id}/events", guest.get(accepted["eventsUrl"], buffered=True)
    yield "POST", "/api/jobs/{job_id}/retry", guest.post(f"{job}/retry")
    yield "POST", "/api/jobs/{job_id}/retry", guest.post(f"{job}/retry")
    yield "DELETE", "/api/assets/{asset_id}", guest.delete(kept)
    yield from _admin_responses(api)


def _presigned_responses(guest: FlaskClient) -> Iterator[tuple[str, str, TestResponse]]:
    data = pictures.png(shade=7)
    announced = guest.post("/api/uploads/presign", json={"contentType": "image/png", "bytes": len(data)})
    completing = f"/api/uploads/{body(announced)['id']}/complete"
    yield "POST", "/api/uploads/presign", announced
    yield "POST", "/api/uploads/{upload_id}/complete", guest.post(completing)
    address = body(announced)["uploadUrl"]
    yield "PUT", "/api/uploads/{upload_id}", guest.put(address, data=data, content_type="image/png")
    yield "PUT", "/api/uploads/{upload_id}", guest.put(f"{address}x", data=data, content_type="image/png")
    for _ in range(2):
        yield "POST", "/api/uploads/{upload_id}/complete", guest.post(completing)


def _admin_responses(api: Api) -> Iterator[tuple[str, str, TestResponse]]:
    secret = keys.make()
    with api.deps.database.transaction() as connection:
        rows.add(connection, "the shop", Scope.ADMIN, keys.digest(secret))
    admin = {"X-Api-Key": secret}
    client = api.guest()
    yield "PUT", "/api/admin/rollout", client.put("/api/admin/rollout", json={"percent": 25}, headers=admin)
    for path in ("/api/admin/rollout", "/api/admin/providers", "/api/admin/jobs"):
        yield "GET", path, client.get(path, headers=admin)


def test_every_response_matches_its_schema(api: Api) -> None:
    description = body(api.guest().get("/openapi.json"))
    operations = {(method, path): operation for method, path, operation in _operations(description)}
    met = set()
    for method, path, answer in _responses(api):
        met.add((method, path))
        report = operations[method, path]["responses"]
        response = report.get(str(answer.status_code)) or report[f"{answer.status_code // 100}XX"]
        if not response.get("content"):
            assert answer.data == b""
        elif schema := response["content"].get(_JSON):
            exact = {**schema["schema"], "components": description["components"], "unevaluatedProperties": False}
            jsonschema.validate(answer.json, exact, jsonschema.Draft202012Validator)
        else:
            assert answer.headers["Content-Type"].startswith(next(iter(response["content"])).rstrip("*"))
    assert met == set(operations)
