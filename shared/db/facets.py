"""What the catalogue can be filtered by and searched for: counts and words over all active products, to be cached."""

from dataclasses import dataclass

from shared.db.pool import Connection

MOST = 200  # of each facet
WORDS = 2000
_SIZES = ("XXS", "XS", "S", "M", "L", "XL", "XXL", "2XL", "XXXL", "3XL", "4XL", "5XL")


@dataclass(frozen=True, slots=True)
class Facets:
    """Names with how many products have them; colours with the hexadecimal code of most of their variants between."""

    categories: list[tuple[str, int]]
    colours: list[tuple[str, str, int]]
    sizes: list[tuple[str, int]]


def count(connection: Connection) -> Facets:
    """Over the variants not archived of all active products; categories and colours by name, sizes from small."""
    categories = connection.execute(
        """select category as name, count(*) as products
        from products
        where status = 'active'
        group by category
        order by category
        limit %s""",
        [MOST],
    ).fetchall()
    sizes = sorted(_of_variants(connection, "size"), key=lambda row: _rank(row[0]))
    colours = [(name, code, products) for name, code, products in _of_variants(connection, "colour")]
    return Facets(
        [(row["name"], row["products"]) for row in categories], colours, [(name, number) for name, _, number in sizes]
    )


def words(connection: Connection) -> list[str]:
    """Words of the titles and tags of active products, the most frequent first."""
    rows = connection.execute(
        """select word
        from products, regexp_split_to_table(lower(title || ' ' || tags), '[^[:alnum:]]+') as word
        where status = 'active'
        and length(word) between 3 and 30
        group by word
        order by count(*) desc, word
        limit %s""",
        [WORDS],
    ).fetchall()
    return [row["word"] for row in rows]


def _of_variants(connection: Connection, column: str) -> list[tuple[str, str, int]]:
    rows = connection.execute(
        f"""select name, mode() within group (order by code) as code, count(distinct product_id) as products
        from (
            select {column} as name, colour_hex as code, product_id
            from variants join products on products.id = product_id
            where archived_at is null
            and status = 'active'
        ) as one
        group by name
        order by name
        limit %s""",
        [MOST],
    ).fetchall()
    return [(row["name"], row["code"], row["products"]) for row in rows]


def _rank(size: str) -> tuple[int, str]:
    """Letters before all other sizes."""
    return (_SIZES.index(size), "") if size in _SIZES else (len(_SIZES), size)
