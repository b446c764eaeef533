"""The threads of a worker of several queues: slow jobs leave some to quicker ones, and wait for their own."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from itertools import islice
from uuid import UUID

import pytest

from services.worker.handlers import Handler, Task
from services.worker.runner import Runner
from shared.db import ids, jobs
from shared.models.job import JobType, Outcome, Queue
from tests.services.worker.conftest import OWNER, Bench

_THREADS = 3


class _Gated:
    """A job type whose jobs begin, and end when they are let go."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.go = threading.Event()
        self._changed = threading.Condition()

    def run(self, task: Task) -> Outcome:
        with self._changed:
            self.begun.append(task.job.type)
            self._changed.notify_all()
        assert self.go.wait(30)
        return Outcome({})

    def wait(self, *types: str) -> None:
        """Wait until exactly these have begun."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.begun) == len(types), 30)
        assert sorted(self.begun) == sorted(types)


class Worker:
    """The threads of one worker. A wake-up that it sends itself starts a thread at once."""

    def __init__(self, bench: Bench, queues: tuple[Queue, ...]) -> None:
        self.gate = _Gated()
        self.woken: list[Queue] = []
        self._pool = ThreadPoolExecutor(_THREADS)
        handlers: dict[str, Handler] = dict.fromkeys(JobType, self.gate)
        self._runner = Runner(bench.database, bench.leases, handlers, _THREADS, queues, self._woken)
        self._bench = bench

    def order(self, *types: str) -> None:
        with self._bench.database.transaction() as connection:
            for type_ in types:
                jobs.create(connection, ids.new(), OWNER, ids.new(), type=type_)

    def wake(self) -> "Future[bool]":
        return self._pool.submit(self._runner.run_next)

    def _woken(self, _: UUID, queue: Queue) -> None:
        self.woken.append(queue)
        self.wake()

    def stop(self) -> None:
        self.gate.go.set()
        self._pool.shutdown()


def _await_ends(asked: list["Future[bool]"], count: int) -> None:
    """Wait until so many threads have found no job, or none that they have a place for."""
    ended = [thread.result() for thread in islice(as_completed(asked, 30), count)]
    assert ended == [False] * count


@pytest.fixture
def worker(bench: Bench, request: pytest.FixtureRequest) -> Iterator[Worker]:
    made = Worker(bench, getattr(request, "param", tuple(Queue)))
    yield made
    made.stop()


def test_slow_print_jobs_leave_a_thread_to_cut_outs_and_one_to_quick_ones(worker: Worker) -> None:
    worker.order("gang_sheet", "gang_sheet", "gang_sheet")
    asked = [worker.wake() for _ in range(3)]
    worker.gate.wait("gang_sheet")
    _await_ends(asked, 2)
    worker.order("cutline", "cutline", "cutout")
    for _ in range(3):
        worker.wake()
    worker.gate.wait("gang_sheet", "cutline", "cutout")


def test_quick_print_jobs_leave_a_thread_to_cut_outs(worker: Worker) -> None:
    worker.order("cutline", "print_check", "print_edges")
    asked = [worker.wake() for _ in range(3)]
    _await_ends(asked, 1)
    worker.order("cutout")
    worker.wake()
    worker.gate.wait("cutout", *worker.gate.begun[:2])


def test_cut_outs_may_take_all_threads(worker: Worker) -> None:
    worker.order("cutout", "cutout", "cutout", "gang_sheet")
    for _ in range(3):
        worker.wake()
    worker.gate.wait("cutout", "cutout", "cutout")


@pytest.mark.parametrize("worker", [(Queue.QUICK, Queue.SLOW)], indirect=True)
def test_a_worker_of_print_jobs_keeps_a_thread_for_quick_ones(worker: Worker) -> None:
    worker.order("print_file", "print_file", "print_file")
    _await_ends([worker.wake() for _ in range(3)], 1)
    worker.gate.wait("print_file", "print_file")
    worker.order("vector")
    worker.wake()
    worker.gate.wait("print_file", "print_file", "vector")


@pytest.mark.parametrize("worker", [(Queue.SLOW,)], indirect=True)
def test_a_worker_of_one_queue_uses_all_threads(worker: Worker) -> None:
    worker.order("print_file", "print_file", "print_file")
    for _ in range(3):
        worker.wake()
    worker.gate.wait("print_file", "print_file", "print_file")


def test_jobs_whose_wake_ups_found_no_place_follow_as_soon_as_one_is_free(worker: Worker) -> None:
    worker.order(*["gang_sheet"] * 5)
    asked = [worker.wake() for _ in range(5)]
    _await_ends(asked, 4)
    worker.gate.go.set()
    worker.gate.wait(*["gang_sheet"] * 5)
    worker.stop()
    assert worker.woken[:4] == [Queue.SLOW] * 4
