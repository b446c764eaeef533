"""Price lists, discount codes and quotes: what their tables refuse, and that each quote and use counts once."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from uuid import UUID

import psycopg
import pytest

from services.api.pricing.default_list import DEFAULT
from services.api.pricing.rules import Cart, CartLine
from shared import errors, shop_errors
from shared.db import discounts, ids, price_lists, quotes
from shared.db.pool import Connection, Database
from shared.models.discount import Discount
from shared.models.price_list import Destination
from shared.models.quote import Quote
from tests.services.api.pricing import carts
from tests.shared.db import catalogue
from tests.shared.db.rows import owner, run
from tests.shared.db.stored_prices import row

THREADS = 12
REFUSED: tuple[tuple[str, str, Mapping[str, object]], ...] = (
    ("price_lists", "price_lists_pkey", {}),
    ("price_lists", "price_lists_version_check", {"version": 0}),
    ("price_lists", "price_lists_list_check", {"version": 2, "list": "[]"}),
    ("price_lists", "price_lists_set_by_check", {"version": 2, "set_by": ""}),
    ("discounts", "discounts_code_key", {}),
    *(("discounts", "discounts_code_check", {"code": code}) for code in ("AB", "autumn", "A B", "A" * 33)),
    *(("discounts", "discounts_off_bp_check", {"code": "NEW", "off_bp": off}) for off in (0, 10_001)),
    ("discounts", "discounts_off_cents_check", {"code": "NEW", "off_bp": None, "off_cents": 0}),
    ("discounts", "discounts_off_check", {"code": "NEW", "off_cents": 1}),
    ("discounts", "discounts_off_check", {"code": "NEW", "off_bp": None}),
    ("discounts", "discounts_minimum_cents_check", {"code": "NEW", "minimum_cents": -1}),
    ("discounts", "discounts_max_uses_check", {"code": "NEW", "max_uses": 0}),
    ("discounts", "discounts_uses_check", {"code": "NEW", "uses": -1}),
    *(
        ("discounts", "discounts_days_check", {"code": "NEW", "starts_at": "2026-01-02", "ends_at": day})
        for day in ("2026-01-01", "2026-01-02")
    ),
    ("quotes", "quotes_currency_check", {"currency": "USD"}),
    ("quotes", "quotes_discount_cents_check", {"subtotal_cents": -1, "discount_cents": 0, "total_cents": 5}),
    ("quotes", "quotes_discount_cents_check", {"discount_cents": 101, "total_cents": 5}),
    ("quotes", "quotes_discount_cents_check", {"discount_cents": -1, "total_cents": 107}),
    ("quotes", "quotes_shipping_cents_check", {"shipping_cents": -1, "total_cents": 90}),
    ("quotes", "quotes_tax_cents_check", {"tax_cents": -1, "total_cents": 94}),
    ("quotes", "quotes_total_cents_check", {"total_cents": 97}),
    ("quotes", "quotes_charges_check", {"charges": "[]"}),
    *(("quotes", "quotes_country_check", {"country": country}) for country in ("us", "USA")),
    ("quotes", "quotes_price_version_check", {"price_version": -1}),
    ("quotes", "quotes_expires_at_check", {"expires_at": "2026-01-01T00:00Z"}),
)


@pytest.mark.parametrize(("table", "constraint", "changes"), REFUSED)
def test_rows_are_refused_by(database: Database, table: str, constraint: str, changes: Mapping[str, object]) -> None:
    run(database, catalogue.insert, table, row(table))
    with pytest.raises(psycopg.IntegrityError) as error:
        run(database, catalogue.insert, table, row(table, **changes))
    assert error.value.diag.constraint_name == constraint


def _at_once(database: Database, work: Callable[[Connection, int], object]) -> list[object]:
    """What each of THREADS got, in a transaction of its own, or the code of its failure."""
    barrier = Barrier(THREADS)

    def one(number: int) -> object:
        try:
            with database.transaction() as connection:
                barrier.wait(timeout=30)
                return work(connection, number)
        except errors.Failure as failure:
            return failure.code

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(one, range(THREADS)))


# Price lists


def test_the_newest_list_applies(database: Database) -> None:
    assert run(database, price_lists.current) is None
    other = replace(DEFAULT, breaks=())
    assert run(database, price_lists.add, 0, DEFAULT, "ann")
    assert run(database, price_lists.add, 1, other, "bert")
    assert run(database, price_lists.current) == (2, other)


@pytest.mark.parametrize("after", [0, 2])
def test_a_change_of_another_version_than_the_newest_is_not_stored(database: Database, after: int) -> None:
    run(database, price_lists.add, 0, DEFAULT, "ann")
    assert not run(database, price_lists.add, after, replace(DEFAULT, breaks=()), "bert")
    assert run(database, price_lists.current) == (1, DEFAULT)


def test_of_changes_at_once_one_is_stored(database: Database) -> None:
    stored = _at_once(database, lambda connection, number: price_lists.add(connection, 0, DEFAULT, f"admin {number}"))
    assert sorted(map(bool, stored)) == [False] * (THREADS - 1) + [True]


# Discounts


def _code(database: Database, code: str = "AUTUMN", **terms: object) -> Discount:
    return run(database, discounts.put, carts.discount(code, **{"off_bp": 1000, "id": ids.new(), **terms}))


def test_new_terms_leave_the_uses_of_a_code(database: Database) -> None:
    first = _code(database, max_uses=2)
    assert run(database, discounts.take, "AUTUMN")
    changed = _code(database, off_bp=None, off_cents=500)
    assert changed == replace(first, off_bp=None, off_cents=500, max_uses=None, uses=1)
    assert run(database, discounts.find, "AUTUMN") == changed
    assert run(database, discounts.find, "WINTER") is None


def test_a_code_is_taken_as_often_as_it_may_be(database: Database) -> None:
    _code(database, max_uses=5)
    _code(database, "WINTER")
    assert _at_once(database, lambda connection, _: discounts.take(connection, "AUTUMN")).count(True) == 5
    assert _at_once(database, lambda connection, _: discounts.take(connection, "WINTER")).count(True) == THREADS
    found = run(database, discounts.page, 10, None).items
    assert {discount.code: discount.uses for discount in found} == {"AUTUMN": 5, "WINTER": THREADS}
    assert not run(database, discounts.take, "SPRING")


def test_codes_are_paged(database: Database) -> None:
    made = [_code(database, f"CODE-{number}").code for number in range(3)]
    first = run(database, discounts.page, 2, None)
    second = run(database, discounts.page, 2, first.next)
    assert [discount.code for discount in (*first.items, *second.items)] == made[::-1]
    assert second.next is None


# Quotes


def _quote(database: Database, code: str | None = None, of: str = "ann") -> Quote:
    cart = Cart((CartLine(carts.variant(), 2),), Destination("FI", "00100"))
    charges = carts.price(DEFAULT, cart)
    with database.transaction() as connection:
        return quotes.add(
            connection,
            ids.new(),
            owner(of),
            charges,
            currency="eur",
            destination=cart.destination,
            discount_code=code,
            price_version=3,
        )


def _age(connection: Connection, quote: Quote, seconds: int) -> None:
    connection.execute(
        """update quotes set
            created_at = created_at - %(s)s * interval '1 second', expires_at = expires_at - %(s)s * interval '1 second'
        where id = %(id)s""",
        {"s": seconds, "id": quote.id},
    )


def test_a_quote_is_used_as_it_was_stored_and_once(database: Database) -> None:
    quote = _quote(database)
    assert run(database, quotes.use, owner(), quote.id) == quote
    with pytest.raises(shop_errors.QuoteUsed):
        run(database, quotes.use, owner(), quote.id)


def test_a_quote_holds_for_thirty_minutes(database: Database) -> None:
    quote = _quote(database)
    with database.transaction() as connection:
        _age(connection, quote, 1799)
        assert quotes.use(connection, owner(), quote.id).id == quote.id
        connection.execute("update quotes set used_at = null")
        _age(connection, quote, 1)
        with pytest.raises(shop_errors.QuoteExpired):
            quotes.use(connection, owner(), quote.id)


def test_another_s_quote_is_not_there(database: Database) -> None:
    quote = _quote(database)
    for who, quote_id in ((owner("bert"), quote.id), (owner(), UUID(int=0))):
        with pytest.raises(errors.NotFound):
            run(database, quotes.use, who, quote_id)


def test_of_uses_at_once_one_succeeds(database: Database) -> None:
    quote = _quote(database)
    used = _at_once(database, lambda connection, _: quotes.use(connection, owner(), quote.id).id)
    assert sorted(map(str, used)) == sorted([str(quote.id), *["quote_used"] * (THREADS - 1)])


def test_as_many_quotes_of_a_code_are_used_as_it_has_uses(database: Database) -> None:
    _code(database, max_uses=5)
    made = [_quote(database, "AUTUMN").id for _ in range(THREADS)]
    used = _at_once(database, lambda connection, number: quotes.use(connection, owner(), made[number]).id)
    assert used.count("discount_refused") == THREADS - 5
    found = run(database, discounts.find, "AUTUMN")
    assert found
    assert found.uses == 5
    with database.transaction() as connection:
        marked = connection.execute("select id from quotes where used_at is not null").fetchall()
    assert len(marked) == 5


def test_old_quotes_are_deleted(database: Database) -> None:
    old, new = _quote(database), _quote(database)
    run(database, _age, old, quotes.HOLDS_S + 86_400)
    assert run(database, quotes.prune, 86_401) == 0
    assert run(database, quotes.prune, 86_399) == 1
    assert run(database, quotes.use, owner(), new.id) == new
