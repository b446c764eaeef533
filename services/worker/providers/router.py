"""The router: one cut-out from whichever provider the rules name, every call on record, no cent over the budget.

    order by rollout ──> made before? ──> call ──> verified cut-out ──> unsure, and money left? ──> the paid one's,
                                           │ Unavailable: the next                                    else ours
                                           └ Refused, Broken: the job's business

Only `Unavailable` moves on, and not when ours is merely full. A provider whose breaker is open is not asked. A paid
call is written down and paid for, on the disk, before it is made, and a job gets no second one, unless its worker
died in the first.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from services.worker.providers import Answer, Broken, Full, Refused, Remover, Unavailable, provider_order
from services.worker.providers.breaker import Breaker
from services.worker.retry import retry_unavailable
from shared import errors, fast_png, images, log, metrics
from shared.db import provider_calls
from shared.db.pool import Database
from shared.models.cutout import Foreground, Provider
from shared.models.job import Job

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


class Withheld(Unavailable):
    """A paid call that we do not make."""


class OverBudget(Withheld):
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
        self._breakers = {name: Breaker() for name in providers}

    def remove(
        self, job: Job, picture: bytes, size: tuple[int, int], known: Callable[[list[str]], bool]
    ) -> Cutout | None:
        """A verified cut-out; None when `known` found one that an engine it is told had made before.

        Raises Refused, Broken, or Unavailable when nobody could be asked.
        """
        last: Unavailable | None = None
        for name in self._order(job, size):
            if known(self._engines(job, name)):
                return None
            try:
                return self._improved(job, picture, size, self._guarded(name, job, picture, size))
            except Full:
                raise  # it will have a place in a moment: a burst is waited for, not paid for
            except OverBudget as error:
                if self._rules.wait_at_budget:
                    raise
                last = last or error
            except Unavailable as error:
                last = error
        raise last or Unavailable("no provider is configured")

    def _order(self, job: Job, size: tuple[int, int]) -> list[Provider]:
        order = provider_order.order(job.id, self._percent(), job.wanted)
        return [name for name in order if self._takes(name, size)]

    def _engines(self, job: Job, name: Provider) -> list[str]:
        """Whose earlier result serves as well as a call now: the provider's own, or the paid one's, unless chosen."""
        names = {name} if job.wanted else {name, Provider.REMOVEBG}
        engines = [self._providers[name].engine() for name in names & self._providers.keys()]
        return [engine for engine in engines if engine]

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
        """One call, if the breaker lets it pass; what it shows is told to the breaker."""
        breaker = self._breakers[name]
        if not breaker.admits():
            raise Unavailable(f"{name} is resting after failures", retry_after_s=5)
        try:
            cutout = self._recorded(self._providers[name], job, picture, size)
            breaker.heard(well=True)
            return cutout
        except (Full, Withheld):
            raise  # which says nothing about the provider
        except (Broken, Unavailable):
            breaker.heard(well=False)
            raise
        except Refused:
            breaker.heard(well=True)
            raise
        finally:
            metrics.BREAKER_OPEN.labels(name).set(breaker.open)

    def _recorded(self, remover: Remover, job: Job, picture: bytes, size: tuple[int, int]) -> Cutout:
        """One call, with its row written before and completed after."""
        call = self._begin(remover, job, len(picture))
        began = time.perf_counter()
        spoken = provider_calls.Spoken("broken", remover.price_microusd)  # unless we come to know better
        try:
            answer = remover.remove(picture, _called(job, remover))
            spoken = provider_calls.Spoken("broken", answer.charged_microusd, len(answer.png))
            cutout = verified(answer, size, remover.provider)
            spoken = provider_calls.Spoken("ok", answer.charged_microusd, len(answer.png), cutout.uncertain)
            return cutout
        except (Refused, Unavailable, Broken) as error:
            spoken = replace(spoken, outcome=error.outcome, cost_microusd=spoken.cost_microusd if error.charged else 0)
            raise
        finally:
            self._end(call, remover, spoken, time.perf_counter() - began)

    def _begin(self, remover: Remover, job: Job, input_bytes: int) -> UUID:
        price, budget = remover.price_microusd, self._rules.budget_microusd
        with self._database.transaction(durable=price > 0) as connection:
            if price and provider_calls.paid(connection, job, remover.provider):
                raise Withheld("this job was paid for before")
            call = provider_calls.begin(connection, job, remover.provider, input_bytes, price, budget)
        if call is None:
            metrics.BUDGET_REFUSALS.inc()
            _log.warning("budget_spent", provider=remover.provider)
            raise OverBudget("the budget of the day is spent", retry_after_s=60)
        return call

    def _end(self, call: UUID, remover: Remover, spoken: provider_calls.Spoken, took_s: float) -> None:
        """Complete the row. Should Postgres be away, a paid picture is worth more: its row stays as it was begun."""

        def write() -> None:
            with self._database.transaction(durable=remover.price_microusd > 0) as connection:
                provider_calls.end(connection, call, spoken, round(took_s * 1000))

        try:
            retry_unavailable(write) if remover.price_microusd else write()
        except errors.Unavailable:
            _log.warning("call_not_recorded", call=str(call), outcome=spoken.outcome)
        metrics.PROVIDER_CALLS.labels(remover.provider, spoken.outcome).inc()
        metrics.PROVIDER_SECONDS.labels(remover.provider).observe(took_s)
        metrics.PROVIDER_SPEND.labels(remover.provider).inc(spoken.cost_microusd / 1_000_000)


def _called(job: Job, remover: Remover) -> str:
    """The id a provider gets: of our own the request's, for the logs; of a paid one each try's, for its bill."""
    return f"{job.id}.{job.fence}" if remover.price_microusd or not job.request_id else job.request_id


def verified(answer: Answer, size: tuple[int, int], provider: Provider) -> Cutout:
    """The answer as a cut-out of the right size, measured; raises Broken (charged as answered) when it is none."""
    try:
        picture = images.open_cutout(answer.png, *size, quickly=fast_png.decode)
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
