"""What a person sees of a running pilot, especially in a log file."""

import io
from typing import Any

import pytest
from rich.console import Console

from bakeoff.cli.progress import Display, _duration
from bakeoff.pilot.stage_times import Event


class Log:
    """A display that writes to a file, and a clock that the test controls."""

    def __init__(self) -> None:
        self.now = 0.0
        self._file = io.StringIO()
        self._display = Display(Console(file=self._file, width=60), clock=lambda: self.now)

    def show(self, stage: str, done: int = 0, total: int = 0, **more: Any) -> None:
        self._display.show(Event(stage=stage, done=done, total=total, **more))

    @property
    def lines(self) -> list[str]:
        return self._file.getvalue().splitlines()


def test_a_long_training_says_where_it_stands_how_fast_it_is_and_when_it_ends() -> None:
    """In one line, whatever width the file reports."""
    log = Log()
    log.show("train", contender="tuned")
    for step in range(1, 121):
        log.now = 130 * step / 120
        log.show("train", step, 980, contender="tuned", detail="236 tokens/s")
    assert log.lines[-1] == "tuned: Train: 112/980 steps, 11 %, 2 min 1 s so far, about 15 min 40 s left, 236 tokens/s"


def test_a_stage_prints_at_most_a_line_every_half_minute() -> None:
    """Of an hour with a step each second, some 120 lines; a second stage has its own half minutes."""
    log = Log()
    log.show("train", contender="tuned")
    for second in range(1, 3601):
        log.now = float(second)
        log.show("train", second, 4000, contender="tuned")
    assert len(log.lines) == 120
    log.show("answer", contender="rag")
    log.now += 29
    log.show("answer", 16, 200, contender="rag")
    assert len(log.lines) == 120
    log.now += 1
    log.show("answer", 32, 200, contender="rag")
    assert log.lines[-1] == "rag: Answer the test: 32/200 questions, 16 %, 30 s so far, about 10 s left"


def test_what_was_made_before_has_its_own_time() -> None:
    """Before may have been in this very run. Of workers it speaks only where there are some."""
    log = Log()
    for seconds, by_workers in ((41.0, False), (41.0, True), (0.4, True)):
        log.show("train", contender="tuned")
        log.now += 0.3
        log.show("train", 1, 1, contender="tuned", note="done", seconds=seconds, by_workers=by_workers)
    assert log.lines == [
        "tuned: Train: 0.3 s here, 41 s with what was made before",
        "tuned: Train: 0.3 s here, 41 s with what workers did, or was made before",
        "tuned: Train: 0.3 s",
    ]


def test_steps_so_slow_that_each_takes_minutes_have_a_line_each() -> None:
    """Progress matters most on a busy machine."""
    log = Log()
    log.show("train", contender="tuned")
    for step in range(1, 4):
        log.now += 73
        log.show("train", step, 5, contender="tuned")
    assert [line.split(": ")[2].split(" steps")[0] for line in log.lines] == ["1/5", "2/5", "3/5"]


def test_a_resumed_stage_expects_the_pace_of_this_session() -> None:
    """Work done before the kill does not count for the current pace."""
    log = Log()
    log.show("train", contender="tuned")
    log.now = 10
    log.show("train", 901, 1000, contender="tuned")
    log.now = 60
    log.show("train", 906, 1000, contender="tuned")
    assert log.lines == ["tuned: Train: 906/1000 steps, 90 %, 1 min 0 s so far, about 15 min 40 s left"]


def test_a_short_stage_prints_one_line_when_it_has_finished() -> None:
    """With the time it took."""
    log = Log()
    log.show("index")
    log.show("index", 3, 10)
    log.now = 4.24
    log.show("index", 10, 10)
    log.show("index", 1, 1, note="done")
    assert log.lines == ["Index: 4.2 s"]


def test_a_note_on_the_data_is_printed_as_it_is() -> None:
    """Brackets in it are not markup."""
    log = Log()
    log.show("data", note="2 documents [draft]")
    assert log.lines == ["2 documents [draft]"]


def test_a_terminal_shows_count_and_speed() -> None:
    """In addition to the bar, for which rich shows the times."""
    file = io.StringIO()
    with Display(Console(file=file, width=160, force_terminal=True)) as display:
        display.show(Event(stage="train", contender="tuned", done=120, total=980, detail="236 tokens/s"))
    assert "tuned: Train" in file.getvalue()
    assert "120/980, 236 tokens/s" in file.getvalue()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.6, "1 min 0 s"), (130, "2 min 10 s"), (3930, "1 h 5 min")],
)
def test_a_duration_in_words(seconds: float, words: str) -> None:
    """The two largest units at most."""
    assert _duration(seconds) == words


def test_a_stage_that_begins_again_counts_its_own_time() -> None:
    """In a round of learning the same stage comes twice: what passed between is none of it."""
    log = Log()
    log.show("calibrate", contender="base")
    log.now = 5.0
    log.show("calibrate", 1, 1, contender="base", note="done")
    log.now = 200.0
    log.show("calibrate", 0, 62, contender="base")
    assert log.lines == ["base: Calibrate: 5.0 s"]
    log.now = 240.0
    log.show("calibrate", 31, 62, contender="base")
    assert log.lines[-1] == "base: Calibrate: 31/62 questions, 50 %, 40 s so far, about 40 s left"


def test_a_job_at_a_host_says_how_it_stands_although_its_steps_are_not_known() -> None:
    """A line every half minute, with the host's state."""
    log = Log()
    log.show("train", contender="tuned-gpt")
    for second in range(1, 62):
        log.now = float(second)
        log.show("train", contender="tuned-gpt", detail="ftjob-1 at llm.example, 1 min, running: Step 3/9")
    assert log.lines == [
        f"tuned-gpt: Train: {seconds} so far, ftjob-1 at llm.example, 1 min, running: Step 3/9"
        for seconds in ("30 s", "1 min 0 s")
    ]
