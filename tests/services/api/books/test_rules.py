"""What differs from Stripe is found id by id."""

from datetime import UTC, datetime
from random import Random

from services.api.books.rules import KINDS, LISTED, differences, stripe_sums
from services.api.payments.objects import BalanceTransaction
from shared.db import ids
from shared.models.book_check import BookDifference
from shared.models.booking import BookingKind

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
PAYMENT, REFUND, FEE = BookingKind.PAYMENT, BookingKind.REFUND, BookingKind.FEE


def _moved(category: str, source: str, cents: int, fee: int = 0, currency: str = "usd") -> BalanceTransaction:
    return BalanceTransaction(f"txn_{ids.new().hex}", category, cents, fee, currency, NOW, source)


def test_stripe_s_transactions_are_summed_by_currency_kind_and_id() -> None:
    sums = stripe_sums(
        [
            _moved("charge", "pi_1", 3000, 117),
            _moved("charge", "pi_2", 3000, 117, "eur"),
            _moved("refund", "re_1", -700),
            _moved("refund_failure", "re_1", 700),
            _moved("dispute", "du_1", -3000, 1500),
            _moved("dispute_reversal", "du_1", 3000, -1500),
            _moved("payout", "po_1", -9000),
            _moved("fee", "", -25),
        ]
    )
    assert {key: cents for key, cents in sums.items() if cents} == {
        ("usd", PAYMENT, "pi_1"): 3000,
        ("usd", FEE, "pi_1"): -117,
        ("eur", PAYMENT, "pi_2"): 3000,
        ("eur", FEE, "pi_2"): -117,
        ("usd", REFUND, "re_1"): -700,
        ("usd", BookingKind.REFUND_FAILED, "re_1"): 700,
        ("usd", BookingKind.DISPUTE, "du_1"): -3000,
        ("usd", BookingKind.DISPUTE_RETURNED, "du_1"): 3000,
    }


def test_every_kind_but_fees_has_a_category_of_stripe() -> None:
    assert {*KINDS.values(), FEE} == set(BookingKind)


def test_equal_sums_do_not_differ() -> None:
    ours = {("usd", PAYMENT, "pi_1"): 3000, ("usd", FEE, "pi_1"): -117}
    assert differences(ours, {**ours, ("usd", FEE, "re_1"): 0}) == []
    assert differences({}, {}) == []


def test_what_one_side_lacks_is_named() -> None:
    ours = {("usd", PAYMENT, "pi_1"): 3000, ("usd", PAYMENT, "pi_2"): 1000, ("usd", REFUND, "re_1"): -700}
    stripe = {("usd", PAYMENT, "pi_1"): 3000, ("usd", PAYMENT, "pi_3"): 500, ("usd", REFUND, "re_1"): -700}
    assert differences(ours, stripe) == [BookDifference("usd", PAYMENT, 4000, 3500, 1500, ("pi_2", "pi_3"))]


def test_two_faults_that_cancel_out_are_found() -> None:
    (found,) = differences({("usd", PAYMENT, "pi_1"): 3000}, {("usd", PAYMENT, "pi_2"): 3000})
    assert (found.ours_cents, found.stripe_cents, found.cents) == (3000, 3000, 6000)


def test_a_currency_is_never_taken_for_another() -> None:
    found = differences({("usd", PAYMENT, "pi_1"): 3000}, {("eur", PAYMENT, "pi_1"): 3000})
    assert [(one.currency, one.ours_cents, one.stripe_cents) for one in found] == [("eur", 0, 3000), ("usd", 3000, 0)]


def test_any_single_fault_in_a_thousand_days_is_found() -> None:
    random = Random(20)
    for _ in range(1000):
        stripe = {
            ("usd", random.choice(list(BookingKind)), f"id_{n}"): random.randrange(-5000, 5000) or 1
            for n in range(random.randrange(1, 12))
        }
        ours = dict(random.sample(sorted(stripe.items()), len(stripe)))
        assert differences(ours, stripe) == []
        key, off = random.choice(list(ours)), random.choice((-1, 1, 999))
        ours[key] += off
        (found,) = differences(ours, stripe)
        assert (found.kind, found.cents, found.stripe_ids) == (key[1], abs(off), key[2:])


def test_a_difference_lists_some_of_its_ids() -> None:
    (found,) = differences({}, {("usd", PAYMENT, f"pi_{n}"): 1 for n in range(500)})
    assert (found.cents, len(found.stripe_ids)) == (500, LISTED)
