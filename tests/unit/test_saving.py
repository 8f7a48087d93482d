"""What a cascade saves: settings from dev, measured on test, from the answers that a run folder holds."""

import pytest

from bakeoff.contenders.built import Built, Fitted
from bakeoff.contenders.cascading import ALWAYS, Cascaded, Cascading, Level
from bakeoff.contenders.outcomes import outcomes
from bakeoff.contenders.spec import Spec
from bakeoff.contenders.trade_off import Costed, course_of
from bakeoff.decide.situation.profile import Profile
from bakeoff.files import jsonl
from bakeoff.measure.comparison import AskedModel, Entrant
from bakeoff.measure.rates import Rates
from bakeoff.measure.saving import Course, Spent, Way, cascade_curve
from bakeoff.measure.score import score_answers, values_of
from bakeoff.models.settings import TokenPrice
from bakeoff.pilot.score import compare_run, score_run
from bakeoff.records import Usage
from bakeoff.runs.folder import RunFolder, write_record
from tests.unit.fakes import answer, question

N = 60
DEV = [question(f"d{i:02}", answers=["yes"], split="dev", slice="unseen") for i in range(N)]
TEST = [question(f"t{i:02}", answers=["yes"], split="test", slice="unseen") for i in range(N)]
PRICES = {
    "small": Rates(output_usd_per_million_tokens=100),
    "large": Rates(output_usd_per_million_tokens=10_000),
}


def given(name, questions, n_right=N, **more):
    """Answers of 10 tokens, less and less sure; the first `n_right` are right."""
    return [
        answer(
            one.id, "yes" if i < n_right else "no", contender=name, confidence=-i / N,
            usage=Usage(completion_tokens=10, seconds=1.0 if name == "large" else 0.1), **more,
        )
        for i, one in enumerate(questions)
    ]  # fmt: skip


def costed(tested, penalty=0.0):
    """A small model that is right on the surer half of dev and a large one that is always right."""
    levels = [
        Level(name, outcomes(DEV, given(name, DEV, n), penalty, None, PRICES[name]))
        for name, n in (("small", N // 2), ("large", N))
    ]
    return Costed(levels, {name: {one.question_id: one for one in got} for name, got in tested.items()}, PRICES)


CHOSEN = Cascading(levels=("small", "large"), answers_from=(-0.5,))


def curve_of(tested, chosen=CHOSEN):
    course = course_of(chosen, costed(tested), penalty=0.0)
    values = values_of(score for got in tested.values() for score in score_answers(TEST, got))
    return course, cascade_curve(course, TEST, values)


TESTED = {"small": given("small", TEST, N // 2), "large": given("large", TEST)}


def test_the_more_cost_counts_the_more_the_cheap_level_answers():
    """From what it is right about to nearly everything; accuracy and cost are those of the test."""
    _, curve = curve_of(TESTED)
    shares = [point.answered_by.get("small", 0.0) for point in curve.by_price]
    assert shares == sorted(shares) and shares[0] == pytest.approx(0.5, abs=0.1) and shares[-1] > 0.95
    costs = [point.usd for point in curve.by_price]
    assert costs == sorted(costs, reverse=True)
    assert curve.by_price[0].right_answer_usd is None
    assert [point.right_answer_usd for point in curve.by_price[1:]] == sorted(
        (point.right_answer_usd for point in curve.by_price[1:]), reverse=True
    )
    assert curve.by_price[0].accuracy > 0.95 and curve.by_price[-1].accuracy < 0.55


def test_the_curve_says_which_levels_dev_found_worth_asking():
    """No matter which level answers the test: here the small model is asked and never sure."""
    unsure = [one.model_copy(update={"confidence": -2.0}) for one in TESTED["small"]]
    _, curve = curve_of({**TESTED, "small": unsure})
    assert curve.asked == ("small", "large") and set(curve.chosen.answered_by) == {"large"}
    assert curve.cost_ratio.value is not None and curve.cost_ratio.value > 1
    _, curve = curve_of(TESTED, Cascading(levels=("large",), answers_from=()))
    assert curve.asked == ("large",)


def test_every_number_of_a_point_is_that_of_the_answers():
    """Written out: the small model answers the surer 31 (confidence to -0.5), 30 of them right; all 60 ask it."""
    _, curve = curve_of(TESTED)
    assert curve.chosen.answered_by == {"small": pytest.approx(31 / 60), "large": pytest.approx(29 / 60)}
    assert curve.chosen.accuracy == pytest.approx(59 / 60) == curve.accuracy.value
    assert curve.chosen.usd == pytest.approx((60 * 10 * 100 + 29 * 10 * 10_000) / 1e6 / 60)
    assert curve.chosen.seconds == pytest.approx((60 * 0.1 + 29 * 1.0) / 60)
    assert curve.chosen.tokens == pytest.approx((60 * 10 + 29 * 10) / 60)
    assert curve.alone["large"].usd == pytest.approx(0.1) and curve.alone["small"].accuracy == 0.5
    assert curve.cost_ratio.value == pytest.approx(curve.chosen.usd / 0.1)
    assert curve.gain.value == pytest.approx(-1 / 60) and curve.gain.low < -1 / 60 < curve.gain.high
    assert curve.n == N and curve.accuracy.low < 59 / 60 < curve.accuracy.high


def test_shares_go_from_the_last_level_alone_to_the_first_alone():
    """At 0 the small model is not asked at all; at 1 it answers everything."""
    _, curve = curve_of(TESTED)
    assert [point.share for point in curve.by_share] == [i / 10 for i in range(11)]
    assert curve.by_share[0].answered_by == {"large": 1.0} and curve.by_share[0].usd == pytest.approx(0.1)
    assert curve.by_share[-1].answered_by == {"small": 1.0} and curve.by_share[-1].usd == pytest.approx(0.001)
    assert curve.by_share[5].answered_by["small"] == pytest.approx(0.5, abs=0.05)


def test_no_threshold_looks_at_the_test():
    """Other known answers for the test change what is measured, and nothing about who answers."""
    course, curve = curve_of(TESTED)
    wrong = {name: given(name, TEST, 0) for name in TESTED}
    again, curve_of_wrong = curve_of(wrong)
    assert [way.by for way in again.by_price] == [way.by for way in course.by_price]
    assert curve_of_wrong.chosen.accuracy == 0 and curve.chosen.accuracy > 0.9


def test_settings_name_who_the_cascade_would_ask():
    """Each setting's answers and usage are those of a cascade with these thresholds, asked the same questions."""

    class Stored:
        def __init__(self, name):
            self.name, self._given = name, {one.question_id: one for one in TESTED[name]}

        def answer(self, questions):
            return [self._given[one.id] for one in questions]

    for least in (ALWAYS, -0.9, -0.2, 1.0):
        chosen = Cascading(levels=("small", "large"), answers_from=(least,))
        course, _ = curve_of(TESTED, chosen)
        answers = Cascaded("c", [Stored("small"), Stored("large")], (least,)).answer(TEST)
        assert [one.route for one in answers] == [course.chosen.by[one.id] for one in TEST]
        assert [one.usage.seconds for one in answers] == [course.chosen.spent[one.id].seconds for one in TEST]


def test_without_prices_only_what_costs_nothing_to_choose_is_left():
    """Nothing can be weighed against cost if nothing costs anything."""
    of = costed(TESTED)
    free = [
        Level(level.name, {key: one._replace(usd=0.0) for key, one in level.answers.items()}) for level in of.levels
    ]
    course = course_of(Cascading(levels=("small", "large"), answers_from=(0.0,)), of._replace(levels=free))
    assert [way.right_answer_usd for way in course.by_price] == [None]


def way(by, **more):
    return Way(dict(zip("abc", by, strict=True)), dict.fromkeys("abc", Spent(1.0, 1, 0.1)), **more)


def test_unsure_answers_count_half_and_widen_the_intervals_except_where_the_last_level_answers():
    """Wrong costs 1: an unsure answer is worth 0, between -1 and 1. Against the last level only other answers count."""
    asked = [question(key, answers=["yes"]) for key in "abc"]
    values = {
        "s": {"correct": {"a": 0.5, "b": 0.0, "c": 1.0}, "knows": {"a": 0.5, "b": 0.0, "c": 1.0}},
        "l": {"correct": {"a": 1.0, "b": 0.5, "c": 1.0}, "knows": {"a": 1.0, "b": 0.5, "c": 1.0}},
    }
    for of in values.values():
        of["abstained"] = dict.fromkeys("abc", 0.0)
    alone = {name: way(name * 3, is_cascade=False) for name in "sl"}
    curve = cascade_curve(Course(("s", "l"), 1.0, way("sll"), alone, [way("sll")], []), asked, values)
    assert (curve.accuracy.value, curve.accuracy.unsure) == (pytest.approx(2 / 3), 2)
    assert (curve.value.value, curve.value.doubt) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert (curve.gain.value, curve.gain.doubt) == (pytest.approx(-1 / 3), pytest.approx(1 / 3))


def test_what_a_level_would_withhold_counts_as_given_in_a_cascade_and_as_declined_alone():
    """A right text that its own threshold withheld, and a text where the documents hold no answer."""
    asked = [question("a", answers=["yes"]), question("b", answers=[]), question("c", answers=["yes"])]
    values = {
        "s": {
            "correct": {"a": 0.0, "b": 1.0, "c": 0.0},
            "abstained": dict.fromkeys("abc", 1.0),
            "knows": {"a": 1.0, "c": 0.0},
        },
        "l": {"correct": dict.fromkeys("abc", 1.0), "abstained": dict.fromkeys("abc", 0.0), "knows": {}},
    }
    alone = {name: way(name * 3, is_cascade=False) for name in "sl"}
    curve = cascade_curve(Course(("s", "l"), 2.0, way("sss"), alone, [], []), asked, values)
    assert curve.chosen.accuracy == pytest.approx(1 / 3) and curve.chosen.value == pytest.approx((1 - 2 - 2) / 3)
    assert curve.alone["s"].accuracy == pytest.approx(1 / 3) and curve.alone["s"].value == pytest.approx(1 / 3)


def test_a_question_that_a_level_failed_on_is_left_out():
    """And there is no curve if none is left."""
    failed = given("small", TEST, N // 2)
    failed[0] = failed[0].model_copy(update={"error": "Broken", "text": ""})
    assert curve_of({**TESTED, "small": failed})[1].n == N - 1
    broken = [one.model_copy(update={"error": "Broken", "text": ""}) for one in failed]
    assert curve_of({**TESTED, "small": broken})[1] is None


def entrant(name, price=None, behind=()):
    model = AskedModel(name=name, label=name, location="internet", host="x", price=price) if price else None
    return Entrant(name=name, recipe=name, title=name, model=model, behind=behind)


ENTRANTS = (
    entrant("small", TokenPrice(input_tokens=0, output_tokens=100)),
    entrant("large", TokenPrice(input_tokens=0, output_tokens=10_000)),
    entrant("steps", behind=("small", "large")),
)


@pytest.fixture
def folder(tmp_path):
    """A run of two models at different prices and a cascade of both, not yet scored."""
    folder = RunFolder(tmp_path)
    jsonl.write(folder.splits_path, [*DEV, *TEST])
    jsonl.write(folder.stages_path, [])
    for name, n in (("small", N // 2), ("large", N)):
        jsonl.write(folder.answers_path(name), TESTED[name])
        jsonl.write(folder.answers_path(name, "dev"), given(name, DEV, n))
    steps = [
        (TESTED["small"] if -i / N >= -0.5 else TESTED["large"])[i].model_copy(update={"contender": "steps"})
        for i in range(N)
    ]
    jsonl.write(folder.answers_path("steps"), steps)
    fitted = Fitted(routing=CHOSEN.model_dump())
    built = Built(spec=Spec(name="steps", recipe="cascade"), entrant=ENTRANTS[2], fitted=fitted)
    path = folder.world / "contenders" / "steps" / "contender.json"
    path.parent.mkdir(parents=True)
    write_record(path, built)
    score_run(folder, [one.name for one in ENTRANTS])
    return folder


def test_a_run_with_a_cascade_has_its_curve(folder):
    """From files alone; each level at the price of its own model, and the chosen setting is the measured contender."""
    compare_run(folder, ENTRANTS, {}, Profile())
    comparison = folder.comparison()
    (curve,) = comparison.cascades.values()
    assert curve.levels == ("small", "large") and curve.wrong_answer_penalty == Profile().penalty
    assert curve.accuracy.value == comparison.estimate("steps", "accuracy").value == pytest.approx(59 / 60)
    assert curve.alone["large"].usd == pytest.approx(0.1) and curve.alone["small"].usd == pytest.approx(0.001)
    assert len(curve.by_price) > 1 and len(curve.by_share) == 11


def test_a_cascade_whose_level_is_not_compared_has_no_curve(folder):
    """Its answers may be gone."""
    compare_run(folder, (ENTRANTS[0], ENTRANTS[2]), {"large": "left out"}, Profile())
    assert folder.comparison().cascades == {}
