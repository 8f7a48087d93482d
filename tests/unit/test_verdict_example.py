"""The worked example of docs/verdict.md: what is calculated there by hand is what the product says."""

import pytest

from bakeoff.decide.verdict.decide import decide
from bakeoff.measure.bounds import more_for_bound, share_bound
from tests.unit.decision_fixture import decided

VALUE = {"currency": "USD", "unanswered": 4}
KINDS = [("r", "r", 50), ("r", "w", 10), ("d", "r", 15), ("w", "r", 5), ("d", "w", 10), ("d", "d", 5), ("w", "w", 5)]
"""What rag and hybrid did (right, wrong, declined), and on how many questions."""
QUESTIONS = [kinds for *kinds, n in KINDS for _ in range(n)]


def spec(place):
    return {
        "right": [i for i, kinds in enumerate(QUESTIONS) if kinds[place] == "r"],
        "declined": [i for i, kinds in enumerate(QUESTIONS) if kinds[place] == "d"],
    }


def example(**profile):
    base = {"right": range(80, 100), "declined": range(20)}
    return decided({"value": VALUE, **profile}, n=100, base=base, rag=spec(0), hybrid=spec(1))


def test_the_net_values_and_their_intervals_are_those_calculated_by_hand():
    """rag 235,000 USD a year, give or take 63,000; hybrid 204,000. The added fact moves both by about 1 %."""
    nets = example().worth.nets
    assert nets["rag"].net.value == pytest.approx(235_000, rel=0.02)
    assert (nets["rag"].net.high - nets["rag"].net.low) / 2 == pytest.approx(63_000, rel=0.08)
    assert nets["hybrid"].net.value == pytest.approx(204_000, rel=0.02)


def test_the_chance_and_the_loss_are_those_of_the_paired_difference():
    """A lead of 31,000 with a standard error of 44,200: best with a chance of 76 %, expected loss 6,300."""
    rag = example().worth.nets["rag"]
    assert rag.best == pytest.approx(0.76, abs=0.03) and rag.loss == pytest.approx(6_300, rel=0.15)


def test_a_hundred_more_questions_are_worth_about_twice_their_cost():
    """2,640 USD against 100 questions of 1 / 60 of a day each."""
    offer = next(one for one in example().information.offers if one.n == 100)
    assert offer.gain == pytest.approx(2_640, rel=0.2)
    assert offer.cost_usd == pytest.approx(100 / 60, rel=0.01)  # the example's day costs 1 USD


def test_hybrid_pays_where_wrong_answers_cost_half():
    """At half the cost of a wrong answer, hybrid is worth more from 2.33 USD a right answer on."""
    half = example(value={"currency": "USD", "right": 4, "wrong": 2})
    usd = next(pair.usd for pair in half.worth.break_even if {pair.above, pair.below} == {"rag", "hybrid"})
    assert usd == pytest.approx(2.33, rel=0.15)


def test_declined_questions_that_go_to_todays_people_earn_what_they_earn():
    """.9 - .1 right answers of 4 USD less 1 USD of pay are 2.20 USD: for rag 36,000 times, for hybrid 6,000 times.

    Today's process is worth .8 x 480,000 - 120,000 USD. The on-call team's 500 USD a month are paid in all three.
    """
    today = {"accuracy": 0.9, "per_question": 1, "per_month": 500}
    nets = example(value={**VALUE, "declined_to": "today", "today": today}).worth.nets
    assert nets["rag"].net.value == pytest.approx(235_000 + 79_200 - 6_000, rel=0.02)
    assert nets["hybrid"].net.value == pytest.approx(204_000 + 13_200 - 6_000, rel=0.02)
    assert nets["nothing"].net.value == pytest.approx(264_000 - 6_000)
    assert nets["rag"].cost.value == pytest.approx(5_000 + 36_000 + 6_000, rel=0.02)


def test_goals_are_met_or_not_shown_by_their_bounds():
    """60 of 100 right shows 50 % (51 % at least); 10 wrong of 100 does not show 15 % (16 % at most)."""
    assert share_bound(0.6, 100) == pytest.approx(0.513, abs=0.001)
    assert share_bound(0.1, 100, side="high") == pytest.approx(0.164, abs=0.001)
    assert more_for_bound(0.1, 100, 100, 0.15, side="high") == 50


def test_the_verdict_names_rag():
    """It leads in money and has the fewer wrong answers, though hybrid has more right ones."""
    found = decide(example())
    assert found.winner == "rag" and found.most_accurate == "hybrid"
