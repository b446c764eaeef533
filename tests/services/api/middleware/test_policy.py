"""Every route against every kind of caller, from one table that must name all routes."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.api import examples
from services.api.middleware import policy
from services.api.middleware.policy import Auth, Cache, Limit
from shared.models.customer import Role
from shared.models.owner import Scope
from tests.services import pictures
from tests.services.api.client import body, cut_out, send, upload
from tests.services.api.conftest import Api
from tests.services.api.customers import signed_in, with_key
from tests.shared.db import catalogue

_GUEST_READ = (Auth.GUEST_READ, Limit.NONE, Cache.NO_STORE)
_ADMIN = (Auth.ADMIN, Limit.API, Cache.NO_STORE)
_CATALOGUE = (Auth.CATALOGUE, Limit.API, Cache.NO_STORE)
_MADE = (Auth.GUEST_READ, Limit.API, Cache.NO_STORE)
_GUEST_WRITE = (Auth.GUEST_WRITE, Limit.API, Cache.NO_STORE)
_UPLOAD = (Auth.GUEST_WRITE, Limit.UPLOADS, Cache.NO_STORE)
_PAGE = (Auth.PUBLIC, Limit.NONE, Cache.PAGE)
_CACHED = (Auth.PUBLIC, Limit.NONE, Cache.CATALOGUE)
_HEALTH = (Auth.PUBLIC, Limit.NONE, Cache.NO_STORE)
_PICTURE = (Auth.PUBLIC, Limit.NONE, Cache.PICTURE)
_OWNED = ("asset", "job", "design")


@dataclass(frozen=True, slots=True)
class Row:
    """The status for a caller without a token, for others than the owner of the rows, for it, and for admins.

    Guests and customers get the same, but guests and keys get `nobody` from a route of customers, and customers 403
    from one of admins. `admin` defaults to the owner's on a path with an id of its rows, else to another's.
    """

    method: str
    rule: str
    nobody: int
    other: int
    owner: int
    policy: tuple[Auth, Limit, Cache]
    admin: int | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"

    @property
    def auth(self) -> Auth:
        return self.policy[0]

    @property
    def of_admins(self) -> bool:
        return self.auth in (Auth.ADMIN, Auth.CATALOGUE)

    @property
    def for_admin(self) -> int:
        owned = self.auth is not Auth.CUSTOMER and any(f"<uuid:{one}_id>" in self.rule for one in _OWNED)
        return self.admin or (self.owner if owned else self.other)

    def for_guest(self, said: int) -> int:
        return self.nobody if self.auth is Auth.CUSTOMER else said

    def for_customer(self, said: int) -> int:
        return 403 if self.of_admins else said

    def for_key(self, scope: Scope) -> int:
        """A key of another scope than admin's."""
        if self.auth is Auth.CATALOGUE and scope is Scope.CATALOGUE:
            return self.for_admin
        return 403 if self.of_admins else self.for_guest(self.other)


TABLE = (
    Row("POST", "/api/uploads", 201, 201, 200, _UPLOAD),
    Row("POST", "/api/cutouts", 202, 202, 202, _UPLOAD),
    Row("POST", "/api/uploads/presign", 201, 201, 201, _UPLOAD),
    Row("PUT", "/api/uploads/<uuid:upload_id>", 404, 404, 404, (Auth.PUBLIC, Limit.API, Cache.NO_STORE)),
    Row("POST", "/api/uploads/<uuid:upload_id>/complete", 404, 404, 404, _GUEST_WRITE),
    Row("GET", "/api/assets", 200, 200, 200, _GUEST_READ),
    Row("GET", "/api/assets/<uuid:asset_id>", 404, 404, 200, _GUEST_READ),
    Row("DELETE", "/api/assets/<uuid:asset_id>", 404, 404, 204, _GUEST_WRITE),
    Row("POST", "/api/assets/<uuid:asset_id>/link", 404, 404, 201, (Auth.GUEST_READ, Limit.API, Cache.NO_STORE)),
    Row("GET", "/private/<uuid:asset_id>", 403, 403, 403, (Auth.PUBLIC, Limit.NONE, Cache.NO_STORE)),
    Row("POST", "/api/jobs", 404, 404, 202, _GUEST_WRITE),
    Row("GET", "/api/jobs", 200, 200, 200, _GUEST_READ),
    Row("GET", "/api/jobs/<uuid:job_id>", 404, 404, 200, _GUEST_READ),
    Row("DELETE", "/api/jobs/<uuid:job_id>", 404, 404, 200, _GUEST_WRITE),
    Row("POST", "/api/jobs/<uuid:job_id>/retry", 404, 404, 409, _GUEST_WRITE),
    Row("GET", "/api/jobs/<uuid:job_id>/events", 404, 404, 200, _GUEST_READ),
    *(
        Row("GET", f"/api/assets/<uuid:asset_id>/{made}", 404, 404, 202, _MADE)
        for made in ("print-edges", "print-check", "print-file", "cutline", "vector", "enlargement")
    ),
    Row("POST", "/api/gang-sheets", 404, 404, 202, _GUEST_WRITE),
    Row("GET", "/api/gang-sheets/<uuid:job_id>", 404, 404, 404, _GUEST_READ),
    Row("GET", "/api/gang-sheets/<uuid:job_id>/sheets/<number>", 404, 404, 404, _MADE),
    Row("POST", "/api/designs", 404, 404, 201, _GUEST_WRITE),
    Row("GET", "/api/designs", 200, 200, 200, _GUEST_READ),
    Row("GET", "/api/designs/<uuid:design_id>", 404, 404, 200, _GUEST_READ),
    Row("PATCH", "/api/designs/<uuid:design_id>", 404, 404, 200, _GUEST_WRITE),
    Row("POST", "/api/designs/<uuid:design_id>/copy", 404, 404, 201, _GUEST_WRITE),
    Row("DELETE", "/api/designs/<uuid:design_id>", 404, 404, 204, _GUEST_WRITE),
    Row("GET", "/api/products", 200, 200, 200, _CACHED),
    Row("GET", "/api/products/<slug>", 404, 404, 404, _CACHED),
    Row("GET", "/api/products/<slug>/stock", 404, 404, 404, _HEALTH),
    Row("GET", "/api/facets", 200, 200, 200, _CACHED),
    Row("GET", "/api/garments", 200, 200, 200, _PAGE),
    Row("GET", "/api/assets/<uuid:asset_id>/mockups", 404, 404, 200, _GUEST_READ),
    Row("GET", "/mockups/<garment>/<color>/<uuid:asset_id>.webp", 404, 404, 503, (Auth.GUEST_READ, *_PICTURE[1:])),
    Row("GET", "/mockups/<garment>/<color>/<uuid:asset_id>/<mockup_grant>.webp", 403, 403, 403, _PICTURE),
    Row("GET", "/pictures/<picture_key>", 404, 404, 404, (Auth.PUBLIC, Limit.NONE, Cache.PUBLISHED)),
    Row("GET", "/garments/<garment>/<color>.webp", 503, 503, 503, (Auth.PUBLIC, Limit.NONE, Cache.PUBLISHED)),
    Row("GET", "/api/admin/rollout", 401, 401, 401, _ADMIN, 200),
    Row("PUT", "/api/admin/rollout", 401, 401, 401, _ADMIN, 400),
    Row("GET", "/api/admin/providers", 401, 401, 401, _ADMIN, 200),
    Row("GET", "/api/admin/jobs", 401, 401, 401, _ADMIN, 200),
    Row("GET", "/api/admin/products", 401, 401, 401, _CATALOGUE, 200),
    Row("POST", "/api/admin/products", 401, 401, 401, _CATALOGUE, 400),
    Row("GET", "/api/admin/products/<uuid:product_id>", 401, 401, 401, _CATALOGUE, 404),
    Row("PATCH", "/api/admin/products/<uuid:product_id>", 401, 401, 401, _CATALOGUE, 400),
    Row("POST", "/api/admin/pictures", 401, 401, 401, _CATALOGUE, 400),
    Row("GET", "/api/admin/products.csv", 401, 401, 401, _CATALOGUE, 200),
    Row("POST", "/api/admin/products/import", 401, 401, 401, _CATALOGUE, 400),
    Row("GET", "/api/admin/variants/<uuid:variant_id>/stock", 401, 401, 401, _CATALOGUE, 404),
    Row("POST", "/api/admin/variants/<uuid:variant_id>/stock", 401, 401, 401, _CATALOGUE, 400),
    Row("GET", "/api/prices", 200, 200, 200, (Auth.PUBLIC, Limit.NONE, Cache.PRICE)),
    Row("POST", "/api/price", 422, 422, 422, _GUEST_WRITE),
    Row("GET", "/api/admin/prices", 401, 401, 401, _ADMIN, 200),
    Row("PUT", "/api/admin/prices", 401, 401, 401, _ADMIN, 400),
    Row("GET", "/api/admin/discounts", 401, 401, 401, _ADMIN, 200),
    Row("PUT", "/api/admin/discounts/<code>", 401, 401, 401, _ADMIN, 400),
    Row("GET", "/api/admin/mails", 401, 401, 401, _ADMIN, 200),
    Row("POST", "/api/admin/mails/<uuid:mail_id>/retry", 401, 401, 401, _ADMIN, 404),
    Row("GET", "/assets/<key>/<grant>", 200, 200, 200, _PICTURE),
    Row("GET", "/", 200, 200, 200, _PAGE),
    Row("GET", "/legal/<name>", 404, 404, 404, _PAGE),
    Row("GET", "/account/<name>", 404, 404, 404, _PAGE),
    Row("GET", "/docs", 200, 200, 200, _PAGE),
    Row("GET", "/static/<path:name>", 200, 200, 200, _PAGE),
    Row("GET", "/openapi.json", 200, 200, 200, _PAGE),
    Row("GET", "/health", 200, 200, 200, _HEALTH),
    Row("GET", "/health/live", 200, 200, 200, _HEALTH),
    Row("GET", "/health/ready", 200, 200, 200, _HEALTH),
    Row("GET", "/health/detailed", 404, 404, 404, _HEALTH),
    Row("GET", "/metrics", 404, 404, 404, _HEALTH),
)
_FAR = {"REMOTE_ADDR": "203.0.113.7"}  # not this machine, which may use the operations routes


def test_the_table_names_every_route(api: Api) -> None:
    routes = {
        (method, rule.rule)
        for rule in api.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {(row.method, row.rule) for row in TABLE} == routes


def _design(asset: dict[str, str]) -> dict[str, object]:
    front = {"placement": "front", "method": "dtg", "leftMm": 0, "topMm": 0, "widthMm": 100}
    return {"productId": examples.PRODUCT, "placements": [{**front, "assetId": asset["id"]}]}


def _status(client: FlaskClient, row: Row, asset: dict[str, str], job: str, design: str) -> int:
    path = row.rule.replace("<uuid:asset_id>", asset["id"]).replace("<uuid:job_id>", job)
    path = path.replace("<uuid:design_id>", design)
    path = path.replace("/assets/<key>/<grant>", asset["url"]).replace("<path:name>", "swagger-ui.css")
    for name in ("upload_id", "product_id", "variant_id", "mail_id"):
        path = path.replace(f"<uuid:{name}>", str(UUID(int=0)))
    path = path.replace("<number>", "1").replace("<slug>", "no-such-product").replace("<code>", "AUTUMN")
    path = path.replace("<garment>", "hoodie").replace("<color>", "1c1c1f").replace("<mockup_grant>", "1-a")
    path += "?widthMm=100" if row.policy == _MADE and "<uuid:asset_id>" in row.rule else ""
    if row.rule in ("/api/uploads", "/api/cutouts"):
        response = send(client, path, pictures.jpeg(), environ_base=_FAR)
    else:
        payloads = {
            "/api/jobs": {"assetId": asset["id"], "type": "cutout"},
            "/api/gang-sheets": {"sheet": {"widthMm": 560}, "items": [{"assetId": asset["id"], "widthMm": 90}]},
            "/api/uploads/presign": {"contentType": "image/png", "bytes": 9},
            "/api/designs": _design(asset),
            "/api/designs/<uuid:design_id>": {"name": "Party"},
            "/api/designs/<uuid:design_id>/copy": {},
            "/api/price": {"items": [{"sku": "none", "quantity": 1}], "country": "US"},
        }
        payload = payloads.get(row.rule) if row.method in ("POST", "PATCH") else None
        response = client.open(path, method=row.method, environ_base=_FAR, json=payload)
    response.close()
    return response.status_code


class Callers:
    """One of each kind; the owner's rows are made anew for each call that may change them."""

    def __init__(self, api: Api) -> None:
        self._api = api
        catalogue.tee(api.deps.database, id=UUID(examples.PRODUCT))
        self._guest, self._customer = api.guest(), signed_in(api, "other@shop.example")
        self._admins = {
            "admin": signed_in(api, "admin@shop.example", Role.ADMIN),
            "admin's key": with_key(api, Scope.ADMIN),
        }
        self._keys = {scope: with_key(api, scope) for scope in Scope if scope is not Scope.ADMIN}
        for other in (self._guest, self._customer, *self._admins.values(), *self._keys.values()):
            upload(other, pictures.png())

    def statuses(self, row: Row) -> Iterator[tuple[str, int, int]]:
        """Who called, the status by the table, and that of the response."""
        guest, customer = self._api.guest(), signed_in(self._api, f"{uuid4()}@shop.example")
        rows = self._rows(guest)
        yield "nobody", row.nobody, _status(self._api.guest(), row, *rows)
        yield "guest", row.for_guest(row.other), _status(self._guest, row, *rows)
        yield "customer", row.for_customer(row.other), _status(self._customer, row, *rows)
        for scope, key in self._keys.items():
            yield scope, row.for_key(scope), _status(key, row, *rows)
        yield "owner", row.for_guest(row.owner), _status(guest, row, *rows)
        yield "owner signed in", row.for_customer(row.owner), _status(customer, row, *self._rows(customer))
        for name, admin in self._admins.items():
            wanted = row.nobody if row.auth is Auth.CUSTOMER and name == "admin's key" else row.for_admin
            yield name, wanted, _status(admin, row, *self._rows(self._api.guest()))

    def _rows(self, owner: FlaskClient) -> tuple[dict[str, str], str, str]:
        job, asset = cut_out(owner)["id"], upload(owner)
        return asset, job, body(owner.post("/api/designs", json=_design(asset)))["id"]


def test_every_route_answers_each_caller_as_the_table_says(api: Api) -> None:
    callers = Callers(api)
    wrong = [(str(row), *said) for row in TABLE for said in callers.statuses(row) if said[1] != said[2]]
    assert wrong == []


def test_lists_hold_only_the_caller_s_rows(api: Api) -> None:
    owner, other = api.guest(), api.guest()
    cut_out(owner)
    upload(other, pictures.png())
    for path in ("/api/assets", "/api/jobs"):
        assert len(body(owner.get(path))["items"]) == 1
        assert body(api.guest().get(path))["items"] == []
    assert body(other.get("/api/jobs"))["items"] == []


def test_every_route_has_the_policy_of_the_table(api: Api) -> None:
    endpoints = {
        (method, rule.rule): rule.endpoint for rule in api.app.url_map.iter_rules() for method in rule.methods or ()
    }
    for row in TABLE:
        assert policy.of(api.app, endpoints[row.method, row.rule]) == policy.Policy(*row.policy), row


def test_an_app_with_a_route_without_a_policy_does_not_start() -> None:
    app = Flask("careless", static_folder=None)
    app.add_url_rule("/secret", "secret", lambda: "")
    with pytest.raises(ValueError, match="routes without a policy: secret"):
        policy.install(app, {})


def test_an_error_is_never_cached(guest: FlaskClient) -> None:
    for path in ("/assets/nothing", "/static/nothing", "/nowhere"):
        response = guest.get(path)
        assert (response.status_code, response.headers["Cache-Control"]) == (404, "no-store")
