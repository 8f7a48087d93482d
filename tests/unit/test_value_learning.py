"""What is left to learn, split into parts: together they are all that the draws leave open."""

from dataclasses import replace

import numpy as np
import pytest

from bakeoff.decide.plan.tasks import QUESTIONS_PER_DAY
from bakeoff.decide.value.information import LABELS, deviations
from bakeoff.decide.value.learning import LABELS_PER_DAY, Learning, information_left, parts_of
from bakeoff.decide.value.worth import NOTHING
from tests.unit import decision_fixture
from tests.unit.decision_fixture import questions

OWN = {"currency": "USD", "unanswered": 2, "by_slice": {"seen": {"right": 30, "wrong": 50}}}
"""The slice 'seen' has amounts of its own, so utility depends on which amounts belong to which cell."""


def learning(profile=None, names=("base", "rag", NOTHING), **more):
    """60 questions that were seen, 120 that were not; rag has unsure answers in both."""
    asked = [*questions(60, part="seen"), *questions(180)[60:]]
    rag = {"right": range(20, 150), "declined": range(10), "unsure": range(10, 20)}
    of = decision_fixture.tested({"value": OWN} if profile is None else profile, asked=asked, base=20, rag=rag)
    return Learning(of.outcomes, of.drawn, of.draws, of.profile, names, [1.0] * len(names), **more)


@pytest.mark.parametrize("in_money", [False, True])
def test_the_parts_add_up_to_everything_that_the_draws_leave_open(in_money):
    """Seen and unseen questions and labels, with the amounts of each slice; doing nothing is certain."""
    of = learning(in_money=in_money)
    parts = parts_of(of)
    assert [(part.what, part.n0, part.n) for part in parts] == [("seen", 60, 0), ("unseen", 120, 0), (LABELS, 0, 10)]
    together = sum(part.deviations for part in parts)
    assert np.abs(together - of.factor * deviations(of.draws.utility, of.names)).max() < 1e-3 * of.factor
    assert all(part.deviations[:, 2].max() == 0 < part.deviations[:, 1].max() for part in parts)


@pytest.mark.parametrize("more", [{}, {"update_interval_days": 30}], ids=["as it is", "documents change"])
def test_knowing_everything_is_worth_the_loss_of_the_choice_also_where_today_is_described(more):
    """What today's people are worth varies with how many questions are the dear ones, as that of contenders does."""
    people = {"accuracy": 0.55, "declined": 0.45, "per_question": 0.1}
    money = {**OWN, "by_slice": {"seen": {"right": 300, "wrong": 50}}, "today": people}
    asked = [*questions(60, part="seen"), *questions(180)[60:]]
    case = decision_fixture.decided(
        {"value": money, **more}, asked=asked, options={"update_days": {"rag": 6.0}}, base=20,
        rag={"right": range(20, 150), "declined": range(10), "unsure": range(10, 20)},
    )  # fmt: skip
    best = max(case.worth.nets, key=lambda name: case.worth.nets[name].net.value)
    loss = case.worth.nets[best].loss
    assert case.worth.nets[NOTHING].net.low < case.worth.nets[NOTHING].net.high
    assert loss > 1000 and case.information.perfect == pytest.approx(loss, rel=0.002)


def test_a_question_costs_what_the_plan_says_and_a_label_less():
    """60 questions or 500 labels a day."""
    costs = [part.cost_usd for part in parts_of(learning(day_usd=600.0))]
    assert costs == [600 / QUESTIONS_PER_DAY, 600 / QUESTIONS_PER_DAY, 600 / LABELS_PER_DAY]


def test_what_is_not_measured_of_changed_documents_is_a_part_of_its_own():
    """Half of the questions are about them: their part is the other half of what rag's draws leave open."""
    of = replace(learning(names=("base", "rag")), unchanged=[0.5, 0.5], n_changed=20)
    parts = parts_of(of)
    changed = parts[-1]
    assert (changed.what, changed.n0) == ("changed", 20)
    assert changed.deviations[:, 1].std() == pytest.approx(deviations(of.draws.utility, of.names)[:, 1].std() / 2, 0.01)
    assert [part.what for part in parts_of(replace(of, n_changed=0))] == ["seen", "unseen", LABELS]


def test_without_candidates_there_is_nothing_to_learn():
    """Every contender is excluded."""
    found = information_left(learning(names=()))
    assert (found.offers, found.perfect, found.p_right) == ((), 0.0, 1.0)
