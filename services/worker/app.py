"""The worker's composition root: Celery listens for doorbells, everything else is built when the worker starts.

Nothing is read or connected at import: Celery asks for its configuration on first use, and the parts are built on
`worker_init`, in the process that will use them (the pool is of threads, so there is no fork).
"""

from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from typing import Any

from celery import Celery, signals

from services.worker import probe
from services.worker.leases import Leases
from services.worker.maintenance import Maintenance
from services.worker.pipeline import Pipeline
from services.worker.reaper import Reaper
from services.worker.removal.self_hosted import SelfHosted
from services.worker.settings import Settings
from shared import broker, log, storage
from shared.db.pool import Database
from shared.health import Check, Health

STATEMENT_S = 30  # the worker's statements may take longer than the api's


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything the worker is made of."""

    database: Database
    pipeline: Pipeline
    leases: Leases
    reaper: Reaper
    maintenance: Maintenance
    health: Health
    probe: ThreadingHTTPServer


def build(settings: Settings) -> Parts:
    """Build and start every part."""
    broker.refuse_evicting(settings.broker.url.get_secret_value())
    database = Database(
        settings.database.url.get_secret_value(),
        pool_max=min(settings.database.pool_max, settings.work.threads + 1),
        statement_s=STATEMENT_S,
    )
    objects = storage.connect(settings.storage)
    token = settings.rembg.token.get_secret_value() if settings.rembg.token else None
    leases = Leases(database, settings.work.lease_s)
    health = Health("worker", (Check("database", database.check, critical=True), Check("storage", objects.check)))
    ops_token = settings.ops.token.get_secret_value() if settings.ops.token else None
    parts = Parts(
        database=database,
        pipeline=Pipeline(
            database=database,
            storage=objects,
            remover=SelfHosted(settings.rembg.endpoint, token),
            leases=leases,
            secret=settings.keys.secret.get_secret_value(),
        ),
        leases=leases,
        reaper=Reaper(database, broker.Doorbell(settings.broker.url.get_secret_value())),
        maintenance=Maintenance(database, objects),
        health=health,
        probe=probe.serve(health, settings.work.host, settings.work.port, ops_token),
    )
    database.open()
    for thread in (parts.leases, parts.reaper, parts.maintenance):
        thread.start()
    return parts


def stop(parts: Parts) -> None:
    """Stop every part; called when the last job has ended."""
    for thread in (parts.reaper, parts.maintenance, parts.leases):
        thread.stop()
    parts.probe.shutdown()
    parts.database.close()


def _configuration() -> dict[str, Any]:
    settings = Settings.read()
    return broker.worker_settings(settings.broker.url.get_secret_value(), settings.work.threads)


app = Celery("worker", set_as_current=False, include=["services.worker.tasks"])
app.add_defaults(_configuration)
_running: list[Parts] = []


def parts() -> Parts:
    """The parts of the running worker."""
    return _running[0]


@signals.setup_logging.connect
def _set_up_logging(**_: object) -> None:
    log.setup("worker")


@signals.worker_init.connect
def _start(**_: object) -> None:
    try:
        _running.append(build(Settings.read()))
    except Exception as error:  # Celery would log it, and go on with a worker that can do nothing
        raise SystemExit(f"the worker cannot start: {error}") from error


@signals.worker_ready.connect
def _ready(**_: object) -> None:
    parts().health.mark_ready()


@signals.worker_shutting_down.connect
def _draining(**_: object) -> None:
    parts().health.mark_draining()


@signals.worker_shutdown.connect
def _stop(**_: object) -> None:
    stop(parts())
