"""The questions that fill in a profile, with and without a terminal."""

from pathlib import Path

import pytest

from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.situation.questionnaire import QUESTIONS, ask, inspect_data


def test_nothing_is_asked_without_a_terminal() -> None:
    """Known fields are kept, the others stay unknown, and one line names what was not asked."""
    lines: list[str] = []
    known = Profile(queries_per_month=500)
    profile = ask(lambda text: pytest.fail(f"asked {text}"), lines.append, known, interactive=False)
    assert profile == known
    assert profile.model_fields_set == {"queries_per_month"}
    (line,) = lines
    assert "Not asked, because there is no terminal" in line
    assert "queries_per_month" not in line
    assert all(one.field in line for one in QUESTIONS if one.field != "queries_per_month")


def test_the_end_of_the_input_leaves_the_rest_unknown() -> None:
    """Answers before the end of input are kept."""
    typed = iter(["never", "20k"])

    def prompt(text: str) -> str:
        try:
            return next(typed)
        except StopIteration:
            raise EOFError from None

    lines: list[str] = []
    profile = ask(prompt, lines.append)
    assert profile.model_fields_set == {"update_interval_days", "corpus_tokens"}
    assert profile.corpus_tokens == 20_000
    assert len(lines) == 1
    assert "corpus_tokens" not in lines[0]


def test_nothing_is_said_where_all_was_asked() -> None:
    """Empty answers leave fields unknown and no line says that they were not asked."""
    lines: list[str] = []
    assert ask(lambda text: "", lines.append) == Profile()
    assert lines == []


def test_the_look_at_the_data_maps_columns_and_notices_labels(tmp_path: Path) -> None:
    """The inspection counts labels, so that the advice can mention a classification task."""
    rows = [f"request {'abcdefghijklmnopqrst'[i % 20] * 4} {i},label {'xyz'[i % 3]}" for i in range(90)]
    path = tmp_path / "q.csv"
    path.write_text("\n".join(["Message,Team", *rows]))
    found = inspect_data(questions=[path], columns={"question": "Message", "answers": "Team"})
    assert (found.n_questions, found.n_labels) == (90, 3)
    assert "The answers look like 3 labels: this is classification." in found.lines()


def test_a_volume_from_few_dated_questions_is_shown_and_not_used(tmp_path: Path) -> None:
    """The line says how many questions have a date. Fewer than half do not fill in the profile."""
    rows = ["a,1,12,2026-01-01", "b,2,49,2026-03-02", "c,3,1,", "d,4,1,", "e,5,1,"]
    path = tmp_path / "q.csv"
    for kept, known in ((rows, False), (rows[:4], True)):
        path.write_text("\n".join(["question,answer,asked,date", *kept]))
        inspection = inspect_data(questions=[path])
        assert f"2 of {len(kept)} questions that have a date" in inspection.lines()[0]
        assert ("queries_per_month" in inspection.values()) is known
