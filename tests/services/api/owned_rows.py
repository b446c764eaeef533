"""What a caller owns, and requests for it: for the tests that send every route."""

from dataclasses import dataclass
from uuid import UUID

from flask.testing import FlaskClient

from services.api import examples
from tests.services.api.client import body, cut_out, upload


def design_of(asset: dict[str, str]) -> dict[str, object]:
    """A body of `POST /api/designs`."""
    front = {"placement": "front", "method": "dtg", "leftMm": 0, "topMm": 0, "widthMm": 100}
    return {"productId": examples.PRODUCT, "placements": [{**front, "assetId": asset["id"]}]}


@dataclass(frozen=True, slots=True)
class Rows:
    """What an owner has; addresses and sessions are a customer's."""

    asset: dict[str, str]
    job: str
    batch: str
    design: str
    postal: str
    session: str


def rows_of(owner: FlaskClient, customer: FlaskClient) -> Rows:
    """New rows of the owner, and those that only a customer has."""
    job, asset = cut_out(owner)["id"], upload(owner)
    design = body(owner.post("/api/designs", json=design_of(asset)))["id"]
    batch = body(owner.post("/api/batches", json=_batch_of(asset)))["id"]
    postal = body(customer.post("/api/addresses", json=_ADDRESS))["id"]
    return Rows(asset, job, batch, design, postal, body(customer.get("/api/sessions"))["items"][0]["id"])


def _batch_of(asset: dict[str, str]) -> dict[str, object]:
    return {"items": [{"assetId": asset["id"]}]}


_ADDRESS = {"name": "Ann", "line1": "1 Main Street", "city": "Berlin", "postalCode": "10115", "country": "DE"}
_ANN = {"email": "ann@shop.example", "password": "correct horse"}


def payload(route: str, rows: Rows) -> object:
    """A valid body for a route such as `POST /api/jobs`, if it takes one."""
    return {
        "POST /api/jobs": {"assetId": rows.asset["id"], "type": "cutout"},
        "POST /api/batches": _batch_of(rows.asset),
        "POST /api/batches/<uuid:batch_id>/items": _batch_of(rows.asset),
        "POST /api/gang-sheets": {"sheet": {"widthMm": 560}, "items": [{"assetId": rows.asset["id"], "widthMm": 90}]},
        "POST /api/designs": design_of(rows.asset),
        "PATCH /api/designs/<uuid:design_id>": {"name": "Party"},
        "POST /api/designs/<uuid:design_id>/copy": {},
        "POST /api/price": {"items": [{"sku": "none", "quantity": 1}], "country": "US"},
        "POST /api/uploads/presign": {"contentType": "image/png", "bytes": 9},
        "POST /api/account": _ANN,
        "PATCH /api/account": {"name": "Ann"},
        "POST /api/account/verify": {"token": "x"},
        "POST /api/account/reset": {"email": "ann@shop.example"},
        "POST /api/account/reset/confirm": {"token": "x", "password": "correct horse"},
        "POST /api/session": _ANN,
        "POST /api/session/link": {"email": "ann@shop.example"},
        "POST /api/addresses": _ADDRESS,
        "POST /api/webhooks": {"url": "https://shop.example/hooks", "events": ["job.done"]},
        "PATCH /api/webhooks/<uuid:endpoint_id>": {"enabled": True},
    }.get(route)


def path_of(rule: str, rows: Rows) -> str:
    """The address of a route, with the ids of these rows."""
    path = rule.replace("<uuid:asset_id>", rows.asset["id"]).replace("<uuid:job_id>", rows.job)
    path = path.replace("<uuid:batch_id>", rows.batch)
    path = path.replace("<uuid:address_id>", rows.postal).replace("<uuid:session_id>", rows.session)
    path = path.replace("/assets/<key>/<grant>", rows.asset["url"]).replace("<path:name>", "swagger-ui.css")
    names = ("upload_id", "product_id", "variant_id", "mail_id", "order_id", "print_id", "shipment_id")
    for name in (*names, "endpoint_id", "delivery_id"):
        path = path.replace(f"<uuid:{name}>", str(UUID(int=0)))
    path = path.replace("<order>", "ST-0000-0000").replace("<invoice_number>", "INV-000001")
    path = path.replace("<event_id>", "evt_none")
    path = (
        path.replace("<uuid:design_id>", rows.design)
        .replace("<number>", "1")
        .replace("<slug>", "no-such-product")
        .replace("<code>", "AUTUMN")
    )
    return path.replace("<garment>", "hoodie").replace("<color>", "1c1c1f").replace("<mockup_grant>", "1-a")
