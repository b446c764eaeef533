"""JSON bodies are strict: every value has its own type, and every field one name."""

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient

from services.api import keys
from shared.db import api_keys as rows
from shared.models.owner import Scope
from tests.services.api.client import body, refused
from tests.services.api.conftest import Api
from tests.services.api.documented import JSON, ROUTES, operations


def _fields(document: dict[str, Any], schema: dict[str, Any], at: tuple[str, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """(path, type) of each field in a body."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].removeprefix("#/components/schemas/")]
    for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _fields(document, branch, at)
    for name, part in schema.get("properties", {}).items():
        yield from _fields(document, part, (*at, name))
    if at and "type" in schema:
        yield at, schema["type"]


def test_no_number_or_boolean_of_any_body_is_taken_from_another_type(api: Api) -> None:
    guest, secret = api.guest(), keys.make()
    with api.deps.database.transaction() as connection:
        rows.add(connection, "the shop", Scope.ADMIN, keys.digest(secret))
    document, tried = body(guest.get("/openapi.json")), set()
    for name, operation in operations(document).items():
        content = operation.get("requestBody", {}).get("content", {})
        for at, kind in _fields(document, content.get(JSON, {}).get("schema", {})):
            for value in {"integer": (False, True, "25", 25.0, "true"), "boolean": (0, 1, "true", 1.0)}.get(kind, ()):
                payload: Any = value
                for part in reversed(at):
                    payload = {part: payload}
                path = re.sub("<[^>]+>", str(UUID(int=0)), ROUTES[name].path.replace("<code>", "CODE"))
                headers = {"X-Api-Key": secret, "If-Match": "1"}
                sent = guest.open(path, method=ROUTES[name].method, json=payload, headers=headers)
                assert ".".join(at) in refused(sent, 400, "invalid_request")["fields"], (name, at, value)
                tried.add((name, ".".join(at)))
    assert tried == {
        ("admin_set_rollout", "percent"),
        ("assets_presign", "bytes"),
        ("catalogue_move_stock", "delta"),
        ("gang_sheets_create", "labels"),
        ("gang_sheets_create", "underbase"),
        ("jobs_create", "priority"),
        *(("refunds_create", name) for name in ("amountCents", "whole", "restock")),
        ("webhooks_change", "enabled"),
        ("production_order_sheet", "labels"),
        ("production_order_sheet", "underbase"),
        *(("pricing_set_discount", name) for name in ("offBp", "offCents", "minimumCents", "maxUses")),
        *(("cutouts_create", option) for option in ("decontaminate", "matting", "crop", "dpi")),
        *(("jobs_create", f"options.{option}") for option in ("decontaminate", "matting", "crop", "dpi")),
    }


def test_a_json_string_is_never_read_as_the_object_in_it(guest: FlaskClient) -> None:
    for path, payload in (
        ("/api/jobs", {"assetId": str(UUID(int=0)), "type": "cutout"}),
        ("/api/uploads/presign", {"bytes": 25}),
    ):
        refused(guest.post(path, json=json.dumps(payload)), 400, "invalid_request")


def test_fields_have_one_name(guest: FlaskClient) -> None:
    payload = {"asset_id": str(UUID(int=0)), "type": "cutout"}
    assert "asset_id" in refused(guest.post("/api/jobs", json=payload), 400, "invalid_request")["fields"]
