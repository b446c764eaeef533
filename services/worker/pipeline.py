"""One job from claim to event; knows no Celery and no HTTP.

    claim ─> fetch the source ─> remove its background ─> derive, store ─> finish
       │            │ gone: failed    │ made before: finish with that
       └ nothing    └ away: later     │ Refused: failed      Broken: again, at most three times
                                      └ Unavailable: later, without counting

Nothing is written that a second run would not write again: objects are named by their content, rows are fenced. So a
worker may die between any two steps, and the job simply runs once more.
"""

import hashlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import numpy as np

from services.worker import providers
from services.worker.leases import Leases
from services.worker.providers.router import Cutout, OverBudget, Router
from services.worker.retry import retry_unavailable
from shared import errors, failpoints, fast_png, images, log, metrics, storage
from shared.db import assets, ids, job_queue
from shared.db.pool import Connection, Database
from shared.models.asset import Asset, AssetKind
from shared.models.cutout import Result
from shared.models.job import Job, JobFailure, Timings
from shared.storage import integrity

GIVE_UP_S = 86_400  # a job that found no provider for a day is told so
SOON_S, LATE_S = 1.0, 15.0  # the wait before trying again grows with the job's age between these

T = TypeVar("T")
_log = log.get("pipeline")


@dataclass(slots=True)
class Clock:
    """Milliseconds of each step."""

    spent: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            took_s = time.perf_counter() - began
            self.spent[f"{name}_ms"] = round(took_s * 1000)
            metrics.JOB_SECONDS.labels(name).observe(took_s)

    def timings(self, job: Job) -> Timings:
        queued_ms = _ms(job.created_at, job.started_at or job.created_at)
        total_ms = queued_ms + _ms(job.started_at or job.created_at, datetime.now(UTC))
        return Timings(queued_ms=queued_ms, total_ms=total_ms, **self.spent)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What a job needs; `run_next` may be called from any number of threads."""

    database: Database
    storage: storage.Storage
    router: Router
    leases: Leases
    secret: str

    def run_next(self) -> bool:
        """Run the next fair job to its end, or hand it back. False when there was none."""
        with self.database.transaction() as connection:
            job = job_queue.claim_next(connection, self.leases.lease_s)
        if job is None:
            return False
        failpoints.reach("w2")
        metrics.ATTEMPTS.labels(job.attempts).inc()
        log.begin(job_id=str(job.id), request_id=job.request_id or str(job.id))
        _log.info("job_claimed", attempt=job.attempts)
        clock = Clock()
        with self.leases.holding(job):
            self._settle(job, clock)
        return True

    def _settle(self, job: Job, clock: Clock) -> None:
        """Run the job, and turn every way it can fail into a row."""
        try:
            self._run(job, clock)
        except providers.Refused as error:
            self._fail(job, clock, error.error, error.message)
        except storage.Missing:
            self._fail(job, clock, JobFailure.SOURCE_MISSING, "The picture is no longer there.")
        except (providers.Unavailable, errors.Unavailable) as error:
            self._later(job, clock, error)
        except providers.Broken as error:
            self._again(job, clock, error, JobFailure.PROVIDER_FAILED)
        except Exception as error:  # noqa: BLE001 - a bug must cost one job its attempts, not the worker its thread
            _log.exception("job_broke")
            self._again(job, clock, error, JobFailure.POISON)

    def _run(self, job: Job, clock: Clock) -> None:
        with clock.step("fetch"):
            source = self._source(job)
            data = integrity.get(self.storage, source.key, source.digest)
            picture = images.with_orientation(data, source.orientation)
        failpoints.reach("w3")
        if not self._show(job, 20):  # cancelled, or another's by now: no reason to pay for it
            self._told(job, False, "running")
            return
        with clock.step("remove"):
            size = (source.width, source.height)
            cutout = self.router.remove(job, picture, size, partial(self._reused, job, clock, source))
        if cutout is None:
            return
        failpoints.reach("w5")
        with clock.step("store"):
            made = retry_unavailable(lambda: self._store(job, source, cutout))
        failpoints.reach("w6")
        self._finish(job, clock, source, cutout, made)

    def _reused(self, job: Job, clock: Clock, source: Asset, engines: list[str]) -> bool:
        """Finish with an earlier result of the same picture, owner and engine, so that nothing is paid twice."""
        prints = [fingerprint(source, engine) for engine in engines]
        if not prints:
            return False
        with self.database.transaction() as connection:
            found = job_queue.reuse(connection, job, prints, clock.timings(job))
        if found:
            self._told(job, True, "done", reused=True)
        return found

    def _source(self, job: Job) -> Asset:
        with self.database.transaction() as connection:
            source = assets.find(connection, None, job.asset_id)
        if source is None:
            raise storage.Missing(str(job.asset_id))
        return source

    def _write(self, statement: Callable[[Connection], T], *, durable: bool = True) -> T:
        """In a transaction of its own."""

        def once() -> T:
            with self.database.transaction(durable=durable) as connection:
                return statement(connection)

        return retry_unavailable(once)

    def _show(self, job: Job, progress: int) -> bool:
        return self._write(lambda connection: job_queue.advance(connection, job, progress), durable=False)

    def _store(self, job: Job, source: Asset, cutout: Cutout) -> dict[AssetKind, Asset]:
        """Derive what belongs to a cut-out, and put all three where they can be fetched.

        At the same time: each waits for a disk or a network, and the preview computes longest. Should the progress not
        be told, what ends the job fails the same way.
        """
        makers: dict[AssetKind, Callable[[], tuple[bytes, str, tuple[int, int]]]] = {
            AssetKind.PREVIEW: lambda: images.preview(cutout.picture),
            AssetKind.CUTOUT: lambda: (cutout.png, "image/png", cutout.picture.size),
            AssetKind.MASK: lambda: (_mask(cutout.picture), "image/png", cutout.picture.size),
        }
        with ThreadPoolExecutor(1 + len(makers)) as pool:
            pool.submit(self._show, job, 70)
            puts = {
                kind: pool.submit(lambda kind, make: self._put(job, source, kind, *make()), kind, make)
                for kind, make in makers.items()
            }
        return {kind: put.result() for kind, put in puts.items()}

    def _put(
        self, job: Job, source: Asset, kind: AssetKind, data: bytes, content_type: str, size: tuple[int, int]
    ) -> Asset:
        sha256 = hashlib.sha256(data).hexdigest()
        asset = Asset(
            id=ids.new(),
            owner=job.owner,
            kind=kind,
            key=storage.key_for(self.secret, job.owner, sha256, content_type.removeprefix("image/")),
            sha256=sha256,
            content_type=content_type,
            width=size[0],
            height=size[1],
            bytes=len(data),
            created_at=datetime.now(UTC),
            name=source.name,
            job_id=job.id,
            stored_sha256=sha256,
        )
        self.storage.put(asset.key, data, content_type, {"job": str(job.id)})
        return asset

    def _finish(self, job: Job, clock: Clock, source: Asset, cutout: Cutout, made: dict[AssetKind, Asset]) -> None:
        picture = made[AssetKind.CUTOUT]
        result = Result(
            asset_id=picture.id,
            cutout_key=picture.key,
            preview_key=made[AssetKind.PREVIEW].key,
            mask_key=made[AssetKind.MASK].key,
            width=picture.width,
            height=picture.height,
            bytes=picture.bytes,
            model=cutout.model,
            uncertain=cutout.uncertain,
            foreground=cutout.foreground,
            cost_microusd=cutout.cost_microusd,
        )
        timings = clock.timings(job)

        def write(connection: Connection) -> bool:
            done = job_queue.finish(
                connection, job, cutout.provider, result, timings, fingerprint(source, cutout.engine)
            )
            if done:  # a lost lease leaves no rows; its objects are the other worker's as well
                for asset in made.values():
                    assets.add(connection, asset)
            return done

        done = self._write(write)
        failpoints.reach("w7")
        metrics.JOB_SECONDS.labels("total").observe((timings.total_ms or 0) / 1000)
        self._told(job, done, "done", total_ms=timings.total_ms)

    def _fail(self, job: Job, clock: Clock, error: JobFailure, message: str) -> None:
        done = self._write(lambda connection: job_queue.fail(connection, job, error, message, clock.timings(job)))
        self._told(job, done, "failed", error=error)

    def _told(self, job: Job, written: bool, state: str, *, error: str = "", **facts: object) -> None:
        if written:
            metrics.JOBS.labels(state, error).inc()
            _log.info(f"job_{state}", **facts, **({"error": error} if error else {}))
        elif self._write(lambda connection: job_queue.cancelled(connection, [job.id])):
            _log.info("job_cancelled_meanwhile", state=state)
        else:
            metrics.LEASES_LOST.inc()
            _log.warning("result_fenced_off", state=state)

    def _later(self, job: Job, clock: Clock, error: providers.Unavailable | errors.Unavailable) -> None:
        """Wait for a helper that is away: not the job's fault, so the attempt does not count."""
        age_s = (datetime.now(UTC) - job.created_at).total_seconds()
        if age_s > GIVE_UP_S:
            budget = isinstance(error, OverBudget)
            code = JobFailure.PROVIDER_BUDGET if budget else JobFailure.PROVIDER_FAILED
            self._fail(job, clock, code, "No removal service could take the picture for a day.")
            return
        delay_s = max(error.retry_after_s or 0, min(LATE_S, SOON_S + age_s / 10))
        _log.warning("helper_unavailable", error=str(error)[:200], delay_s=round(delay_s, 1))
        self._write(lambda connection: job_queue.release(connection, job, delay_s, counts=False))

    def _again(self, job: Job, clock: Clock, error: Exception, last: JobFailure) -> None:
        """Try again after a failure that may pass, at most three times in all."""
        if job.attempts >= job_queue.MAX_ATTEMPTS:
            self._fail(job, clock, last, "The picture could not be processed.")
            return
        _log.warning("job_tried", error=str(error)[:200], attempt=job.attempts)
        self._write(lambda connection: job_queue.release(connection, job, SOON_S * 2**job.attempts, counts=True))


def _mask(picture: images.Picture) -> bytes:
    return fast_png.encode(np.asarray(picture.getchannel("A")))


def _ms(start: datetime, end: datetime) -> int:
    return max(0, round((end - start).total_seconds() * 1000))


def fingerprint(source: Asset, engine: str) -> str:
    """What a cut-out depends on: whose picture, its received bytes, and exactly what cuts it out."""
    return hashlib.sha256(f"cutout|{source.owner}|{source.sha256}|{engine}".encode()).hexdigest()
