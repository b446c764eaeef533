"""Keys of Stripe belong together, and real money goes to Stripe alone."""

import pytest

from services.api.payments.settings import Stripe
from shared.settings import Invalid

TEST = {
    "STRIPE_SECRET_KEY": "sk_test_of_the_tests",
    "STRIPE_PUBLISHABLE_KEY": "pk_test_of_the_tests",
    "STRIPE_WEBHOOK_SECRET": "whsec_of_the_tests",
    "PUBLIC_URL": "https://shop.example",
}
LIVE = TEST | {"STRIPE_SECRET_KEY": "sk_live_of_the_shop1", "STRIPE_PUBLISHABLE_KEY": "pk_live_of_the_shop1"}


def test_without_a_key_payments_are_off_and_no_money_is_real() -> None:
    off = Stripe.read({})
    assert (off.key, off.live, off.webhook_secrets) == (None, False, ())


def test_the_key_says_whether_money_is_real() -> None:
    assert not Stripe.read(TEST).live
    assert Stripe.read(LIVE).live
    assert Stripe.read(LIVE | {"STRIPE_SECRET_KEY": "rk_live_of_the_shop1"}).live


def test_two_secrets_count_while_they_are_changed() -> None:
    both = Stripe.read(TEST | {"STRIPE_WEBHOOK_SECRET": "whsec_the_old_one, whsec_the_new_one"})
    assert both.webhook_secrets == ("whsec_the_old_one", "whsec_the_new_one")


@pytest.mark.parametrize("base", ["http://127.0.0.1:12111", "http://localhost:12111/", "http://[::1]:12111"])
def test_a_double_on_this_machine_takes_test_keys(base: str) -> None:
    read = Stripe.read(TEST | {"STRIPE_API_BASE": base, "PUBLIC_URL": ""})
    assert read.api_base == base.rstrip("/")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"STRIPE_SECRET_KEY": "pk_test_of_the_tests"}, "must be a secret key"),
        ({"STRIPE_PUBLISHABLE_KEY": "sk_test_of_the_tests"}, "must be a publishable key"),
        ({"STRIPE_PUBLISHABLE_KEY": ""}, "also needs"),
        ({"STRIPE_WEBHOOK_SECRET": ""}, "also needs"),
        ({"PUBLIC_URL": ""}, "also needs"),
        ({"STRIPE_WEBHOOK_SECRET": "secret12"}, "must be whsec_"),
        ({"STRIPE_WEBHOOK_SECRET": "whsec_the_old_one,"}, "must be whsec_"),
        ({"STRIPE_WEBHOOK_SECRET": "whsec_of_one_1,whsec_of_two_2,whsec_of_three_3"}, "must be whsec_"),
        ({"STRIPE_PUBLISHABLE_KEY": "pk_live_of_the_shop1"}, "both be test keys or both live"),
        ({"STRIPE_API_BASE": "https://stripe.example"}, "of this machine"),
        ({"STRIPE_API_BASE": "http://127.0.0.1:12111/v1"}, "of this machine"),
        (LIVE | {"STRIPE_API_BASE": "http://127.0.0.1:12111"}, "for test keys"),
    ],
)
def test_what_does_not_fit_is_refused_without_repeating_it(
    changes: dict[str, str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Invalid):
        Stripe.read(TEST | changes)
    said = capsys.readouterr().err
    assert words in said
    assert not any(value and value in said for name, value in changes.items() if name != "PUBLIC_URL")
