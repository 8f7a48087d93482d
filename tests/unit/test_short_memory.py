"""Work that gets too little memory is done in smaller pieces, a few times; then an error says what to do."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from bakeoff.measure.collect import ask
from bakeoff.models import short_memory
from bakeoff.models.short_memory import MemoryShortError, cut, first_pieces, is_short, more_pieces, was_ended
from bakeoff.records import Answer, Question

QUESTIONS = [Question(id=f"q{i}", text=f"What is {i}?", fact=f"q{i}", answers=("a",)) for i in range(16)]


class OutOfMemoryError(RuntimeError):
    """Named as that of PyTorch."""


class Hungry:
    """A contender that can answer so many questions at once."""

    name = "hungry"

    def __init__(self, most: int) -> None:
        self.most, self.asked = most, list[int]()

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        self.asked.append(len(questions))
        if len(questions) > self.most:
            raise OutOfMemoryError
        return [Answer(question_id=one.id, contender=self.name, text="a") for one in questions]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (OutOfMemoryError(), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), True),
        (OSError(12, "Cannot allocate memory"), True),
        (RuntimeError("shapes do not fit"), False),
        (ValueError("no such label"), False),
    ],
)
def test_what_says_that_there_is_no_more_memory(error: Exception, expected: bool) -> None:
    """By its type, its name or its words."""
    assert is_short(error) is expected


@pytest.mark.parametrize(("most", "asked"), [(16, [16]), (8, [16, 8, 8]), (4, [16, 8, 4, 4, 4, 4])])
def test_a_batch_is_asked_in_halves(most: int, asked: list[int], caplog: pytest.LogCaptureFixture) -> None:
    """In order, without a failed answer, and each time with a warning."""
    contender = Hungry(most)
    with caplog.at_level(logging.WARNING):
        answers = ask(contender, QUESTIONS)
    assert [(one.question_id, one.error) for one in answers] == [(one.id, None) for one in QUESTIONS]
    assert contender.asked == asked
    assert len(caplog.records) == {16: 0, 8: 1, 4: 2}[most]


def test_after_three_times_an_error_says_what_to_do() -> None:
    """It is no answer: the run ends, and can be resumed."""
    contender = Hungry(1)
    with pytest.raises(MemoryShortError, match=r"smallest pieces(?s:.*)measuring\.batch_size"):
        ask(contender, QUESTIONS)
    assert contender.asked == [16, 8, 4, 2]


def test_what_cannot_be_cut_is_not_tried_again() -> None:
    """One question is the least."""
    contender = Hungry(0)
    with pytest.raises(MemoryShortError):
        ask(contender, QUESTIONS[:1])
    assert contender.asked == [1]


def test_pieces_double() -> None:
    """Up to eight, or to the number of things."""
    assert [more_pieces(pieces, 99, "It", MemoryError(), "") for pieces in (1, 2, 4)] == [2, 4, 8]
    with pytest.raises(MemoryShortError):
        more_pieces(8, 99, "It", MemoryError(), "")


def test_a_process_after_one_that_was_ended_begins_with_smaller_pieces() -> None:
    """Twice as many for each."""
    try:
        for times, pieces in ((0, 1), (1, 2), (3, 8), (9, 8)):
            was_ended(times)
            assert first_pieces() == pieces
    finally:
        was_ended(0)


@pytest.mark.parametrize(("n", "pieces"), [(1, 4), (5, 2), (16, 8), (0, 2)])
def test_pieces_have_everything_once(n: int, pieces: int) -> None:
    """And none is empty."""
    parts = cut(n, pieces)
    assert [i for part in parts for i in part] == list(range(n))
    assert n == 0 or all(parts)


def test_how_many_processes_the_system_has_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Linux counts them; 0 elsewhere."""
    monkeypatch.setattr(short_memory, "VMSTAT", tmp_path / "vmstat")
    assert short_memory.n_ended_by_system() == 0
    (tmp_path / "vmstat").write_text("nr_dirty 12\noom_kill 7\nnr_free 3\n")
    assert short_memory.n_ended_by_system() == 7


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        MemoryError("Unable to allocate 7.45 GiB for an array"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("can't start new thread"),
        OSError(12, "Cannot allocate memory"),
        ImportError("libtorch_cpu.so: failed to map segment from shared object"),
    ],
)
def test_each_command_ends_without_memory_with_one_clear_error(error, monkeypatch, capsys):
    """Also where another error followed from it."""
    from bakeoff.cli import main

    for raised in (error, ValueError("follows")):
        raised.__context__ = None if raised is error else error

        def app(raised: Exception = raised, **_: object) -> None:
            raise raised

        monkeypatch.setattr(main, "app", app)
        monkeypatch.setattr("sys.argv", ["bakeoff", "run", "x.yaml"])
        with pytest.raises(SystemExit) as ended:
            main.main()
        said = capsys.readouterr().err
        assert ended.value.code == 1
        assert "too little memory for `bakeoff run`" in said and "--resume" in said and "Traceback" not in said


def test_other_errors_are_not_taken_for_a_lack_of_memory():
    assert short_memory.no_memory(ValueError("no"), "run") is None
