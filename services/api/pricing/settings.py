"""The currency of the shop."""

from enum import StrEnum

from pydantic import Field

from shared import settings


class Currency(StrEnum):
    """Those whose minor unit is a hundredth, at Stripe and at banks alike."""

    USD = "usd"
    EUR = "eur"
    GBP = "gbp"
    CAD = "cad"
    AUD = "aud"
    CHF = "chf"
    SEK = "sek"
    NOK = "nok"
    DKK = "dkk"
    PLN = "pln"
    CZK = "czk"


class Pricing(settings.EnvSettings):
    """One currency for the whole deployment: catalogue, price list and codes are in its minor unit."""

    currency: Currency = Field(Currency.USD, validation_alias="CURRENCY")
