"""The router: one cut-out from whichever provider the rules name, every call on record, no cent over the budget.

    order by rollout ──> call ──> verified cut-out ──> unsure, and money left? ──> the paid one's, else ours
                          │ Unavailable: the next provider         (any failure there keeps ours)
                          └ Refused, Broken: the job's business

Only `Unavailable` moves on. A provider whose breaker is open is not asked. A paid call is written down and paid for
before it is made.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from pybreaker import CircuitBreaker, CircuitBreakerError

from services.worker.removal import Answer, Broken, Full, Refused, Remover, Unavailable, choice
from shared import images, log, metrics
from shared.db import costs
from shared.db.pool import Database
from shared.models import Foreground, Job, Provider

FAILURES = 5  # in a row until a provider's breaker opens
REST_S = 30  # until an open breaker lets one call try

_log = log.get("router")


@dataclass(frozen=True, slots=True)
class Cutout:
    """A verified cut-out: PNG bytes, the same decoded, and what is known about it."""

    png: bytes
    picture: images.Picture
    provider: Provider
    model: str
    engine: str
    uncertain: float
    foreground: Foreground
    cost_microusd: int


@dataclass(frozen=True, slots=True)
class Rules:
    """What an operator decided.

    `wait_at_budget`: a job meant for the paid side waits for tomorrow instead of using ours.
    """

    budget_microusd: int = 0
    wait_at_budget: bool = False
    paid_above_uncertain: float | None = None


class OverBudget(Unavailable):
    """The day's money for paid calls is spent."""


class Router:
    """Safe to share between threads."""

    def __init__(
        self,
        database: Database,
        providers: Mapping[Provider, Remover],
        rules: Rules,
        percent: Callable[[], int],
    ) -> None:
        self._database = database
        self._providers = providers
        self._rules = rules
        self._percent = percent
        self._breakers = {
            name: CircuitBreaker(
                fail_max=FAILURES, reset_timeout=REST_S, exclude=[Refused, Full, OverBudget], name=name
            )
            for name in providers
        }

    def engines(self, job: Job, size: tuple[int, int]) -> list[str]:
        """What this job would be cut out with, as far as that is known: the names under which a result may exist."""
        wanted = [self._providers[name].engine() for name in self._order(job, size)[:1]]
        return [engine for engine in wanted if engine]

    def remove(self, job: Job, picture: bytes, size: tuple[int, int]) -> Cutout:
        """A verified cut-out. Raises Refused, Broken, or Unavailable when nobody could be asked."""
        last: Unavailable | None = None
        for name in self._order(job, size):
            try:
                return self._improved(job, picture, size, self._guarded(name, job, picture, size))
            except OverBudget as error:
                if self._rules.wait_at_budget:
                    raise
                last = last or error
            except Unavailable as error:
                last = error
        raise last or Unavailable("no provider is configured")

    def _order(self, job: Job, size: tuple[int, int]) -> list[Provider]:
        order = choice.order(job.id, self._percent(), job.wanted)
        return [name for name in order if self._takes(name, size)]

    def _takes(self, name: Provider, size: tuple[int, int]) -> bool:
        return name in self._providers and size[0] * size[1] <= self._providers[name].max_pixels

    def _improved(self, job: Job, picture: bytes, size: tuple[int, int], cutout: Cutout) -> Cutout:
        """The paid provider's opinion on a matte that ours is unsure of, where an operator wants it."""
        limit = self._rules.paid_above_uncertain
        asked = cutout.provider is Provider.SELF_HOSTED and job.wanted is not Provider.SELF_HOSTED
        if limit is None or cutout.uncertain <= limit or not asked or not self._takes(Provider.REMOVEBG, size):
            return cutout
        try:
            return self._guarded(Provider.REMOVEBG, job, picture, size)
        except (Refused, Broken, Unavailable) as error:
            _log.info("kept_own_cutout", error=str(error)[:200])
            return cutout

    def _guarded(self, name: Provider, job: Job, picture: bytes, size: tuple[int, int]) -> Cutout:
        breaker = self._breakers[name]
        try:
            return breaker.call(self._recorded, self._providers[name], job, picture, size)
        except CircuitBreakerError as error:
            raise Unavailable(f"{name} is resting after failures", retry_after_s=5) from error
        finally:
            metrics.BREAKER_OPEN.labels(name).set(breaker.current_state != "closed")

    def _recorded(self, remover: Remover, job: Job, picture: bytes, size: tuple[int, int]) -> Cutout:
        """One call, with its row written before and completed after."""
        call = self._begin(remover, job, len(picture))
        began = time.perf_counter()
        spoken = costs.Spoken("broken", remover.price_microusd)  # unless we come to know better
        try:
            answer = remover.remove(picture, f"{job.id}.{job.fence}")
            spoken = costs.Spoken("broken", answer.charged_microusd, len(answer.png))
            cutout = verified(answer, size, remover.provider)
            spoken = costs.Spoken("ok", answer.charged_microusd, len(answer.png), cutout.uncertain)
            return cutout
        except (Refused, Unavailable, Broken) as error:
            spoken = replace(spoken, outcome=error.outcome, cost_microusd=spoken.cost_microusd if error.charged else 0)
            raise
        finally:
            self._end(call, remover.provider, spoken, time.perf_counter() - began)

    def _begin(self, remover: Remover, job: Job, input_bytes: int) -> UUID:
        with self._database.transaction() as connection:
            call = costs.begin(
                connection, job, remover.provider, input_bytes, remover.price_microusd, self._rules.budget_microusd
            )
        if call is None:
            metrics.BUDGET_REFUSALS.inc()
            _log.warning("budget_spent", provider=remover.provider)
            raise OverBudget("the budget of the day is spent", retry_after_s=60)
        return call

    def _end(self, call: UUID, provider: Provider, spoken: costs.Spoken, took_s: float) -> None:
        with self._database.transaction() as connection:
            costs.end(connection, call, spoken, round(took_s * 1000))
        metrics.PROVIDER_CALLS.labels(provider, spoken.outcome).inc()
        metrics.PROVIDER_SECONDS.labels(provider).observe(took_s)
        metrics.PROVIDER_SPEND.labels(provider).inc(spoken.cost_microusd / 1_000_000)


def verified(answer: Answer, size: tuple[int, int], provider: Provider) -> Cutout:
    """The answer as a cut-out of the right size, measured; raises Broken (charged as answered) when it is none."""
    try:
        picture = images.open_cutout(answer.png, *size)
        foreground, uncertain = images.measure(picture)
    except ValueError as error:
        raise Broken(str(error), charged=answer.charged_microusd > 0) from error
    return Cutout(
        png=answer.png,
        picture=picture,
        provider=provider,
        model=answer.model,
        engine=answer.engine,
        uncertain=uncertain,
        foreground=foreground,
        cost_microusd=answer.charged_microusd,
    )
