"""Refunds by line: to the cent what an oracle of fractions says, in any order, and never more than is left."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from random import Random

import pytest

from services.api.refunds import rules
from services.api.refunds.rules import SHIPPING, Part
from shared import errors, shop_errors
from shared.models.order import Order, OrderItem
from shared.models.payment import Refund, RefundState
from tests.services.api.refunds.sample import item, order, refund, some_order

SEQUENCES = 10_000
ITEMS = [item(1, 3, 1000, 2550, 1), item(2, 1, 2000, 700)]
ORDER = order(ITEMS, 500, 2550)


class Oracle:
    """What is left of each line as exact fractions of cents, rounded only where money moves."""

    def __init__(self, paid: Order, items: Sequence[OrderItem]) -> None:
        self.cents = {SHIPPING: paid.shipping_cents + paid.shipping_tax_cents}
        self.taxes = {SHIPPING: paid.shipping_tax_cents}
        self.pieces = {SHIPPING: 1}
        for one in items:
            self.cents[one.line], self.taxes[one.line] = one.total_cents, one.tax_cents
            self.pieces[one.line] = one.quantity

    def of_pieces(self, line: int, quantity: int) -> int:
        worth = Fraction(self.cents[line] * quantity, self.pieces[line])
        return int(worth + Fraction(1, 2))

    def of_amount(self, cents: int) -> Mapping[int, int]:
        """Largest remainder: the cents that fractions leave go to the largest fractions."""
        left = sum(self.cents.values())
        exact = {line: Fraction(cents * here, left) for line, here in self.cents.items()}
        shares = {line: int(share) for line, share in exact.items()}
        order = sorted(exact, key=lambda line: (shares[line] - exact[line], -self.cents[line], line))
        for line in order[: cents - sum(shares.values())]:
            shares[line] += 1
        return {line: share for line, share in shares.items() if share}

    def take(self, parts: Sequence[Part]) -> None:
        for part in parts:
            rate = Fraction(self.taxes[part.line], self.cents[part.line] or 1)
            assert abs(part.tax_cents - part.cents * rate) <= Fraction(1, 2)
            assert 0 <= part.tax_cents <= self.taxes[part.line]
            assert 0 <= part.cents - part.tax_cents <= self.cents[part.line] - self.taxes[part.line]
            assert 0 <= part.quantity <= self.pieces[part.line]
            self.cents[part.line] -= part.cents
            self.taxes[part.line] -= part.tax_cents
            self.pieces[part.line] -= part.quantity


def _step(random: Random, parts: Sequence[Part], oracle: Oracle) -> tuple[Part, ...]:
    most = rules.total(parts)
    match random.choice(("pieces", "pieces", "amount", "whole")):
        case "pieces":
            part = random.choice(parts)
            quantity = random.randint(1, max(1, part.quantity))
            if quantity > part.quantity:
                with pytest.raises(shop_errors.MoreThanPaid):
                    rules.of_pieces(parts, {part.line: quantity})
                return ()
            paid = rules.of_pieces(parts, {part.line: quantity})
            assert [one.cents for one in paid] == [oracle.of_pieces(part.line, quantity)]
            return paid
        case "amount" if most:
            with pytest.raises(shop_errors.MoreThanPaid):
                rules.of_amount(parts, most + 1)
            cents = random.randint(1, most)
            paid = rules.of_amount(parts, cents)
            assert rules.total(paid) == cents
            assert {one.line: one.cents for one in paid} == oracle.of_amount(cents)
            return paid
        case "whole" if random.random() < 0.3:
            return rules.whole(parts)
        case _:
            return ()


def test_ten_thousand_sequences_of_refunds_add_up_to_the_order() -> None:
    random = Random(20)
    for _ in range(SEQUENCES):
        paid, items = some_order(random)
        oracle, refunds = Oracle(paid, items), list[Refund]()
        for _ in range(random.randint(1, 6)):
            parts = rules.left(paid, items, refunds)
            taken = _step(random, parts, oracle)
            if random.random() < 0.2:
                refunds.append(refund(taken, random.choice((RefundState.FAILED, RefundState.CANCELLED))))
            else:
                oracle.take(taken)
                refunds.append(refund(taken, random.choice(rules.COUNTED)))
        rest = rules.whole(rules.left(paid, items, refunds))
        counted = [one for one in refunds if one.status in rules.COUNTED]
        assert sum(one.amount_cents for one in counted) + rules.total(rest) == paid.total_cents
        taxes = sum(part["taxCents"] for one in counted for part in one.lines) + sum(part.tax_cents for part in rest)
        assert taxes == paid.tax_cents


def test_shipping_is_line_0_with_its_own_tax() -> None:
    parts = rules.left(ORDER, ITEMS, [])
    assert parts[0] == Part(SHIPPING, 1, 628, 128)
    assert rules.total(parts) == ORDER.total_cents
    assert rules.of_pieces(parts, {SHIPPING: None}) == (parts[0],)


def test_pieces_of_a_line_are_worth_the_same_and_add_up() -> None:
    refunds: list[Refund] = []
    for _ in range(3):
        refunds.append(refund(rules.of_pieces(rules.left(ORDER, ITEMS, refunds), {1: 1})))
    assert [one.lines for one in refunds] == [
        [{"line": 1, "quantity": 1, "cents": 1255, "taxCents": 255}],
        [{"line": 1, "quantity": 1, "cents": 1255, "taxCents": 255}],
        [{"line": 1, "quantity": 1, "cents": 1254, "taxCents": 255}],
    ]
    assert sum(one.amount_cents for one in refunds) == ITEMS[0].total_cents


def test_an_amount_is_taken_of_all_lines_and_of_no_pieces() -> None:
    paid = rules.of_amount(rules.left(ORDER, ITEMS, []), 1000)
    assert [(part.line, part.quantity) for part in paid] == [(0, 0), (1, 0), (2, 0)]
    assert rules.total(paid) == 1000


def test_a_piece_is_worth_less_once_an_amount_was_paid_back() -> None:
    before = rules.left(ORDER, ITEMS, [])
    parts = rules.left(ORDER, ITEMS, [refund(rules.of_amount(before, rules.total(before) // 2))])
    assert rules.total(rules.of_pieces(parts, {2: 1})) == parts[2].cents < before[2].cents


def test_refunds_that_failed_leave_their_money() -> None:
    gone = refund(rules.whole(rules.left(ORDER, ITEMS, [])), RefundState.FAILED)
    assert rules.left(ORDER, ITEMS, [gone]) == rules.left(ORDER, ITEMS, [])


def test_more_pieces_than_are_left_are_refused_with_what_is_left() -> None:
    parts = rules.left(ORDER, ITEMS, [refund(rules.of_pieces(rules.left(ORDER, ITEMS, []), {1: 2}))])
    with pytest.raises(shop_errors.MoreThanPaid) as caught:
        rules.of_pieces(parts, {1: 2})
    assert caught.value.details == {"line": 1, "quantity": 1}


def test_more_than_the_order_is_refused_with_what_is_left() -> None:
    with pytest.raises(shop_errors.MoreThanPaid) as caught:
        rules.of_amount(rules.left(ORDER, ITEMS, []), ORDER.total_cents + 1)
    assert caught.value.details == {"leftCents": ORDER.total_cents}


def test_a_line_that_the_order_lacks_is_named() -> None:
    with pytest.raises(errors.InvalidRequest, match="no line 9"):
        rules.of_pieces(rules.left(ORDER, ITEMS, []), {1: 1, 9: None})


def test_nothing_is_left_of_an_order_paid_back_whole() -> None:
    gone = refund(rules.whole(rules.left(ORDER, ITEMS, [])))
    parts = rules.left(ORDER, ITEMS, [gone])
    assert rules.whole(parts) == rules.of_pieces(parts, {1: None}) == ()
