"""/api/admin: what a rollout decision needs, and what an operator asks when something is stuck.

Keys of scope admin only.
"""

from dataclasses import asdict

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag

from services.api.admin import schemas
from services.api.dependencies import Dependencies
from services.api.middleware import auth, http_responses
from services.api.middleware.policy import Auth, Cache, Limit, policy
from shared.db import jobs, provider_calls, rollout


def blueprint(deps: Dependencies) -> APIBlueprint:
    api = APIBlueprint("admin", __name__, url_prefix="/api/admin", abp_tags=[Tag(name="admin")])

    @api.get("/rollout", summary="The self-hosted share", responses=http_responses.told(schemas.RolloutOut, 200))
    @policy(auth=Auth.ADMIN, limit=Limit.API, cache=Cache.NO_STORE)
    def show_rollout() -> Response:
        return _rollout(deps)

    @api.put("/rollout", summary="Change the self-hosted share", responses=http_responses.told(schemas.RolloutOut, 200))
    @policy(auth=Auth.ADMIN, limit=Limit.API, cache=Cache.NO_STORE)
    def put_rollout(body: schemas.RolloutIn) -> Response:
        """In force in every process within 30 s. 0 sends everyone to the paid provider, 100 nobody."""
        key = auth.key()
        assert key is not None  # the policy let nobody else in
        with deps.database.transaction() as connection:
            rollout.put(connection, body.percent, key.name)
        return _rollout(deps)

    @api.get("/providers", summary="Providers side by side", responses=http_responses.told(schemas.ProvidersOut, 200))
    @policy(auth=Auth.ADMIN, limit=Limit.API, cache=Cache.NO_STORE)
    def providers(query: schemas.DaysQuery) -> Response:
        """Calls, errors, durations, bytes, cost and uncertainty per provider and day (UTC)."""
        with deps.database.transaction() as connection:
            days = provider_calls.by_day(connection, query.days)
            spent = provider_calls.spent_today(connection)
        body = schemas.ProvidersOut(
            items=[_day(day) for day in days],
            spent_today_usd=spent / 1e6,
            daily_budget_usd=deps.settings.providers.budget_microusd / 1e6,
        )
        return jsonify(body.json_ready())

    @api.get("/jobs", summary="States, the oldest, the dead", responses=http_responses.told(schemas.JobsReport, 200))
    @policy(auth=Auth.ADMIN, limit=Limit.API, cache=Cache.NO_STORE)
    def report() -> Response:
        with deps.database.transaction() as connection:
            found = jobs.report(connection)
        dead = [schemas.DeadJob(**asdict(job)) for job in found.dead]
        body = schemas.JobsReport(states=found.states, oldest_queued_s=found.oldest_queued_s, dead=dead)
        return jsonify(body.json_ready())

    return api


def _rollout(deps: Dependencies) -> Response:
    with deps.database.transaction() as connection:
        history = rollout.history(connection)
    percent = history[0].percent if history else deps.settings.providers.rollout_percent
    changes = [schemas.RolloutChange(**asdict(change)) for change in history]
    return jsonify(schemas.RolloutOut(percent=percent, history=changes).json_ready())


def _day(day: provider_calls.ProviderDay) -> schemas.ProviderDayOut:
    facts = asdict(day)
    return schemas.ProviderDayOut(cost_usd=facts.pop("cost_microusd") / 1e6, **facts)
