"""The whole way on small data with no model: documents and questions in, run folder and report out."""

import json
import subprocess
import sys

import pytest

from tests.end_to_end.small import environment, make
from tests.unit.test_import import HEAVY


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """One finished run."""
    from bakeoff.pilot.run import run

    folder = tmp_path_factory.mktemp("planets")
    return run(make(folder), runs=folder / "runs")


def test_reading_contenders_beat_the_one_that_reads_nothing(finished):
    """The generator can only read: closed book it declines, with passages it answers."""
    assert finished.measure("rag", "accuracy") > 0.7
    assert finished.measure("base", "abstention") == 1.0
    assert finished.measure("rag", "accuracy") > finished.measure("base", "accuracy")


def test_the_run_folder_holds_what_the_contract_says(finished):
    """Every file of the contract, with every contender and measure."""
    root = finished.folder.root
    for name in (
        "config.yaml",
        "environment.json",
        "splits.jsonl",
        "scores.jsonl",
        "comparison.json",
        "report.html",
        "report.md",
        "answers/rag.jsonl",
        "contenders/rag/contender.json",
    ):
        assert (root / name).exists(), name
    comparison = json.loads((root / "comparison.json").read_text())
    assert set(comparison["measures"]) == {"base", "rag", "extract", "long-context"}
    for measures in comparison["measures"].values():
        assert {
            "accuracy",
            "hallucination",
            "latency_ms",
            "cost_per_1k",
            "retention",
            "freshness",
            "consistency",
            "setup_s",
        } <= set(measures)


def test_every_test_question_is_answered_once_by_every_contender(finished):
    """Nothing is dropped, nothing repeated."""
    wanted = [question.id for question in finished.folder.questions() if question.split == "test"]
    for name in ("base", "rag", "extract", "long-context"):
        assert sorted(answer.question_id for answer in finished.answers(name)) == sorted(wanted)


def test_what_is_opened_answers_as_it_was_measured(finished):
    """The same object from the same folder gives the same answers."""
    questions = [question for question in finished.folder.questions() if question.split == "test"][:5]
    measured = {answer.question_id: answer for answer in finished.answers("rag")}
    answers = finished.open("rag").answer(questions)
    assert [answer.question_id for answer in answers] == [question.id for question in questions]
    for answer in answers:
        before = measured[answer.question_id]
        assert (answer.text, answer.abstained, answer.citations) == (before.text, before.abstained, before.citations)


def test_no_phrasing_of_an_unseen_fact_is_trained_on(finished):
    """Splits go by fact but for the slice that says otherwise."""
    questions = finished.folder.questions()
    trained = {question.fact for question in questions if question.split == "train"}
    assert not [one.id for one in questions if one.split == "test" and one.slice == "unseen" and one.fact in trained]
    assert all(one.fact in trained for one in questions if one.split == "test" and one.slice == "seen")


def test_judging_again_needs_no_model_library(finished):
    """`bakeoff report` on a finished run, in a process that then says which of them it holds."""
    code = (
        "import sys; from bakeoff.cli.main import app; "
        f"app(['report', {str(finished.folder.root)!r}], standalone_mode=False); "
        f"sys.exit(' '.join(name for name in {HEAVY!r} if name in sys.modules))"
    )
    report = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment())
    assert report.stderr.strip() == ""
    assert "Report:" in report.stdout
