"""The reviewed random sample as the monitor reads it: by week, of the answers that the live release gave.

Takes a deployment's log, gives weeks. Reads each entry of the log once, however often it is asked.
"""

import threading
from pathlib import Path

from bakeoff.learn.monitor.accuracy import ReviewedWeek
from bakeoff.learn.review.accuracy import reviewed_weeks
from bakeoff.learn.review.queue import Queue
from bakeoff.serve.log import Log
from bakeoff.serve.releases import current


class ReviewedSample:
    """Gives the weeks whenever it is called with the log of a deployment. Threads can share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queues: dict[Path, Queue] = {}

    def __call__(self, log: Log) -> list[ReviewedWeek]:
        with self._lock:
            if log.path not in self._queues:
                self._queues[log.path] = Queue(log)
            queue = self._queues[log.path]
        return reviewed_weeks(queue.drawn(), queue.reviews(), current(log.path.parent))
