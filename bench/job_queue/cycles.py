"""Table hygiene: creations, claims and ends on the server itself, some of them beside an open snapshot."""

import multiprocessing
from dataclasses import dataclass

import psycopg

SESSIONS = 2
# The most beside the snapshot: until it ends, no dead entry leaves an index, and every claim passes by all of them.
IN_SNAPSHOT = 10_000
_CALL = 500  # cycles; a call that runs reports nothing to autovacuum
_SAMPLED = 0.1  # of each part, at its beginning and its end
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
            select * into job from claim_job(60, array['jobs'], null, true);
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
    where relname in ('jobs', 'jobs_ready_by_queue', 'jobs_wake', 'owner_queues', 'owner_queues_fair')
    order by relname
"""
_PERCENTILES = """
    select percentile_cont(array[0.5, 0.95]) within group (order by ms)
    from (select ms from bench_claims order by at {} limit %s) sampled
"""


@dataclass(frozen=True, slots=True)
class Part:
    """Sizes in MB afterwards, and p50 and p95 of its first and of its last claims in milliseconds."""

    cycles: int
    sizes: dict[str, float]
    first_ms: tuple[float, float]
    last_ms: tuple[float, float]


def measure(url: str, cycles: int) -> list[Part]:
    """Run so many cycles in three parts; the second, of IN_SNAPSHOT at most, beside the open snapshot of a backup."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_PROCEDURE)
    before = _part(url, cycles // 3)
    with psycopg.connect(url) as backup:
        backup.execute("set transaction isolation level repeatable read")
        backup.execute("select count(*) from owner_queues")
        beside = _part(url, min(cycles // 3, IN_SNAPSHOT))
    return [before, beside, _part(url, cycles // 3)]


def _part(url: str, cycles: int) -> Part:
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
    return Part(cycles, sizes, tuple(first[0]), tuple(last[0]))


def _run(url: str, cycles: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("set synchronous_commit = off")
        for _ in range(cycles // _CALL):
            connection.execute("call bench_cycles(%s)", [_CALL])
