"""Labels of people decide or correct the grades of a test: by themselves if there are few, for all answers if not."""

from dataclasses import replace

import pytest

from bakeoff.measure.labelled import NO_LABELS, Labels, labelled
from bakeoff.measure.labels import Label, Unit, settled
from bakeoff.measure.ppi import MIN_LABELS
from bakeoff.measure.sampling import sample_of
from bakeoff.measure.score import score_answers, values_of
from bakeoff.measure.statistics import graded_share
from bakeoff.measure.summary import Measured, summarise
from bakeoff.records import Answer, Question
from tests.unit.comparison_fixture import entrant
from tests.unit.fakes import answer, question

N = 200
GOLD = "The customer may return any unopened product within thirty days of delivery for a full refund."
UNSURE = "Delivery of any product refund for customer within thirty days unopened return full."
SEED = 3
TINY = 1e-9


@pytest.fixture(scope="module")
def asked() -> list[Question]:
    return [question(f"q{i}", f"Case {i}?", [GOLD], fact=f"q{i}", split="test", slice="unseen") for i in range(N)]


def answers(name: str, n_right: int, asked: list[Question]) -> list[Answer]:
    """`n_right` answers that the rules call right, then answers of which they are unsure."""
    texts = [GOLD if i < n_right else f"{UNSURE} {i}" for i in range(len(asked))]
    return [Answer(question_id=of.id, contender=name, text=text) for of, text in zip(asked, texts, strict=True)]


def measured(name: str, n_right: int, asked: list[Question]) -> Measured:
    given = answers(name, n_right, asked)
    return Measured(entrant=entrant(name), values=values_of(score_answers(asked, given))[name], answers=given)


def labels(units: list[Unit], verdicts: dict[Unit, str], n: int) -> Labels:
    """The labels of n units, taken from the front of the order of labelling."""
    from bakeoff.measure.sampling import labelling_order

    weights = dict.fromkeys(units, 1.0)
    front = labelling_order(weights, SEED)[:n]
    return Labels({unit: verdicts[unit] for unit in front}, sample_of(weights, SEED, front))


def units_of(*given: list[Answer]) -> list[Unit]:
    return list(dict.fromkeys(Unit(answer.question_id, answer.text) for column in given for answer in column))


def test_a_few_labels_decide_the_answers_that_they_are_about(asked):
    """Three labels: three unsure answers become right, wrong and unsure still. The others stay as they are."""
    one = measured("rag", 100, asked)
    own = [Unit(answer.question_id, answer.text) for answer in one.answers[100:103]]
    said = dict(zip(own, ("right", "wrong", "unsure"), strict=True))
    three = Labels(said, sample_of(dict.fromkeys(said, 1.0), 0, said))
    of = labelled(asked, {"rag": one.answers}, {"rag": one.values}, three)
    values = of.values["rag"]
    assert [values["correct"][f"q{i}"] for i in (99, 100, 101, 102, 103)] == [1.0, 1.0, 0.0, 0.5, 0.5]
    assert [values["hallucinated"][f"q{i}"] for i in (99, 100, 101, 102, 103)] == [0.0, 0.0, 1.0, 0.5, 0.5]
    assert [values["unsure"][f"q{i}"] for i in (99, 100, 101, 102, 103)] == [0.0, 0.0, 0.0, 1.0, 1.0]


def test_enough_labels_correct_every_contender(asked):
    """Both have 100 unsure answers. People find 9 in 10 of rag's right, none of tuned's: 120 labels show it."""
    both = [measured("rag", 100, asked), measured("tuned", 100, asked)]
    other = [answer.model_copy(update={"text": answer.text.replace("Del", "del")}) for answer in both[1].answers]
    both[1] = Measured(entrant=both[1].entrant, values=both[1].values, answers=other)
    units = units_of(*(list(one.answers) for one in both))
    rights = {unit for unit in units if unit.text == GOLD}
    rights |= {unit for unit in units if unit.text.startswith("Del") and int(unit.question_id[1:]) % 10}
    truth = {unit: "right" if unit in rights else "wrong" for unit in units}
    before = summarise(asked, both)
    assert before.contrast("rag", "tuned").finding == "open"
    assert before.estimate("rag", "accuracy").high - before.estimate("rag", "accuracy").low > 0.5
    after = summarise(asked, both, labels=labels(units, truth, 120))
    rag, tuned = (after.estimate(name, "accuracy") for name in ("rag", "tuned"))
    assert rag.low < 0.95 < rag.high and tuned.low < 0.5 < tuned.high
    assert rag.high - rag.low < 0.25 and (rag.unsure, rag.labels) == (0, 120)
    contrast = after.contrast("rag", "tuned")
    assert contrast.finding == "different" and contrast.low < 0.45 < contrast.high
    hallucination = after.estimate("tuned", "hallucination")
    assert hallucination.low < 0.5 < hallucination.high


def test_what_labels_correct_is_what_effects_and_claims_see(asked):
    """The mean of the values per question is the estimate, with all answers labelled exactly the labels."""
    one = measured("rag", 100, asked)
    units = units_of(list(one.answers))
    truth = {unit: "right" if int(unit.question_id[1:]) < 150 else "wrong" for unit in units}
    of = labelled(asked, {"rag": one.answers}, {"rag": one.values}, labels(units, truth, N))
    graded = of.graded("rag", "correct", {question.id for question in asked})
    assert graded.values == pytest.approx({f"q{i}": float(i < 150) for i in range(N)}) and not graded.unsure


def test_no_labels_change_nothing(asked):
    """The values are those of the grades, and too few labels correct no other answer."""
    one = measured("rag", 100, asked)
    assert labelled(asked, {"rag": one.answers}, {"rag": one.values}).values["rag"] == one.values
    units = units_of(list(one.answers))
    few = labels(units, dict.fromkeys(units, "right"), MIN_LABELS - 1)
    assert not few.is_enough and labels(units, dict.fromkeys(units, "right"), MIN_LABELS).is_enough
    assert not NO_LABELS.is_enough


def test_labellers_who_disagree_leave_an_answer_unsure():
    """The majority counts; one who cannot tell does not count beside one who can; the last label of a person counts."""

    def label(who, verdict, text="x"):
        return Label(question_id="q", text=text, verdict=verdict, labeller=who, at="2026-01-01T00:00:00Z")

    unit = Unit("q", "x")
    assert settled([label("a", "right"), label("b", "wrong")])[unit] == "unsure"
    assert settled([label("a", "right"), label("b", "wrong"), label("c", "right")])[unit] == "right"
    assert settled([label("a", "right"), label("b", "unsure")])[unit] == "right"
    assert settled([label("a", "right"), label("a", "wrong")])[unit] == "wrong"
    assert settled([label("a", "unsure")])[unit] == "unsure"


def test_what_is_known_takes_no_label():
    """Withheld answers have no unit: their value stays. Failed ones have no value. Unsure ones are corrected."""
    asked = [
        question("q1", answers=["2 years"], split="test", slice="unseen"),
        question("q2", answers=[], split="test", slice="unanswerable"),
        question("q3", answers=["2 years"], split="test", slice="unseen"),
    ]
    given = [answer("q1", "2 years"), answer("q2", "5 km", abstained=True), answer("q3", "", error="TimeoutError")]
    unsure = [answer("q1", "2 years"), answer("q2", "There is no such lamp"), answer("q3", "3 years", abstained=True)]
    scores = {name: values_of(score_answers(asked, own))["rag"] for name, own in (("a", given), ("b", unsure))}
    units = [Unit(f"x{i}", "") for i in range(MIN_LABELS)]
    own = [Unit("q1", "2 years"), Unit("q2", "There is no such lamp")]
    enough = Labels({}, sample_of(dict.fromkeys([*units, *own], 1.0), 0, units))
    of = labelled(asked, {"a": given, "b": unsure}, scores, enough).corrected["correct"].pseudos
    assert {key: (pseudo.value, pseudo.unit is None) for key, pseudo in of["a"].items()} == {
        "q1": (pytest.approx(1.0), False),
        "q2": (1.0, True),
    }
    assert of["b"]["q3"].unit is None and of["b"]["q3"].value == 0.0
    assert 0.0 < of["b"]["q2"].value < 1.0


def test_corrected_values_outside_0_to_1_are_no_obstacle(asked):
    """Forty labels that call the few right answers wrong make pseudo-values negative; shares of slices stay shares."""
    one = measured("rag", 100, asked)
    units = units_of(list(one.answers))
    given = labels(units, dict.fromkeys(units, "wrong"), 40)
    of = labelled(asked, {"rag": one.answers}, {"rag": one.values}, given)
    graded = of.graded("rag", "correct", {"q0", "q1", "q2", "q3"})
    share = graded_share(graded, {question.id: question.fact for question in asked})
    assert 0 <= share.low <= share.value + TINY <= share.high + TINY <= 1 + TINY
    for n in range(30, 60):
        subset = {question.id for question in asked[n : n + 5]}
        part = graded_share(of.graded("rag", "correct", subset), {key: key for key in subset})
        assert 0 <= part.low <= part.value + TINY <= part.high + TINY <= 1 + TINY


def test_what_people_cannot_tell_stays_in_doubt(asked):
    """With labels too: the estimate says how many, and how far its value may lie from the middle."""
    one = measured("rag", 100, asked)
    units = units_of(list(one.answers))
    truth = {unit: "right" if unit.text == GOLD else "unsure" for unit in units}
    estimate = summarise(asked, [one], labels=labels(units, truth, N)).estimate("rag", "accuracy")
    assert (estimate.value, estimate.unsure, estimate.labels) == (pytest.approx(0.75), 100, N)
    assert (estimate.least, estimate.most) == (pytest.approx(0.5), pytest.approx(1.0))
    assert estimate.low < 0.5 and estimate.high == 1.0


def test_a_judge_s_verdict_counts_instead_of_the_rules(asked):
    """As a prediction that labels correct; without labels as it is. Plain and withheld answers are not judged."""
    one = measured("rag", 100, asked)
    judged = {unit: "right" for unit in units_of(list(one.answers)) if unit.text != GOLD}
    of = labelled(asked, {"rag": one.answers}, {"rag": one.values}, replace(NO_LABELS, judged=judged))
    assert set(of.values["rag"]["correct"].values()) == {1.0}
    assert set(of.values["rag"]["unsure"].values()) == {0.0}
    units = units_of(list(one.answers))
    truth = {unit: "right" if unit.text == GOLD else "wrong" for unit in units}
    given = replace(labels(units, truth, 120), judged=judged)
    estimate = summarise(asked, [one], labels=given).estimate("rag", "accuracy")
    assert estimate.low < 0.5 < estimate.high < 0.7, "labels correct a judge that calls everything right"


def sure(name: str, n_right: int, asked: list[Question]) -> Measured:
    """As `measured`, with confidences."""
    one = measured(name, n_right, asked)
    given = [answer.model_copy(update={"confidence": float(-i)}) for i, answer in enumerate(one.answers)]
    return Measured(entrant=one.entrant, values=one.values, answers=given)


@pytest.mark.parametrize("measure", ["aurc", "hallucination_at_equal_coverage"])
def test_risk_and_coverage_cover_unsure_answers_and_are_corrected_by_labels(asked, measure):
    """Half of the answers are unsure. Labels call them all wrong, so the value rises, and the interval narrows."""
    one = sure("rag", 100, asked)
    unlabelled = summarise(asked, [one]).measures["rag"][measure]
    assert unlabelled.unsure == 100 and unlabelled.high - unlabelled.low > 2 * unlabelled.doubt > 0.1
    units = units_of(one.answers)
    verdicts = {unit: "right" if unit.text == GOLD else "wrong" for unit in units}
    corrected = summarise(asked, [one], labels=labels(units, verdicts, 120)).measures["rag"][measure]
    assert corrected.labels == 120 and corrected.unsure == 0
    assert corrected.value > unlabelled.value + unlabelled.doubt / 2
    assert corrected.high - corrected.low < unlabelled.high - unlabelled.low
