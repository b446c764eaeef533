"""An api that pays at the double of Stripe."""

from tests.services.api.stripe_shop import double, shop

__all__ = ["double", "shop"]
