"""The whole system with bad networks between its parts, a second worker, and a remove.bg double with a ledger.

The api and the workers reach Postgres and Redis through a Proxy each; tests and settled.py reach them directly. Half of
the jobs are meant for the paid provider, so every failure test also tests the bill.
"""

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import psycopg
import redis
from psycopg.rows import dict_row

from deploy.local.postgres_server import Postgres
from deploy.local.process import Process
from deploy.local.service import Service
from deploy.local.supervisor import await_ready
from deploy.local.valkey_server import Valkey
from shared.db.pool import Connection
from tests.chaos.proxy import Proxy
from tests.doubles import removebg
from tests.stack import RunningStack

THREADS = 2  # of each worker
PRICE_MICROUSD = 200_000  # the default of REMOVE_BG_PRICE_CENTS


class System:
    """The system; `with` starts it.

    `crashes` counts killed workers: each may lose the jobs in hand. `faults` counts charged but useless responses of
    remove.bg, `leavings` the objects that crashes may have left without a row.
    """

    def __init__(self, folder: Path, *, lease_s: float, **changes: str) -> None:
        folder.mkdir(mode=0o711)
        self.postgres = Postgres(folder / "postgres", durable=False)
        self.redis = Valkey(folder / "redis", durable=False)
        self.lease_s = lease_s
        self.crashes = self.faults = self.leavings = 0
        self._folder = folder
        self._changes = changes
        self._more: list[Service] = []
        self._exits = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as exits:
            for server in (self.postgres, self.redis):
                exits.callback(server.stop)
                server.start()
            for server in (self.postgres, self.redis):
                await_ready(server)
            with self.database() as connection:  # a confirmed commit must survive kill -9 of the server
                connection.execute("alter database postgres set synchronous_commit = on")
            self.to_postgres = exits.enter_context(Proxy(self.postgres.port))
            self.to_redis = exits.enter_context(Proxy(self.redis.port))
            self.removebg = exits.enter_context(removebg.RemoveBg(self._folder / "ledger"))
            self.stack = RunningStack(self._folder / "stack", **self._environment() | self._changes)
            exits.callback(self.stack.stop)
            self.stack.start()
            self.second = self.another("worker")
            exits.callback(self._stop_more)
            self._exits = exits.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    def another(self, name: str, port: int = 0, **changes: str) -> Service:
        """Start one more service, perhaps not ready yet; it ends with the test."""
        made = self.stack.another(name, port, **changes)
        self._more.append(made)
        made.start()
        return made

    def armed(self, name: str, step: str, action: str = "exit", port: int = 0) -> Service:
        """Start one more that fails at a step; a worker gets one thread, so it fails with one job in hand."""
        return self.another(name, port, FAILPOINT=f"{step}:{action}", TESTING="1", WORKER_CONCURRENCY="1")

    def kill(self, process: Process) -> None:
        """Kill it with SIGKILL, or note that a failpoint did; counts the crash."""
        worker = process.name.startswith("worker")
        self.crashes += worker
        self.leavings += 3 * THREADS if worker else 1  # a cut-out with its preview and mask; or a source
        process.kill()

    def away(self) -> None:
        """Count a kill of Postgres: like a crash of each worker, it costs the jobs in hand."""
        self.crashes += len(self.workers)
        self.leavings += 3 * THREADS * len(self.workers)

    @property
    def workers(self) -> list[Process]:
        return [self.stack.process("worker"), self.second]

    @property
    def services(self) -> list[Service]:
        """Return the services that should be healthy now."""
        every = [self.stack.process(name) for name in ("api", "worker", "rembg")] + [self.second]
        return [process for process in every if isinstance(process, Service)]

    def mend(self) -> None:
        """Bring everything up, with good networks and correct doubles."""
        self.to_postgres.heal()
        self.to_redis.heal()
        self.removebg.next.clear()
        self.removebg.always = "ok"
        for extra in self._more:
            if extra is not self.second:
                extra.kill()
        self._more = [self.second]
        everybody = (self.postgres, self.redis, *self.services)
        for process in everybody:
            process.signal(signal.SIGCONT)
            if process.exit_code() is not None or process.pid is None:
                process.kill()
                process.start()
        for process in everybody:
            await_ready(process)

    def restart(self, process: Process) -> None:
        """Restart killed services without waiting for them."""
        process.kill()
        process.start()

    def fresh_workers(self) -> None:
        """Replace the workers, which forgets failures: an open breaker would wait for half a minute."""
        for worker in self.workers:
            worker.signal(signal.SIGTERM)
        for worker in self.workers:
            worker.stop()
            worker.start()
        for worker in self.workers:
            await_ready(worker)

    @contextlib.contextmanager
    def database(self) -> Iterator[Connection]:
        """Return a connection that bypasses the bad network."""
        with psycopg.connect(self.postgres.url, autocommit=True, row_factory=dict_row) as connection:
            yield connection

    def broker(self) -> redis.Redis:
        """Return a client that bypasses the bad network; close it after use."""
        return redis.Redis.from_url(self.redis.url, socket_timeout=5)

    def objects(self) -> dict[str, Path]:
        """Return the stored objects by key, without unfinished uploads."""
        root = self.stack.data / "objects"
        return {path.name: path for path in root.glob("??/*")}

    def _environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": _through(self.postgres.url, self.to_postgres),
            "REDIS_URL": _through(self.redis.url, self.to_redis),
            "LEASE_S": str(self.lease_s),
            "WORKER_CONCURRENCY": str(THREADS),
            "REMBG_PLACES": "1",
            "REMOVE_BG_API_KEY": removebg.KEY,
            "REMOVE_BG_URL": self.removebg.url,
            "PROVIDER_DAILY_BUDGET_CENTS": "1000000",
            "SELF_HOSTED_ROLLOUT_PERCENT": "50",
            "PRINT_AFTER_CUTOUT": "false",  # most tests are of cut-outs; test_chain.py has a system of its own
        }

    def _stop_more(self) -> None:
        for process in self._more:
            process.stop()


def _through(url: str, proxy: Proxy) -> str:
    return url.replace(f":{urlsplit(url).port}/", f":{proxy.port}/")
