"""Refuse a deployment that would fail later: `python -m deploy.preflight`, run before the migrations.

- Connections: an api instance is one process with a pool and one listening connection, a worker instance one process
  with a pool; migrations take one. Their sum over all instances must not exceed MAX_DB_CONNECTIONS.
- Settings: in production, what the services would refuse at their start.

It warns of a production whose alerts and errors go nowhere, or whose customers get no mail.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from shared import settings

LISTENERS = 1  # of an api process, which receives job events on a connection of its own
MIGRATIONS = 1
_LEAST = 2  # connections of a pool
_CHECKED = (settings.Database, settings.Broker, settings.Storage, settings.Keys, settings.Rembg, settings.Ops)


@dataclass(frozen=True, slots=True)
class Plan:
    """The connections a deployment needs; `worker` counts those of print jobs too.

    One instance is one process, because gunicorn and Celery run threads here.
    """

    api: int
    worker: int
    pool: int
    limit: int

    @property
    def connections(self) -> int:
        return self.api * (self.pool + LISTENERS) + self.worker * self.pool + MIGRATIONS

    @property
    def largest_pool(self) -> int:
        """The largest that fits, or 0 where even the smallest does not."""
        fits = (self.limit - MIGRATIONS - self.api * LISTENERS) // max(1, self.api + self.worker)
        return fits if fits >= _LEAST else 0

    def __str__(self) -> str:
        return (
            f"{self.api} api x ({self.pool} + {LISTENERS}) + {self.worker} worker x {self.pool} + {MIGRATIONS} "
            f"= {self.connections} of {self.limit} connections"
        )


def plan(environment: Mapping[str, str]) -> Plan:
    """Raises settings.Invalid for a malformed number."""
    default = settings.Database.model_fields["pool_max"].default
    return Plan(
        api=_number("API_INSTANCES", environment.get("API_INSTANCES") or "1"),
        worker=_number("WORKER_INSTANCES", environment.get("WORKER_INSTANCES") or "1")
        + _number("PRINT_INSTANCES", environment.get("PRINT_INSTANCES") or "0"),
        pool=_number("DATABASE_POOL_MAX", environment.get("DATABASE_POOL_MAX") or str(default)),
        limit=_number("MAX_DB_CONNECTIONS", environment.get("MAX_DB_CONNECTIONS") or "15"),
    )


def check(environment: Mapping[str, str]) -> Plan:
    """Raises settings.Invalid, with advice."""
    planned = plan(environment)
    if planned.connections > planned.limit:
        fits = planned.largest_pool
        advice = f"set DATABASE_POOL_MAX={fits}" if fits else "fewer instances or a pooler are needed"
        raise settings.Invalid(f"{planned}: too many; {advice}")
    if settings.is_production(environment):
        for block in _CHECKED:
            block.read(environment)
    return planned


def warnings(environment: Mapping[str, str]) -> list[str]:
    """What a deployment may do and should not."""
    if not settings.is_production(environment):
        return []
    found = []
    if not (environment.get("ALERT_WEBHOOK_URL") or environment.get("SENTRY_DSN")):
        found.append("alerts and errors go nowhere: set ALERT_WEBHOOK_URL for Alertmanager, or SENTRY_DSN")
    if not environment.get("SMTP_URL"):
        found.append("customers get no mail, so they cannot open accounts: set SMTP_URL and MAIL_FROM")
    if environment.get("STRIPE_SECRET_KEY") and not environment.get("SHOP_ADDRESS"):
        found.append("invoices name no address of the seller, and never change: set SHOP_ADDRESS and SHOP_TAX_ID")
    return found


def _number(name: str, text: str) -> int:
    if not text.isdecimal():
        raise settings.Invalid(f"{name} must be a whole number, and is {text}")
    return int(text)


if __name__ == "__main__":
    print(check(os.environ))
    for warning in warnings(os.environ):
        print(f"warning: {warning}", file=sys.stderr)
    sys.exit(0)
