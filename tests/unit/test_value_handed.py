"""Declined questions that go to today's people: what that is worth, by hand, at every place that uses it."""

from dataclasses import replace

import numpy as np
import pytest

from bakeoff.decide.situation.profile import Profile, validate_profile
from bakeoff.decide.situation.stakes import HandOver, OwnStakes, Stakes, Value, replaced
from bakeoff.decide.value.information import deviations
from bakeoff.decide.value.joint import terms_of
from bakeoff.decide.value.learning import Learning, parts_of
from bakeoff.decide.value.outcomes import corrected_utilities, utilities
from bakeoff.decide.value.worth import NOTHING
from bakeoff.decide.verdict.case import most_wrong
from bakeoff.decide.verdict.sensitivity import RIGHT_USD, WRONG_TIMES, Choice, value_flips
from bakeoff.errors import ConfigError
from bakeoff.measure.ppi import Corrected, Pseudo
from tests.unit import decision_fixture
from tests.unit.decision_fixture import decided, inputs_of, questions, values_of

TODAY = {"accuracy": 0.9, "declined": 0.06, "per_question": 2.0, "per_month": 50.0}
HANDED = {"currency": "USD", "unanswered": 4, "declined": 0.5, "declined_to": "today", "today": TODAY}
PEOPLE = HandOver(Stakes(0.9, 0.04, 0.06), 2.0)


def test_a_hand_over_costs_itself_and_their_pay_less_what_their_answer_is_worth():
    """.9 x 4 - .04 x 4 - .06 x .5 = 3.41 earned, 2 paid, .5 for the hand-over: declining gains .91."""
    value = Value.model_validate(HANDED)
    usual = value.stakes(1.0)
    assert usual == Stakes(4.0, 4.0, 0.5)
    to = value.hand_over()
    assert to is not None and to.shares == pytest.approx(PEOPLE.shares) and to.per_question == 2.0
    assert replaced(usual, None, to) == pytest.approx((4.0, 4.0, -0.91))
    assert replaced(usual, None, to.unpaid) == pytest.approx((4.0, 4.0, -2.91))
    assert value.model_copy(update={"declined_to": "nobody"}).hand_over() is None and replaced(usual, None) == usual


def test_a_group_is_handed_over_at_its_own_amounts():
    """A right answer of the group is worth 10: .9 x 10 - .04 x 4 - .06 x 1 = 8.78 earned for 1 + 2 paid."""
    assert replaced(Stakes(4.0, 4.0, 0.5), OwnStakes(right=10, declined=1), PEOPLE).declined == pytest.approx(-5.78)


def test_hand_overs_to_people_who_are_not_described_are_refused():
    """Pay alone does not say how often they are right."""
    for today in ({}, {"today": {"per_question": 3}}):
        with pytest.raises(ConfigError, match="`today` does not say how questions are answered: give it"):
            validate_profile({"value": {"currency": "USD", "unanswered": 4, "declined_to": "today", **today}})


def test_declining_must_not_cost_more_than_a_wrong_answer_after_the_hand_over_either():
    """People at 9 USD who earn 3.41: declining costs 6.09, a wrong answer 4. For nobody, .5 is less than 4."""
    dear = {**HANDED, "today": {**TODAY, "per_question": 9}}
    with pytest.raises(ConfigError, match=r"less than a declined one that today's people get, 6\.09"):
        validate_profile({"value": dear})
    validate_profile({"value": {**dear, "declined_to": "nobody"}})
    assert validate_profile({"value": HANDED}).value
    with pytest.raises(ConfigError, match="of 'seen'"):  # nothing is earned there, and 2.5 paid
        validate_profile({"value": {**HANDED, "by_slice": {"seen": {"right": 0, "wrong": 0.1}}}})


def test_an_expensive_hand_over_may_still_gain():
    """5 USD for the hand-over alone is more than a wrong answer's 4; what people earn makes it 1.86."""
    value = {**HANDED, "declined": 5, "today": {"accuracy": 1.0, "per_question": 1}}
    assert validate_profile({"value": value}).value
    with pytest.raises(ConfigError, match="costs 4, less than a declined one, 5"):
        validate_profile({"value": {**value, "declined_to": "nobody"}})


def test_contrasts_count_what_the_hand_over_is_worth():
    """In right answers, a declined one is worth .91 / 4. An unsure one keeps its range from wrong to right."""
    profile = validate_profile({"value": HANDED})
    asked = questions(4)
    correct, declined, _ = values_of(4, right=[0], declined=[1], unsure=[2])
    worth = utilities(asked, {"a": correct}, {"a": declined}, profile.utility, profile.value)["a"]
    assert worth.values == {"0": 1.0, "1": pytest.approx(0.91 / 4), "2": 0.0, "3": -1.0}
    assert worth.half("2") == 1.0


def test_contrasts_of_corrected_grades_count_it_too():
    """A declined answer to a question without an answer rises from wrong to declined: 1 + .91 / 4."""
    profile = validate_profile({"value": HANDED})
    asked = [one.model_copy(update={"answers": (), "answerable": False}) for one in questions(1, part="unanswerable")]
    pseudo = Pseudo(value=1.0, predicted=0.5, probability=1.0, variance=0.04, noise=0.0, doubt=0.1, unit="0")
    given = Corrected(pseudos={"a": {"0": pseudo}}, lines={}, n_labels=1)
    found = corrected_utilities(asked, given, {}, profile.utility, profile.value).pseudos["a"]["0"]
    slope = 1 + 0.91 / 4
    assert (found.value, found.predicted) == (pytest.approx(0.91 / 4), pytest.approx(0.91 / 4 - slope / 2))
    assert found.doubt == pytest.approx(slope / 10)


def test_the_span_of_an_answers_worth_goes_by_what_declining_costs_in_the_end():
    """In right answers: 1 + 1. A group that hands over for 10 and earns .26: 1 + 10 + .5 - .26."""
    terms = terms_of(validate_profile({"value": HANDED}), ())
    assert terms.span == pytest.approx(2.0)
    assert replace(terms, own=(OwnStakes(declined=10.0),)).span == pytest.approx(1 + 10 + 0.5 - (0.9 - 0.04 - 0.6))


@pytest.mark.parametrize("right_usd", [0.5, 4.0, 60.0])
def test_a_contender_that_declines_everything_is_worth_what_today_is_less_the_hand_over(right_usd):
    """At every value of a right answer: their pay and monthly cost do not depend on it. The added fact differs."""
    value = {**HANDED, "declined": 0, "by_slice": {"seen": {"right": 30}}}
    of = decision_fixture.tested({"value": value}, asked=[*questions(4000, part="seen"), *questions(8000)[4000:]],
                rag={"right": [], "declined": range(8000)}, usd={"rag": 0.0})  # fmt: skip
    net, queries = of.draws.net(right_usd), 120_000
    scale = right_usd * queries
    assert of.draws.utility["rag"] == pytest.approx(of.draws.utility[NOTHING], abs=0.02)
    assert net["rag"] == pytest.approx(net[NOTHING], abs=0.02 * scale + 200)
    assert of.draws.total_usd["rag"].mean() == pytest.approx(2.0 * queries + 50 * 12, rel=0.001)
    dearer = decision_fixture.tested(
        {"value": {**value, "declined": 0.4}}, n=8000, rag={"right": [], "declined": range(8000)}
    )
    lost = dearer.draws.utility[NOTHING] - dearer.draws.utility["rag"]
    assert lost.mean() == pytest.approx(0.1, abs=0.002)


def test_their_pay_is_a_cost_of_its_own_and_not_of_the_contender():
    """rag declines half of 120,000 questions: 120,000 USD of pay and 600 on call; its own set-up stays 5,000."""
    case = decided({"value": HANDED}, n=4000, rag={"right": range(1000), "declined": range(2000, 4000)})
    assert case.draws.total_usd["rag"].mean() == pytest.approx(5_000 + 120_000 + 600, rel=0.002)
    assert case.total_usd["rag"] == pytest.approx(5_000) and case.total_usd[NOTHING] == pytest.approx(240_600)
    assert set(case.draws.handed_usd) == {"rag"}


def test_the_choice_follows_where_declined_questions_go():
    """rag: 50 right, 50 declined; hybrid: 78 right, 22 wrong. Alone .50 against .56; with people .50 + .5 x .91 / 4."""
    specs = {"rag": {"right": range(100), "declined": range(100, 200)}, "hybrid": 156}
    usd = {"rag": 1000.0, "hybrid": 1000.0}
    alone = decided({"value": {**HANDED, "declined": 0, "declined_to": "nobody"}}, usd=usd, **specs)
    handed = decided({"value": HANDED}, usd=usd, **specs)
    assert (alone.leader, handed.leader) == ("hybrid", "rag")
    expected = 4 * 120_000 * (0.5 + 0.5 * 0.91 / 4) - 1000 - 600
    assert handed.worth.nets["rag"].net.value == pytest.approx(expected, rel=0.02)


def test_without_known_costs_their_pay_is_part_of_utility():
    """Nothing else would count it: declining everything gains .91 / 4 a question."""
    of = decision_fixture.tested(
        {"value": HANDED}, n=4000, rag={"right": [], "declined": range(4000)}, options={"inputs": {}}
    )
    assert of.draws.utility["rag"].mean() == pytest.approx(0.91 / 4, abs=0.01)


def test_what_is_left_to_learn_adds_up_with_their_pay():
    """More questions also say how many will be handed over: the parts hold what utility and pay leave open together."""
    asked = [*questions(60, part="seen"), *questions(180)[60:]]
    of = decision_fixture.tested(
        {"value": HANDED}, asked=asked, base=20, rag={"right": range(20, 100), "declined": range(100, 160)}
    )
    learned = Learning(of.outcomes, of.drawn, of.draws, of.profile, ("base", "rag", NOTHING), [1.0] * 3, in_money=True)
    together = sum(part.deviations for part in parts_of(learned))
    open_usd = {
        name: 4 * 120_000 * of.draws.utility[name] - of.draws.handed_usd.get(name, 0.0) for name in learned.names
    }
    assert np.abs(together - deviations(open_usd, learned.names)).max() < 1e-3 * learned.factor
    assert np.abs(together - learned.factor * deviations(of.draws.utility, learned.names)).max() > 0.01 * learned.factor


def test_knowing_everything_is_worth_the_loss_of_the_choice_with_pay_counted_once():
    """Over a year, the two are the same number by definition; the pay counted twice would add to the first."""
    rag = {"right": range(90), "declined": range(90, 190)}
    case = decided({"value": HANDED}, rag=rag, hybrid={"right": range(40, 180), "declined": range(180, 200)})
    assert case.leader in ("rag", "hybrid") and case.worth.nets[case.leader].loss > 1000
    assert case.information.perfect == pytest.approx(case.worth.nets[case.leader].loss, rel=0.001)


def test_more_wrong_answers_would_have_been_handed_over_else():
    """Each answer that is wrong and not declined costs 1 + .91 / 4 right answers, their pay included."""
    case = decided({"value": HANDED}, base=20, rag={"right": range(100), "declined": range(100, 180)})
    net = case.draws.net(4.0)
    more = most_wrong(case.wrong["rag"], case.level) - 0.1
    margin = (net["rag"] - net[NOTHING]).mean() - more * (1 + 0.91 / 4) * 4 * 120_000
    assert more > 0.02 and case._margin_with_most_wrong("rag", net[NOTHING]) == pytest.approx(margin)


def test_flips_keep_the_pay_when_the_value_of_a_right_answer_changes():
    """50 questions; rag declines 40 % (utility .4 + .4 x .9), hybrid none (.7). rag pays 2 x 20 = 40 USD more, so it
    needs 40 / (50 x .06) = 13.33 USD for a right answer."""
    of = {"queries_per_month": 5.0, "horizon_months": 10, "discount_per_year": 0.0}
    inputs = {name: inputs_of(name, 100.0).model_copy(update=of) for name in ("rag", "hybrid")}
    choice = Choice(
        leader="rag", candidates=("rag", "hybrid"), utility={"rag": 0.76, "hybrid": 0.7}, inputs=inputs, right_usd=20.0,
        today_usd=(2.0, 30.0), handed={"rag": 0.4, "hybrid": 0.0},
    )  # fmt: skip
    flips = {flip.input: flip for flip in value_flips(choice)}
    assert (flips[RIGHT_USD].winner, flips[RIGHT_USD].becomes) == ("hybrid", pytest.approx(13.33, rel=0.06))
    assert RIGHT_USD not in {flip.input for flip in value_flips(replace(choice, handed={}))}
    assert WRONG_TIMES not in flips


def test_a_profile_without_a_value_hands_nothing_over():
    """Its terms name nobody."""
    assert terms_of(Profile(), ()).to is None
