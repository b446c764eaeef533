"""Amounts of money as people read them."""


def amount(cents: int, currency: str) -> str:
    """`1,234.50 USD`, of minor units of a currency whose minor unit is a hundredth."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole:,}.{rest:02} {currency.upper()}"
