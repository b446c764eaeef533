"""/api/admin: what a rollout decision needs, and what an operator asks when something is stuck.

Keys of scope admin only.
"""

from dataclasses import asdict

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag

from services.api import auth, reports
from services.api.parts import Parts
from services.api.policy import Auth, Cache, Limit, policy
from services.api.views import answers
from shared.db import costs, jobs, rollout


def blueprint(parts: Parts) -> APIBlueprint:
    api = APIBlueprint("admin", __name__, url_prefix="/api/admin", abp_tags=[Tag(name="admin")])

    @api.get("/rollout", summary="The self-hosted share", responses=answers.told(reports.RolloutOut, 200))
    @policy(auth=Auth.ADMIN, limit=Limit.API, cache=Cache.NO_STORE)
    def show_rollout() -> Response:
        return _rollout(parts)

    @api.put("/rollout", summary="Change the self-hosted share", responses=answers.told(reports.RolloutOut, 200))
    @policy(auth=Auth.ADMIN, limit=Limit.API, cache=Cache.NO_STORE)
    def put_rollout(body: reports.RolloutIn) -> Response:
        """In force in every process within 30 s. 0 sends everyone to the paid provider, 100 nobody."""
        key = auth.key()
        assert key is not None  # the policy let nobody else in
        with parts.database.transaction() as connection:
            rollout.put(connection, body.percent, key.name)
        return _rollout(parts)

    @api.get("/providers", summary="Providers side by side", responses=answers.told(reports.ProvidersOut, 200))
    @policy(auth=Auth.ADMIN, limit=Limit.API, cache=Cache.NO_STORE)
    def providers(query: reports.DaysQuery) -> Response:
        """Calls, errors, durations, bytes, cost and uncertainty per provider and day (UTC)."""
        with parts.database.transaction() as connection:
            days = costs.by_day(connection, query.days)
            spent = costs.spent_today(connection)
        body = reports.ProvidersOut(
            items=[_day(day) for day in days],
            spent_today_usd=spent / 1e6,
            daily_budget_usd=parts.settings.providers.budget_microusd / 1e6,
        )
        return jsonify(body.json_ready())

    @api.get("/jobs", summary="States, the oldest, the dead", responses=answers.told(reports.JobsReport, 200))
    @policy(auth=Auth.ADMIN, limit=Limit.API, cache=Cache.NO_STORE)
    def report() -> Response:
        with parts.database.transaction() as connection:
            found = jobs.report(connection)
        dead = [reports.DeadJob(**asdict(job)) for job in found.dead]
        body = reports.JobsReport(states=found.states, oldest_queued_s=found.oldest_queued_s, dead=dead)
        return jsonify(body.json_ready())

    return api


def _rollout(parts: Parts) -> Response:
    with parts.database.transaction() as connection:
        history = rollout.history(connection)
    percent = history[0].percent if history else parts.settings.providers.rollout_percent
    changes = [reports.RolloutChange(**asdict(change)) for change in history]
    return jsonify(reports.RolloutOut(percent=percent, history=changes).json_ready())


def _day(day: costs.ProviderDay) -> reports.ProviderDayOut:
    facts = asdict(day)
    return reports.ProviderDayOut(cost_usd=facts.pop("cost_microusd") / 1e6, **facts)
