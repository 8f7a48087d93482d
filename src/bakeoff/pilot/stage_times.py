"""The stages of a run as they go by: what is told of them, and how long each took.

Takes a run folder and a listener. Knows no stage by name.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bakeoff.files import jsonl
from bakeoff.models.kept.clock import now
from bakeoff.models.spending.ledger import settle
from bakeoff.models.spending.who import asking_in
from bakeoff.records import Record, Stage
from bakeoff.runs.folder import RunFolder


class Event(Record):
    """The progress of a pilot: this stage (of this contender) has done so many of so many steps.

    The stage `data` has no steps; its `note` is a line to show. With the note "done", `seconds` is how long the stage
    takes in a run that makes everything, here and now or before. `by_workers`: the run has workers, who may have done a
    part of it beside one another.
    """

    stage: str
    contender: str = ""
    done: int = 0
    total: int = 0
    note: str = ""
    detail: str = ""
    seconds: float | None = None
    by_workers: bool = False


Listener = Callable[[Event], None]


class StageTimes:
    """Tells a listener of the stages of a run, and writes their times into its folder."""

    def __init__(self, folder: RunFolder, listener: Listener, has_workers: bool = False) -> None:
        self._folder = folder
        self._tell = listener
        self._has_workers = has_workers

    def note(self, line: str) -> None:
        """Shows a line."""
        self._tell(Event(stage="data", note=line))

    def progress(self, stage: str, contender: str = "") -> Callable[..., None]:
        """A function of the amount done, the total, and a detail, for this stage of this contender."""

        def progress(done: int, total: int, detail: str = "") -> None:
            settle()  # what is done is on the disk when this is called
            self._tell(Event(stage=stage, contender=contender, done=done, total=total, detail=detail))

        return progress

    @contextmanager
    def timed(self, stage: str, contender: str = "", part: str = "") -> Iterator[dict[str, Any]]:
        """Announces a stage and records how long it took. The body may add `tokens` and `detail`, and `seconds`.

        A stage that was finished in an earlier session keeps its time from then. What was made before and taken counts
        with the time that it took when it was made; `seconds` of the body are counted so, too (kept/clock.py).
        """
        self._tell(Event(stage=stage, contender=contender))
        more: dict[str, Any] = {}
        begun = now()
        with asking_in(stage, contender):
            yield more
            settle(is_finished=True)
        seconds = more.pop("seconds", now() - begun)
        key = (stage, part or contender)  # shared parts are built once, by the first contender that needs them
        if key not in {(done.stage, done.part or done.contender) for done in self._folder.stages()}:
            took = Stage(stage=stage, contender=contender, part=part, seconds=seconds, **more)
            jsonl.append(self._folder.stages_path, [took])
        done = Event(stage=stage, contender=contender, done=1, total=1, note="done", seconds=seconds)
        self._tell(done.model_copy(update={"by_workers": self._has_workers}))
