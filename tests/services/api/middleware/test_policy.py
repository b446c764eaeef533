"""Every route against every kind of caller, from one table that must name all routes."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

from flask.testing import FlaskClient

from services.api import examples
from services.api.middleware import policy
from services.api.middleware.policy import Auth, Cache, Limit
from shared.models.customer import Role
from shared.models.owner import Scope
from tests.services import pictures
from tests.services.api.client import send, upload
from tests.services.api.conftest import Api
from tests.services.api.customers import signed_in, with_key
from tests.services.api.owned_rows import Rows, path_of, payload, rows_of
from tests.shared.db import catalogue

_GUEST_READ = (Auth.GUEST_READ, Limit.NONE, Cache.NO_STORE)
_ADMIN = (Auth.ADMIN, Limit.API, Cache.NO_STORE)
_CATALOGUE = (Auth.CATALOGUE, Limit.API, Cache.NO_STORE)
_ORDERS = (Auth.ORDERS, Limit.API, Cache.NO_STORE)
_MADE = (Auth.GUEST_READ, Limit.API, Cache.NO_STORE)
_GUEST_WRITE = (Auth.GUEST_WRITE, Limit.API, Cache.NO_STORE)
_UPLOAD = (Auth.GUEST_WRITE, Limit.UPLOADS, Cache.NO_STORE)
_SIGN_IN = (Auth.GUEST_WRITE, Limit.SIGN_IN, Cache.NO_STORE)
_CUSTOMER = (Auth.CUSTOMER, Limit.API, Cache.NO_STORE)
_CUSTOMER_READ = (Auth.CUSTOMER, Limit.NONE, Cache.NO_STORE)
_PAGE = (Auth.PUBLIC, Limit.NONE, Cache.PAGE)
_CACHED = (Auth.PUBLIC, Limit.NONE, Cache.CATALOGUE)
_HEALTH = (Auth.PUBLIC, Limit.NONE, Cache.NO_STORE)
_KEY = (Auth.KEY, Limit.API, Cache.NO_STORE)
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
        return self.auth in (Auth.ADMIN, Auth.CATALOGUE, Auth.ORDERS)

    @property
    def for_admin(self) -> int:
        owned = self.auth is not Auth.CUSTOMER and any(f"<uuid:{one}_id>" in self.rule for one in _OWNED)
        return self.admin or (self.owner if owned else self.other)

    def for_guest(self, said: int) -> int:
        return self.nobody if self.auth in (Auth.CUSTOMER, Auth.KEY) else said

    def for_customer(self, said: int) -> int:
        return 403 if self.of_admins or self.auth is Auth.KEY else said

    def for_key(self, scope: Scope) -> int:
        """A key of another scope than admin's."""
        if (self.auth, scope) in ((Auth.CATALOGUE, Scope.CATALOGUE), (Auth.ORDERS, Scope.ORDERS)):
            return self.for_admin
        if self.auth is Auth.KEY:
            return self.other
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
    Row("POST", "/api/account", 202, 202, 202, _SIGN_IN),
    Row("POST", "/api/account/verify", 410, 410, 410, _SIGN_IN),
    Row("POST", "/api/account/reset", 202, 202, 202, (Auth.PUBLIC, *_SIGN_IN[1:])),
    Row("POST", "/api/account/reset/confirm", 410, 410, 410, _SIGN_IN),
    Row("POST", "/api/session", 401, 401, 401, _SIGN_IN),
    Row("POST", "/api/session/link", 202, 202, 202, (Auth.PUBLIC, *_SIGN_IN[1:])),
    Row("POST", "/api/session/refresh", 401, 200, 200, _CUSTOMER),
    Row("GET", "/api/sessions", 401, 200, 200, _CUSTOMER_READ),
    Row("DELETE", "/api/sessions/<uuid:session_id>", 401, 404, 204, _CUSTOMER),
    Row("GET", "/api/account", 401, 200, 200, _CUSTOMER_READ),
    Row("PATCH", "/api/account", 401, 200, 200, _CUSTOMER),
    Row("GET", "/api/account/export", 401, 200, 200, _CUSTOMER),
    Row("GET", "/api/addresses", 401, 200, 200, _CUSTOMER_READ),
    Row("POST", "/api/addresses", 401, 201, 201, _CUSTOMER),
    Row("DELETE", "/api/addresses/<uuid:address_id>", 401, 404, 204, _CUSTOMER),
    Row("DELETE", "/api/session", 401, 204, 204, _CUSTOMER),
    Row("DELETE", "/api/sessions", 401, 204, 204, _CUSTOMER),
    Row("DELETE", "/api/account", 401, 204, 204, _CUSTOMER),
    Row("PUT", "/api/admin/roles", 401, 401, 401, _ADMIN, 400),
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
    Row("GET", "/api/admin/books", 401, 401, 401, _ADMIN, 200),
    Row("GET", "/api/admin/books.csv", 401, 401, 401, _ADMIN, 200),
    Row("POST", "/api/admin/books/check", 401, 401, 401, _ADMIN, 400),
    Row("POST", "/api/orders", 401, 400, 400, _CUSTOMER),
    Row("GET", "/api/orders", 401, 200, 200, _CUSTOMER_READ),
    Row("GET", "/api/orders/<order>", 401, 404, 404, _CUSTOMER_READ),
    Row("POST", "/api/orders/<uuid:order_id>/cancel", 401, 400, 400, _CUSTOMER),
    Row("GET", "/api/admin/orders", 401, 401, 401, _ORDERS, 200),
    Row("GET", "/api/admin/orders/counts", 401, 401, 401, _ORDERS, 200),
    Row("GET", "/api/admin/orders/<order>", 401, 401, 401, _ORDERS, 404),
    Row("POST", "/api/orders/<uuid:order_id>/prints/<uuid:print_id>/artwork", 401, 400, 400, _CUSTOMER),
    Row("GET", "/api/admin/production", 401, 401, 401, _ORDERS, 200),
    Row("GET", "/api/admin/orders/<uuid:order_id>/production", 401, 401, 401, _ORDERS, 404),
    *(
        Row("POST", f"/api/admin/orders/<uuid:order_id>/{path}", 401, 401, 401, _ORDERS, 400)
        for path in (
            *("production", "files", "hold", "resume", "reprints", "shipments", "prints/<uuid:print_id>/reject"),
            *("shipments/<uuid:shipment_id>/delivered", "refunds", "review", "cancel"),
        )
    ),
    Row("GET", "/api/admin/gang-sheets/proposals", 401, 401, 401, _ORDERS, 200),
    Row("POST", "/api/admin/gang-sheets", 401, 401, 401, _ORDERS, 400),
    Row("GET", "/api/admin/gang-sheets/<uuid:job_id>", 401, 401, 401, _ORDERS, 404),
    Row("POST", "/api/orders/<uuid:order_id>/payment", 401, 400, 400, _CUSTOMER),
    Row("GET", "/api/admin/disputes", 401, 401, 401, _ORDERS, 200),
    Row("POST", "/api/webhooks/stripe", 503, 503, 503, _HEALTH),
    Row("GET", "/api/orders/<uuid:order_id>/invoice.pdf", 401, 404, 404, _CUSTOMER_READ),
    Row("GET", "/api/orders/<uuid:order_id>/credit-notes/<invoice_number>.pdf", 401, 404, 404, _CUSTOMER_READ),
    Row("GET", "/api/admin/invoices/<invoice_number>.pdf", 401, 401, 401, _ORDERS, 404),
    Row("GET", "/api/admin/orders/<uuid:order_id>/slip.pdf", 401, 401, 401, _ORDERS, 404),
    Row("GET", "/api/admin/orders/<uuid:order_id>/label.pdf", 401, 401, 401, _ORDERS, 404),
    Row("GET", "/assets/<key>/<grant>", 200, 200, 200, _PICTURE),
    *(
        row
        for prefix in ("", "/api")
        for row in (
            Row("POST", f"{prefix}/v1.0/removebg", 403, 400, 403, _KEY, 403),
            Row("GET", f"{prefix}/v1.0/account", 403, 200, 403, _KEY, 403),
            Row("POST", f"{prefix}/v1.0/improve", 403, 400, 403, _KEY, 403),
        )
    ),
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


def _status(client: FlaskClient, row: Row, rows: Rows) -> int:
    path = path_of(row.rule, rows)
    path += "?widthMm=100" if row.policy == _MADE and "<uuid:asset_id>" in row.rule else ""
    if row.rule in ("/api/uploads", "/api/cutouts"):
        response = send(client, path, pictures.jpeg(), environ_base=_FAR)
    else:
        response = client.open(path, method=row.method, environ_base=_FAR, json=payload(str(row), rows))
    response.close()
    return response.status_code


def _customer(api: Api, role: Role = Role.CUSTOMER) -> FlaskClient:
    return signed_in(api, f"{uuid4()}@shop.example", role)


def _others(api: Api, row: Row) -> Iterator[tuple[str, int, FlaskClient]]:
    """Callers who own nothing that the row names, with the status by the table."""
    yield "nobody", row.nobody, api.guest()
    yield "guest", row.for_guest(row.other), api.guest()
    yield "customer", row.for_customer(row.other), _customer(api)
    for scope in set(Scope) - {Scope.ADMIN}:
        yield scope, row.for_key(scope), with_key(api, scope)


def _of_admin_key(row: Row) -> int:
    if row.auth is Auth.KEY:
        return row.other
    return row.nobody if row.auth is Auth.CUSTOMER else row.for_admin


def _admins(api: Api, row: Row) -> Iterator[tuple[str, int, FlaskClient]]:
    yield "admin", row.for_admin, _customer(api, Role.ADMIN)
    yield "admin's key", _of_admin_key(row), with_key(api, Scope.ADMIN)


def _statuses(api: Api, row: Row) -> Iterator[tuple[str, int, int]]:
    """Who called, the status by the table, and that of the response."""
    guest, customer = api.guest(), _customer(api)
    rows = rows_of(guest, customer)
    for name, wanted, caller in _others(api, row):
        if name != "nobody":
            upload(caller, pictures.png())
        yield name, wanted, _status(caller, row, rows)
    yield "owner", row.for_guest(row.owner), _status(guest, row, rows)
    for name, wanted, admin in _admins(api, row):
        yield name, wanted, _status(admin, row, rows_of(api.guest(), customer))
    yield "owner signed in", row.for_customer(row.owner), _status(customer, row, rows_of(customer, customer))


def test_every_route_answers_each_caller_as_the_table_says(api: Api) -> None:
    catalogue.tee(api.deps.database, id=UUID(examples.PRODUCT))
    wrong = [(str(row), *said) for row in TABLE for said in _statuses(api, row) if said[1] != said[2]]
    assert wrong == []


def test_every_route_has_the_policy_of_the_table(api: Api) -> None:
    endpoints = {
        (method, rule.rule): rule.endpoint for rule in api.app.url_map.iter_rules() for method in rule.methods or ()
    }
    for row in TABLE:
        assert policy.of(api.app, endpoints[row.method, row.rule]) == policy.Policy(*row.policy), row
