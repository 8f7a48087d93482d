"""Draws of outcomes: shares of right, wrong and declined answers that fit the data."""

import numpy as np
import pytest

from bakeoff.decide.situation.stakes import Stakes, Value
from bakeoff.decide.value.outcomes import N_DRAWS, UNIT, draw_outcomes, outcomes, utilities
from bakeoff.decide.value.weights import question_weights
from bakeoff.decide.value.worth import shares_of
from bakeoff.errors import ConfigError
from tests.unit.decision_fixture import questions, values_of


def drawn(asked, value=None, weights=None, **specs):
    values = {name: values_of(len(asked), **spec) for name, spec in specs.items()}
    correct, declined = ({name: of[i] for name, of in values.items()} for i in (0, 1))
    return draw_outcomes(outcomes(asked, correct, declined, weights or question_weights(asked), value))


def test_the_draws_have_the_mean_and_the_spread_of_the_data():
    """60 % right of 200 facts: a mean of .6 and a standard deviation of the binomial's."""
    of = shares_of(drawn(questions(200), rag={"right": 120, "declined": range(180, 200)}).rounded(), "rag")
    assert of.right.mean() == pytest.approx(0.6, abs=0.01)
    assert of.right.std() == pytest.approx((0.6 * 0.4 / 200) ** 0.5, rel=0.08)
    assert of.declined.mean() == pytest.approx(0.1, abs=0.01) and of.wrong.mean() == pytest.approx(0.3, abs=0.01)
    assert len(of.mass) == N_DRAWS and (of.mass == 1).all()


def test_phrasings_of_a_fact_count_as_one_observation():
    """Twice as many phrasings of the same facts do not make the shares surer."""
    once = shares_of(drawn(questions(100), rag={"right": 60}).rounded(), "rag").right.std()
    twice = shares_of(drawn(questions(200, phrasings=2), rag={"right": 120}).rounded(), "rag").right.std()
    assert twice == pytest.approx(once, rel=0.1)


def test_what_was_never_seen_is_unlikely_but_not_impossible():
    """No wrong answer among 50: about a third of one fact is expected, and draws differ."""
    wrong = shares_of(drawn(questions(50), rag={"right": 50}).rounded(), "rag").wrong
    assert wrong.mean() == pytest.approx(1 / 3 / 51, rel=0.2) and wrong.max() > 0.03


def test_with_traffic_on_few_facts_much_stays_open():
    """One fact of 50 is asked 1,000 times as often as the others: all answers right is as little as one fact says."""
    asked = questions(50)
    few = {question.id: 1000.0 if question.id == "0" else 1.0 for question in asked}
    even = shares_of(drawn(asked, rag={"right": 50}).rounded(), "rag").right
    heavy = shares_of(drawn(asked, weights=few, rag={"right": 50}).rounded(), "rag").right
    assert np.quantile(even, 0.025) > 0.9 and np.quantile(heavy, 0.025) < 0.5


def test_contenders_are_drawn_together():
    """Two that differ on 5 of 200 questions differ little in every draw, though each varies."""
    of = drawn(questions(200), a={"right": 100}, b={"right": 105}).rounded()
    a, b = (shares_of(of, name).right[:, 0] for name in ("a", "b"))
    assert (b - a).std() < a.std() / 2


def test_unsure_answers_may_be_right_or_wrong_and_equal_texts_share_it():
    """Half of the answers unsure: anything from 25 to 75 %; the same texts leave no difference between two."""
    spec = {"right": 50, "unsure": range(50, 150), "text": "same"}
    of = drawn(questions(200), a=spec, b=spec).rounded()
    a, b = (shares_of(of, name).right[:, 0] for name in ("a", "b"))
    assert a.min() < 0.3 and a.max() > 0.7
    assert np.abs(a - b).max() < 0.06  # what differs is the added fact only


def test_a_failed_answer_is_one_that_nobody_got():
    """Failed answers count as declined."""
    of = shares_of(drawn(questions(100), rag={"right": 50, "failed": range(90, 100)}).rounded(), "rag")
    assert of.declined.mean() == pytest.approx(0.1, abs=0.01)


def test_declining_what_the_documents_do_not_answer_serves_nobody_unless_it_is_given_a_value():
    """A correct refusal counts as declined; with an own value for the slice it counts as right."""
    asked = [question.model_copy(update={"answers": (), "slice": "unanswerable"}) for question in questions(50)]
    spec = {"right": 40, "declined": range(40)}
    of = shares_of(drawn(asked, rag=spec).rounded(), "rag")
    assert of.right.mean() < 0.02 and of.declined.mean() == pytest.approx(0.8, abs=0.02)
    value = Value.model_validate({"currency": "USD", "right": 4, "by_slice": {"unanswerable": {"right": 1}}})
    assert shares_of(drawn(asked, value, rag=spec).rounded(), "rag").right.mean() == pytest.approx(0.8, abs=0.02)
    of_kind = Value.model_validate({"currency": "USD", "right": 4, "by_kind": {"number": {"right": 9}}})
    numbers = [question.model_copy(update={"kind": "number"}) for question in asked]
    assert shares_of(drawn(numbers, of_kind, rag=spec).rounded(), "rag").right.mean() < 0.02


def test_groups_of_stakes_have_their_own_shares():
    """A slice with own stakes is a group; both groups together are all questions."""
    value = Value.model_validate({"currency": "USD", "right": 4, "by_slice": {"seen": {"right": 10}}})
    asked = [*questions(50, part="seen"), *questions(200)[50:]]
    of = drawn(asked, value, rag={"right": 100}).rounded()
    shares = shares_of(of, "rag")
    assert [own and own.right for own in of.own] == [10, None]
    assert shares.mass.sum(axis=1) == pytest.approx(np.ones(N_DRAWS), abs=2 / UNIT)
    assert shares.mass[:, 0].mean() == pytest.approx(0.25, abs=0.01)
    assert shares.right[:, 0].mean() == pytest.approx(0.25, abs=0.01)


def test_weights_count_questions_facts_or_traffic_and_a_mix_of_slices():
    """Each way to count gives the weights that it says."""
    asked = [q.model_copy(update={"asked": 9 if q.id == "0" else 1}) for q in questions(4, phrasings=2)]
    assert question_weights(asked) == dict.fromkeys("0123", 1.0)
    assert question_weights(asked, "traffic")["0"] == pytest.approx(3.0)
    single = [*asked[:2], asked[2]]
    by_fact = question_weights(single, "fact")
    assert by_fact["0"] + by_fact["1"] == pytest.approx(by_fact["2"])
    mixed = [*questions(1, part="seen"), *questions(4)[1:]]
    weights = question_weights(mixed, mix={"seen": 3, "unseen": 1})
    assert weights["0"] == pytest.approx(3 * sum(weights[key] for key in "123"))
    with pytest.raises(ConfigError, match="No test question counts"):
        question_weights(mixed, mix={"unanswerable": 1.0})


def test_utilities_are_right_answers_less_what_wrong_and_declined_ones_cost():
    """Right 1, wrong -2, declined -0.5; an unsure answer lies halfway with the whole distance as its range."""
    asked = questions(4)
    correct, declined, _ = values_of(4, right=[0], declined=[1], unsure=[2])
    worth = utilities(asked, {"a": correct}, {"a": declined}, Stakes(1.0, 2.0, 0.5))["a"]
    assert worth.values == {"0": 1.0, "1": -0.5, "2": -0.5, "3": -2.0} and worth.half("2") == 1.5
