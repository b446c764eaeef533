"""Every route, with its policy and the status that each kind of caller gets."""

from dataclasses import dataclass

from services.api.middleware.policy import Auth, Cache, Limit
from shared.models.owner import Scope

_GUEST_READ = (Auth.GUEST_READ, Limit.NONE, Cache.NO_STORE)
_ADMIN = (Auth.ADMIN, Limit.API, Cache.NO_STORE)
_CATALOGUE = (Auth.CATALOGUE, Limit.API, Cache.NO_STORE)
_ORDERS = (Auth.ORDERS, Limit.API, Cache.NO_STORE)
MADE = (Auth.GUEST_READ, Limit.API, Cache.NO_STORE)
_GUEST_WRITE = (Auth.GUEST_WRITE, Limit.API, Cache.NO_STORE)
_UPLOAD = (Auth.GUEST_WRITE, Limit.UPLOADS, Cache.NO_STORE)
_SIGN_IN = (Auth.GUEST_WRITE, Limit.SIGN_IN, Cache.NO_STORE)
_CUSTOMER = (Auth.CUSTOMER, Limit.API, Cache.NO_STORE)
_CUSTOMER_READ = (Auth.CUSTOMER, Limit.NONE, Cache.NO_STORE)
_MEMBER = (Auth.MEMBER, Limit.API, Cache.NO_STORE)
_MEMBER_READ = (Auth.MEMBER, Limit.NONE, Cache.NO_STORE)
_PAGE = (Auth.PUBLIC, Limit.NONE, Cache.PAGE)
_CACHED = (Auth.PUBLIC, Limit.NONE, Cache.CATALOGUE)
_HEALTH = (Auth.PUBLIC, Limit.NONE, Cache.NO_STORE)
_KEY = (Auth.KEY, Limit.API, Cache.NO_STORE)
_PICTURE = (Auth.PUBLIC, Limit.NONE, Cache.PICTURE)
_OWNED = ("asset", "job", "batch", "design")


@dataclass(frozen=True, slots=True)
class Row:
    """The status for a caller without a token, for others than the owner of the rows, for it, and for admins.

    Guests and customers get the same, but guests and keys get `nobody` from a route of customers, guests from one of
    members, and customers 403 from one of admins. `admin` defaults to the owner's on a path with an id of its rows,
    else to another's.
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
        return self.nobody if self.auth in (Auth.CUSTOMER, Auth.KEY, Auth.MEMBER) else said

    def for_customer(self, said: int) -> int:
        return 403 if self.of_admins or self.auth is Auth.KEY else said

    def for_key(self, scope: Scope) -> int:
        """A key of another scope than admin's."""
        if (self.auth, scope) in ((Auth.CATALOGUE, Scope.CATALOGUE), (Auth.ORDERS, Scope.ORDERS)):
            return self.for_admin
        said = self.nobody if self.auth is Auth.CUSTOMER else self.other
        return 403 if self.of_admins else said


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
    Row("POST", "/api/batches", 404, 404, 202, _GUEST_WRITE),
    Row("GET", "/api/batches", 200, 200, 200, _GUEST_READ),
    Row("DELETE", "/api/batches/<uuid:batch_id>", 404, 404, 204, _GUEST_WRITE),
    *(Row("GET", f"/api/batches/<uuid:batch_id>{of}", 404, 404, 200, _GUEST_READ) for of in ("", "/events")),
    *(Row("POST", f"/api/batches/<uuid:batch_id>/{do}", 404, 404, 200, _GUEST_WRITE) for do in ("close", "cancel")),
    Row("POST", "/api/batches/<uuid:batch_id>/items", 404, 404, 409, _GUEST_WRITE),
    Row("GET", "/api/batches/<uuid:batch_id>/zip", 404, 404, 409, MADE),
    *(
        Row("GET", f"/api/assets/<uuid:asset_id>/{made}", 404, 404, 202, MADE)
        for made in ("print-edges", "print-check", "print-file", "cutline", "vector", "enlargement")
    ),
    Row("POST", "/api/gang-sheets", 404, 404, 202, _GUEST_WRITE),
    Row("GET", "/api/gang-sheets/<uuid:job_id>", 404, 404, 404, _GUEST_READ),
    Row("GET", "/api/gang-sheets/<uuid:job_id>/sheets/<number>", 404, 404, 404, MADE),
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
    Row("GET", "/api/admin/webhooks", 401, 401, 401, _ADMIN, 200),
    Row("POST", "/api/admin/webhooks/<event_id>/retry", 401, 401, 401, _ADMIN, 503),
    Row("POST", "/api/admin/webhooks/<event_id>/dismiss", 401, 401, 401, _ADMIN, 404),
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
    Row("POST", "/api/webhooks", 401, 201, 201, _MEMBER),
    Row("GET", "/api/webhooks", 401, 200, 200, _MEMBER_READ),
    Row("GET", "/api/webhooks/<uuid:endpoint_id>", 401, 404, 404, _MEMBER_READ),
    Row("PATCH", "/api/webhooks/<uuid:endpoint_id>", 401, 404, 404, _MEMBER),
    Row("DELETE", "/api/webhooks/<uuid:endpoint_id>", 401, 404, 404, _MEMBER),
    Row("POST", "/api/webhooks/<uuid:endpoint_id>/rotate", 401, 404, 404, _MEMBER),
    Row("POST", "/api/webhooks/<uuid:endpoint_id>/test", 401, 404, 404, _MEMBER),
    Row("GET", "/api/webhooks/<uuid:endpoint_id>/deliveries", 401, 404, 404, _MEMBER_READ),
    Row(
        *("POST", "/api/webhooks/<uuid:endpoint_id>/deliveries/<uuid:delivery_id>/redeliver", 401, 404, 404, _MEMBER),
    ),
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
    *(Row("GET", path, 200, 200, 200, _PAGE) for path in ("/", "/docs", "/static/<path:name>", "/openapi.json")),
    *(Row("GET", path, 404, 404, 404, _PAGE) for path in ("/legal/<name>", "/account/<name>", "/orders/<name>")),
    *(Row("GET", path, 200, 200, 200, _HEALTH) for path in ("/health", "/health/live", "/health/ready")),
    *(Row("GET", path, 404, 404, 404, _HEALTH) for path in ("/health/detailed", "/metrics")),
)
