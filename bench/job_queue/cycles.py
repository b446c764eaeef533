"""Table hygiene: creations, claims and ends on the server itself, a third of them beside an open snapshot."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

SESSIONS = 2
_CALL = 500  # cycles; a call that runs reports nothing to autovacuum
_SAMPLED = 0.1  # of each third, at its beginning and its end
_PROCEDURE = """
    create unlogged table bench_claims (at timestamptz, ms float8);
    create procedure bench_cycles(cycles integer) language plpgsql as $$
    declare
        job jobs;
        began timestamptz;
        took float8[] := '{}';
    begin
        for cycle in 1..cycles loop
            insert into jobs (id, owner_type, user_id, type, asset_id, followed_until)
            values (gen_random_uuid(), 'guest', encode(sha256(('u' || floor(random() * 10000)::int)::bytea), 'hex'),
                'cutout', gen_random_uuid(), null);
            commit;
            began := clock_timestamp();
            select * into job from claim_job(60, null, true);
            took := took || extract(epoch from clock_timestamp() - began)::float8 * 1000;
            commit;
            update jobs set status = 'done', progress = 100, result = '{}', lease_until = null, finished_at = now()
            where id = job.id and fence = job.fence;
            commit;
        end loop;
        insert into bench_claims select clock_timestamp(), unnest(took);
    end $$
"""
_SIZES = """
    select relname, pg_relation_size(oid) / 1e6 from pg_class
    where relname in ('jobs', 'jobs_ready', 'jobs_wake', 'owner_queues', 'owner_queues_fair')
    order by relname
"""
_PERCENTILES = """
    select percentile_cont(array[0.5, 0.95]) within group (order by ms)
    from (select ms from bench_claims order by at {} limit %s) sampled
"""


@dataclass(frozen=True, slots=True)
class Third:
    """Sizes in MB afterwards, and p50 and p95 of its first and of its last claims in milliseconds."""

    sizes: dict[str, float]
    first_ms: tuple[float, float]
    last_ms: tuple[float, float]


def measure(url: str, cycles: int) -> list[Third]:
    """Run so many cycles in three thirds; the second has an open snapshot, as a backup has one."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_PROCEDURE)
    thirds = []
    for number in range(3):
        with _snapshot(url, needed=number == 1):
            thirds.append(_third(url, cycles // 3))
    return thirds


def _third(url: str, cycles: int) -> Third:
    sessions = [multiprocessing.Process(target=_run, args=(url, cycles // SESSIONS)) for _ in range(SESSIONS)]
    for session in sessions:
        session.start()
    for session in sessions:
        session.join()
    with psycopg.connect(url, autocommit=True) as connection:
        sizes = {name: float(size) for name, size in connection.execute(_SIZES).fetchall()}
        sample = [int(cycles * _SAMPLED)]
        first = connection.execute(_PERCENTILES.format("asc").encode(), sample).fetchone()
        last = connection.execute(_PERCENTILES.format("desc").encode(), sample).fetchone()
        connection.execute("truncate bench_claims")
    assert first
    assert last
    return Third(sizes, tuple(first[0]), tuple(last[0]))


def _run(url: str, cycles: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("set synchronous_commit = off")
        for _ in range(cycles // _CALL):
            connection.execute("call bench_cycles(%s)", [_CALL])


@contextmanager
def _snapshot(url: str, *, needed: bool) -> Iterator[None]:
    if not needed:
        yield
        return
    with psycopg.connect(url) as connection:
        connection.execute("set transaction isolation level repeatable read")
        connection.execute("select count(*) from owner_queues")
        yield
