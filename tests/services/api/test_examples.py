"""The examples of the OpenAPI document succeed as they stand, once the ids in them are the caller's own."""

import base64
import json
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient

from services.api import examples, keys
from services.api.middleware.policy import Auth
from shared.db import api_keys, customers
from shared.models.owner import Scope
from tests.services.api.client import body
from tests.services.api.conftest import Api
from tests.services.api.documented import JSON, ROUTES, document
from tests.shared.db import catalogue

# Each needs what the ones before it made. The others take a signature that only a response has.
ORDER = (
    *("assets_upload", "assets_page", "assets_show", "assets_create_link", "assets_download"),
    *(
        "print_check",
        "print_cutline",
        "print_vector",
        "print_edges",
        "print_enlargement",
        "print_file",
        "mockups_garments",
        "mockups_addresses",
        "cutouts_create",
    ),
    *("batches_create", "batches_page", "batches_show", "batches_follow", "batches_close", "batches_cancel"),
    *("batches_download", "batches_delete"),
    *("gang_sheets_create", "gang_sheets_show", "gang_sheets_sheet"),
    *("designs_create", "designs_page", "designs_show", "designs_change", "designs_copy", "designs_delete"),
    *("jobs_create", "jobs_page", "jobs_show", "jobs_cancel", "jobs_follow", "jobs_retry", "assets_delete"),
    *("accounts_register", "accounts_request_reset", "accounts_request_link", "accounts_set_role"),
    *("accounts_sign_in", "accounts_refresh"),
    *("accounts_show", "accounts_change", "accounts_add_address", "accounts_list_addresses", "accounts_remove_address"),
    "accounts_export",
    *("webhooks_create", "webhooks_list_endpoints", "webhooks_show", "webhooks_change", "webhooks_rotate"),
    *("webhooks_send_test", "webhooks_list_deliveries", "webhooks_redeliver", "webhooks_delete"),
    *("catalogue_create", "catalogue_admin_page", "catalogue_admin_show", "catalogue_change"),
    *("catalogue_move_stock", "catalogue_list_stock_moves", "catalogue_export"),
    *("catalogue_page", "catalogue_show", "catalogue_stock", "catalogue_show_facets"),
    *("pricing_admin_show_list", "pricing_set_list", "pricing_set_discount", "pricing_list_discounts"),
    *("pricing_show_list", "pricing_quote", "orders_create", "orders_page", "orders_show", "orders_cancel"),
    *(
        "orders_admin_page",
        "orders_admin_counts",
        "orders_admin_show",
        "orders_admin_cancel",
        "production_page",
        "production_propose",
        "refunds_list_disputes",
    ),
    *("accounts_list_sessions", "accounts_end_session"),
    *("admin_rollout", "admin_set_rollout", "admin_providers", "admin_jobs_report", "mail_page"),
    *("books_show", "books_export"),
)
OPEN = {"batches_add"}  # needs an open batch; tests/services/api/batches
SIGNED = {"assets_presign", "assets_receive", "assets_complete", "assets_follow_link", "mockups_show_signed"}
# The body is a file, or the picture an admin's own: tests/services/api/catalogue.
FILES = {"catalogue_import_products", "catalogue_publish_picture", "catalogue_product_picture"}
STRIPE = {"books_check"}  # tests/services/api/books
FAILED = {"mail_retry"}  # needs a mail that failed; tests/services/api/mail
MAILED = {"accounts_verify", "accounts_confirm_reset"}  # the token is in a mail
ENDED = {"accounts_sign_out", "accounts_end_sessions", "accounts_erase"}  # take no body; tests/services/api/accounts
# With Stripe, or of paid orders: tests/services/api/payments, refunds and documents.
PAID = {name for name in ROUTES if name.startswith(("payments_", "refunds_", "documents_"))} - {"refunds_list_disputes"}
PRODUCED = {  # need an order that was paid; tests/services/api/production
    *("production_show", "production_move", "production_hold", "production_resume", "production_make_files"),
    *("production_reject", "production_replace_artwork", "production_reprint", "production_ship"),
    *("production_deliver", "production_order_sheet", "production_show_sheet"),
}
DRAWN = {"mockups_show", "mockups_blank"}  # by a service of its own; tests/services/api/mockups


_IDS = {"disabledReason": "endpoint_id", "nextAttemptAt": "delivery_id", "productId": "design_id"}


class Trial:
    """A caller who sends the examples, and puts the ids of earlier responses into them as `/docs` does."""

    def __init__(self, api: Api) -> None:
        self._client = api.guest()
        self._paths = document(api.app)["paths"]
        self._schemas = document(api.app)["components"]["schemas"]
        self._own: dict[str, str] = {}
        self._version = 0

    def send(self, name: str, headers: dict[str, str] | None = None) -> None:
        path, method, operation = next(
            (path, method, found)
            for path, item in self._paths.items()
            for method, found in item.items()
            if found["operationId"] == name
        )
        for place in operation["parameters"]:
            path = path.replace(f"{{{place['name']}}}", str(place.get("example")))
            if place["in"] == "query" and place["required"]:
                path += f"{'&' if '?' in path else '?'}{place['name']}={place['example']}"
        content = operation.get("requestBody", {}).get("content", {})
        data = json.dumps(self._example(content[JSON]["schema"])) if JSON in content else None
        for example, real in self._own.items():
            path, data = path.replace(example, real), data and data.replace(example, real)
        if any(place["name"] == "If-Match" for place in operation["parameters"]):
            headers = {**(headers or {}), "If-Match": str(self._version)}
        if any(place["name"] == "Idempotency-Key" for place in operation["parameters"]):
            headers = {**(headers or {}), "Idempotency-Key": name}
        kind = JSON if data else None
        response = self._client.open(
            path, method=method.upper(), data=data, content_type=kind, headers=headers, buffered=True
        )
        assert 200 <= response.status_code < 300, (name, response.text)
        if response.mimetype == JSON:
            self._learn(body(response))

    def _example(self, schema: dict[str, Any]) -> Any:
        """As viewers find it: the first of the first alternative."""
        while "$ref" in schema or "oneOf" in schema:
            schema = schema["oneOf"][0] if "oneOf" in schema else self._schemas[schema["$ref"].rpartition("/")[2]]
        return schema["examples"][0]

    def _learn(self, answer: dict[str, Any]) -> None:
        named, self._version = examples.PARAMETERS, answer.get("version", self._version)
        self._own |= {named[name]: answer["id"] for field, name in _IDS.items() if field in answer}
        if "sha256" in answer:
            self._own[named["asset_id"]] = answer["id"]
            self._own[named["key"]], self._own[named["grant"]] = answer["url"].split("/")[-2:]
        elif "quoteId" in answer:
            self._own[examples.QUOTE] = answer["quoteId"]
        elif "orderNumber" in answer:
            self._own[named["order"]], self._own[named["order_id"]] = answer["orderNumber"], answer["id"]
        elif "postalCode" in answer:
            self._own[named["address_id"]] = answer["id"]
        elif any("agent" in item for item in answer.get("items", ())):
            self._own[named["session_id"]] = answer["items"][0]["id"]
        elif "version" in answer and "variants" in answer:
            self._own[named["product_id"]], self._own[named["variant_id"]] = answer["id"], answer["variants"][0]["id"]
        elif "counts" in answer:
            self._own[named["batch_id"]] = answer["id"]
        elif "assetId" in answer:
            self._own[named["job_id"]] = answer["id"]


def test_every_operation_that_needs_no_signature_is_tried() -> None:
    others = {*MAILED, *ENDED, *FILES, *DRAWN, *FAILED, *STRIPE, *PAID, *PRODUCED, *OPEN}
    assert {*ORDER, *SIGNED, *others} == ROUTES.keys()


def test_every_example_succeeds(api: Api) -> None:
    trial, secret = Trial(api), keys.make()
    catalogue.tee(api.deps.database, "sample-tee", id=UUID(examples.PRODUCT))
    with api.deps.database.transaction() as connection:
        api_keys.add(connection, "the shop", Scope.ADMIN, keys.digest(secret))
        ann = document(api.app)["components"]["schemas"]["Registration"]["examples"][0]
        customers.add(connection, ann["email"], "Ann", api.deps.passwords.hash(ann["password"]))
    for name in ORDER:
        trial.send(
            name, {"X-Api-Key": secret} if ROUTES[name].auth in (Auth.ADMIN, Auth.CATALOGUE, Auth.ORDERS) else None
        )


def test_the_example_of_a_direct_upload_is_that_of_the_example_picture(guest: FlaskClient, api: Api) -> None:
    example = document(api.app)["components"]["schemas"]["NewUpload"]["examples"][0]
    announced = body(guest.post("/api/uploads/presign", json=example))
    picture = base64.b64decode(examples.PICTURE)
    sent = guest.put(
        announced["uploadUrl"], data=picture, headers={"Content-Type": announced["headers"]["Content-Type"]}
    )
    assert sent.status_code == 204
    assert guest.post(f"/api/uploads/{announced['id']}/complete").status_code == 201


def test_every_parameter_of_a_path_has_an_example(api: Api) -> None:
    operations = [found for item in document(api.app)["paths"].values() for found in item.values()]
    places = [place for found in operations for place in found["parameters"] if place["in"] == "path"]
    assert {place["name"] for place in places} == examples.PARAMETERS.keys()
    assert all(place["example"] == examples.PARAMETERS[place["name"]] for place in places)
