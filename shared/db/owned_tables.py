"""The tables of what callers own: what of them moves at sign-in, is exported, and goes when an account is erased.

A new table with owners needs an entry here.
"""

from dataclasses import dataclass

from shared.db import jobs
from shared.db.owners import OWNED, OWNED_JOBS
from shared.models.order import ARTWORK


@dataclass(frozen=True, slots=True)
class Owned:
    """A table with owners, whose rows `owned` selects.

    `exported` are the columns of a data export, the first of which orders it. `assets` name pictures, `documents` are
    JSON that may name some. `erase` is the statement for the rows of an erased customer; None: they stay. Without
    `owner_id` the rows follow those of another table, or have been a customer's from the beginning.
    """

    name: str
    exported: str
    erase: str | None
    assets: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    owned: str = OWNED
    owner_id: str | None = "owner_id"


# Ids of other owners are no UUIDs.
_CUSTOMER_ID = "case when %(owner_type)s = 'customer' then %(owner_id)s::text::uuid end"
_ORDERS = f"select id from orders where customer_id = {_CUSTOMER_ID}"
_OF_ORDERS = f"order_id in ({_ORDERS})"
_OF_ITEMS = f"order_item_id in (select id from order_items where {_OF_ORDERS})"
_KEPT = f"owner_type = '{ARTWORK.type}' and owner_id = '{ARTWORK.id}' and deleted_at is null"
_OF_BATCHES = f"batch_id in (select id from batches where {OWNED})"
_OF_DESIGNS = f"design_id in (select id from designs where {OWNED})"


def _of_orders(name: str, exported: str, erase: str | None = None, owned: str = _OF_ORDERS) -> Owned:
    """A table of orders, which only customers have and which stay: the law asks for invoices."""
    return Owned(name, exported, erase, owned=owned, owner_id=None)


TABLES = (
    Owned(
        "assets",
        "id, kind, name, content_type, width, height, bytes, key, created_at",
        f"update assets set deleted_at = now(), name = '' where {OWNED} and deleted_at is null",
        assets=("made_of",),
    ),
    Owned(
        "jobs",
        "id, type, status, asset_id, input, result, error_code, created_at, finished_at",
        f"""
        with mine as (select id from jobs where {OWNED_JOBS} order by id for update)
        update jobs set {jobs.CANCELLED} from mine where jobs.id = mine.id and {jobs.UNFINISHED}
        """,
        assets=("asset_id",),
        documents=("input", "result"),
        owned=OWNED_JOBS,
        owner_id="user_id",
    ),
    Owned(
        "incoming",
        "id, content_type, bytes, created_at",
        f"delete from incoming where {OWNED}",
        assets=("asset_id",),
    ),
    Owned(
        "batches",
        "id, input, pictures, created_at, closed_at, cancelled_at",
        f"delete from batches where {OWNED}",
        documents=("input",),
    ),
    Owned(
        "batch_items",
        "batch_id, position, name, url, asset_id, job_id, error_code",
        f"delete from batch_items where {_OF_BATCHES}",
        assets=("asset_id",),
        owned=_OF_BATCHES,
        owner_id=None,
    ),
    Owned(
        "designs",
        "id, product_id, name, colour, created_at, updated_at",
        f"delete from designs where {OWNED}",
    ),
    Owned(
        "design_placements",
        "design_id, placement, asset_id, method, left_um, top_um, width_um, rotation_mdeg",
        f"delete from design_placements where {_OF_DESIGNS}",
        assets=("asset_id",),
        owned=_OF_DESIGNS,
        owner_id=None,
    ),
    _of_orders(
        "orders",
        """id, order_number, test, currency, subtotal_cents, discount_cents, discount_code, shipping_cents, tax_cents,
            total_cents, received_cents, refunded_cents, payment_status, production_status, ship_to, created_at,
            paid_at, cancelled_at""",
        # Of an order that was never paid there is no invoice. What is left says where in the world it was wanted.
        f"""
        update orders
        set ship_to = (
            select jsonb_object_agg(name, case when name = 'country' then text else '' end)
            from jsonb_each_text(ship_to) as field (name, text)
        )
        where id in ({_ORDERS}) and received_cents = 0
        """,
        f"id in ({_ORDERS})",
    ),
    _of_orders(
        "order_items",
        """id, order_id, line, sku, title, colour, size, quantity, unit_cents, discount_cents, tax_bp, tax_cents,
            total_cents""",
    ),
    _of_orders(
        "order_prints",
        f"""id, order_item_id, position, placement, method, left_um, top_um, width_um, height_um, rotation_mdeg,
            rejection, (select key from assets where assets.id = asset_id and {_KEPT}) as key""",
        # The shop's copies of the pictures, and the files made of them; sheets show the pictures of others as well.
        f"""
        with recursive gone as (
            select asset_id as id from order_prints where {_OF_ITEMS}
            union
            select assets.id from assets join gone on assets.made_of = gone.id
        )
        update assets
        set deleted_at = now()
        from gone
        where assets.id = gone.id and {_KEPT}
        """,
        _OF_ITEMS,
    ),
    _of_orders("order_events", "id, order_id, what, at"),
    _of_orders(
        "payments",
        "id, order_id, kind, stripe_id, status, amount_cents, currency, error_code, received_at, created_at",
    ),
    _of_orders("refunds", "id, order_id, amount_cents, lines, status, reason, refunded_at, created_at"),
    _of_orders("disputes", "stripe_id, order_id, status, amount_cents, reason, opened_at"),
    _of_orders("shipments", "id, order_id, carrier, tracking, shipped_at, delivered_at"),
    _of_orders("reprints", "id, order_item_id, quantity, reason, created_at, printed_at", owned=_OF_ITEMS),
    _of_orders("invoices", "id, order_id, series, number, facts, currency, tax_cents, total_cents, issued_at"),
    Owned(
        "webhook_endpoints",
        "id, url, events, created_at, disabled_at",
        f"delete from webhook_endpoints where {OWNED}",
    ),
    Owned(
        "quotes",
        "id, currency, total_cents, charges, country, postal_code, discount_code, created_at, expires_at, used_at",
        f"delete from quotes where {OWNED} and used_at is null",  # an order may name the others; they go by themselves
    ),
)
