"""What differs between two runs: data, settings, environment, and results with the appropriate test."""

import pytest

from bakeoff.files import jsonl
from bakeoff.measure.comparison import Estimate
from bakeoff.records import Document
from bakeoff.runs.diff import diff_runs
from bakeoff.runs.diff_results import independent_difference
from bakeoff.runs.folder import write_json
from tests.unit.fakes import question
from tests.unit.run_fixture import DOCUMENTS, finished, questions


def test_a_run_does_not_differ_from_itself(tmp_path):
    """Same data, no changed settings, no difference, and the finding that all answers are the same."""
    run = finished(tmp_path / "planets")
    found = diff_runs(run, run)
    assert found.same_data and not found.settings and not found.environment
    assert found.questions.same_test and not found.questions.questions.any and not found.documents.any
    for contender in found.results.contenders.values():
        findings = {(one.difference, one.finding) for one in contender.differences.values()}
        assert findings == {(0, "same")}


def test_settings_are_named_by_their_keys(tmp_path):
    """With the value before and after. The name of the run is not a setting."""
    before, after = finished(tmp_path / "a"), finished(tmp_path / "b", retrieval={"k": 8}, seed=9)
    changes = diff_runs(before, after).settings
    assert {key: (one.before, one.after) for key, one in changes.items()} == {"retrieval.k": (3, 8), "seed": (7, 9)}


def test_what_raced_is_a_setting(tmp_path):
    """Also where the same candidate won, so that the settings that were measured are the same."""
    before, after = (
        finished(tmp_path / name, race={"over": {"rag": {"retrieval.k": values}}})
        for name, values in (("a", [1, 3]), ("b", [1, 3, 5]))
    )
    changes = diff_runs(before, after).settings
    assert {key: one.after for key, one in changes.items()} == {"race.over.rag.retrieval.k": [1, 3, 5]}


def test_the_profile_is_the_one_of_the_last_verdict(tmp_path):
    """`bakeoff report --profile` judges a run again. The difference is shown although bakeoff.yaml is the same."""
    before, after = finished(tmp_path / "a"), finished(tmp_path / "b")
    verdict = after.folder.read_json(after.folder.verdict_path)
    write_json(after.folder.verdict_path, verdict | {"profile": verdict["profile"] | {"margin": 0.11}})
    changes = diff_runs(before, after).settings
    assert {key: one.after for key, one in changes.items()} == {"profile.margin": 0.11}


def test_a_regraded_run_has_other_questions(tmp_path):
    """The files it was made from are the same, but the accepted answers are not."""
    before, after = finished(tmp_path / "a"), finished(tmp_path / "b")
    asked = [one.model_copy(update={"answers": ("another",)}) if one.id == "q3" else one for one in questions()]
    jsonl.write(after.folder.splits_path, asked)
    found = diff_runs(before, after)
    assert not found.same_data and found.questions.new_answers == ("q3",)


def test_documents_are_compared_by_source_and_content(tmp_path):
    """One added, one removed, one changed."""
    other = (
        DOCUMENTS[0].model_copy(update={"text": "Aldra circles its star in 315 days."}),
        Document(id="c", text="Cetis.", source="cetis.md"),
    )
    found = diff_runs(finished(tmp_path / "a"), finished(tmp_path / "b", documents=other)).documents
    assert (found.changed, found.added, found.removed) == (("aldra.md",), ("cetis.md",), ("borun.md",))
    assert (found.n_before, found.n_after) == (2, 2)


def test_a_run_without_its_store_is_compared_all_the_same(tmp_path):
    """Only the documents are left out."""
    before, after = finished(tmp_path / "a"), finished(tmp_path / "b")
    (before.folder.world / "store.sqlite").unlink()
    found = diff_runs(before, after)
    assert found.documents is None and found.results.contenders


def test_the_same_questions_are_compared_in_pairs(tmp_path):
    """rag is newly correct on six questions and newly wrong on none: significant. base is the same."""
    before, after = finished(tmp_path / "a", rag=range(20)), finished(tmp_path / "b", rag=range(30))
    results = diff_runs(before, after).results
    assert results.note == "Paired: both runs asked the same 40 test questions."
    rag = results.contenders["rag"]
    assert rag.differences["accuracy"].difference == pytest.approx(0.25)
    assert rag.differences["accuracy"].paired and rag.differences["accuracy"].finding == "different"
    assert rag.differences["accuracy"].p < 0.05 < results.contenders["base"].differences["accuracy"].p
    assert results.contenders["base"].differences["accuracy"].finding == "same"
    assert set(rag.better) == {f"q{i}" for i in range(20, 30)} and not rag.worse
    assert (rag.values["accuracy"].before, rag.values["accuracy"].after) == (0.5, 0.75)


def test_only_what_both_runs_asked_is_paired(tmp_path):
    """A question with another text or other accepted answers is another question; the note says how many are left."""
    asked = questions()
    changed = [
        asked[0].model_copy(update={"text": "Another?"}),
        asked[1].model_copy(update={"answers": ("right 1", "one")}),
        *asked[2:],
    ]
    found = diff_runs(finished(tmp_path / "a"), finished(tmp_path / "b", changed))
    assert found.questions.new_texts == ("q0",) and found.questions.new_answers == ("q1",)
    assert not found.questions.same_test
    assert found.results.n_shared == 38 and "38 test questions are the same in both runs" in found.results.note
    assert found.results.contenders["rag"].differences["accuracy"].n == 38


def test_a_test_that_grew_is_compared_so_that_it_may_be_looked_at_again(tmp_path):
    """The shared questions are paired, with wider intervals and larger p-values, and the note says why."""
    fewer = [asked for asked in questions() if asked.id != "q39"]
    same = diff_runs(finished(tmp_path / "a", fewer, rag=range(20)), finished(tmp_path / "b", fewer, rag=range(30)))
    grown = diff_runs(finished(tmp_path / "c", fewer, rag=range(20)), finished(tmp_path / "d", rag=range(30)))
    once, again = (found.results.contenders["rag"].differences["accuracy"] for found in (same, grown))
    assert (once.anytime, again.anytime) == (False, True)
    assert once.difference == again.difference and once.n == again.n
    assert again.p > once.p and again.low < once.low and again.high > once.high
    assert "however often" in grown.results.note and "however often" not in same.results.note
    base = grown.results.contenders["base"].differences["accuracy"]
    assert (base.difference, base.p, base.finding) == (0, 1, "same")


@pytest.mark.parametrize("n_changed, finding", [(0, "same"), (1, "open")])
def test_one_other_answer_is_enough_not_to_be_the_same(tmp_path, n_changed, finding):
    """Even if the other answer is graded like the one before it: the accuracy does not change."""
    run, other = finished(tmp_path / "a", rag=range(20)), finished(tmp_path / "b", rag=range(20))
    changed = [f"q{i}" for i in range(30, 30 + n_changed)]
    answers = [
        one.model_copy(update={"text": "Another wrong answer."}) if one.question_id in changed else one
        for one in other.folder.answers("rag")
    ]
    jsonl.write(other.folder.answers_path("rag"), answers)
    rag = diff_runs(run, other).results.contenders["rag"].differences["accuracy"]
    assert (rag.difference, rag.finding) == (0, finding)


def test_an_answer_that_only_one_run_has_is_not_the_same(tmp_path):
    """In one run it failed: the question is not compared, but the runs did not answer alike."""
    run, other = finished(tmp_path / "a"), finished(tmp_path / "b")
    answers = [
        one.model_copy(update={"error": "cut off"}) if one.question_id == "q3" else one
        for one in other.folder.answers("rag")
    ]
    jsonl.write(other.folder.answers_path("rag"), answers)
    found = diff_runs(run, other).results.contenders
    assert found["rag"].differences["accuracy"].finding != "same"
    assert found["base"].differences["accuracy"].finding == "same"


def test_the_same_answers_to_the_questions_in_both_runs_are_the_same(tmp_path):
    """One run asked two questions more. What both were asked they answered alike."""
    found = diff_runs(finished(tmp_path / "a", questions()[2:]), finished(tmp_path / "b")).results
    rag = found.contenders["rag"].differences["accuracy"]
    assert found.note.startswith("Paired on shared questions") and (rag.n, rag.finding) == (38, "same")


def test_other_questions_are_not_paired(tmp_path):
    """Only the intervals are compared, and the note says that part of the difference may come from the questions."""
    other = [question(f"q{i}", f"Where is {i}?", [f"right {i}"], split="test", slice="unseen") for i in range(40)]
    results = diff_runs(finished(tmp_path / "a", rag=range(4)), finished(tmp_path / "b", other, rag=range(36))).results
    rag = results.contenders["rag"].differences["accuracy"]
    assert results.note.startswith("Not paired") and results.n_shared == 0
    assert not rag.paired and rag.p is None and rag.finding == "different"
    assert results.contenders["base"].differences["accuracy"].finding == "open"


def test_the_interval_of_independent_shares_is_newcombes():
    """His example (a): 56/70 against 48/80 has the interval .0524 to .3339 (Newcombe 1998, table II, method 10)."""
    found = independent_difference(
        Estimate(value=48 / 80, low=0.4905, high=0.7004, n=80), Estimate(value=56 / 70, low=0.6918, high=0.8769, n=70)
    )
    assert (found.difference, found.low, found.high) == (
        pytest.approx(0.2),
        pytest.approx(0.0524, abs=2e-3),
        pytest.approx(0.3339, abs=2e-3),
    )
    assert independent_difference(Estimate(), Estimate(value=0.5, low=0.4, high=0.6)) is None
