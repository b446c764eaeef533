"""The broker: Redis carries wake-ups. A message says that there is work; the worker asks Postgres which.

So a message may be lost (the rescuer sends another) or duplicated (the second finds nothing), and every guarantee that
would cost Redis commands is switched off: an idle worker costs 288 commands a day instead of 150,611, a job 2 instead
of 10. One list a queue, no priorities: the worker that is woken takes the fairest job, whichever the wake-up was for.
"""

import contextlib
import socket
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import redis
from celery import Celery
from kombu.exceptions import OperationalError
from kombu.transport import redis as transport

from shared import errors, failpoints, log, metrics, timeouts
from shared.models.job import Queue

RUN_NEXT = "stolentee.run_next"
POLL_S = 300  # the length of one BRPOP; a push ends it at once, so it adds no latency

# A dead connection is noticed after 30 s. macOS calls the first of these by the second name.
_KEEPALIVE_NAMES = {"TCP_KEEPIDLE": 15, "TCP_KEEPALIVE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}
_KEEPALIVE = {
    "socket_keepalive": True,
    "socket_keepalive_options": {
        getattr(socket, name): value for name, value in _KEEPALIVE_NAMES.items() if hasattr(socket, name)
    },
}
_CONNECTION_ERRORS = transport.Transport.connection_errors  # as kombu defines them
_log = log.get("broker")


class Waker:
    """The publishing side, for the api and the rescuer: bounded in time; its failures do no harm."""

    def __init__(self, url: str) -> None:
        where = urlsplit(url)
        self._address = where.hostname or "localhost", where.port or 6379
        self._app = Celery("waker", set_as_current=False)
        self._app.conf.update(
            broker_url=url,
            task_ignore_result=True,
            broker_transport_options={
                "socket_timeout": timeouts.REDIS_S,  # there is no default: a silent broker would block the caller
                "socket_connect_timeout": timeouts.REDIS_S,
                "max_retries": 0,
                "ack_emulation": False,
                "priority_steps": [0],  # one list to push to, and to count
                **_KEEPALIVE,
            },
            task_publish_retry=False,
        )

    @failpoints.before("a3")
    @failpoints.after("a4")
    def wake(self, job_id: UUID, queue: str) -> bool:
        """Wake a worker of the queue; False if the broker is unavailable.

        Then the row is safe, and the rescuer sends a wake-up later.
        """
        try:
            self._app.send_task(RUN_NEXT, args=[str(job_id)], queue=queue)
        except OperationalError as error:
            _log.warning("broker_unavailable", error=type(error.__cause__ or error).__name__)
            metrics.WAKE_UPS.labels("failed").inc()
            self.last_sent = False
            return False
        metrics.WAKE_UPS.labels("rung").inc()
        self.last_sent = True
        return True

    last_sent: bool = True  # the last wake-up: health learns from real traffic, as PINGs would cost commands

    def check(self) -> dict[str, object]:
        """Facts for health; raises if Redis is unavailable. Costs no command unless the last wake-up failed.

        Then it sends one, which does no harm: a Redis that is full or read-only still answers every question.
        """
        socket.create_connection(self._address, timeout=1).close()
        if not self.last_sent and not self.wake(uuid4(), Queue.CUTOUTS):
            raise errors.Unavailable("The broker refuses wake-ups.")
        return {}

    def waiting(self, queue: str) -> int:
        """The number of unread wake-ups of the queue. Raises errors.Unavailable."""
        try:
            with self._app.connection_for_write() as connection:
                return int(connection.default_channel.client.llen(queue))
        except (OperationalError, redis.RedisError, OSError) as error:
            raise errors.Unavailable("The broker is unavailable.") from error


def worker_settings(url: str, threads: int, queues: Iterable[str]) -> dict[str, Any]:
    """Celery's configuration for the receiving side, which listens to the lists of all its queues with one BRPOP."""
    transport.Transport.Channel = Channel
    # A server that became a replica in a failover refuses with these ("UNBLOCKED", "READONLY"). kombu does not count
    # them among the errors that a new connection fixes, and Celery would end the worker.
    transport.Transport.connection_errors = (*_CONNECTION_ERRORS, redis.ResponseError)
    return {
        "broker_url": url,
        "broker_transport_options": {
            "polling_interval": POLL_S,
            "ack_emulation": False,
            "priority_steps": [0],
            "socket_connect_timeout": 2,
            **_KEEPALIVE,
        },
        "broker_connection_max_retries": None,
        "broker_connection_retry_on_startup": True,
        "task_queues": {name: {"exchange": name} for name in queues},
        "task_ignore_result": True,
        "worker_pool": "threads",  # jobs wait for HTTP, and Pillow and numpy release the interpreter lock
        "worker_concurrency": threads,
        "worker_prefetch_multiplier": 1,
        "worker_enable_remote_control": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_send_task_events": False,
    }


def refuse_evicting(url: str) -> None:
    """Raise ValueError if Redis may evict keys: it would drop wake-ups and reply OK. A silent Redis is accepted."""
    try:
        client = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
        policy = client.config_get("maxmemory-policy").get("maxmemory-policy")
    except redis.RedisError:
        return  # unavailable, or a managed Redis that hides its settings
    if policy not in (None, "noeviction"):
        raise ValueError(f"Redis has maxmemory-policy {policy}; the broker needs noeviction")


class Channel(transport.Channel):
    """kombu's channel, but able to close during a long BRPOP.

    kombu waits for the BRPOP to end, so SIGTERM would take minutes. CLIENT UNBLOCK from a second connection ends it,
    atomically on the server, so no message is lost.
    """

    _in_poll: Any

    def _brpop_start(self, timeout: float | None = None) -> Any:
        connection = self.client.connection
        if getattr(connection, "blocked_id", (None, 0))[0] is not connection._sock:  # once per connect
            connection.send_command("CLIENT", "ID")
            connection.blocked_id = (connection._sock, int(connection.read_response()))
        return super()._brpop_start(timeout)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        if connection := self._in_poll:
            try:
                with self.conn_or_acquire() as client:
                    client.execute_command("CLIENT UNBLOCK", connection.blocked_id[1])
            except Exception:  # noqa: BLE001 - a lost or too old server: the socket can still be closed from here
                connection.disconnect()
        with contextlib.suppress(*self.connection_errors):
            super().close()  # type: ignore[no-untyped-call]
