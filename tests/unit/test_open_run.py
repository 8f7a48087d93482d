"""An existing run is opened by its path or its name, asked, and turned into a table."""

import json

import pytest

import bakeoff
from bakeoff.errors import ConfigError, RunFolderError
from bakeoff.records import Answer
from bakeoff.runs.run import Run, find_run, open_run
from tests.unit.run_fixture import finished


class Talking:
    """A contender that can stream."""

    name = "rag"

    def answer(self, questions):
        return [Answer(question_id=question.id, contender="rag", text="two words") for question in questions]

    def stream(self, question):
        yield "two "
        yield "words"
        yield self.answer([question])[0]


class Silent:
    """A contender that declines, and has no stream."""

    name = "base"

    def answer(self, questions):
        return [
            Answer(question_id=question.id, contender="base", text="a guess", abstained=True) for question in questions
        ]


class Failing:
    """A contender whose engine is down."""

    name = "rag"

    def answer(self, questions):
        raise ConnectionError("nobody answers")

    def stream(self, question):
        yield "half of an"
        raise ConnectionError("nobody answers")


@pytest.fixture
def run(tmp_path):
    return finished(tmp_path / "runs" / "planets")


def opens(monkeypatch, contender):
    """Makes every contender of every run this one."""
    monkeypatch.setattr(Run, "open", lambda self, name: contender)


def test_a_run_is_opened_by_its_folder_or_its_name(run, tmp_path):
    """Both lead to the same folder."""
    root = run.folder.root
    assert bakeoff.open_run(root).folder.root == root
    assert open_run("planets", runs=tmp_path / "runs").folder.root == root
    assert open_run(str(root)).contenders == ("base", "rag")


def test_a_name_near_that_of_a_run_is_answered_with_it(run, tmp_path):
    """The error for a typo names the similar run and how to list all runs."""
    with pytest.raises(RunFolderError, match="There is no run 'planet'") as failed:
        find_run("planet", tmp_path / "runs")
    assert "Did you mean 'planets'?" in failed.value.message
    assert failed.value.remedy == f"list the existing runs with: bakeoff runs --runs {tmp_path / 'runs'}"


def test_what_is_no_finished_run_is_refused_with_what_is_missing(run, tmp_path):
    """A folder of something else, a run that was killed early, and a run of another version."""
    (tmp_path / "photos").mkdir()
    with pytest.raises(RunFolderError, match="is not a run folder"):
        open_run(tmp_path / "photos")
    comparison = run.folder.comparison_path.read_text()
    run.folder.comparison_path.unlink()
    with pytest.raises(RunFolderError, match=r"not finished: it has no comparison\.json"):
        open_run(run.folder.root)
    run.folder.comparison_path.write_text(comparison)
    run.folder.environment_path.write_text(json.dumps({"run_format": 99, "bakeoff": "9.0"}))
    with pytest.raises(RunFolderError, match=r"run format 99, written by Bakeoff 9\.0"):
        open_run(run.folder.root)


def test_the_winner_answers_where_nobody_is_named(run, tmp_path, monkeypatch):
    """With the reason for the choice. Without a winner, the most accurate contender within the limits answers."""
    assert run.best.contender == "rag" and run.best.reason == "the winner of the verdict"
    undecided = finished(tmp_path / "undecided", winner=None)
    assert undecided.best.contender == "rag" and "most accurate (75%)" in undecided.best.reason
    undecided.folder.verdict_path.write_text(json.dumps({"winner": None, "excluded": {"rag": "too slow"}}))
    assert undecided.best.contender == "base"
    assert undecided.best.reason == (
        "the most accurate that keeps the profile's needs and limits (10%; rag has 75% and does not keep them); the "
        "verdict has no winner"
    )
    undecided.folder.verdict_path.write_text(json.dumps({"winner": None, "excluded": {"rag": "slow", "base": "slow"}}))
    with pytest.raises(RunFolderError, match="none can be chosen"):
        _ = undecided.best


def test_an_answer_comes_whole_or_in_pieces(run, monkeypatch):
    """The pieces make up the text; the last item is the answer, with the time it took."""
    opens(monkeypatch, Talking())
    *pieces, last = run.stream("Who?")
    assert "".join(pieces) == last.text == run.ask("Who?").text == "two words"
    assert last.latency_ms >= 0 and last.contender == "rag"


def test_what_declining_withholds_is_not_streamed(run, monkeypatch):
    """A contender without a stream gives only the answer if it declines."""
    opens(monkeypatch, Silent())
    (only,) = run.stream("Who?", "base")
    assert only.abstained


def test_an_engine_that_fails_gives_an_answer_with_its_error(run, monkeypatch):
    """Whole or in pieces; nothing is raised."""
    opens(monkeypatch, Failing())
    assert "nobody answers" in run.ask("Who?").error
    *_, last = run.stream("Who?")
    assert last.error == "ConnectionError: nobody answers"


def test_a_contender_is_opened_once(run, monkeypatch):
    """Its models are loaded for the first question only."""
    opened = []
    monkeypatch.setattr(Run, "open", lambda self, name: opened.append(name) or Talking())
    for _ in range(3):
        run.ask("Who?")
    assert opened == ["rag"]


def test_questions_and_contenders_that_cannot_be_are_refused(run):
    """An empty question, and a contender that was not measured."""
    with pytest.raises(ConfigError, match="The question is empty"):
        run.ask("  ")
    with pytest.raises(RunFolderError, match=r"no contender 'rga'.*Did you mean 'rag'\?"):
        run.ask("Who?", "rga")
    with pytest.raises(RunFolderError, match="no contender 'tuned'"):
        run.measure("tuned", "accuracy")


def test_the_table_has_a_row_for_each_contender_and_question(run):
    """With the text, how it came out, its scores and what it took."""
    pytest.importorskip("pandas")
    table = run.to_pandas()
    assert len(table) == 80 and set(table["contender"]) == {"base", "rag"}
    assert table.groupby("contender")["correct"].mean().to_dict() == {"base": 0.1, "rag": 0.75}
    first = table.iloc[0]
    assert (first["question_id"], first["text"], first["outcome"], first["seconds"]) == (
        "q0",
        "right 0",
        "correct",
        0.5,
    )
    assert (table["outcome"] == "wrong").sum() == 36 + 10
