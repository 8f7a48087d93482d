"""The view of a running pilot: each stage with its progress, speed, elapsed and remaining time.

Takes the pilot's events. On a terminal they are shown as bars, drawn with rich. Elsewhere (in a log file) a long stage
prints a line every half minute, and every stage prints one when it has finished. Does not know what a stage does.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from bakeoff.pilot.stage_times import Event
from bakeoff.report.stage_titles import STAGES

LINE_EVERY_S = 30.0
UNITS = {
    "reading": "files",
    "train": "steps",
    "update-train": "steps",
    "index": "documents",
    "update-index": "documents",
    "synthesize": "units",
}


@dataclass
class _Pace:
    """When a stage started here, how much was done when it was first counted, and when it last printed a line."""

    began: float
    printed: float
    counted: tuple[float, int] | None = None


class Display:
    """Shows events until it is closed.

    `clock` gives seconds. `every_s` is the minimum time between two lines of a stage if there is no terminal.
    """

    def __init__(
        self,
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
        every_s: float = LINE_EVERY_S,
    ) -> None:
        self._console = console or Console(stderr=True)
        self._clock, self._every_s = clock, every_s
        self._progress = Progress(
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[count]}"),
            TimeElapsedColumn(),
            TextColumn("ETA"),
            TimeRemainingColumn(),
            console=self._console,
        )
        self._tasks: dict[tuple[str, str], TaskID] = {}
        self._paces: dict[tuple[str, str], _Pace] = {}

    def __enter__(self) -> "Display":
        if self._console.is_terminal:
            self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._console.is_terminal:
            self._progress.stop()

    def show(self, event: Event) -> None:
        """Shows one event."""
        if event.stage == "data":
            self._console.print(event.note, highlight=False, markup=False)
        elif self._console.is_terminal:
            self._draw(event)
        else:
            self._write(event)

    def _draw(self, event: Event) -> None:
        """Moves the stage's bar."""
        key = (event.stage, event.contender)
        if key not in self._tasks:
            self._tasks[key] = self._progress.add_task(_title(event), total=None, count="")
        if event.total > 1 or event.detail:  # of a host's job the steps are not known
            steps = f"{event.done}/{event.total}" if event.total > 1 else ""
            count = ", ".join(filter(None, (steps, event.detail)))
            self._progress.update(self._tasks[key], count=count)
        self._progress.update(self._tasks[key], completed=event.done, total=event.total or None)

    def _write(self, event: Event) -> None:
        """Prints a line if the stage has finished, or has printed none for a while."""
        now = self._clock()
        pace = self._paces.setdefault((event.stage, event.contender), _Pace(began=now, printed=now))
        if event.note == "done":
            self._print(event, _duration(now - pace.began) + _elsewhere(event, now - pace.began))
            del self._paces[event.stage, event.contender]  # the same stage may begin again, with a time of its own
        elif event.total or event.detail:
            pace.counted = pace.counted or (now, event.done)
            if now - pace.printed >= self._every_s and (event.done < event.total or not event.total):
                pace.printed = now
                self._print(event, _standing(event, now, pace))

    def _print(self, event: Event, text: str) -> None:
        self._console.print(f"{_title(event)}: {text}", highlight=False, markup=False, soft_wrap=True)


def _title(event: Event) -> str:
    title = STAGES.get(event.stage, event.stage)
    return f"{event.contender}: {title}" if event.contender else title


def _elsewhere(event: Event, elapsed: float) -> str:
    """How long the whole stage takes, if a part of it was made before and taken, or was made by workers."""
    if event.seconds is None or event.seconds < elapsed + 1:
        return ""
    who = "workers did, or was made before" if event.by_workers else "was made before"
    return f" here, {_duration(event.seconds)} with what {who}"


def _standing(event: Event, now: float, pace: _Pace) -> str:
    """The progress of a stage, its elapsed time, the remaining time at the pace so far, and its detail."""
    counted_at, counted = pace.counted or (now, event.done)
    n_done, seconds = event.done - counted, now - counted_at
    if not event.total:
        return ", ".join((f"{_duration(now - pace.began)} so far", event.detail))
    parts = [
        f"{event.done}/{event.total} {UNITS.get(event.stage, 'questions')}",
        f"{100 * event.done // event.total} %",
        f"{_duration(now - pace.began)} so far",
        f"about {_duration(seconds / n_done * (event.total - event.done))} left" if n_done > 0 else "",
        event.detail,
    ]
    return ", ".join(filter(None, parts))


def _duration(seconds: float) -> str:
    """Seconds in words: 4.2 s, 48 s, 2 min 10 s, 1 h 5 min."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes_left} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
