"""From a run folder to scores.jsonl and comparison.json: stages by the parts of a contender, each phase once."""

import pytest

from bakeoff.decide.situation.profile import Profile
from bakeoff.errors import RunFolderError
from bakeoff.files import jsonl
from bakeoff.measure.comparison import AskedModel, Axes, Entrant
from bakeoff.measures import Measure
from bakeoff.pilot.score import compare_run, score_run
from bakeoff.records import Stage
from bakeoff.runs.folder import RunFolder
from tests.unit.fakes import answer, question

QUESTIONS = [
    question("t1", answers=["blue"], slice="seen", split="train"),
    question("s1", answers=["red"], slice="seen", split="test"),
    question("g1", answers=["Paris"], slice="general", split="test"),
    question("g2", answers=["Rome"], slice="general", split="test"),
    question("c1", answers=["green"], slice="changed", split="test"),
]
SMALL = AskedModel(name="small", label="a small model")


def entrant(name, **more):
    return Entrant(name=name, **{"recipe": name, "title": name, **more})


PLAIN = entrant("plain", axes=Axes(model="small"), is_baseline=True, parts=("small",))
LARGE = entrant("plain-large", axes=Axes(model="large"), is_baseline=True, parts=("large",))
SEARCHING = entrant(
    "searching", axes=Axes(model="small", knowledge="retrieval"), retrieves=True, parts=("small", "index-128")
)
LEARNT = entrant(
    "learnt", axes=Axes(model="small", tuning="rank 16"), learns_facts=True, is_tuned=True, parts=("adapter-16",)
)
SENDING = entrant("sending", model=SMALL, behind=("learnt", "searching"))
OWN = entrant("their.Own")
ENTRANTS = (PLAIN, LARGE, SEARCHING, LEARNT, SENDING, OWN)
RIGHT = {"plain": ("g1", "g2"), "plain-large": ("g1",), "learnt": ("g1", "s1"), "sending": ("g1", "s1")}
STAGES = [
    Stage(stage="read", seconds=1000),
    Stage(stage="load", part="small", seconds=1),
    Stage(stage="load", part="large", seconds=10),
    Stage(stage="index", part="index-128", seconds=100),
    Stage(stage="train", part="adapter-16", seconds=500),
    Stage(stage="train", part="adapter-64", seconds=7000),
    Stage(stage="answer", contender="plain", seconds=9000),
    Stage(stage="update-index", part="index-128", seconds=3, tokens=30),
    Stage(stage="update-train", part="adapter-16", seconds=50, tokens=500),
]


@pytest.fixture
def folder(tmp_path):
    """A run whose answers were collected, not yet scored."""
    folder = RunFolder(tmp_path)
    jsonl.write(folder.splits_path, QUESTIONS)
    jsonl.write(folder.stages_path, STAGES)
    golds = {one.id: one.answers[0] for one in QUESTIONS}
    for one in ENTRANTS:
        right = RIGHT.get(one.name, ())
        given = [
            answer(key, gold if key in right else "wrong", contender=one.name)
            for key, gold in golds.items()
            if key != "t1"
        ]
        jsonl.write(folder.answers_path(one.name), given)
        jsonl.write(folder.answers_path(one.name, "updated"), [answer("c1", "green", contender=one.name)])
    return folder


def compared(folder, stages=STAGES, entrants=ENTRANTS, own=()):
    jsonl.write(folder.stages_path, stages)
    score_run(folder, [one.name for one in entrants], own)
    compare_run(folder, entrants, {"long": "too long"}, Profile(), own)
    return folder.comparison()


def test_setting_up_is_summed_over_the_parts_a_contender_is_made_of(folder):
    """Not by name: two contenders share an index, and a router's set-up includes that of the contenders behind it."""
    found = compared(folder)
    assert found.values("setup_s") == {
        "plain": 1.0, "plain-large": 10.0, "searching": 101.0, "learnt": 500.0, "sending": 601.0,
    }  # fmt: skip
    assert found.estimate("their.Own", "setup_s").reason == "its set-up was not timed"
    assert found.estimate("sending", "setup_s").detail["stages"] == {"load": 1.0, "index": 100.0, "train": 500.0}


def test_updating_is_summed_in_the_same_way(folder):
    """Indexing what changed, and training again. A contender with neither took no time."""
    found = compared(folder)
    took = {name: found.estimate(name, "freshness").detail.get("update_seconds") for name in found.names}
    assert took == {
        "plain": 0.0, "plain-large": 0.0, "searching": 3.0, "learnt": 50.0, "sending": 53.0, "their.Own": 0.0,
    }  # fmt: skip
    assert found.estimate("sending", "freshness").detail["update_tokens"] == 530


def test_who_learns_facts_and_was_not_trained_again_has_no_time_of_update(folder):
    """Zero seconds would be the best value of all. The same holds for a router that uses such a contender."""
    found = compared(folder, [stage for stage in STAGES if stage.stage != "update-train"])
    assert "update_seconds" not in found.estimate("learnt", "freshness").detail
    assert "update_seconds" not in found.estimate("sending", "freshness").detail
    assert found.estimate("searching", "freshness").detail["update_seconds"] == 3.0


def test_retention_is_held_against_the_same_model_as_it_comes(folder):
    """The small model knew two capitals, the large one knew one.

    A contender without a model uses the first baseline.
    """
    found = compared(folder)
    assert found.values("retention") == {
        "plain": 1.0, "plain-large": 1.0, "searching": 0.0, "learnt": 0.5, "sending": 0.5, "their.Own": 0.0,
    }  # fmt: skip
    without = compared(folder, entrants=(LARGE, LEARNT))
    assert without.estimate("learnt", "retention").value is None
    assert "same model as it comes" in without.estimate("learnt", "retention").reason


def test_without_general_questions_there_is_no_retention(folder):
    """The reason says what the test lacks, not that a contender failed."""
    jsonl.write(folder.splits_path, [one for one in QUESTIONS if one.slice != "general"])
    for one in ENTRANTS:
        kept = [given for given in folder.answers(one.name) if given.question_id in ("s1", "c1")]
        jsonl.write(folder.answers_path(one.name), kept)
    assert compared(folder).estimate("learnt", "retention").reason == "the test holds no general question"


def test_answers_after_the_update_are_scored_once_with_their_phase(folder):
    """Both phases are in scores.jsonl; freshness is computed from there."""
    found = compared(folder)
    phases = {(one.phase, one.value) for one in folder.scores() if one.question_id == "c1" and one.measure == "correct"}
    assert phases == {("test", 0.0), ("updated", 1.0)}
    assert found.estimate("plain", "freshness").value == 1.0
    assert found.estimate("plain", "freshness").detail["before"] == 0.0


def test_the_comparison_keeps_the_order_and_the_training_questions_give_the_constant_answer(folder):
    """Contenders are in the configured order. 'blue' is the answer of training questions, not of test questions."""
    found = compared(folder)
    assert found.names == tuple(one.name for one in ENTRANTS)
    assert found.skipped == {"long": "too long"}
    assert found.constant is not None and (found.constant.answer, found.constant.accuracy.value) == ("blue", 0.0)


def test_a_measure_of_the_team_is_scored_and_compared(folder):
    """Its values are in scores.jsonl, so comparing again does not need the team's code."""
    length = Measure(
        name="length", title="Length", unit="count", estimator="mean", score="length",
        per_question=lambda question, answer: len(answer.text),
    )  # fmt: skip
    first = compared(folder, own=[length])
    compare_run(folder, ENTRANTS, {}, Profile(), first.own_measures)
    assert folder.comparison().estimate("learnt", "length") == first.estimate("learnt", "length")
    assert first.estimate("learnt", "length").value == 3.0


def test_answers_that_are_not_complete_are_refused(folder):
    """Nothing is written: a comparison on half of the test would be wrong."""
    lines = folder.answers_path("plain").read_text().splitlines(keepends=True)
    folder.answers_path("plain").write_text("".join(lines[:-1]))
    with pytest.raises(RunFolderError, match="for plain it lacks 1 of the 4 test questions"):
        compared(folder)
    assert not folder.comparison_path.exists()
