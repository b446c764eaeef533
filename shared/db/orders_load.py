"""Orders by the hundred thousand, made by the server itself: for load tests.

Each has two lines of the articles of `catalogue_load`, which keep their stock, and a payment; a customer has ten. The
newest are to be printed, one in fifty was never paid, one in a thousand is in review, and all others are delivered.
"""

from shared.db.pool import Connection

_QUEUED = 300
_CUSTOMERS = """insert into customers (id, email, name, created_at)
    select gen_random_uuid(), 'load-' || n || '@load.invalid', 'Load ' || n, now() - interval '1 year'
    from generate_series(1, greatest(1, %(orders)s / 10)) n
    on conflict do nothing"""
_BUYERS = """create temporary table buyers on commit drop as
    select row_number() over (order by id) - 1 as at, id as customer_id, name
    from customers
    where email like 'load-%%@load.invalid'"""
_SOLD = """create temporary table sold on commit drop as
    select row_number() over (order by sku) - 1 as at, variants.id as variant_id, sku, title, colour, colour_hex, size,
        price_cents, weight_g
    from variants join products on products.id = product_id
    where sku like 'LOAD-%%'"""
_KEYS = ("alter table buyers add primary key (at)", "alter table sold add primary key (at)", "analyze buyers, sold")
# An odd factor, so that numbers of different n differ: eight letters of five bits.
_PLACED = """create temporary table placed on commit drop as
    with counted as (
        select n, (n::numeric * 668265263459 %% 1099511627776)::bigint as bits,
            n %% (select count(*) from buyers) as buyer,
            n * 2 %% (select count(*) from sold) as first, (n * 2 + 1) %% (select count(*) from sold) as second,
            now() - n * interval '1 minute' as created_at,
            case when n <= %(queued)s then 'queued' when n %% 50 = 0 then 'cancelled' when n %% 1000 = 1 then 'held'
                else 'delivered' end as production
        from generate_series(1, %(orders)s) n
    )
    select n, gen_random_uuid() as id, customer_id, name, production, created_at, first, second,
        one.price_cents + 2 * other.price_cents as subtotal_cents, one.weight_g + 2 * other.weight_g as weight_g,
        (
            select 'ST-' || overlay(string_agg(letter, '' order by at) placing '-' from 5 for 0)
            from generate_series(0, 7) at,
                substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', (bits >> 5 * at & 31)::int + 1, 1) letter
        ) as number
    from counted
        join buyers on buyers.at = buyer
        join sold one on one.at = first
        join sold other on other.at = second"""
_KNOWN = "delete from placed using orders where order_number = number"
_ORDERS = """insert into orders (
        id, order_number, customer_id, quote_id, test, currency, subtotal_cents, discount_cents, shipping_cents,
        shipping_tax_bp, shipping_tax_cents, tax_cents, total_cents, zone, weight_g, ship_to, received_cents,
        review, cancelled_at, production_status, held_from, held_for, created_at, paid_at
    )
    select id, number, customer_id, gen_random_uuid(), true, 'usd', subtotal_cents, 0, 500, 0, 0, 0,
        subtotal_cents + 500, 'United States', weight_g,
        jsonb_build_object('name', name, 'line1', n || ' Main Street', 'line2', '', 'city', 'New York', 'region', 'NY',
            'postal_code', '10001', 'country', 'US', 'phone', ''),
        case production when 'cancelled' then 0 else subtotal_cents + 500 end,
        case production when 'held' then 'amount' end,
        case production when 'cancelled' then created_at + interval '36 minutes' end,
        production,
        case production when 'held' then 'queued' end,
        case production when 'held' then 'review' end,
        created_at,
        case production when 'cancelled' then null else created_at + interval '1 minute' end
    from placed"""
_ITEMS = """insert into order_items (
        id, order_id, line, variant_id, sku, title, colour, colour_hex, size, quantity, unit_cents, tax_bp, tax_cents,
        total_cents
    )
    select gen_random_uuid(), placed.id, line, variant_id, sku, title, colour, colour_hex, size, line, price_cents, 0,
        0, line * price_cents
    from placed
        cross join lateral (values (1, first), (2, second)) lines (line, place)
        join sold on sold.at = place"""
_PAYMENTS = """insert into payments (
        id, order_id, kind, idempotency_key, stripe_id, intent_id, status, amount_cents, currency, fee_cents,
        received_at, checked_at, created_at
    )
    select gen_random_uuid(), id, 'payment_intent', 'load_' || id, 'pi_load_' || id, 'pi_load_' || id,
        case production when 'cancelled' then 'cancelled' else 'succeeded' end, subtotal_cents + 500, 'usd',
        case production when 'cancelled' then null else (subtotal_cents + 500) * 29 / 1000 + 30 end,
        case production when 'cancelled' then null else created_at + interval '1 minute' end,
        created_at + interval '36 minutes', created_at
    from placed"""
_EVENTS = """insert into order_events (id, order_id, what, actor, at)
    select gen_random_uuid(), id, what, actor, created_at + after
    from placed
        cross join lateral (values
            ('placed', 'customer', interval '0'),
            (
                case production when 'cancelled' then 'cancelled' else 'paid' end,
                case production when 'cancelled' then 'shop' else 'stripe' end,
                case production when 'cancelled' then interval '36 minutes' else interval '1 minute' end
            )
        ) events (what, actor, after)"""


def add(connection: Connection, orders: int) -> int:
    """Add so many orders of the articles that `catalogue_load` has added; returns how many were missing."""
    parameters = {"orders": orders, "queued": _QUEUED}
    for statement in (_CUSTOMERS, _BUYERS, _SOLD, *_KEYS, _PLACED):
        connection.execute(statement, parameters if "%" in statement else None)
    connection.execute(_KNOWN)
    added = connection.execute(_ORDERS).rowcount
    for statement in (_ITEMS, _PAYMENTS, _EVENTS):
        connection.execute(statement)
    return added


def analyze(connection: Connection) -> None:
    """Tell the planner what is there now."""
    connection.execute("analyze customers, orders, order_items, payments, order_events")
