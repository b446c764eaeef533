"""/api/admin: the figures for rollout decisions and the state of the queue, for API keys of scope admin."""

from services.api.admin import schemas
from services.api.dependencies import Dependencies
from services.api.middleware import auth
from shared.db import job_report, provider_calls
from shared.db import rollout as rollouts
from shared.db.pool import Connection

_NO_EFFECT = (
    "This percentage has no effect: rembg does all jobs, because the paid provider needs both REMOVE_BG_API_KEY and "
    "PROVIDER_DAILY_BUDGET_CENTS. Set them for the api and the worker."
)


def rollout(deps: Dependencies) -> schemas.RolloutOut:
    """Get rollout.

    Shows the percentage of jobs that the self-hosted provider gets.
    """
    with deps.database.transaction() as connection:
        return _rollout(connection, deps)


def set_rollout(deps: Dependencies, body: schemas.RolloutIn) -> schemas.RolloutOut:
    """Change rollout.

    Takes effect in every process within 30 s. 0 sends all jobs to the paid provider, 100 none. Without a paid provider
    it has no effect, and `warning` says so.
    """
    with deps.database.transaction() as connection:
        rollouts.put(connection, body.percent, auth.actor())
        return _rollout(connection, deps)


def _rollout(connection: Connection, deps: Dependencies) -> schemas.RolloutOut:
    history = rollouts.history(connection)
    percent = history[0].percent if history else deps.settings.providers.rollout_percent
    return schemas.RolloutOut(
        percent=percent,
        warning=None if deps.settings.providers.paid_key else _NO_EFFECT,
        history=[schemas.RolloutChange.from_row(change) for change in history],
    )


def providers(deps: Dependencies, query: schemas.DaysQuery) -> schemas.ProvidersOut:
    """Compare providers.

    Compares calls, errors, durations, bytes, cost and uncertainty per provider and day (UTC).
    """
    with deps.database.transaction() as connection:
        days = provider_calls.by_day(connection, query.days)
        spent = provider_calls.spent_today(connection)
    return schemas.ProvidersOut(
        items=[schemas.ProviderDayOut.from_row(day, cost_usd=day.cost_microusd / 1e6) for day in days],
        spent_today_usd=spent / 1e6,
        daily_budget_usd=deps.settings.providers.budget_microusd / 1e6,
    )


def jobs_report(deps: Dependencies) -> schemas.JobsReport:
    """Queue overview.

    Shows jobs per state, counted to 10,000, the age of the oldest waiting job, and the newest dead jobs with their
    errors.
    """
    with deps.database.transaction() as connection:
        return schemas.JobsReport.from_row(job_report.report(connection))
