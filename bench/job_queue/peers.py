"""pgqueuer and procrastinate by their own functions and queries. Run by the Python of an environment that has both.

`python -m bench.job_queue.peers NAME URL JOBS SECONDS [create]` fills an empty database with the jobs, unless there are
to be 0, works for so long, unless that is 0, and prints the rate as JSON.
"""

import dataclasses
import importlib
import json
import sys
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from bench.job_queue import claimers
from bench.job_queue.claimers import Steps

_SLOW_START = "set synchronous_commit = off"


def fill_procrastinate(url: str, jobs: int) -> None:
    package = importlib.import_module("procrastinate")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_SLOW_START)
        connection.execute((Path(str(package.__file__)).parent / "sql/schema.sql").read_bytes())
        connection.execute("set session_replication_role = replica")
        connection.execute(
            "insert into procrastinate_jobs (queue_name, task_name, args) select 'q', 't', '{}' "
            "from generate_series(1, %s)",
            [jobs],
        )
        connection.execute("vacuum analyze")


def procrastinate(url: str) -> Steps:
    connection = psycopg.connect(url, autocommit=True)
    worker = _one(connection, "insert into procrastinate_workers default values returning id")[0]

    def claim() -> Any:
        row = _one(connection, "select id from procrastinate_fetch_job_v2(null, %s)", worker)
        return row if row and row[0] else None

    return Steps(
        claim=claim,
        finish=lambda row: _one(connection, "select procrastinate_finish_job_v1(%s, 'succeeded', false)", row[0]),
        create=lambda: _one(
            connection,
            "select procrastinate_defer_jobs_v1(array[row('q', 't', 0, null, null, '{}', null)"
            "::procrastinate_job_to_defer_v1])",
        ),
    )


def fill_pgqueuer(url: str, jobs: int) -> None:
    builder = importlib.import_module("pgqueuer.adapters.persistence.qb").QueryBuilderEnvironment()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_SLOW_START)
        connection.execute(builder.build_install_query())
        connection.execute("set session_replication_role = replica")
        connection.execute(
            "insert into pgqueuer (priority, status, entrypoint, heartbeat, execute_after) "
            "select 0, 'queued', 'e', now(), now() - interval '1 s' from generate_series(1, %s)",
            [jobs],
        )
        connection.execute("vacuum analyze")


def pgqueuer(url: str) -> Steps:
    builder = importlib.import_module("pgqueuer.adapters.persistence.qb").QueryQueueBuilder()
    connection = psycopg.connect(url, autocommit=True)
    cursor = psycopg.RawCursor(connection)
    dequeue = builder.build_dequeue_query(
        batch_size=1,
        entrypoints=["e"],
        concurrency_limits=[0],
        queue_manager_id=uuid.uuid4(),
        global_concurrency_limit=None,
        heartbeat_timeout=timedelta(seconds=30),
    )
    log, enqueue = builder.build_log_job_query(), builder.build_enqueue_query()
    return Steps(
        claim=lambda: cursor.execute(dequeue.sql, dequeue.args).fetchone(),
        finish=lambda row: cursor.execute(log, [[row[0]], ["successful"], [None]]),
        create=lambda: cursor.execute(enqueue, [[0], ["e"], [None], [timedelta(0)], [None], [None]]),
    )


def _one(connection: psycopg.Connection, statement: str, *values: object) -> Any:
    return connection.execute(statement.encode(), values).fetchone()


PEERS = {"procrastinate": (fill_procrastinate, procrastinate), "pgqueuer": (fill_pgqueuer, pgqueuer)}


def main(name: str, url: str, jobs: int, seconds: float, *, create: bool) -> None:
    fill, connect = PEERS[name]
    if jobs:
        fill(url, jobs)
    if seconds:
        print(json.dumps(dataclasses.asdict(claimers.measure(connect, url, seconds, create=create))))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), create="create" in sys.argv)
