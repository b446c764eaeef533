"""One thread that looks after the process: replaces it when it is stuck, gives memory back when it is idle.

Native code that hangs cannot be stopped from within. Its caller is answered at the deadline by the thread that waits
for it; when the work has not ended `grace_s` later either, the process ends itself and gunicorn starts another one.
(Should even this thread be held up, gunicorn's own timeout does the same.)

glibc keeps freed memory for later. Returning it after each picture would cost a tenth of the throughput; returning it
after a second without work costs nothing and leaves no more than the network behind.
"""

import os
import time
from collections.abc import Callable

from services.rembg.admission import Gate
from services.rembg.stats import Stats
from shared import log, malloc
from shared.health import Health

_LOOK_S = 0.5
_FAREWELL_S = 1.0  # for those who wait in line to hear that they should come back
_STATUS = 70  # EX_SOFTWARE; gunicorn starts another process after any status but 3 and 4

_log = log.get("watch")


def watch(gate: Gate, stats: Stats, health: Health, stuck_s: float, end: Callable[[int], None] = os._exit) -> None:
    """Look for ever; returns only if `end` does."""
    trimmed_at = -1
    while True:
        time.sleep(_LOOK_S)
        stats.occupied(gate.working, gate.waiting)
        if gate.oldest_s() > stuck_s:
            _log.error("stuck", working=gate.working, longest_s=round(gate.oldest_s(), 1))
            health.mark_draining()
            gate.close()
            time.sleep(_FAREWELL_S)
            return end(_STATUS)
        begun = gate.begun
        if begun != trimmed_at and not gate.working and not gate.waiting:
            trimmed_at = begun
            malloc.give_back()
