"""The sums of Stripe's ledger, as the books state them."""

from typing import Any

import pytest

from deploy.local import story_words as words
from deploy.local.errors import CommandError


def _moved(category: str, amount: int, fee: int = 0, currency: str = "usd") -> dict[str, Any]:
    return {
        "reporting_category": category,
        "amount": amount,
        "fee": fee,
        "net": amount - fee,
        "currency": currency,
    }


def test_each_currency_has_its_sums() -> None:
    rows = words.ledger(
        [
            *(_moved("charge", 2500, 103), _moved("refund", -700), _moved("refund_failure", 200)),
            *(_moved("dispute", -2500, 1500), _moved("dispute_reversal", 2500), _moved("charge", 900, 56, "eur")),
        ]
    )
    names = ("currency", "receivedCents", "refundedCents", "disputedCents", "feesCents", "netCents")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("eur", 900, 0, 0, 56, 844),
        ("usd", 2500, 500, 0, 1603, 397),
    ]


def test_an_empty_ledger_has_no_sums() -> None:
    assert words.ledger([]) == []


def test_a_print_file_that_failed_ends_the_story() -> None:
    made = {"items": [{"prints": [{"file": {"status": "failed", "error": "no ink"}}]}]}
    with pytest.raises(CommandError, match="no ink"):
        words.print_file(made)
