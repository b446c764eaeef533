"""Hooks of schemathesis: real pictures, and real resources in place of ids that exist only by chance."""

import base64
import os
import secrets
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.generation.meta import CoveragePhaseData, StatefulPhaseData
from schemathesis.openapi.checks import RejectedPositiveData, UseAfterFree

from services.api.batches import archives
from services.api.print.derived import REFUSALS
from shared import batch_errors, shop_errors
from shared.db.pagination import Cursor
from shared.image_format.structure import Format
from tests.services import pictures

ADDRESS, PICTURE_URL = os.environ["API_ADDRESS"], os.environ["PICTURE_URL"]
SESSION = requests.Session()
SESSION.trust_env = False
SESSION.headers["Authorization"] = f"Bearer {os.environ['API_TOKEN']}"
PICTURES = (pictures.png(), pictures.jpeg())
_OF_THE_PICTURE = {
    *(refusal.code for refusal in REFUSALS.values()),
    *(shop_errors.NotOffered.code, shop_errors.OutsidePrintArea.code),  # and of the product
}
_OF_ACCOUNTS = {  # no schema knows who is registered, and which postal codes a country has
    *(shop_errors.TokenSpent.code, shop_errors.WrongCredentials.code, shop_errors.BadAddress.code),
}
_OF_THE_SHOP = {
    *(shop_errors.QuoteExpired.code, shop_errors.QuoteUsed.code, shop_errors.NotPrintable.code),
    *(shop_errors.UnknownSku.code, shop_errors.NotShippedThere.code, shop_errors.DiscountRefused.code),
    *(shop_errors.TotalOutOfRange.code, shop_errors.Changed.code, shop_errors.FaultyFile.code),
}
_OF_BATCHES = {batch_errors.BatchTooLarge.code, batch_errors.ArchiveRefused.code}
_OF_STRIPE = {shop_errors.BadSignature.code, shop_errors.WrongMode.code}  # nobody else can sign
VALID: set[str] = set()  # the cases that were valid before a hook changed them
TRIED: set[Any] = set()  # what the coverage of the short form has tried

schemathesis.openapi.format("binary", st.sampled_from(PICTURES))
for content_type in (*(kind.content_type for kind in Format), "application/octet-stream"):
    schemathesis.openapi.media_type(content_type, st.sampled_from(PICTURES))

schemathesis.openapi.media_type("application/zip", st.just(archives.pack(PICTURES)))


def _post(path: str, **options: Any) -> Any:
    answer = SESSION.post(f"{ADDRESS}{path}", timeout=30, **options)
    assert answer.ok, answer.text
    return answer.json()


def _asset() -> Any:
    picture = pictures.png(shade=secrets.randbelow(4))  # few, so that most jobs reuse results
    return _post("/api/uploads", data=picture, headers={"Content-Type": "image/png"})


def _job() -> str:
    return str(_post("/api/jobs", json={"assetId": _asset()["id"], "type": "cutout"})["id"])


def _announced(data: bytes, content_type: str) -> Any:
    return _post("/api/uploads/presign", json={"bytes": len(data), "contentType": content_type})


def _parameters(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def _receive(case: Any) -> None:
    if isinstance(case.body, bytes):
        announced = _announced(case.body, case.media_type)
        case.path_parameters["upload_id"] = announced["id"]
        case.query.update(_parameters(announced["uploadUrl"]))


def _complete(case: Any) -> None:
    announced = _announced(PICTURES[0], "image/png")
    url = f"{ADDRESS}{announced['uploadUrl']}"
    SESSION.put(url, data=PICTURES[0], headers={"Content-Type": "image/png"}, timeout=30)
    case.path_parameters["upload_id"] = announced["id"]


def _follow_link(case: Any) -> None:
    asset_id = _asset()["id"]
    case.path_parameters["asset_id"] = asset_id
    case.query.update(_parameters(_post(f"/api/assets/{asset_id}/link")["url"]))


def _gang_sheet(case: Any) -> None:
    order = {"sheet": {"widthMm": 560}, "items": [{"assetId": _asset()["id"], "widthMm": 90}]}
    case.path_parameters["job_id"] = _post("/api/gang-sheets", json=order)["id"]


def _product(case: Any) -> None:
    """A new product, and its version; guests may make none, and are refused."""
    words = secrets.token_hex(8)
    variant = {"sku": words, "color": "Red", "colorHex": "b3202c", "size": "M", "priceCents": 900, "weightG": 90}
    product = {"slug": words, "title": "Shirt", "category": "shirts", "variants": [variant]}
    answer = SESSION.post(f"{ADDRESS}/api/admin/products", json=product, timeout=30)
    if answer.ok:
        real = {"product_id": answer.json()["id"], "variant_id": answer.json()["variants"][0]["id"]}
        case.path_parameters.update((name, real[name]) for name in real.keys() & case.path_parameters.keys())
        if "If-Match" in (case.headers or {}):
            case.headers["If-Match"] = "1"


_SPECIAL = {
    "assets_receive": _receive,
    "assets_complete": _complete,
    "assets_follow_link": _follow_link,
    "gang_sheets_show": _gang_sheet,
    "gang_sheets_sheet": _gang_sheet,
}


def _use_real_resources(case: Any) -> None:
    path, name = case.path_parameters, case.operation.definition.raw["operationId"]
    if name in _SPECIAL:
        _SPECIAL[name](case)
    elif "asset_id" in path:
        path["asset_id"] = _asset()["id"]
    elif "batch_id" in path:
        path["batch_id"] = batch = _post("/api/batches?pictures=500", json={"items": []})["id"]
        if name == "batches_follow":  # the stream of an open batch lasts for half a minute
            _post(f"/api/batches/{batch}/cancel")
    elif "job_id" in path:
        path["job_id"] = _job()
    elif path.keys() & {"product_id", "variant_id"}:
        _product(case)
    elif "key" in path:
        path["key"], path["grant"] = urlsplit(_asset()["url"]).path.split("/")[-2:]


_VALUES = {
    "image": base64.b64encode(PICTURES[0]).decode(),
    "imageUrl": PICTURE_URL,
    "bgColor": "tomato",  # the schema allows any word
    "garment": "tomato",
    "email": "ann@example.com",
    "password": "correct horse battery",
}
_BOOKS = {"from": "2026-11-01", "to": "2026-11-30"}  # not after each other, and not a year apart


_BODIES: dict[str, dict[str, Any]] = {  # whose parts must fit together
    "pricing_set_list": {
        "breaks": [{"quantity": 10, "offBp": 500}],
        "zones": [{"name": "Home", "places": ["US"], "postage": [{"upToG": 500, "cents": 500}]}],
        "taxes": [{"place": "FI", "since": "2024-09-01", "rateBp": 2550}],
    },
    **{name: {"items": [{"imageUrl": PICTURE_URL}]} for name in ("batches_create", "batches_add")},
    "webhooks_create": {"url": "https://shop.example/hooks"},
    "webhooks_change": {"url": "https://shop.example/hooks"},
    "books_check": {"day": "2026-11-29"},
    "production_reprint": {"items": [{"line": 1, "quantity": 1}]},
    "refunds_create": {"items": None, "amountCents": None, "restockItems": None, "whole": True},  # one of three
    "pricing_set_discount": {"offBp": 1000, "offCents": None, "startsAt": None, "endsAt": "2027-01-01T00:00:00Z"},
}


def _accepted(name: str, value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)  # JSON Schema counts 7.0 among the integers, the api does not
    if name == "description" and isinstance(value, str):
        return "x" * len(value)  # fits the pattern that `before_load_schema` removes
    return value


def _fill_body(body: dict[str, Any]) -> None:
    """Give meaning to what a schema cannot: pictures, their URL, an existing asset."""
    for name, value in body.items():
        body[name] = _accepted(name, value)
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                _fill_body(inner)
    body.update((name, value) for name, value in _VALUES.items() if name in body)
    body.pop("profile", None)  # the schema cannot name those that are there
    if body.keys() & {"artwork", "underbase", "space", "marks"}:
        body["format"] = "pdf"  # takes what the other formats refuse
    if "placement" in body and "garment" in body:
        body["garment"] = "hoodie"  # the view of a print area, and no colour
    if isinstance(body.get("description"), str):
        body["description"] = "x" * len(
            body["description"]
        )  # as the pattern wants it that `before_load_schema` removes
    if isinstance(body.get("copies"), int):
        body["copies"] = min(body["copies"], 20)  # the schema cannot bound the sum over all items
    if isinstance(body.get("placements"), list):
        del body["placements"][1:]  # the schema cannot say that each has a placement of its own
    if "assetId" in body:
        body["assetId"] = _asset()["id"]


@schemathesis.hook
def before_load_schema(context: Any, raw_schema: dict[str, Any]) -> None:
    """Take the pattern from texts too long for Hypothesis, which gives up on each only after half a minute."""
    for schema in raw_schema["components"]["schemas"].values():
        for name, said in schema.get("properties", {}).items():
            if said.get("maxLength", 0) > 2_000 and said.pop("pattern", None):
                assert name == "description"  # else `_accepted` has to make it fit


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """The short form covers each operation's fields with one case of a kind: one wrong type, one other method."""
    data = case.meta.phase.data if case.meta else None
    if "LONG" in os.environ or not isinstance(data, CoveragePhaseData):
        return True
    kind = (case.operation.label, data.scenario, data.parameter_location, data.parameter, data.location)
    fresh = kind not in TRIED
    TRIED.add(kind)
    return fresh


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Every other valid request is one of real resources; the rest keep their made-up ids. Invalid ones stay."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    VALID.add(case.id)
    if "Idempotency-Key" in (case.headers or {}):
        case.headers["Idempotency-Key"] = secrets.token_hex(8)  # two requests with one key would be refused
    if "cursor" in (case.query or {}):
        case.query["cursor"] = str(Cursor(datetime.now(UTC), uuid4()))
    for part in (case.query, case.body):
        if isinstance(part, dict):
            _fill_body(part)
    if isinstance(case.query, dict):
        case.query.update((name, day) for name, day in _BOOKS.items() if name in case.query)
    if isinstance(case.body, dict):
        case.body.update(_BODIES.get(case.operation.definition.raw["operationId"], {}))
    if secrets.randbelow(2) and not isinstance(case.meta.phase.data, StatefulPhaseData):
        _use_real_resources(case)


@schemathesis.hook
def filter_failure(context: Any, failure: Failure, case: Any, response: Any) -> bool:
    """Drop four false alarms.

    DELETE cancels a job, which stays to be read and retried: that is no use after free. A valid request may lead to a
    picture that cannot be printed so, to a cart that cannot be sold, or to a version or a file that does not fit; or it
    is not signed by Stripe. And schemathesis takes any form with a file for an invalid one once a hook has changed
    another of its fields.
    """
    if isinstance(failure, UseAfterFree):
        return not case.operation.path.startswith("/api/jobs/")
    if isinstance(failure, RejectedPositiveData):
        return (
            response.json()["error"]["code"]
            not in _OF_THE_PICTURE | _OF_THE_SHOP | _OF_ACCOUNTS | _OF_BATCHES | _OF_STRIPE
        )
    return not (isinstance(failure, AcceptedNegativeData) and case.id in VALID)
