"""The OpenAPI document: valid, complete, bounded, and as strict as the api. `documented.py` compares every response."""

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import jsonschema  # type: ignore[import-untyped]
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.api import keys
from services.api.batch_routes import BATCHES
from services.api.middleware.policy import Auth
from services.api.shop_routes import SHOP
from services.api.webhook_routes import WEBHOOKS
from shared.db import api_keys as rows
from shared.models.owner import Scope
from shared.version import VERSION
from tests.services import pictures
from tests.services.api.client import body, cut_out, send, upload
from tests.services.api.conftest import Api, Start
from tests.services.api.documented import JSON, ROUTES, endpoint, operations
from tests.shared.db import catalogue

_SCHEMAS = "#/components/schemas/"


@pytest.fixture
def document(guest: FlaskClient) -> dict[str, Any]:
    return body(guest.get("/openapi.json"))


def _nodes(node: Any, at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of the document and where it is."""
    if isinstance(node, dict):
        yield at, node
    parts = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, part in parts:
        yield from _nodes(part, f"{at}/{name}")


def test_the_document_has_its_version_title_server_and_security_schemes(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["info"]["version"] == VERSION
    assert document["info"]["title"]
    assert document["info"]["description"]
    assert document["servers"] == [{"url": "/"}]
    assert set(document["components"]["securitySchemes"]) == {"bearer", "cookie", "key"}


def test_the_server_is_the_public_url(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PUBLIC_URL", "https://shop.example")
    assert body(start().guest().get("/openapi.json"))["servers"] == [{"url": "https://shop.example"}]


def test_every_tag_and_every_operation_has_a_description_of_its_own(document: dict[str, Any]) -> None:
    said = operations(document)
    used = {tag for operation in said.values() for tag in operation["tags"]}
    assert {tag["name"] for tag in document["tags"] if tag.get("description")} == used
    assert not [name for name, one in said.items() if one["description"].removesuffix(".") == one["summary"]]


def test_every_reference_resolves_and_every_schema_is_used_and_valid(document: dict[str, Any]) -> None:
    components = document["components"]
    for schema in components["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    said = {node["$ref"] for _, node in _nodes(document) if "$ref" in node}
    kept = {f"#/components/{kind}/{name}" for kind in ("schemas", "headers") for name in components[kind]}
    assert said == kept


def test_every_route_of_the_api_is_described(api: Api) -> None:
    described = {
        (method.upper(), path)
        for path, item in body(api.guest().get("/openapi.json"))["paths"].items()
        for method in item
    }
    routes = {
        (method, rule.rule.replace("<uuid:", "<").replace("<", "{").replace(">", "}"))
        for rule in api.app.url_map.iter_rules()
        if not rule.rule.startswith("/api/v1.0/")  # remove.bg's, whose maker documents it
        and rule.rule.startswith(("/api/", "/assets/", "/garments/", "/mockups/", "/pictures/", "/private/"))
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert described == routes


def test_every_operation_has_a_summary_a_tag_and_its_path_s_parameters(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        for operation in item.values():
            assert operation["summary"], path
            assert len(operation["tags"]) == 1
            named = {place["name"] for place in operation.get("parameters", []) if place["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path))


def test_statuses_are_explicit_and_errors_have_the_one_shape(document: dict[str, Any]) -> None:
    envelope = {JSON: {"schema": {"$ref": f"{_SCHEMAS}ErrorOut"}}}
    for name, operation in operations(document).items():
        responses = operation["responses"]
        assert all(status.isdecimal() for status in responses), name
        assert {"400", "414", "431", "500", "503"} < responses.keys(), name
        for status, response in responses.items():
            assert response["description"]
            assert "X-Request-Id" in response["headers"]
            assert status < "400" or response["content"] == envelope, (name, status)


def test_each_operation_states_who_may_call_it(document: dict[str, Any]) -> None:
    anyone: list[dict[str, list[str]]] = [{}, {"bearer": []}, {"cookie": []}, {"key": []}]
    assert document["security"] == anyone
    said = {name: operation.get("security", anyone) for name, operation in operations(document).items()}
    signed_in: list[dict[str, list[str]]] = [{"bearer": []}, {"cookie": []}]
    wanted = {
        Auth.PUBLIC: [],
        Auth.CUSTOMER: signed_in,
        Auth.MEMBER: [*signed_in, {"key": []}],
        Auth.ADMIN: [*signed_in, {"key": []}],
        Auth.CATALOGUE: [*signed_in, {"key": []}],
        Auth.ORDERS: [*signed_in, {"key": []}],
    }
    assert said == {name: wanted.get(route.auth, anyone) for name, route in ROUTES.items()}


def test_everything_has_bounds(document: dict[str, Any]) -> None:
    wrong = []
    for at, node in _nodes(document):
        kind, known = node.get("type"), node.keys() & {"enum", "const"}
        if kind in ("integer", "number") and not (known or {"minimum", "maximum"} <= node.keys()):
            wrong.append(at)
        closed = known | node.keys() & {"maxLength", "pattern"} or node.get("format") in ("uuid", "date-time", "date")
        in_words = node.get("format") == "binary" and node.get("description", "").startswith("At most")
        if kind == "string" and not closed and not in_words:
            wrong.append(at)
        if kind == "array" and "maxItems" not in node:
            wrong.append(at)
    assert wrong == []


def test_no_parameter_or_field_of_a_form_may_be_null(document: dict[str, Any]) -> None:
    assert "null" not in json.dumps(document["components"]["schemas"]["CutoutForm"])
    for operation in operations(document).values():
        for parameter in operation.get("parameters", []):
            assert "null" not in json.dumps(parameter["schema"]), parameter


@pytest.mark.parametrize("formats", ["", "jpeg,png"])
def test_uploads_take_exactly_the_accepted_formats(start: Start, environment: pytest.MonkeyPatch, formats: str) -> None:
    environment.setenv("INPUT_FORMATS", formats)
    said = operations(body(start().guest().get("/openapi.json")))
    all_formats = {"avif", "bmp", "gif", "heic", "jpeg", "png", "svg+xml", "tiff", "webp"}
    pictures = {f"image/{name}" for name in (formats.split(",") if formats else all_formats)}
    raw = pictures | {"application/octet-stream"}
    for name in ("assets_upload", "cutouts_create"):
        content = said[name]["requestBody"]["content"]
        assert content.keys() == raw | {"multipart/form-data", JSON}
        for content_type in ("multipart/form-data", JSON):
            assert content[content_type]["schema"].keys() == {"$ref"}
    assert said["assets_receive"]["requestBody"]["content"].keys() == raw


def test_downloads_describe_ranges_and_what_has_not_changed(document: dict[str, Any]) -> None:
    for name in ("assets_download", "assets_follow_link"):
        operation = operations(document)[name]
        headers = {place["name"] for place in operation["parameters"] if place["in"] == "header"}
        assert headers == {"Range", "If-Range", "If-None-Match"}
        assert {"200", "206", "304", "416"} < operation["responses"].keys()
        pictures, files = {"image/jpeg", "image/png", "image/webp"}, {"application/pdf", "image/svg+xml", "image/tiff"}
        assert operation["responses"]["200"]["content"].keys() == pictures | files
        assert "Content-Range" in operation["responses"]["206"]["headers"]
        assert "content" not in operation["responses"]["304"]


def test_links_lead_from_what_was_made_to_what_can_be_done_with_it(document: dict[str, Any]) -> None:
    links = operations(document)["cutouts_create"]["responses"]["202"]["links"]
    assert {"jobs_show", "jobs_cancel", "jobs_retry", "jobs_follow", "assets_show"} <= links.keys()
    assert links["jobs_show"] == {"operationId": "jobs_show", "parameters": {"job_id": "$response.body#/id"}}


def test_a_cut_out_s_options_are_in_the_form_the_query_and_the_job(document: dict[str, Any]) -> None:
    options = {"transparency", "method", "decontaminate", "matting"}
    options |= {"format", "size", "crop", "cropMargin", "bgColor", "bgAsset", "dpi"}
    schemas = document["components"]["schemas"]
    query = {place["name"] for place in operations(document)["cutouts_create"]["parameters"] if place["in"] == "query"}
    assert query == options
    assert schemas["CutoutForm"]["properties"].keys() == options | {"file"}
    assert schemas["InlineCutout"]["properties"].keys() == options | {"image"}
    assert schemas["LinkedCutout"]["properties"].keys() == options | {"imageUrl"}
    assert schemas["JobOptions"]["properties"].keys() == options


def _responses(api: Api) -> Iterator[TestResponse]:
    """Responses of every operation, of success and of failure."""
    guest = api.guest()
    asset, accepted = upload(guest), cut_out(guest)
    job, kept = accepted["statusUrl"], f"/api/assets/{asset['id']}"
    payload = {"assetId": asset["id"], "type": "cutout"}
    yield send(guest, "/api/uploads", pictures.png())
    yield send(guest, "/api/uploads", pictures.png())
    yield send(guest, "/api/uploads", b"no picture")
    yield send(guest, "/api/cutouts", pictures.png())
    yield guest.post("/api/cutouts")
    yield from _presigned_responses(guest)
    yield guest.get("/api/assets?limit=1")
    yield guest.get("/api/assets?limit=1", headers={"Authorization": "Bearer x"})
    yield guest.get(kept)
    yield guest.get(f"/api/assets/{UUID(int=0)}")
    yield guest.get(f"{kept}/print-check")
    yield guest.get(f"{kept}/print-edges")
    yield guest.get(f"{kept}/cutline?format=pdf")
    yield guest.get(f"{kept}/vector?maxInks=3")
    yield guest.get(f"{kept}/print-file?widthMm=50")
    yield guest.get(f"{kept}/enlargement?widthMm=50")
    yield from _gang_sheet_responses(guest, asset["id"])
    yield guest.get(asset["url"], buffered=True)
    yield guest.get("/api/garments")
    yield guest.get(f"{kept}/mockups")
    linked = guest.post(f"{kept}/link")
    yield linked
    yield guest.get(body(linked)["url"], buffered=True)
    yield guest.post("/api/jobs", json=payload)
    yield guest.post("/api/jobs", json={"assetId": 1, "colour": "red"})
    yield guest.get("/api/jobs?limit=1")
    yield guest.get("/api/jobs?cursor=x")
    yield guest.get(job)
    yield guest.delete(job)
    yield guest.delete(job)
    yield guest.get(accepted["eventsUrl"], buffered=True)
    yield guest.post(f"{job}/retry")
    yield guest.post(f"{job}/retry")
    yield guest.delete(kept)
    yield from _catalogue_responses(api)
    yield from _admin_responses(api)


def _gang_sheet_responses(guest: FlaskClient, asset_id: str) -> Iterator[TestResponse]:
    order = {"sheet": {"widthMm": 560}, "items": [{"assetId": asset_id, "widthMm": 90}]}
    created = guest.post("/api/gang-sheets", json=order)
    yield created
    yield guest.get(f"/api/gang-sheets/{body(created)['id']}")
    yield guest.get(f"/api/gang-sheets/{body(created)['id']}/sheets/1?format=pdf")


def _presigned_responses(guest: FlaskClient) -> Iterator[TestResponse]:
    data = pictures.png(shade=7)
    announced = guest.post("/api/uploads/presign", json={"contentType": "image/png", "bytes": len(data)})
    completing = f"/api/uploads/{body(announced)['id']}/complete"
    yield announced
    yield guest.post(completing)
    address = body(announced)["uploadUrl"]
    yield guest.put(address, data=data, content_type="image/png")
    yield guest.put(f"{address}x", data=data, content_type="image/png")
    for _ in range(2):
        yield guest.post(completing)


def _admin_responses(api: Api) -> Iterator[TestResponse]:
    secret = keys.make()
    with api.deps.database.transaction() as connection:
        rows.add(connection, "the shop", Scope.ADMIN, keys.digest(secret))
    admin = {"X-Api-Key": secret}
    client = api.guest()
    yield client.put("/api/admin/rollout", json={"percent": 25}, headers=admin)
    for path in ("/api/admin/rollout", "/api/admin/providers", "/api/admin/jobs", "/api/admin/mails"):
        yield client.get(path, headers=admin)


def _catalogue_responses(api: Api) -> Iterator[TestResponse]:
    catalogue.tee(api.deps.database)
    for path in ("products", "products/heavy-tee", "products/heavy-tee/stock", "facets"):
        yield api.guest().get(f"/api/{path}")


def test_every_operation_answers_as_described(api: Api) -> None:
    """`DocumentedClient` compares them; here each is called."""
    met = {(response.status_code, response.request) for response in _responses(api)}
    endpoints = {(endpoint(api.app, request.method, request.path), status // 100) for status, request in met}
    drawn = {"mockups_show", "mockups_show_signed"}  # by a service of its own; tests/services/api/mockups calls them
    # Each capability's own tests call these.
    others = {route.name for routes in (*SHOP.values(), BATCHES, WEBHOOKS) for route in routes}
    assert {(name, 2) for name in ROUTES.keys() - drawn - others} <= endpoints
