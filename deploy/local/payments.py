"""Payments without an account at Stripe: the project's double of it, and the keys that it and the api share."""

import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.local import ports
from deploy.local.process import Output
from deploy.local.service import Service
from deploy.local.settings import Settings

JOURNAL = "stripe-double.jsonl"


def keys(secret: str, port: int) -> dict[str, str]:
    """The settings of the api and of the double; derived from the api's secret, so that a restart keeps them."""
    return {
        "STRIPE_API_BASE": f"http://{ports.LOCAL}:{port}",
        "STRIPE_SECRET_KEY": f"sk_test_{_derived(secret, 'secret key')}",
        "STRIPE_PUBLISHABLE_KEY": f"pk_test_{_derived(secret, 'publishable key')}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{_derived(secret, 'webhooks')}",
    }


def double(settings: Settings, environment: Mapping[str, str], data: Path, root: Path, output: Output) -> Service:
    """The process, not started. It remembers in the data folder."""
    port = settings.stripe_double_port
    webhooks = f"http://{ports.LOCAL}:{settings.api_port}/api/webhooks/stripe"
    words = ("-m", "deploy.local.stripe_double", str(port), webhooks, str(data / JOURNAL))
    command = (sys.executable, *words)
    return Service("stripe", command, port=port, environment=environment, folder=root, output=output)


def words(environment: Mapping[str, str]) -> str:
    """What becomes of payments here."""
    if base := environment.get("STRIPE_API_BASE"):
        return (
            f"TEST MODE: no money moves; a double of Stripe at {base} takes all payments,"
            "\n              until STRIPE_SECRET_KEY is set: docs/payments.md"
        )
    if "_test_" in environment.get("STRIPE_SECRET_KEY", ""):
        return "TEST MODE: no money moves; STRIPE_SECRET_KEY is one of Stripe's test mode"
    return "REAL MONEY, through Stripe"


def _derived(secret: str, use: str) -> str:
    return hashlib.sha256(f"{secret} stripe double {use}".encode()).hexdigest()[:32]
