"""The health checks of the api, and the facts about the deployment that `/health/detailed` shows."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import requests

from services.api.settings import Settings
from shared.broker import Waker
from shared.db.pool import Database
from shared.health import Check, Health
from shared.storage import Storage

if TYPE_CHECKING:
    from services.api.payments.client import StripeClient


def build(
    settings: Settings, database: Database, objects: Storage, waker: Waker, stripe: "StripeClient | None"
) -> Health:
    checks = [
        Check("database", database.check, critical=True),
        Check("storage", objects.check),
        Check("redis", waker.check),
        Check("rembg", partial(_check_service, settings.rembg.endpoint)),
    ]
    if settings.mockups.endpoint:
        checks.append(Check("mockups", partial(_check_service, settings.mockups.endpoint)))
    if stripe:
        checks.append(Check("stripe", stripe.check))
    return Health("api", tuple(checks), partial(_facts, settings))


def _check_service(endpoint: str) -> Mapping[str, object]:
    with requests.Session() as session:
        session.trust_env = False
        response = session.get(f"{endpoint.rstrip('/')}/health/ready", timeout=(0.5, 1))
    response.raise_for_status()
    return {}


def _facts(settings: Settings) -> Mapping[str, object]:
    """The monthly saving: of the design's 2,035.97 USD, 23.97 come from the object storage."""
    r2 = settings.storage.endpoint is not None
    return {
        "environment": settings.ops.environment,
        "infrastructure": {
            "rembgSelfHosted": True,
            "r2Storage": r2,
            "costOptimized": True,
            "estimatedMonthlySavings": 2035.97 if r2 else 2012.00,
        },
    }
