"""Products by the thousand, made by the server itself: for load tests."""

from shared.db import products
from shared.db.pool import Connection

# Every tenth is a draft or archived. Slugs and SKUs tell them from a shop's own.
_PRODUCTS = """with made as (
        insert into products (id, slug, title, description, category, tags, pictures, status, from_cents, created_at)
        select gen_random_uuid(), 'load-' || n,
            adjectives[1 + n %% 8] || ' ' || nouns[1 + n / 8 %% 6] || ' ' || n,
            'Cut for ' || adjectives[1 + n %% 5] || ' days, sewn from ' || cloths[1 + n %% 4] || '.',
            categories[1 + n %% 6], cloths[1 + n %% 4] || ' ' || adjectives[1 + n %% 7],
            jsonb_build_array(jsonb_build_object('url', '/garments/hoodie/1c1c1f.webp', 'alt', 'Load ' || n)),
            case n %% 20 when 7 then 'draft' when 14 then 'archived' else 'active' end,
            900 + n %% 40 * 100, now() - n * interval '1 minute'
        from generate_series(1, %(products)s) n,
            (select
                array['Heavyweight', 'Organic', 'Classic', 'Vintage', 'Slim', 'Boxy', 'Soft', 'Washed'] as adjectives,
                array['T-shirt', 'hoodie', 'tote', 'mug', 'cap', 'sticker'] as nouns,
                array['cotton', 'fleece', 'canvas', 'twill'] as cloths,
                array['t-shirts', 'hoodies', 'bags', 'mugs', 'caps', 'stickers'] as categories) words
        on conflict (slug) do nothing
        returning id
    )
    insert into print_areas (product_id, placement, width_um, height_um, methods, garment)
    select id, 'front', 280000, 280000, array['dtg', 'dtf'], 'hoodie'
    from made"""
_VARIANTS = """insert into variants (id, product_id, sku, colour, colour_hex, size, price_cents, weight_g, stock)
    select gen_random_uuid(), id, upper(slug) || '-' || n, colours[1 + n %% 4], digits[1 + n %% 4], 'Size ' || n / 4,
        from_cents + n / 4 * 100, 150 + n, (hashtext(slug) & 63) * (n %% 3)
    from products, generate_series(0, %(variants)s - 1) n,
        (select array['Black', 'White', 'Navy', 'Red'] as colours,
            array['1c1c1f', 'f4f3ef', '1f2a44', 'b3202c'] as digits) dyes
    where slug like 'load-%%'
    on conflict (sku) do nothing"""
_MOVES = """insert into stock_moves (id, variant_id, quantity, reason, actor)
    select gen_random_uuid(), id, stock, 'initial', %(actor)s
    from variants
    where sku like 'LOAD-%%'
    and stock > 0
    and not exists (select from stock_moves where variant_id = variants.id)"""


def any_product(connection: Connection) -> bool:
    return connection.execute("select from products limit 1").fetchone() is not None


def add(connection: Connection, products_wanted: int, variants_each: int, actor: str) -> int:
    """Add what is missing of so many products and their variants; returns how many products were added."""
    products.renew_version(connection)
    parameters = {"products": products_wanted, "variants": variants_each, "actor": actor}
    added = connection.execute(_PRODUCTS, parameters).rowcount
    connection.execute(_VARIANTS, parameters)
    connection.execute(_MOVES, parameters)
    return added


def analyze(connection: Connection) -> None:
    """Tell the planner what is there now."""
    connection.execute("analyze products, print_areas, variants, stock_moves")
