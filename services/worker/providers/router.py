"""The router: one cut-out, by the provider that the rules choose, with a record of every call and within the budget.

    order by rollout ──> done before? ──> call ──> verified ──> uncertain, and money left? ──> the paid provider's,
                                           │ Unavailable: next provider                          else ours
                                           └ Refused, Broken: raised

Only `Unavailable` leads to the next provider, and not when ours is merely full. A provider with an open breaker is not
called. A paid call is recorded and paid for, durably, before it is made. A job gets only one, unless its worker died
during the first.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from services.worker import retry
from services.worker.failures import LeaseLost
from services.worker.providers import Answer, Broken, Full, Refused, Remover, Request, Unavailable, provider_order
from services.worker.providers.breaker import Breaker
from shared import errors, fast_png, images, log, metrics
from shared.db import job_queue, provider_calls
from shared.db.pool import Database
from shared.models import cutout
from shared.models.asset import Asset
from shared.models.cutout import Foreground, MaskPrecision, Method, Provider
from shared.models.job import JobFailure, Outcome

FETCHED, REMOVED = 20, 70  # the progress of a job whose picture is at hand, and of one whose cut-out is

_log = log.get("router")


@dataclass(frozen=True, slots=True)
class Cutout:
    """A verified cut-out: PNG bytes, the same decoded, and its facts."""

    png: bytes
    picture: images.Picture
    provider: Provider
    model: str
    engine: str
    uncertain: float
    foreground: Foreground
    cost_microusd: int
    method: Method | None = None
    precision: MaskPrecision | None = None
    passed_through: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """The operator's settings. `wait_at_budget`: a job for the paid side waits until tomorrow instead of using ours."""

    budget_microusd: int = 0
    wait_at_budget: bool = False
    paid_above_uncertain: float | None = None


class Withheld(Unavailable):
    """A paid call that we do not make."""


class OverBudget(Withheld):
    """The day's budget for paid calls is spent."""

    failure = JobFailure.PROVIDER_BUDGET


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
        self._breakers = {name: Breaker(name) for name in providers}

    def remove(self, request: Request) -> Cutout | Outcome:
        """A verified cut-out, or the outcome of an earlier job that serves as well.

        Raises Refused, Broken, LeaseLost, or Unavailable when no provider could do it.
        """
        last: Unavailable | None = None
        for name in self._order(request):
            try:
                return self._improved(request, self._guarded(name, request))
            except Full:
                raise  # it will be free in a moment: a burst is waited for, not paid for
            except OverBudget as error:
                if self._rules.wait_at_budget:
                    raise
                last = last or error
            except Unavailable as error:
                last = error
        raise last or Unavailable("no provider is configured")

    def _order(self, request: Request) -> list[Provider]:
        order = provider_order.order(request.job.id, self._percent, request.options.provider)
        return [name for name in order if self._takes(name, request)]

    def _takes(self, name: Provider, request: Request) -> bool:
        pixels = request.source.width * request.source.height
        return name in self._providers and pixels <= self._providers[name].max_pixels

    def _improved(self, request: Request, found: Cutout | Outcome) -> Cutout | Outcome:
        """The paid provider's cut-out instead of an uncertain one of ours, if the operator wants that."""
        limit = self._rules.paid_above_uncertain
        if limit is None or isinstance(found, Outcome) or found.uncertain <= limit:
            return found
        if found.method is not Method.NETWORK:  # soft edges say nothing of what was cut by colour or came cut out
            return found
        if request.options.provider is Provider.SELF_HOSTED or not self._takes(Provider.REMOVEBG, request):
            return found
        try:
            return self._guarded(Provider.REMOVEBG, request)
        except (Refused, Broken, Unavailable) as error:
            _log.info("kept_own_cutout", error=str(error)[:200])
            return found

    def _guarded(self, name: Provider, request: Request) -> Cutout | Outcome:
        """An earlier outcome, or one call, if the breaker allows it; the breaker learns how the provider did."""
        breaker, remover = self._breakers[name], self._providers[name]
        call = self._begin(remover, request, breaker)
        if isinstance(call, Outcome):
            return call
        try:
            cutout = self._call(remover, request, call)
            breaker.record(ok=True)
            return cutout
        except Full:
            raise  # which says nothing about the provider
        except (Broken, Unavailable):
            breaker.record(ok=False)
            raise
        except Refused:
            breaker.record(ok=True)
            raise

    def _begin(self, remover: Remover, request: Request, breaker: Breaker) -> UUID | Outcome:
        """An earlier outcome, or the record of a call that may be made now."""
        job, price = request.job, remover.price_microusd
        fingerprints = self._fingerprints(remover.provider, request)
        with self._database.transaction(durable=price > 0) as connection:
            if not job_queue.advance(connection, job, FETCHED):
                raise LeaseLost  # no reason to pay for it
            if fingerprints and (found := job_queue.find_outcome(connection, fingerprints, len(cutout.ASSETS))):
                return found
            if not breaker.allows():
                raise Unavailable(f"{remover.provider} is paused after failures", retry_after_s=5)
            if price and provider_calls.paid(connection, job, remover.provider):
                raise Withheld("this job was paid for before")
            budget, length = self._rules.budget_microusd, len(request.picture)
            call = provider_calls.begin(connection, job, remover.provider, length, price, budget)
        if call is None:
            metrics.BUDGET_REFUSALS.inc()
            _log.warning("budget_spent", provider=remover.provider)
            raise OverBudget("the budget of the day is spent", retry_after_s=60)
        return call

    def _fingerprints(self, name: Provider, request: Request) -> list[str]:
        """Whose earlier result serves as well as a call now: the provider's own, or the paid one's, unless chosen."""
        names = {name} if request.options.provider else {name, Provider.REMOVEBG}
        engines = [self._providers[name].engine() for name in names & self._providers.keys()]
        return [request.fingerprint(engine) for engine in engines if engine]

    def _call(self, remover: Remover, request: Request, call: UUID) -> Cutout:
        """Make the call, and complete its record however it ends."""
        began = time.perf_counter()
        ended = provider_calls.CallOutcome("broken", remover.price_microusd)  # unless we learn better
        try:
            answer = remover.remove(request.picture, _request_id(request, remover), request.options)
            ended = provider_calls.CallOutcome("broken", answer.charged_microusd, len(answer.png))
            cutout = verified(answer, request.source, remover.provider)
            ended = replace(ended, outcome="ok", uncertain=cutout.uncertain)
            return cutout
        except (Refused, Unavailable, Broken) as error:
            ended = replace(ended, outcome=error.outcome, cost_microusd=ended.cost_microusd if error.charged else 0)
            raise
        finally:
            self._end(call, remover, request, ended, time.perf_counter() - began)

    def _end(
        self, call: UUID, remover: Remover, request: Request, ended: provider_calls.CallOutcome, took_s: float
    ) -> None:
        """Complete the record. While Postgres is away it stays as it was begun: a paid picture is worth more."""
        record = partial(provider_calls.end, call_id=call, ended=ended, duration_ms=round(took_s * 1000))
        progress = partial(job_queue.advance, job=request.job, progress=REMOVED if ended.outcome == "ok" else FETCHED)
        try:
            retry.write(self._database, record, progress, durable=remover.price_microusd > 0)
        except errors.Unavailable:
            _log.warning("call_not_recorded", call=str(call), outcome=ended.outcome)
        metrics.PROVIDER_CALLS.labels(remover.provider, ended.outcome).inc()
        metrics.PROVIDER_SECONDS.labels(remover.provider).observe(took_s)
        metrics.PROVIDER_SPEND.labels(remover.provider).inc(ended.cost_microusd / 1_000_000)


def _request_id(request: Request, remover: Remover) -> str:
    """The provider's X-Request-Id: for our own logs the request's, for a paid provider's bill one per attempt."""
    job = request.job
    return f"{job.id}.{job.fence}" if remover.price_microusd or not job.request_id else job.request_id


def verified(answer: Answer, source: Asset, provider: Provider) -> Cutout:
    """The answer as a cut-out of the source's size, measured; raises Broken (charged as answered) if it is not one."""
    try:
        picture = images.open_cutout(answer.png, source.width, source.height, quickly=fast_png.decode)
        foreground, uncertain = images.measure(picture.getchannel("A"))
    except (ValueError, errors.UnknownForeground) as error:
        raise Broken(str(error), charged=answer.charged_microusd > 0) from error
    return Cutout(
        png=answer.png,
        picture=picture,
        provider=provider,
        model=answer.model,
        engine=answer.engine,
        uncertain=round(max(uncertain, answer.uncertain), 4),
        method=answer.method,
        precision=answer.precision,
        passed_through=answer.passed_through,
        foreground=foreground,
        cost_microusd=answer.charged_microusd,
    )
