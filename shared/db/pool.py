"""Connections to Postgres: a small pool per process, and transactions that always end.

Built after any fork and opened by the composition root. Works behind a transaction pooler: it uses no prepared
statements, and sets the statement timeout inside each transaction, as session settings leak between a pooler's clients.
"""

import select
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import psycopg
from psycopg import generators, sql
from psycopg.abc import RV, Params, PQGen
from psycopg.pq import ExecStatus
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout, TooManyRequests

from shared import errors, log, metrics, timeouts

Connection = psycopg.Connection[DictRow]

WAITING = 50  # callers waiting for a connection; the next is refused at once
IDLE_S = 10.0  # unused connections beyond the minimum are closed
FRESH_S = 1.0  # a connection that the server was heard on so lately is used without asking it again
SLOW_S = 0.1  # statements slower than this are logged
# One message, so that a transaction costs a round trip less. The limits of a statement and of an idle transaction:
# otherwise a frozen process would keep its locks for ever, among them the lead of the sweep. The limit of a lock: the
# callers behind one would otherwise hold all connections of the pool.
_BEGIN = f"""begin;
    set local statement_timeout = %d;
    set local lock_timeout = '{timeouts.LOCK_S}s';
    set local synchronous_commit = %s;
    set local idle_in_transaction_session_timeout = '{timeouts.TRANSACTION_IDLE_S}s'"""

_UNAVAILABLE = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.IdleInTransactionSessionTimeout)
_log = log.get("database")


class Executor(Protocol):
    """Runs statements: within a transaction, or a `Database` each in one of its own."""

    def execute(self, query: str, parameters: Params | None = None, /) -> psycopg.Cursor[DictRow]: ...


class _Cursor(psycopg.Cursor[DictRow]):
    """Measures every statement."""

    def execute(self, query: Any, params: Params | None = None, **options: Any) -> "_Cursor":
        began = time.perf_counter()
        try:
            super().execute(query, params, **options)
        finally:
            _measure(query, began)
        return self

    def executemany(self, query: Any, params_seq: Iterable[Params], *, returning: bool = False) -> None:
        began = time.perf_counter()
        try:
            super().executemany(query, params_seq, returning=returning)
        finally:
            _measure(query, began)


def _measure(query: Any, began: float) -> None:
    took_s = time.perf_counter() - began
    metrics.QUERY_SECONDS.observe(took_s)
    if took_s > SLOW_S:
        _log.warning("slow_query", ms=round(took_s * 1000), query=str(query)[:200])


class _Connection(psycopg.Connection[DictRow]):
    """Gives up on a silent server, whose own statement timeout cannot reach us."""

    silence_s: float = timeouts.STATEMENT_WORKER_S + timeouts.SILENCE_S
    heard_at: float = 0.0

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        try:
            result = super().wait(gen, interval, self.silence_s if timeout is None else timeout)
            self.heard_at = time.monotonic()
            return result
        except psycopg.errors._WaitTimeout:
            if timeout is not None:
                raise
            self.close()  # in the middle of whatever it does
            raise psycopg.OperationalError("the server is silent") from None

    def begin(self, command: str) -> None:
        """Without a cursor, as `commit` does it, which costs a fifth."""
        with self.lock:
            self.pgconn.send_query(command.encode())
            results = self.wait(generators.execute(self.pgconn))
        if results[-1].status == ExecStatus.FATAL_ERROR:
            raise psycopg.errors.error_from_result(results[-1])

    def is_fresh(self) -> bool:
        """Whether it was used a moment ago, and the server has said nothing since, such as that it ends it."""
        if time.monotonic() > self.heard_at + FRESH_S:
            return False
        waiting = select.poll()
        waiting.register(self.fileno(), select.POLLIN)
        return not waiting.poll(0)


class Database:
    """A pool of connections. `statement_s` limits every statement on the server, and a little later here."""

    def __init__(self, url: str, *, pool_max: int = 5, statement_s: float = timeouts.STATEMENT_API_S) -> None:
        self._statement_ms = round(statement_s * 1000)
        self._silence_s = statement_s + timeouts.SILENCE_S
        self._pool: ConnectionPool[_Connection] = ConnectionPool(
            url,
            connection_class=_Connection,
            kwargs={
                "row_factory": dict_row,
                "cursor_factory": _Cursor,
                "autocommit": True,  # _BEGIN begins the transactions
                "prepare_threshold": None,
                "connect_timeout": timeouts.DATABASE_CONNECT_S,
                "keepalives_idle": 10,
                "keepalives_interval": 3,
                "keepalives_count": 3,
                "tcp_user_timeout": 10_000,
                "application_name": "stolentee",
            },
            min_size=1,
            max_size=pool_max,
            max_idle=IDLE_S,
            max_waiting=WAITING,
            timeout=timeouts.POOL_WAIT_S,
            check=self._check,
            open=False,
        )

    def _check(self, connection: _Connection) -> None:
        """Whether a pooled connection still works, within less time than a statement gets."""
        if connection.is_fresh():
            return
        connection.silence_s = timeouts.SILENCE_S
        ConnectionPool.check_connection(connection)
        connection.silence_s = self._silence_s

    def open(self) -> None:
        """Start connecting in the background; transactions wait for a database that is still down."""
        self._pool.open(wait=False)

    def close(self) -> None:
        self._pool.close(timeout=2)

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[Connection]:
        """One transaction, committed at the end of the block. Raises errors.Unavailable for a lost or full database.

        Unless `durable`, the commit does not wait for the disk: a crash of the server may undo the whole transaction,
        but not after a durable one has followed it.
        """
        with self._connection() as connection:
            connection.begin(self._begin(durable=durable))
            yield connection

    def execute(self, query: str, parameters: Params | None = None, /) -> psycopg.Cursor[DictRow]:
        """One statement as a transaction of its own, in one message, for which the parameters become part of its text.

        That takes one round trip instead of three. Raises errors.Unavailable as `transaction`.
        """
        message = f"{self._begin(durable=True)}; {query}; commit"
        with self._connection() as connection:
            began = time.perf_counter()
            try:
                cursor = psycopg.ClientCursor(connection).execute(message, parameters)
            finally:
                _measure(query, began)
            return cursor.set_result(-2)  # the last is that of `commit`

    def _begin(self, *, durable: bool) -> str:
        return _BEGIN % (self._statement_ms, "on" if durable else "off")

    @contextmanager
    def _connection(self) -> Iterator[_Connection]:
        try:
            with self._pool.connection() as connection:
                yield connection
        except (PoolTimeout, TooManyRequests, *_UNAVAILABLE) as error:
            _log.warning("database_unavailable", error=type(error).__name__)
            raise errors.Unavailable("The database is not available; please try again.", retry_after_s=2) from error

    def check(self) -> Mapping[str, object]:
        """One round trip, and the state of the pool, for health. Raises without a reply within a second."""
        with self._pool.connection(timeout=1) as connection:
            connection.execute("select 1")
        return {"pool": self.stats()}

    def stats(self) -> dict[str, int]:
        """Connections: total and idle; and callers waiting for one."""
        stats = self._pool.get_stats()
        numbers = {
            "total": stats.get("pool_size", 0),
            "idle": stats.get("pool_available", 0),
            "waiting": stats.get("requests_waiting", 0),
        }
        for state, count in numbers.items():
            metrics.POOL_CONNECTIONS.labels(state).set(count)
        return numbers


def session(url: str) -> psycopg.Connection[tuple[Any, ...]]:
    """A separate connection for LISTEN, advisory locks and migrations, with autocommit and keepalive."""
    return psycopg.connect(
        url,
        autocommit=True,
        connect_timeout=timeouts.DATABASE_CONNECT_S,
        keepalives_idle=10,
        keepalives_interval=3,
        keepalives_count=3,
        application_name="stolentee session",
    )


def notifications(url: str, channel: str) -> Iterator[str | None]:
    """Payloads of notifications on `channel`, for ever. None first and after each second of silence: still listening.

    Raises `psycopg.OperationalError` when the connection breaks; notifications are lost until the next call.
    """
    with session(url) as connection:
        connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
        yield None
        while True:
            received = False
            for notice in connection.notifies(timeout=1, stop_after=1):
                received = True
                yield notice.payload
            if not received:
                yield None
