"""The terminal's view of a running pilot: a line for each stage with its progress, time and ETA.

Takes the pilot's events, draws them with rich. Where the output is no terminal, each finished stage prints one line.
"""

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from bakeoff.pilot.stages import Event
from bakeoff.report.stage_titles import STAGES


class Display:
    """Shows events until it is closed."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
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
        self._begun: dict[tuple[str, str], float] = {}

    def __enter__(self) -> "Display":
        if self._console.is_terminal:
            self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._console.is_terminal:
            self._progress.stop()

    def show(self, event: Event) -> None:
        """Draw one event."""
        if event.stage == "data":
            self._console.print(event.note, highlight=False, markup=False)
            return
        key = (event.stage, event.contender)
        self._begun.setdefault(key, time.perf_counter())
        if not self._console.is_terminal:
            if event.note == "done":
                seconds = time.perf_counter() - self._begun[key]
                self._console.print(f"{_title(event)}: {seconds:.1f} s", highlight=False, soft_wrap=True)
            return
        if key not in self._tasks:
            self._tasks[key] = self._progress.add_task(_title(event), total=None, count="")
        if event.total > 1:
            self._progress.update(self._tasks[key], count=f"{event.done}/{event.total}")
        self._progress.update(self._tasks[key], completed=event.done, total=event.total or None)


def _title(event: Event) -> str:
    title = STAGES.get(event.stage, event.stage)
    return f"{event.contender}: {title}" if event.contender else title
