"""A thread that replaces the process when it is stuck and returns memory when it is idle.

Native code that hangs cannot be stopped from within. The thread that waits for it answers its caller at the deadline;
if the work has still not ended `stuck_s` after it began, the process exits and gunicorn starts another one. (Should
this thread be blocked as well, gunicorn's own timeout does the same.)

glibc and onnxruntime keep freed memory for reuse. Returning it after each picture would cost a tenth of the throughput;
returning it once the service has been idle for a moment costs the next picture a few percent and leaves little more
than the network.
"""

import os
import time
from collections.abc import Callable

from services.rembg.admission import AdmissionQueue
from shared import log
from shared.health import Health

_INTERVAL_S = 0.5
_GRACE_S = 1.0  # for those who wait to be told that they should come back
_STATUS = 70  # EX_SOFTWARE; gunicorn starts another process after any status but 3 and 4

_log = log.get("watchdog")


def watch(
    queue: AdmissionQueue,
    health: Health,
    stuck_s: float,
    give_back: Callable[[], None],
    end: Callable[[int], None] = os._exit,
) -> None:
    """Run until the process is stuck, then call `end`. `give_back` is called once after each time of work."""
    trimmed_at = -1
    while True:
        time.sleep(_INTERVAL_S)
        if queue.oldest_s() > stuck_s:
            _log.error("stuck", working=queue.working, longest_s=round(queue.oldest_s(), 1))
            health.mark_draining()
            queue.close()
            time.sleep(_GRACE_S)
            return end(_STATUS)
        started = queue.started
        if started != trimmed_at and not queue.working and not queue.waiting:
            trimmed_at = started
            give_back()
