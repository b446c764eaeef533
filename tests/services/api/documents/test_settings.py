"""Who sells: what invoices say of the seller, and settings that are refused."""

import pytest

from services.api.documents.settings import SellerSettings
from shared import settings
from shared.models.invoice import Seller


def test_without_settings_the_seller_has_the_shops_name_alone() -> None:
    assert SellerSettings.read({}).seller("Acme") == Seller("Acme")


def test_commas_part_the_lines_of_the_address() -> None:
    given = {"SHOP_LEGAL_NAME": "Acme GmbH", "SHOP_ADDRESS": "1 Main Street,10115 Berlin , ", "SHOP_TAX_ID": " VAT 1 "}
    assert SellerSettings.read(given).seller("Acme") == Seller("Acme GmbH", ("1 Main Street", "10115 Berlin"), "VAT 1")


@pytest.mark.parametrize(
    ("name", "value"), [("SHOP_ADDRESS", "a\nb"), ("SHOP_TAX_ID", "1\x00"), ("SHOP_LEGAL_NAME", "x" * 101)]
)
def test_an_error_names_the_setting_that_no_invoice_can_show(name: str, value: str) -> None:
    with pytest.raises(settings.Invalid, match=name):
        SellerSettings.read({name: value})
