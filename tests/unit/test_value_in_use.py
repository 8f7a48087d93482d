"""What questions are worth over a year in which documents change, for the contrasts of a decision."""

from dataclasses import replace

import numpy as np
import pytest

from bakeoff.decide.value.information import Part, information
from bakeoff.decide.verdict.decide import decide
from bakeoff.measure.graded import Graded
from bakeoff.measure.ppi import Corrected, Pseudo
from bakeoff.measure.sign_flips import exact_flip_p
from bakeoff.pilot.decision import decision
from tests.unit.decision_fixture import questions, values_of
from tests.unit.decision_fixture import tested as made

DAILY = {
    "update_interval_days": 30,
    "changed_share_per_update": 0.2,
    "accuracy_requirement": 1,
    "max_hallucination": 0.9,
}


def changed(n=100, **contenders):
    """Changed questions with what each contender answered after the update: so many right, the rest wrong."""
    asked = [q.model_copy(update={"id": f"c{q.id}", "fact": f"c{q.fact}", "slice": "changed"}) for q in questions(n)]
    renamed = lambda of: Graded({f"c{key}": value for key, value in of.values.items()})  # noqa: E731
    right = {name: renamed(values_of(n, right)[0]) for name, right in contenders.items()}
    declined = {name: renamed(values_of(n, right)[1]) for name, right in contenders.items()}
    return {"changed": asked, "before": ({}, {}), "after": (right, declined)}


def case_of(n=200, **more):
    return decision(made(DAILY, n=n, base=100, rag=110, options=more))


def test_the_contrast_and_the_table_count_the_same_questions():
    """rag is a little better in the test and far better on what changes: the contrast is that of the means."""
    case = case_of(**changed(base=10, rag=90))
    contrast = case.contrast("rag", "base")
    means = {name: float(case.draws.utility[name].mean()) for name in ("rag", "base")}
    assert contrast is not None
    assert contrast.difference == pytest.approx(means["rag"] - means["base"], abs=0.03)
    assert contrast.difference == pytest.approx(case.as_counted["rag"] - case.as_counted["base"])
    assert contrast.finding == "different"
    assert decide(case).winner == "rag"


def test_without_measured_updates_the_test_questions_stand_for_all():
    """Nobody was asked about changed documents: what changed is known once the update is in."""
    plain, assumed = decision(made({**DAILY, "update_interval_days": None}, base=100, rag=110)), case_of()
    assert assumed.contrast("rag", "base").difference == pytest.approx(plain.contrast("rag", "base").difference)


def test_changed_questions_have_the_stakes_of_the_test_in_contrasts_draws_and_bounds():
    """A third of the test is worth ten times as much, right or wrong: so is a third of what changes."""
    money = {"currency": "USD", "unanswered": 4, "by_slice": {"unseen": {"right": 40, "wrong": 40}}}
    asked = [*questions(140, part="seen"), *questions(210)[140:]]
    of = made({**DAILY, "value": money}, asked=asked, base=100, rag=110, options=changed(base=10, rag=90))
    case = decision(of)
    means = {name: float(case.draws.utility[name].mean()) for name in ("rag", "base")}
    assert means["rag"] - means["base"] > 3
    assert case.contrast("rag", "base").difference == pytest.approx(means["rag"] - means["base"], rel=0.03)
    assert case.wrong_parts["rag"][-1].stakes == pytest.approx((4.0, 4.0, 0.0))


def test_changed_questions_that_were_not_asked_before_the_update_have_the_same_stakes():
    """Wrong until the update is in, at the mean stakes: not at those of the group where wrong answers cost most."""
    money = {"currency": "USD", "unanswered": 4, "by_slice": {"unseen": {"wrong": 40}}}
    asked = [*questions(140, part="seen"), *questions(210)[140:]]
    late = {**changed(base=10, rag=90), "update_days": {"rag": 15.0}}
    case = decision(made({**DAILY, "value": money}, asked=asked, base=100, rag=110, options=late))
    means = {name: float(case.draws.utility[name].mean()) for name in ("rag", "base")}
    assert case.as_counted["rag"] == pytest.approx(means["rag"], abs=0.05)


def test_the_interval_of_a_contrast_is_as_wide_as_the_data_vary_where_few_questions_are_dear():
    """One of twenty questions is worth fifty times as much. Most of the year's are about what changed: at mean stakes,
    so facts drawn again vary as much as the interval says, not as if every question could be a dear one."""
    money = {"currency": "USD", "unanswered": 4, "by_slice": {"unseen": {"right": 200}}}
    asked = [*questions(190, part="seen"), *questions(200)[190:]]
    of = made(
        {**DAILY, "value": money},
        asked=asked,
        base=range(50, 194),
        rag=110,
        options=changed(base=range(40, 100), rag=80),
    )
    contrast, use = decision(of).contrast("rag", "base"), of.in_use(of.weights)
    assert contrast is not None and len(set(use.facts.values())) == len(use.facts)
    weights = np.array([use.weights[key] for key in use.facts])
    gains = np.array([use.values["rag"].values[key] - use.values["base"].values[key] for key in use.facts])
    counts = np.random.default_rng(0).multinomial(len(gains), np.full(len(gains), 1 / len(gains)), 4000)
    drawn = counts @ (weights * gains) / (counts @ weights)
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert 0.95 < (contrast.high - contrast.low) / (high - low) < 1.35


def with_labels(of):
    """As if every second answer of the test had a label, and each prediction a variance of .1."""
    pseudos = {
        name: {key: Pseudo(value, value, 0.5, 0.1, 0.1, unit=(key, name)) for key, value in graded.values.items()}
        for name, graded in of.correct.items()
    }
    return decision(replace(of, corrected=Corrected(pseudos, {}, 200)))


def test_with_labels_the_contrast_counts_the_changed_questions_too():
    """The same difference as without labels, which is that of the means; what labels leave open widens its interval."""
    of = made(DAILY, base=100, rag=110, options=changed(base=10, rag=90))
    plain, labelled = decision(of).contrast("rag", "base"), with_labels(of).contrast("rag", "base")
    assert plain is not None and labelled is not None
    assert labelled.difference == pytest.approx(plain.difference) and plain.difference > 0.4
    assert labelled.high - labelled.low > 1.02 * (plain.high - plain.low)


def test_with_labels_an_update_that_takes_long_counts_as_wrong_answers_too():
    """No update was measured, and it is not in for half of the time: rag loses what it does not know yet."""
    of = made(DAILY, base=100, rag=110, options={"update_days": {"rag": 15.0}})
    plain, labelled = decision(of), with_labels(of).contrast("rag", "base")
    assert labelled.difference == pytest.approx(plain.contrast("rag", "base").difference) and labelled.difference < 0


def test_no_offer_is_worth_more_than_knowing_everything():
    """Two parts that cancel each other out: knowing one alone seems to be worth more than there is to gain."""
    draws = np.random.default_rng(0).normal(size=(2000, 1)) * np.array([[1.0, 0.0]])
    parts = [Part("labels", draws, 0, n=10), Part("all", -0.9 * draws, 100)]
    found = information([0.0, 0.0], parts, np.zeros((2000, 2)), 12, in_money=True)
    assert found.offers and all(offer.gain <= found.perfect for offer in found.offers)


def test_sums_that_are_zero_but_for_rounding_are_no_steps_of_the_exact_test():
    """Weighted worth adds up to 1e-17 for a fact on which both are alike: it is left out, not a step of size 0."""
    sums = np.array([1e-17, 1.0, -1.0, 1.5, 2.0])
    assert exact_flip_p(sums) == pytest.approx(exact_flip_p(sums[1:]))
