"""Gathering a run folder into ReportData."""

import json
from pathlib import Path

import pytest

from bakeoff.decide.situation.prices import Rates
from bakeoff.errors import RunFolderError
from bakeoff.measure.score import score_answers, values_of
from bakeoff.measure.summary import Measured, summarise
from bakeoff.records import Stage
from bakeoff.report import write_report
from bakeoff.report.gather import gather
from bakeoff.runs.folder import write_json
from tests.unit.report_fixture import SKILL, build


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("run") / "run", n_questions=40)


def test_contenders_stand_in_the_order_of_the_design_whatever_the_file_says(folder: Path) -> None:
    """The grid comes first, then what stands beside it."""
    assert gather(folder).contenders == ("base", "rag", "tuned", "hybrid", "extract", "router", "rag-tuned")


def test_only_test_questions_are_shown_but_all_texts_are_known(folder: Path) -> None:
    """Leaks name training questions, whose texts the page shows too."""
    data = gather(folder)
    assert {question.split for question in data.questions} == {"test"}
    assert data.texts["tq003"].startswith("Please: ")


def test_more_than_one_error_in_twenty_answers_is_a_warning(folder: Path) -> None:
    """Errors are counted and told, never dropped."""
    assert any("rag-tuned are errors" in warning for warning in gather(folder).warnings)
    assert not any("answers of base" in warning for warning in gather(folder).warnings)


def test_answers_after_the_update_are_scored_here(folder: Path) -> None:
    """scores.jsonl holds the main pass only."""
    data = gather(folder)
    assert set(data.scores_after_update.values()) <= {0.0, 1.0, None}
    assert {name for name, _ in data.scores_after_update} == set(SKILL)


def test_what_the_pilot_writes_is_what_the_report_reads(tmp_path: Path) -> None:
    """The comparison made by measure.summary is gathered whole: slices, reasons, contrasts, and drawn."""
    run = build(tmp_path / "run", n_questions=60)
    before = gather(run)
    measured = [
        Measured(
            name=name,
            values=values_of(score_answers(before.questions, list(before.answers[name].values())))[name],
            updated=values_of(score_answers(before.questions, list(before.updated[name].values()))).get(name, {}),
            answers=tuple(before.answers[name].values()),
            latencies_ms=(900.0, 1000.0, 1200.0),
            setup=(Stage(stage="index", seconds=3.0),),
            update=(Stage(stage="update-index", seconds=1.0, tokens=50),),
        )
        for name in before.contenders
    ]
    write_json(run / "comparison.json", summarise(before.questions, measured, {"long-context": "too long"}, Rates()))
    data = gather(run)
    assert data.estimate("rag", "accuracy").slices["seen"] is not None
    assert data.estimate("base", "retrieval_recall").detail["reason"]
    assert {contrast.measure for contrast in data.contrasts} >= {"accuracy", "hallucination"}
    assert data.skipped == {"long-context": "too long"}
    assert "Tokens" in write_report(run).read_text()


def test_a_run_with_nothing_but_a_comparison_can_be_gathered(tmp_path: Path) -> None:
    """Whatever the run has not written is empty, not an error; NaN counts as not measured."""
    (tmp_path / "config.yaml").write_text("name: x\n")
    (tmp_path / "comparison.json").write_text('{"contenders": {"base": {"accuracy": {"value": NaN}, "f1": null}}}')
    data = gather(tmp_path)
    assert data.estimate("base", "accuracy").value is None
    assert data.values("accuracy") == {} and data.questions == () and data.stages == ()


def test_an_answer_to_an_unknown_question_is_told(folder: Path, tmp_path: Path) -> None:
    """An answer that splits.jsonl cannot place is not dropped in silence."""
    run = build(tmp_path / "run", n_questions=20)
    lines = (run / "splits.jsonl").read_text().splitlines(keepends=True)
    (run / "splits.jsonl").write_text("".join(lines[1:]))
    assert any("1 answered questions are not in splits.jsonl" in warning for warning in gather(run).warnings)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("config.yaml", None, "not a run folder"),
        ("config.yaml", "a: [", "Cannot read"),
        ("comparison.json", None, "Cannot read"),
        ("comparison.json", "{", "Cannot read"),
        ("comparison.json", "[]", "comparison.json"),
        ("comparison.json", json.dumps({"contenders": {"base": {"accuracy": {"value": "high"}}}}), "contenders.base"),
        ("data.json", json.dumps({"warnings": 3}), "warnings"),
    ],
)
def test_a_missing_or_broken_file_is_named(tmp_path: Path, name: str, content: str | None, says: str) -> None:
    """Each is one message that names the file, with its remedy."""
    run = build(tmp_path / "run", n_questions=10)
    if content is None:
        (run / name).unlink()
    else:
        (run / name).write_text(content)
    with pytest.raises(RunFolderError, match=says) as caught:
        gather(run)
    assert caught.value.remedy
