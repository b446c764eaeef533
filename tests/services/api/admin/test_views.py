"""/api/admin: rollout, provider figures and the state of the queue, for admin keys only."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.api.keys import digest, make
from services.api.middleware.auth import API_KEY
from services.api.routes import DOCUMENTED
from services.worker.providers.provider_order import RolloutPercent
from shared.db import api_keys, ids, job_queue, provider_calls
from shared.models.cutout import Provider
from shared.models.job import JobFailure, Timings
from shared.models.owner import Scope
from tests.services import pictures
from tests.services.api.client import bearer, body, cut_out, refused
from tests.services.api.conftest import Api, Start

ROUTES = [
    ("GET", "/api/admin/rollout"),
    ("PUT", "/api/admin/rollout"),
    ("GET", "/api/admin/providers"),
    ("GET", "/api/admin/jobs"),
]


class Admin:
    """An admin's client."""

    def __init__(self, api: Api, name: str = "anne", scope: Scope = Scope.ADMIN) -> None:
        key = make()
        with api.deps.database.transaction() as connection:
            api_keys.add(connection, name, scope, digest(key))
        self._client: FlaskClient = api.app.test_client(use_cookies=False)
        self._headers = {API_KEY: key}

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        return self._client.open(path, method=method, headers=self._headers, **options)

    def get(self, path: str) -> dict[str, Any]:
        response = self.ask("GET", path)
        assert response.status_code == 200, response.text
        assert response.headers["Cache-Control"] == "no-store"
        return body(response)

    def put(self, percent: object) -> TestResponse:
        return self.ask("PUT", "/api/admin/rollout", json={"percent": percent})


@pytest.fixture
def admin(api: Api) -> Admin:
    return Admin(api)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_only_an_admin_s_key_opens_it(api: Api, method: str, path: str) -> None:
    guest = api.guest()
    cut_out(guest)
    refused(api.app.test_client().open(path, method=method), 401, "unauthorized")
    refused(guest.open(path, method=method), 401, "unauthorized")
    refused(api.app.test_client().open(path, method=method, headers=bearer(guest)), 401, "unauthorized")
    refused(api.app.test_client().open(path, method=method, headers={API_KEY: make()}), 401, "unauthorized")
    refused(Admin(api, scope=Scope.PREMIUM).ask(method, path, json={"percent": 1}), 403, "forbidden")
    assert Admin(api).ask(method, path, json={"percent": 1} if method == "PUT" else None).status_code == 200


def test_every_admin_route_but_those_of_the_shop_is_in_these_tests() -> None:
    found = {(route.method, route.path) for route in DOCUMENTED["admin"]}
    assert found == set(ROUTES)


# Rollout


def test_without_a_change_the_setting_applies(start: Start, environment: pytest.MonkeyPatch) -> None:
    assert Admin(start()).get("/api/admin/rollout")["percent"] == 100
    environment.setenv("SELF_HOSTED_ROLLOUT_PERCENT", "40")
    assert Admin(start()).get("/api/admin/rollout")["percent"] == 40


def test_a_change_is_recorded_with_its_key_and_time(api: Api, admin: Admin) -> None:
    began = datetime.now(UTC) - timedelta(seconds=5)
    response = admin.put(25)
    assert response.status_code == 200
    Admin(api, "bert").put(0)
    report = admin.get("/api/admin/rollout")
    assert report["percent"] == 0
    assert [(change["percent"], change["setBy"]) for change in report["history"]] == [(0, "bert"), (25, "anne")]
    assert body(response) == report | {"percent": 25, "history": report["history"][1:]}
    for change in report["history"]:
        assert change["setAt"].endswith("Z")
        assert began < datetime.fromisoformat(change["setAt"]) < datetime.now(UTC) + timedelta(seconds=5)


@pytest.mark.parametrize(
    ("key", "budget", "effective"),
    [("", "500", False), ("a-key-of-removebg", "", False), ("a-key-of-removebg", "500", True)],
)
def test_a_change_without_a_paid_provider_says_that_it_has_no_effect(
    start: Start, environment: pytest.MonkeyPatch, key: str, budget: str, effective: bool
) -> None:
    environment.setenv("REMOVE_BG_API_KEY", key)
    environment.setenv("PROVIDER_DAILY_BUDGET_CENTS", budget)
    admin = Admin(start())
    warning = body(admin.put(25))["warning"]
    assert admin.get("/api/admin/rollout")["warning"] == warning
    if effective:
        assert warning is None
    else:
        assert warning.startswith("This percentage has no effect: rembg does all jobs")
        assert "REMOVE_BG_API_KEY and PROVIDER_DAILY_BUDGET_CENTS" in warning


def test_a_change_reaches_the_workers(api: Api, admin: Admin) -> None:
    admin.put(0)
    assert RolloutPercent(api.deps.database, 100)() == 0


@pytest.mark.parametrize("percent", [-1, 101, "x", None, 12.5, []])
def test_an_impossible_percentage_changes_nothing(admin: Admin, percent: object) -> None:
    refused(admin.put(percent), 400, "invalid_request")
    refused(admin.ask("PUT", "/api/admin/rollout", json={"percent": 5, "share": 5}), 400, "invalid_request")
    refused(admin.ask("PUT", "/api/admin/rollout", json={}), 400, "invalid_request")
    assert admin.get("/api/admin/rollout")["history"] == []


# Providers


def _call(api: Api, provider: Provider, spoken: provider_calls.CallOutcome, took_ms: int) -> None:
    with api.deps.database.transaction() as connection:
        price = spoken.cost_microusd
        call = provider_calls.begin(connection, api_job(api), provider, 1_000, price, 10_000_000)
        assert call is not None
        provider_calls.end(connection, call, spoken, took_ms)


def api_job(api: Api) -> Any:
    """A stand-in with an id and a fence."""

    class Job:
        id: UUID = ids.new()
        fence = 1

    return Job()


def test_providers_are_compared_by_day(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PROVIDER_DAILY_BUDGET_CENTS", "500")
    api = start()
    for took_ms, uncertain in ((100, 0.1), (200, 0.2), (900, 0.3)):
        _call(api, Provider.SELF_HOSTED, provider_calls.CallOutcome("ok", 0, 5_000, uncertain), took_ms)
    _call(api, Provider.SELF_HOSTED, provider_calls.CallOutcome("unavailable", 0), 2_000)
    _call(api, Provider.REMOVEBG, provider_calls.CallOutcome("ok", 200_000, 7_000), 1_500)
    report = Admin(api).get("/api/admin/providers?days=7")
    assert report["spentTodayUsd"] == 0.2
    assert report["dailyBudgetUsd"] == 5.0
    paid, ours = report["items"]
    assert paid == {
        "day": f"{datetime.now(UTC):%Y-%m-%d}",
        "provider": "removebg",
        "count": 1,
        "errors": 0,
        "averageMs": 1500.0,
        "p50Ms": 1500.0,
        "p95Ms": 1500.0,
        "inputBytes": 1_000,
        "outputBytes": 7_000,
        "costUsd": 0.2,
        "uncertain": None,
    }
    assert ours["uncertain"] == pytest.approx(0.2)
    del ours["uncertain"]
    assert ours == {
        "day": paid["day"],
        "provider": "self_hosted",
        "count": 4,
        "errors": 1,
        "averageMs": 800.0,  # (100 + 200 + 900 + 2000) / 4
        "p50Ms": 550.0,  # half way from 200 to 900
        "p95Ms": pytest.approx(1835.0),  # 85 % of the way from 900 to 2000
        "inputBytes": 4_000,
        "outputBytes": 15_000,
        "costUsd": 0.0,
    }


def test_without_calls_the_table_is_empty(admin: Admin) -> None:
    assert admin.get("/api/admin/providers") == {"items": [], "spentTodayUsd": 0.0, "dailyBudgetUsd": 0.0}


@pytest.mark.parametrize("query", ["days=0", "days=91", "days=x", "weeks=1"])
def test_an_invalid_query_is_refused(admin: Admin, query: str) -> None:
    refused(admin.ask("GET", f"/api/admin/providers?{query}"), 400, "invalid_request")


# Jobs


def test_the_report_of_an_empty_queue(admin: Admin) -> None:
    states = dict.fromkeys(("queued", "running", "done", "failed", "cancelled"), 0)
    assert admin.get("/api/admin/jobs") == {"states": states, "oldestQueuedS": None, "dead": []}


def _fail(api: Api, error: JobFailure) -> str:
    job = api.claim()
    with api.deps.database.transaction() as connection:
        assert job_queue.fail(connection, job, error, f"words about {error}", Timings())
    return str(job.id)


def test_the_report_counts_states_and_shows_the_oldest_and_the_dead(api: Api, admin: Admin) -> None:
    guest = api.guest()
    for shade in range(3):
        cut_out(guest, pictures.png(shade=shade * 50))
    first, nothing_there, poison = (
        _fail(api, error) for error in (JobFailure.PROVIDER_FAILED, JobFailure.UNKNOWN_FOREGROUND, JobFailure.POISON)
    )
    cut_out(guest, pictures.png(shade=201))
    cut_out(guest, pictures.png(shade=202))
    api.claim()
    with api.deps.database.transaction() as connection:
        connection.execute("update jobs set created_at = now() - interval '90 seconds' where status = 'queued'")
    report = admin.get("/api/admin/jobs")
    assert report["states"] == {"queued": 1, "running": 1, "done": 0, "failed": 3, "cancelled": 0}
    assert 90 <= report["oldestQueuedS"] < 120
    assert [dead["id"] for dead in report["dead"]] == [
        poison,
        first,
    ]  # a picture without a subject is not an error of ours
    assert nothing_there not in str(report)
    dead = report["dead"][0]
    assert dead.pop("finishedAt").endswith("Z")
    assert dead == {"id": poison, "code": "poison", "message": "words about poison", "attempts": 1}
