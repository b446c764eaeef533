"""Before anything starts: the sum of all connections, and secrets that are none."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import preflight
from deploy.preflight import Plan
from shared.settings import Invalid

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "deploy/railway/README.md").read_text()
ROWS = [
    tuple(map(int, row)) for row in re.findall(r"^\| (\d) api, (\d) worker \| (\d) \| (\d+) \|$", PAGE, re.MULTILINE)
]
FINE = {
    "SECRET_KEY": "a" * 48,
    "OPS_TOKEN": "b" * 48,
    "DATABASE_URL": "postgresql://u:a-long-password@h/d",
    "REDIS_URL": "redis://h:6379/0",
}


@pytest.mark.parametrize(("api", "worker", "pool", "connections"), ROWS)
def test_the_page_tells_the_largest_pool_that_fits(api: int, worker: int, pool: int, connections: int) -> None:
    plan = Plan(api, worker, pool, 15)
    assert (plan.connections, plan.largest_pool) == (connections, pool)


def test_the_pages_number_of_instances_fits_the_limit_of_railways_postgres() -> None:
    assert "`MAX_DB_CONNECTIONS=90` the default pools of 5 carry eight api and eight worker" in PAGE
    assert Plan(8, 8, 5, 90).connections <= 90 < Plan(9, 8, 5, 90).connections


@pytest.mark.parametrize("api", range(1, 6))
@pytest.mark.parametrize("worker", range(1, 6))
@pytest.mark.parametrize("limit", [15, 25, 95])
def test_what_is_said_to_fit_fits_and_one_more_does_not(api: int, worker: int, limit: int) -> None:
    pool = Plan(api, worker, 2, limit).largest_pool
    assert Plan(api, worker, pool or 2, limit).connections > limit or pool
    assert Plan(api, worker, (pool or 1) + 1, limit).connections > limit


def test_too_many_connections_are_refused_with_what_to_do() -> None:
    given = {"API_INSTANCES": "2", "WORKER_INSTANCES": "2", "DATABASE_POOL_MAX": "5"}
    with pytest.raises(Invalid, match=r"= 23 of 15 connections: too many; set DATABASE_POOL_MAX=3"):
        preflight.check(given)
    with pytest.raises(Invalid, match="fewer instances or a pooler"):
        preflight.check(given | {"API_INSTANCES": "6"})


def test_the_defaults_fit() -> None:
    assert preflight.check({}).connections == 12
    assert preflight.check({"PRINT_INSTANCES": "1", "DATABASE_POOL_MAX": "3"}).connections == 11


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "development-only-development-only"),
        ("OPS_TOKEN", "development"),
        ("REMBG_TOKEN", "short"),
        ("DATABASE_URL", "postgresql://stolentee:development@postgres/stolentee"),
        ("REDIS_URL", "redis://:development@h:6379/0"),
    ],
)
def test_what_the_services_would_refuse_in_production_ends_the_deploy_first(name: str, value: str) -> None:
    preflight.check(FINE | {"ENVIRONMENT": "Production"})
    known = FINE | {name: value}
    preflight.check(known)
    with pytest.raises(Invalid, match=name):
        preflight.check(known | {"ENVIRONMENT": "Production"})


def test_a_number_that_is_none_is_named() -> None:
    with pytest.raises(Invalid, match="API_INSTANCES must be a whole number, and is two"):
        preflight.check({"API_INSTANCES": "two"})


def test_as_a_command_it_ends_the_deploy() -> None:
    command = [sys.executable, "-m", "deploy.preflight"]
    fine = subprocess.run(command, cwd=ROOT, env={}, capture_output=True, text=True, check=True)
    assert fine.stdout == "1 api x (5 + 1) + 1 worker x 5 + 1 = 12 of 15 connections\n"
    bad = subprocess.run(command, cwd=ROOT, env={"DATABASE_POOL_MAX": "9"}, capture_output=True, text=True, check=False)
    assert (bad.returncode, bad.stdout) == (3, "")


@pytest.mark.parametrize(
    ("environment", "warned"),
    [
        ({}, []),
        ({"ENVIRONMENT": "production"}, ["alerts", "customers"]),
        ({"ENVIRONMENT": "production", "ALERT_WEBHOOK_URL": "", "SENTRY_DSN": ""}, ["alerts", "customers"]),
        ({"ENVIRONMENT": "production", "ALERT_WEBHOOK_URL": "https://hook.example"}, ["customers"]),
        ({"ENVIRONMENT": "production", "SENTRY_DSN": "https://key@sentry.example/1"}, ["customers"]),
        ({"ENVIRONMENT": "production", "SMTP_URL": "smtps://u:p@mail.example"}, ["alerts"]),
        ({"ENVIRONMENT": "production", "STRIPE_SECRET_KEY": "sk_live_1"}, ["alerts", "customers", "invoices"]),
        (
            {"ENVIRONMENT": "production", "STRIPE_SECRET_KEY": "sk_live_1", "SHOP_ADDRESS": "1 Main Street"},
            ["alerts", "customers"],
        ),
    ],
)
def test_a_production_is_warned_of_what_goes_nowhere_or_stays_wrong(
    environment: dict[str, str], warned: list[str]
) -> None:
    assert [warning.partition(" ")[0] for warning in preflight.warnings(environment)] == warned


def test_a_warning_does_not_stop_the_deployment() -> None:
    environment = FINE | {"ENVIRONMENT": "production"}
    command = [sys.executable, "-m", "deploy.preflight"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert "warning: alerts and errors go nowhere" in done.stderr
