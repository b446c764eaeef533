"""The threads of a worker, shared out among its queues, so that slow jobs leave some to quicker ones."""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import cycle

from services.worker.handlers import Task
from shared.models.job import Queue

# Of six jobs of a worker that serves all queues, as long as each has one: four cut-outs, as customers wait for them.
_TURNS = (Queue.CUTOUTS, Queue.CUTOUTS, Queue.QUICK, Queue.CUTOUTS, Queue.CUTOUTS, Queue.SLOW)


class Places:
    """With a thread for each, every queue keeps one free of slower queues' jobs: `Queue` lists the quickest first."""

    def __init__(self, threads: int, queues: Collection[Queue]) -> None:
        self._queues = [queue for queue in Queue if queue in queues]
        self._most = {queue: max(1, threads - quicker) for quicker, queue in enumerate(self._queues)}
        self._running: Counter[Queue] = Counter()
        self._passed_over: set[Queue] = set()
        self._turns: Iterator[Queue] = cycle(_TURNS)
        self._lock = threading.Lock()

    def take(self, claim: Callable[[Sequence[Queue]], Task | None]) -> Task | None:
        """The task that `claim` gets from one of the queues that it is given; it holds a place until `give_back`.

        One thread at a time, as only the claim tells which queue's place is taken.
        """
        with self._lock:
            free = self._free()
            task = claim(free)
            if task:
                self._running[Queue(task.job.queue)] += 1
            else:
                self._passed_over = {*self._queues} - {*free}
            return task

    def give_back(self, queue: Queue) -> bool:
        """Whether a thread found no job meanwhile, but may not have looked into all queues: wake one again."""
        with self._lock:
            self._running[queue] -= 1
            return bool(self._passed_over)

    def _free(self) -> list[Queue]:
        """The queues with a free place: the one whose turn it is, then the others, which are asked if it is empty."""
        first = next(queue for queue in self._turns if queue in self._queues)
        free = [queue for queue, most in self._most.items() if self._as_slow(queue) < most]
        return sorted(free, key=lambda queue: queue is not first)

    def _as_slow(self, queue: Queue) -> int:
        """The running jobs of this queue and of slower ones."""
        return sum(self._running[other] for other in self._queues[self._queues.index(queue) :])
