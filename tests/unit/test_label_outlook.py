"""What labellers are told: how many labels are missing, then what more of them would narrow."""

import re

import pytest

from bakeoff.labelling.labelling import Labelling
from bakeoff.labelling.outlook import outlook
from bakeoff.llm_judge.settings import Grading
from bakeoff.measure.ppi import MIN_LABELS
from bakeoff.models.settings import LocalModel
from bakeoff.pilot.judge_answers import judge_answers
from tests.unit.judged_run import ScriptedJudge, long_run
from tests.unit.run_fixture import finished


@pytest.fixture
def labelling(tmp_path):
    """base is right on 12 questions, rag on 18 of 40: the difference is open."""
    return Labelling(finished(tmp_path / "run", base=range(12), rag=range(10, 28)).folder, "ada")


def label(labelling, n):
    """The next n as the rules grade them."""
    labelling.add(*(labelling.label(id, labelling.by_id[id].verdict) for id in labelling.pending(n)))


def test_before_the_least_number_it_says_how_many_are_missing(labelling):
    """And the closest contrast of the leading contender as it is."""
    first, second = outlook(labelling)
    assert first.startswith(f"{MIN_LABELS} labels to go until they correct the rules' grades")
    assert re.match(r"base is 15\.0 points behind rag in accuracy, 95.% interval −\d+\.\d to \d+\.\d\.", second)
    label(labelling, MIN_LABELS - 1)
    assert outlook(labelling)[0].startswith("1 label to go")


def test_then_it_says_what_ten_more_would_narrow(labelling):
    """The interval now is wider than with ten more labels; both are numbers."""
    label(labelling, MIN_LABELS)
    corrects, is_open, closest = outlook(labelling)
    assert corrects == f"{MIN_LABELS} labels correct the grades of all answers."
    assert is_open == "Still open: 1 of 1 differences from the most accurate contender."
    now, later = (float(number) for number in re.findall(r"±(\d+\.\d)", closest))
    assert closest.startswith("base is ") and "behind rag" in closest and 0 < later < now < 100


def test_with_all_labels_nothing_more_is_promised(labelling):
    """There are no more labels that could narrow anything."""
    label(labelling, len(labelling.by_id))
    assert not any("more labels" in sentence for sentence in outlook(labelling))


def test_a_clear_difference_is_said_to_be_clear(tmp_path):
    """Then labels are no longer needed for the verdict."""
    labelling = Labelling(finished(tmp_path / "run").folder, "ada")
    label(labelling, 40)
    assert outlook(labelling)[1] == "Nothing is open between the most accurate contender and the others."


def test_it_says_how_many_labels_the_judge_needs(tmp_path):
    """The number falls with each label of a judged answer, and the sentence goes when there are enough."""
    folder = long_run(tmp_path / "run", 25)
    model = LocalModel(name="tests.unit.judged_run.ScriptedJudge")
    judge_answers(folder, model, Grading(), folder.config().profile, load=lambda settings: ScriptedJudge())
    labelling = Labelling(folder, "ada")
    for n_missing in (30, 25):
        sentence = outlook(labelling)[-1]
        assert f"does not count yet. {n_missing} more labels of answers that it judged are needed" in sentence
        labelling.add(*(labelling.label(id, "right") for id in labelling.pending(5)))
    labelling.add(*(labelling.label(id, "right") for id in labelling.pending(20)))
    assert not any("does not count yet" in sentence for sentence in outlook(labelling))


def test_a_run_without_a_judge_needs_no_labels_for_one(labelling):
    """Nothing is said about a judge."""
    assert not any("judge" in sentence for sentence in outlook(labelling))
