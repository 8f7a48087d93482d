"""Numbers about a running server in the text format of Prometheus, and the route that shows them.

Takes what an `Observer` and the log of requests are told, and functions that read gauges. Knows no question and no key.
Source: Prometheus documentation, "Exposition formats" (text format 0.0.4), "Metric and label naming".
"""

import os
import threading
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bakeoff.errors import BakeoffError
from bakeoff.records import Record
from bakeoff.serve.keys import Holder
from bakeoff.serve.openai.errors import ApiError
from bakeoff.serve.outcome import Ended

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
_STATM = Path("/proc/self/statm")
_RESIDENT = 1  # its second number: pages in memory. Source: proc(5)

Labels = tuple[tuple[str, str], ...]


class Gauge(Record):
    """A number that is read whenever the metrics are shown."""

    name: str
    help: str
    read: Callable[[], float]


class Histogram:
    """Seconds by label values, in buckets. Not safe to use from several threads at once."""

    def __init__(self, name: str, help: str) -> None:
        self.name = name
        self.help = help
        self._counts: dict[Labels, list[int]] = defaultdict(lambda: [0] * (len(BUCKETS_S) + 1))
        self._sums: dict[Labels, float] = defaultdict(float)

    def add(self, labels: Labels, seconds: float) -> None:
        self._counts[labels][bisect_left(BUCKETS_S, seconds)] += 1
        self._sums[labels] += seconds

    def lines(self) -> Iterator[str]:
        yield from _heading(self.name, self.help, "histogram")
        for labels, counts in sorted(self._counts.items()):
            total = 0
            for bound, n in zip((*map(str, BUCKETS_S), "+Inf"), counts, strict=True):
                total += n
                yield _sample(f"{self.name}_bucket", (*labels, ("le", bound)), total)
            yield _sample(f"{self.name}_sum", labels, self._sums[labels])
            yield _sample(f"{self.name}_count", labels, total)


class Counter:
    """A number by label values that only grows. Not safe to use from several threads at once."""

    def __init__(self, name: str, help: str) -> None:
        self.name = name
        self.help = help
        self._values: dict[Labels, int] = defaultdict(int)

    def add(self, labels: Labels) -> None:
        self._values[labels] += 1

    def lines(self) -> Iterator[str]:
        yield from _heading(self.name, self.help, "counter")
        for labels, value in sorted(self._values.items()):
            yield _sample(self.name, labels, value)


class Metrics:
    """The metrics of one server. It is an `Observer` of answers, and `requested` counts responses."""

    def __init__(self, gauges: Sequence[Gauge] = ()) -> None:
        self._lock = threading.Lock()
        self._answers = Counter("bakeoff_answers_total", "Answers by contender and by how they ended.")
        self._requests = Counter("bakeoff_http_requests_total", "HTTP requests by method and status.")
        self._first = Histogram("bakeoff_first_token_seconds", "Seconds until the first piece of an answer.")
        self._whole = Histogram("bakeoff_answer_seconds", "Seconds until an answer was complete.")
        self._gauges = (*gauges, *process_gauges())

    def ended(self, ended: Ended) -> None:
        labels = (("contender", ended.contender),)
        with self._lock:
            self._answers.add((*labels, ("outcome", ended.outcome)))
            if ended.outcome in ("answered", "declined"):
                first_s = ended.seconds if ended.first_s is None else ended.first_s
                self._first.add(labels, first_s)
                self._whole.add(labels, ended.seconds)

    def requested(self, method: str, status: int) -> None:
        """Counts a response. Methods that no route has are counted together: a client could invent any number."""
        known = method if method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS") else "other"
        with self._lock:
            self._requests.add((("method", known), ("status", str(status))))

    def text(self) -> str:
        """All metrics. Reading the gauges may read files; one that cannot be read now is left out."""
        read: list[tuple[Gauge, float]] = []
        for gauge in self._gauges:
            with suppress(BakeoffError):
                read.append((gauge, gauge.read()))
        with self._lock:
            parts = (self._answers, self._requests, self._first, self._whole)
            lines = [line for part in parts for line in part.lines()]
        for gauge, value in read:
            lines += [*_heading(gauge.name, gauge.help, "gauge"), _sample(gauge.name, (), value)]
        return "\n".join(lines) + "\n"

    def route(self, holder_of: Callable[[Request], Holder]) -> Route:
        """`GET /metrics`, for keys that manage; open to the person at the machine where no keys are needed."""

        async def show(request: Request) -> Response:
            if not holder_of(request).manages:
                raise ApiError("This key may not read the metrics.", "use a key that manages", 403, "not_allowed")
            text = await to_thread.run_sync(self.text)
            return Response(text, headers={"Content-Type": CONTENT_TYPE})

        return Route("/metrics", show, methods=["GET"])


def process_gauges() -> list[Gauge]:
    """The start of this process's server, and its memory where the system tells (Linux)."""
    started = time.time()
    name = "process_start_time_seconds"
    gauges = [Gauge(name=name, help="When the server started, in Unix seconds.", read=lambda: started)]
    if _STATM.exists():
        name = "process_resident_memory_bytes"
        gauges.append(Gauge(name=name, help="Memory that the process holds.", read=resident_bytes))
    return gauges


def resident_bytes() -> int:
    """The memory of this process in bytes. Linux only."""
    return int(_STATM.read_text(encoding="ascii").split()[_RESIDENT]) * os.sysconf("SC_PAGE_SIZE")


def _heading(name: str, help: str, kind: str) -> list[str]:
    return [f"# HELP {name} {help}", f"# TYPE {name} {kind}"]


def _sample(name: str, labels: Labels, value: float) -> str:
    r"""One line.

    >>> _sample("answers_total", (("contender", 'a "b"'),), 3)
    'answers_total{contender="a \\"b\\""} 3'
    """
    written = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels)
    number = str(int(value)) if isinstance(value, int) else "NaN" if value != value else repr(float(value))
    return f"{name}{{{written}}} {number}" if labels else f"{name} {number}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
