"""Monitoring in a running server: the page at /monitor, gauges in the metrics, and a webhook if somebody asked for one.

Takes a deployment's folder and its log, gives routes and gauges. All of them share one snapshot, made at most once a
minute, in a thread that answers no question. What goes wrong here stops no answer.
"""

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bakeoff.errors import BakeoffError
from bakeoff.learn.monitor.alarm_book import AlarmBook
from bakeoff.learn.monitor.alarms import KINDS, Kind
from bakeoff.learn.monitor.monitor import Monitor, Snapshot
from bakeoff.learn.monitor.page.figures import figures_page
from bakeoff.learn.monitor.webhook import tell
from bakeoff.serve.keys import Holder
from bakeoff.serve.log import Log
from bakeoff.serve.metrics import Gauge
from bakeoff.serve.openai.errors import ApiError
from bakeoff.serve.web.routes import MEDIA_TYPES, PageFile

FRESH_S = 60.0
"""A snapshot is used for so long."""
FOLDER = Path(__file__).parent / "page"

_log = logging.getLogger(__name__)


class MonitorOfServer:
    """One server's monitor. `webhook`: the address that is told of alarms."""

    def __init__(self, webhook: str | None = None) -> None:
        self._webhook = webhook
        self._lock = threading.Lock()
        self._watched: tuple[Path, Log] | None = None
        self._monitor: Monitor | None = None
        self._last: Snapshot | None = None
        self._made = -math.inf

    def routes(self, root: Path, log: Log, holder_of: Callable[[Request], Holder]) -> Sequence[Route]:
        """`/monitor`, its files, and `/monitor/figures`, for keys that oversee."""
        self._watch(root, log)
        files = {path.name: PageFile(path) for path in FOLDER.iterdir() if path.suffix in MEDIA_TYPES}

        async def page(request: Request) -> Response:
            return files["index.html"].reply(request)

        async def file(request: Request) -> Response:
            name = request.path_params["name"]
            if name not in files:
                raise HTTPException(404)
            return files[name].reply(request)

        async def figures(request: Request) -> Response:
            if not holder_of(request).oversees:
                message = "This key may not see what others ask."
                raise ApiError(message, "use a key that manages and sees all documents", 403, "not_allowed")
            snapshot = await to_thread.run_sync(self.snapshot)
            if snapshot is None:
                raise ApiError(
                    "The log, or the monitor's history, cannot be read.",
                    "see the server's own lines",
                    503,
                    "unavailable",
                )
            return HTMLResponse(await to_thread.run_sync(figures_page, snapshot))

        return [
            Route("/monitor", page, methods=["GET"]),
            Route("/monitor/figures", figures, methods=["GET"]),
            Route("/monitor/{name}", file, methods=["GET"]),
        ]

    def gauges(self, root: Path, log: Log) -> list[Gauge]:
        """What the metrics show of a snapshot; NaN where nothing was measured."""
        self._watch(root, log)
        reads = [*GAUGES, *((f"alarm_{kind}", f"1 while the alarm '{kind}' is on.", _is_on(kind)) for kind in KINDS)]
        return [Gauge(name=f"bakeoff_monitor_{name}", help=help, read=self._reader(read)) for name, help, read in reads]

    def snapshot(self) -> Snapshot | None:
        """The snapshot of the last minute. The last one if a new one cannot be made; None if there is none."""
        with self._lock:
            if self._watched is not None and time.monotonic() - self._made >= FRESH_S:
                try:
                    self._monitor = self._monitor or Monitor(*self._watched)
                    self._last = self._monitor.snapshot()
                except (BakeoffError, OSError) as error:
                    _log.warning("Use could not be monitored: %s", error)
                self._made = time.monotonic()
            return self._last

    def tell_news(self) -> None:
        """Tells the webhook what began and what ended since it was told last."""
        snapshot = self.snapshot()
        if snapshot is None or self._webhook is None or self._watched is None:
            return
        book = AlarmBook(self._watched[0])
        for news in book.news(snapshot.alarms):
            problem = tell(self._webhook, snapshot.deployment, news)
            if problem:
                _log.warning("The webhook was not told of the alarm '%s': %s", news.kind, problem)
            else:
                book.told(news)

    def _watch(self, root: Path, log: Log) -> None:
        if self._watched is None:
            self._watched = root, log
            if self._webhook:
                threading.Thread(target=self._keep_telling, name="alarms", daemon=True).start()

    def _keep_telling(self) -> None:
        while True:
            time.sleep(FRESH_S)
            try:
                self.tell_news()
            except (BakeoffError, OSError) as error:
                _log.warning("Alarms could not be told: %s", error)
            except Exception as error:  # noqa: BLE001  (without this thread nobody hears of any alarm again)
                _log.warning("Alarms could not be told. They are tried again.", exc_info=error)

    def _reader(self, read: Callable[[Snapshot], float | None]) -> Callable[[], float]:
        def value() -> float:
            snapshot = self.snapshot()
            found = None if snapshot is None else read(snapshot)
            return math.nan if found is None else float(found)

        return value


def _is_on(kind: Kind) -> Callable[[Snapshot], float | None]:
    return lambda of: float(any(alarm.kind == kind for alarm in of.alarms))


def _seconds(ms: float | None) -> float | None:
    return None if ms is None else ms / 1000


GAUGES: tuple[tuple[str, str, Callable[[Snapshot], float | None]], ...] = (
    ("questions", "Questions of the last 28 days.", lambda of: of.total.questions),
    ("declined_share", "Share of answers that were declined, last 28 days.", lambda of: of.total.declined_share),
    ("failed_share", "Share of questions that failed, last 28 days.", lambda of: of.total.failed_share),
    ("latency_p50_seconds", "Median time of an answer, last 28 days.", lambda of: _seconds(of.total.latency_p50_ms)),
    (
        "latency_p95_seconds",
        "95 % of answers take at most, last 28 days.",
        lambda of: _seconds(of.total.latency_p95_ms),
    ),
    ("cost_usd", "Cost of the answers of the last 28 days, in US dollars.", lambda of: of.total.cost_usd),
    ("cost_per_answer_usd", "Cost of an answer at the real volume.", lambda of: of.spending.per_answer_usd),
    ("thumbs_up", "Thumbs up, last 28 days.", lambda of: of.total.thumbs_up),
    ("thumbs_down", "Thumbs down, last 28 days.", lambda of: of.total.thumbs_down),
    (
        "poor_passages_share",
        "Share of questions with worse passages than 95 % of the pilot's, last full week.",
        lambda of: of.coverage.windows[-1].poor_share if of.coverage.windows else None,
    ),
    ("accuracy", "Share of right answers in the reviewed random sample.", lambda of: of.accuracy.accuracy),
    ("old_documents_share", "Share of answers from old documents, last 28 days.", lambda of: of.freshness.old_share),
    ("alarms", "Alarms that are on.", lambda of: len(of.alarms)),
)
