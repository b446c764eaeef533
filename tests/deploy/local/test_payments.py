"""Payments on one machine: which keys the double and the api share, and what the report says about money."""

import pytest

from deploy.local import payments
from services.api.payments.settings import Stripe

_KEYS = payments.keys("secret", 12111)


def test_the_keys_are_those_that_the_api_takes() -> None:
    settings = Stripe.read(_KEYS)
    assert settings.key
    assert not settings.live
    assert settings.api_base == "http://127.0.0.1:12111"


def test_the_keys_stay_with_their_secret_and_differ_from_each_other() -> None:
    assert payments.keys("secret", 12111) == _KEYS
    others = payments.keys("another", 12111)
    assert len({*_KEYS.values(), *others.values()}) == 7


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        (_KEYS, "TEST MODE: no money moves; a double of Stripe at http://127.0.0.1:12111"),
        ({"STRIPE_SECRET_KEY": "sk_test_1"}, "TEST MODE: no money moves"),
        ({"STRIPE_SECRET_KEY": "rk_live_1"}, "REAL MONEY"),
    ],
)
def test_the_report_says_whether_money_moves(environment: dict[str, str], words: str) -> None:
    assert payments.words(environment).startswith(words)
