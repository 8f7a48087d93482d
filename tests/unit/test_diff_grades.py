"""Unsure answers, labels and other graders in the comparison of two runs."""

import shutil
from datetime import UTC, datetime

import pytest

from bakeoff.decide.situation.profile import Profile
from bakeoff.files import jsonl
from bakeoff.measure.labels import Label, Unit
from bakeoff.measure.units import unit_of
from bakeoff.pilot.score import compare_run, score_run
from bakeoff.records import Answer
from bakeoff.runs.diff_results import results_diff
from bakeoff.runs.folder import RunFolder
from bakeoff.runs.judged import write_judged
from bakeoff.runs.labels import append_labels, set_weights
from tests.unit.fakes import question
from tests.unit.run_fixture import BASE, RAG, finished

GOLD = "The customer may return any unopened product within thirty days of delivery for a full refund."
UNSURE = "Delivery of any product refund for customer within thirty days unopened return full."
N = 60
ASKED = [question(f"q{i}", f"Case {i}?", [GOLD], split="test", slice="unseen") for i in range(N)]


def run(root, rag=None) -> RunFolder:
    """Base and rag right on every second question and unsure on the others; `rag` gives it other texts by number."""
    folder = finished(root, ASKED).folder
    for name, texts in (("base", {}), ("rag", rag or {})):
        given = [texts.get(i, f"{UNSURE} {i}" if i % 2 else GOLD) for i in range(N)]
        answers = [Answer(question_id=f"q{i}", contender=name, text=text) for i, text in enumerate(given)]
        jsonl.write(folder.answers_path(name), answers)
    compare(folder)
    return folder


def compare(folder) -> None:
    score_run(folder, ["base", "rag"])
    compare_run(folder, (BASE, RAG), {}, Profile())


def copied(folder, root) -> RunFolder:
    shutil.copytree(folder.root, root)
    return RunFolder(root)


def label(folder, verdict, keep=lambda unit: True) -> None:
    """The same verdict on all answers that are kept, as if somebody had labelled the whole run."""
    units = sorted({unit_of(answer) for name in ("base", "rag") for answer in folder.answers(name)})
    set_weights(folder, dict.fromkeys(units, 1.0))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    append_labels(
        folder.labels_path,
        [Label(**unit._asdict(), verdict=verdict, labeller="ann", at=now) for unit in units if keep(unit)],
    )
    compare(folder)


def test_a_run_does_not_differ_from_its_copy_although_answers_are_unsure(tmp_path):
    """The same text is right or wrong in both: the interval is as narrow as that of known answers that never differ."""
    before = run(tmp_path / "a")
    results = results_diff(before, copied(before, tmp_path / "b"))
    known = results_diff(finished(tmp_path / "c", ASKED).folder, finished(tmp_path / "d", ASKED).folder)
    for measure in ("accuracy", "hallucination"):
        mine, other = (found.contenders["rag"].differences[measure] for found in (results, known))
        assert (mine.difference, mine.low, mine.high) == (0, other.low, other.high) and mine.high < 0.05
        assert mine.finding == other.finding == "same"
    assert "graded" not in results.note


def test_other_unsure_answers_may_be_a_difference(tmp_path):
    """rag's 30 unsure answers have other words: they could all be right in one run and wrong in the other."""
    before, after = run(tmp_path / "a"), run(tmp_path / "b", rag={i: f"{UNSURE} {i + 1}" for i in range(1, N, 2)})
    rag = results_diff(before, after).contenders["rag"]
    found = rag.differences["accuracy"]
    assert found.difference == 0 and found.finding == "open" and found.low < -0.5 and found.high > 0.5
    assert not rag.better and not rag.worse


def test_labels_of_one_run_change_the_values_but_are_no_difference(tmp_path):
    """A copy whose answers people called right: accuracy rises, the difference is 0, and the note says why."""
    before = run(tmp_path / "a")
    after = copied(before, tmp_path / "b")
    label(after, "right")
    results = results_diff(before, after)
    rag = results.contenders["rag"]
    assert rag.values["accuracy"].before < 0.8 < rag.values["accuracy"].after
    assert rag.differences["accuracy"].difference == 0 and not rag.better and not rag.worse
    assert rag.differences["accuracy"].finding == "same"
    assert "answers labelled by people: 0 before, 60 after" in results.note


def test_enough_labels_correct_both_runs(tmp_path):
    """rag's answers of the second run are new. People call them wrong, and those of the first run right."""
    before = run(tmp_path / "a")
    after = run(tmp_path / "b", rag={i: f"{UNSURE} {i + 1}" for i in range(1, N, 2)})
    label(before, "right")
    label(after, "wrong", keep=lambda unit: unit.text != GOLD)
    found = results_diff(before, after).contenders["rag"]
    assert found.differences["accuracy"].difference < -0.2
    assert found.differences["accuracy"].finding == "different"
    assert set(found.worse) == {f"q{i}" for i in range(1, N, 2)} and not found.better


@pytest.mark.parametrize("text", [GOLD, "Purple elephants dance."])
def test_what_was_unsure_is_neither_better_nor_worse(tmp_path, text):
    """Only changes between answers that are known to be right and to be wrong are listed."""
    rag = results_diff(run(tmp_path / "a"), run(tmp_path / "b", rag={1: text})).contenders["rag"]
    assert not rag.better and not rag.worse


def test_a_known_change_is_listed(tmp_path):
    """From right to wrong, and the other way round."""
    before, after = run(tmp_path / "a"), run(tmp_path / "b", rag={2: "Purple elephants dance."})
    assert results_diff(before, after).contenders["rag"].worse == ("q2",)
    assert results_diff(after, before).contenders["rag"].better == ("q2",)


def test_few_labels_decide_the_answers_that_they_are_about(tmp_path):
    """One unsure answer, labelled right, became a wrong one."""
    before, after = run(tmp_path / "a"), run(tmp_path / "b", rag={1: "Purple elephants dance."})
    label(before, "right", keep=lambda unit: unit.question_id == "q1")
    results = results_diff(before, after)
    assert results.contenders["rag"].worse == ("q1",)
    assert "answers labelled by people: 1 before, 0 after" in results.note


def test_the_note_names_a_judge_and_other_grades(tmp_path):
    """A judge counts in only one run, and the rules graded one answer with the same text differently there."""
    before = run(tmp_path / "a")
    after = copied(before, tmp_path / "b")
    write_judged(after, {Unit("q3", f"{UNSURE} 3"): "right"})
    scores = [
        score.model_copy(update={"value": 1.0})
        if (score.contender, score.question_id, score.measure) == ("rag", "q1", "correct")
        else score
        for score in after.scores()
    ]
    jsonl.write(after.scores_path, scores)
    results = results_diff(before, after)
    assert "answers graded by a judge model: 0 before, 1 after" in results.note
    assert "equal answers that the rules graded differently: 1." in results.note
    assert results.contenders["rag"].differences["accuracy"].difference == 0
