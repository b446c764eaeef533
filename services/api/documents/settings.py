"""Who sells, as invoices must say it."""

from typing import Annotated

from pydantic import AfterValidator, Field

from shared import settings
from shared.models.invoice import Seller


def _one_line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must be one line of text")
    return value.strip()


_Line = Annotated[str, AfterValidator(_one_line)]


class SellerSettings(settings.EnvSettings):
    """An invoice keeps what these are when it is issued."""

    legal_name: _Line = Field("", validation_alias="SHOP_LEGAL_NAME", max_length=100)
    address: _Line = Field("", validation_alias="SHOP_ADDRESS", max_length=300)
    tax_id: _Line = Field("", validation_alias="SHOP_TAX_ID", max_length=60)
    email: _Line = Field("", validation_alias="SHOP_EMAIL", max_length=254)
    note: _Line = Field("", validation_alias="SHOP_INVOICE_NOTE", max_length=500)

    def seller(self, shop_name: str) -> Seller:
        """The lines of the address are what stands between its commas."""
        lines = tuple(part.strip() for part in self.address.split(",") if part.strip())
        return Seller(self.legal_name or shop_name, lines, self.tax_id, self.email, self.note)
