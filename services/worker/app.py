"""The worker's composition root: Celery receives wake-ups, and everything else is built when the worker starts.

Importing it reads no setting and connects to nothing: Celery asks for its configuration on first use, and the
dependencies are built on `worker_init`, in the process that will use them (the pool consists of threads, so there is
no fork).
"""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from http.server import ThreadingHTTPServer
from typing import Any

from celery import Celery, signals
from celery.worker import state

from services.worker import health_server, job_types, maintenance, periodic, poller, rescuer
from services.worker.cdn_purge import CdnPurge
from services.worker.handlers import Resources
from services.worker.leases import Leases
from services.worker.periodic import PeriodicTask
from services.worker.providers import Remover, http_exchange
from services.worker.providers.provider_order import RolloutPercent
from services.worker.providers.removebg import RemoveBg
from services.worker.providers.router import Router, Rules
from services.worker.providers.self_hosted import SelfHosted
from services.worker.runner import Runner
from services.worker.settings import Cdn, Settings
from services.worker.webhooks import delivery
from services.worker.webhooks.delivery import Delivery
from services.worker.webhooks.sending import Sender
from shared import broker, failpoints, log, malloc, metrics, sentry, storage, timeouts
from shared.db.pool import Database
from shared.health import Check, Health
from shared.images.press_profiles import Profiles
from shared.models.cutout import Provider

_STATUS = 70  # EX_SOFTWARE: platforms restart a worker after any status but 0


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Everything the worker consists of."""

    database: Database
    runner: Runner
    periodic_tasks: tuple[PeriodicTask, ...]
    health: Health
    health_server: ThreadingHTTPServer
    webhooks: Delivery


def build(settings: Settings, submit: Callable[[Callable[[], None]], "Future[None]"]) -> Dependencies:
    """Build and start everything. `submit` runs a function in a thread of Celery's pool."""
    broker.refuse_evicting(settings.broker.url.get_secret_value())
    database = Database(
        settings.database.url.get_secret_value(),
        pool_max=min(settings.database.pool_max, settings.work.threads + 2),  # the periodic tasks, and webhooks
        statement_s=timeouts.STATEMENT_WORKER_S,
    )
    objects = storage.connect(settings.storage)
    leases = Leases(database, settings.work.lease_s)
    ops_token = settings.ops.token.get_secret_value() if settings.ops.token else None
    secret = settings.keys.secret.get_secret_value()
    profiles = Profiles.read(settings.printing.profiles)
    resources = Resources(database, objects, _router(settings, database), secret, settings.work.prints, profiles)
    handlers = job_types.handlers(resources, settings.work.queues)
    waker = broker.Waker(settings.broker.url.get_secret_value())
    runner = Runner(database, leases, handlers, settings.work.threads, settings.work.queues, waker.wake)
    polling = poller.Poller(submit, runner.run_next, _stopping, settings.work.threads)
    clean = maintenance.Maintenance(database, objects, settings.retention).run
    client = settings.webhooks.client(delivery.AT_ONCE)
    webhooks = Delivery(database, Sender(settings.webhooks, client, secret))
    tasks = (
        *_periodic_tasks(database, clean, leases, waker, polling),
        PeriodicTask("webhooks", webhooks.run, delivery.EVERY_S, tolerance_s=60, away_s=delivery.AWAY_S),
        *_purges(database, settings.cdn),
    )
    checks = (
        Check("database", database.check, critical=True),
        Check("storage", objects.check),
        Check("redis", waker.check),
        Check("routines", partial(periodic.check, tasks), critical=True),
    )
    health = Health("worker", checks)
    deps = Dependencies(
        database=database,
        runner=runner,
        periodic_tasks=tasks,
        health=health,
        health_server=health_server.serve(health, settings.work.host, settings.work.port, ops_token),
        webhooks=webhooks,
    )
    database.open()
    for task in tasks:
        task.start()
    threading.Thread(target=periodic.watch, args=(tasks, partial(_end, health)), name="watch", daemon=True).start()
    return deps


def _periodic_tasks(
    database: Database, clean: Callable[[], None], leases: Leases, waker: broker.Waker, polling: poller.Poller
) -> tuple[PeriodicTask, ...]:
    """What runs beside the jobs. A minute is enough for the longest statement, an hour for cleaning a slow storage."""
    sweep = rescuer.Rescuer(database, waker).sweep
    return (
        PeriodicTask("leases", leases.renew, leases.every_s, tolerance_s=60),
        PeriodicTask("rescuer", sweep, timeouts.SWEEP_S, tolerance_s=60, away_s=rescuer.AWAY_S),
        PeriodicTask("poller", polling.poll, poller.EVERY_S, tolerance_s=60),
        PeriodicTask("maintenance", clean, maintenance.EVERY_S, tolerance_s=3600),
    )


def _stopping() -> bool:
    return state.should_stop is not None


def _purges(database: Database, cdn: Cdn) -> tuple[PeriodicTask, ...]:
    """The calls of the CDN's purge hook, if there is one."""
    if cdn.purge_url is None:
        return ()
    token = cdn.purge_token.get_secret_value() if cdn.purge_token else None
    post = partial(http_exchange.post, http_exchange.session(), cdn.purge_url.get_secret_value())
    purge = CdnPurge(database, post, token, cdn.public_url)
    return (PeriodicTask("cdn_purge", purge.run, timeouts.PURGE_S, tolerance_s=60, away_s=timeouts.PURGE_AWAY_S),)


def _end(health: Health) -> None:
    """End the process once its jobs have ended, as SIGTERM does, but with a status that gets it restarted."""
    health.mark_draining()
    state.should_stop = _STATUS
    time.sleep(timeouts.GRACE_S)
    os._exit(_STATUS)


def _router(settings: Settings, database: Database) -> Router:
    """Our own provider, and the paid one if there is a key and a budget for it."""
    rembg, chosen = settings.rembg, settings.providers
    token = rembg.token.get_secret_value() if rembg.token else None
    providers: dict[Provider, Remover] = {
        Provider.SELF_HOSTED: SelfHosted(
            http_exchange.session(), rembg.endpoint, token, places=settings.work.rembg_places
        )
    }
    if chosen.paid_key:
        key = chosen.paid_key.get_secret_value()
        providers[Provider.REMOVEBG] = RemoveBg(
            http_exchange.session(), chosen.removebg_url, key, chosen.price_microusd
        )
    metrics.PROVIDER_BUDGET.set(chosen.budget_cents / 100)
    rules = Rules(chosen.budget_microusd, chosen.wait_at_budget, chosen.paid_above_uncertain)
    return Router(database, providers, rules, RolloutPercent(database, chosen.rollout_percent))


def stop(deps: Dependencies) -> None:
    """Stop everything; called when the last job has ended."""
    for task in deps.periodic_tasks:
        task.stop()
    deps.webhooks.close()
    deps.health_server.shutdown()
    deps.database.close()


def _configuration() -> dict[str, Any]:
    settings = Settings.read()
    work = settings.work
    return broker.worker_settings(settings.broker.url.get_secret_value(), work.threads, work.queues)


app = Celery("worker", set_as_current=False, include=["services.worker.tasks"])
app.add_defaults(_configuration)
_running: list[Dependencies] = []


def deps() -> Dependencies:
    """The dependencies of the running worker."""
    return _running[0]


@signals.setup_logging.connect
def _set_up_logging(**_: object) -> None:
    log.setup("worker")


@signals.worker_init.connect
def _start(sender: Any, **_: object) -> None:
    failpoints.arm(failpoints.Failpoint.read())
    malloc.reuse()
    settings = Settings.read()
    sentry.install("worker", settings.ops)
    try:
        _running.append(build(settings, partial(_submit, sender)))
    except Exception as error:  # Celery would log it, and go on with a worker that cannot work
        raise SystemExit(f"the worker cannot start: {error}") from error


def _submit(worker: Any, function: Callable[[], None]) -> "Future[None]":
    """As for a wake-up, so jobs stay within the pool's threads, and a worker that stops waits for them."""
    future: Future[None] = worker.pool.apply_async(function, callback=lambda _: None).f
    return future


@signals.worker_ready.connect
def _ready(**_: object) -> None:
    deps().health.mark_ready()


@signals.worker_shutting_down.connect
def _draining(**_: object) -> None:
    deps().health.mark_draining()
    deps().webhooks.stop()


@signals.worker_shutdown.connect
def _stop(**_: object) -> None:
    stop(deps())
