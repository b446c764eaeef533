"""The books against Stripe's list: pure functions. Cents below 0 left the balance."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from services.api.payments.objects import BalanceTransaction
from shared.models.book_check import BookDifference
from shared.models.booking import BookingKind

LISTED = 20  # ids of a difference
Key = tuple[str, BookingKind, str]  # currency, kind and Stripe's id
Sums = Mapping[Key, int]
# Payouts, transfers and fees of the account itself are no bookings: they are between the shop and Stripe.
KINDS: Mapping[str, BookingKind] = {
    "charge": BookingKind.PAYMENT,
    "charge_failure": BookingKind.PAYMENT,  # a debit that a bank took back, which the books do not know
    "refund": BookingKind.REFUND,
    "refund_failure": BookingKind.REFUND_FAILED,
    "dispute": BookingKind.DISPUTE,
    "dispute_reversal": BookingKind.DISPUTE_RETURNED,
}


def stripe_sums(transactions: Iterable[BalanceTransaction]) -> Sums:
    found: dict[Key, int] = defaultdict(int)
    for one in transactions:
        if kind := KINDS.get(one.category):
            found[one.currency, kind, one.source] += one.amount_cents
            found[one.currency, BookingKind.FEE, one.source] -= one.fee_cents
    return found


def differences(ours: Sums, stripe: Sums) -> list[BookDifference]:
    """One for each currency and kind of which an id has another amount, even if all ids together have the same."""
    wrong: dict[tuple[str, BookingKind], list[Key]] = defaultdict(list)
    for key in sorted(ours.keys() | stripe.keys()):
        if ours.get(key, 0) != stripe.get(key, 0):
            wrong[key[:2]].append(key)
    return [
        BookDifference(
            currency=currency,
            kind=kind,
            ours_cents=_sum(ours, currency, kind),
            stripe_cents=_sum(stripe, currency, kind),
            cents=sum(abs(ours.get(key, 0) - stripe.get(key, 0)) for key in keys),
            stripe_ids=tuple(key[2] for key in keys[:LISTED]),
        )
        for (currency, kind), keys in wrong.items()
    ]


def _sum(sums: Sums, currency: str, kind: BookingKind) -> int:
    return sum(cents for key, cents in sums.items() if key[:2] == (currency, kind))
