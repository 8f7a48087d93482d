"""From what was measured to the case of the verdict: own stakes, changed documents, weights, several base models."""

import pytest

from bakeoff.decide.verdict.decide import decide
from bakeoff.measure.graded import known
from tests.unit.decision_fixture import decided, questions, verdict

MONEY = {"value": {"currency": "USD", "unanswered": 4}}
EASY = {"accuracy_requirement": 1, "max_hallucination": 0.5}


def updates(**after):
    """20 changed questions that nobody knew before the update; so many right answers after it."""
    changed = [q.model_copy(update={"id": f"c{q.id}", "fact": f"c{q.fact}"}) for q in questions(20, part="changed")]

    def answers(rights):
        right = {name: known({q.id: float(i < n) for i, q in enumerate(changed)}) for name, n in rights.items()}
        return right, {name: known({q.id: 0.0 for q in changed}) for name in rights}

    return {"changed": changed, "before": answers(dict.fromkeys(after, 0)), "after": answers(after)}


def test_the_interval_of_a_contrast_holds_its_difference_whatever_a_slice_is_worth():
    """A slice worth 100 times as much: the interval is not cut at the usual distance from right to wrong."""
    asked = [*questions(60, part="seen"), *questions(120)[60:]]
    value = {"currency": "USD", "unanswered": 1, "by_slice": {"seen": {"right": 100, "wrong": 100}}}
    rag, base = [*range(40), *range(60, 120)], [*range(20), *range(60, 120)]
    found = verdict({"value": value}, asked=asked, rag={"right": rag}, base={"right": base})
    assert all(pair.low < pair.difference < pair.high for pair in found.contrasts)
    assert found.contrasts[0].difference == pytest.approx(20 * 200 / 120)


def test_knowing_everything_is_worth_the_expected_loss_also_where_documents_change():
    """What 20 changed questions leave open decides; more of them are offered."""
    profile = {**MONEY, "update_interval_days": 1}
    found = decided(profile, n=400, base=0, rag=320, tuned=320, options=updates(base=0, rag=12, tuned=13))
    learned = found.information
    assert learned.perfect == pytest.approx(found.worth.nets[found.leader].loss, rel=1e-3) and learned.perfect > 1000
    assert learned.p_right == pytest.approx(found.worth.nets[found.leader].best, abs=0.01)
    assert learned.best is not None and learned.best.what == "changed"


def test_changed_documents_are_not_called_another_way_to_count():
    """tuned leads in the test and loses by updates; all questions are alike, so no other count turns the order."""
    profile = {**MONEY, "update_interval_days": 1}
    found = verdict(profile, base=0, rag=160, tuned=170, options=updates(base=0, rag=16, tuned=2))
    assert found.winner == "rag" and not any("leads" in line for line in found.warnings)


def test_a_base_model_that_leads_is_compared_with_the_other_ones():
    """The better one of two base models is worth the most, and it is significantly better than the other."""
    found = verdict(MONEY, base=150, base_2=100, rag=100, usd={"base-2": 1000})
    assert (found.decision, found.winner) == ("ship", "base")


def test_facts_without_weight_do_not_make_a_test_large_enough():
    """10 seen and 100 unseen questions, only seen ones count: ten facts carry no verdict."""
    asked = [*questions(10, part="seen"), *questions(110)[10:]]
    found = verdict({"slice_weights": {"seen": 1}}, asked=asked, rag=range(110))
    assert found.decision == "none" and "10 facts" in found.reason


def test_right_and_wrong_answers_are_counted_in_the_same_way():
    """By weight half is right and half wrong, although four of five questions are wrong."""
    asked = [*questions(40, part="seen"), *questions(200)[40:]]
    found = verdict({**EASY, "slice_weights": {"seen": 1, "unseen": 1}}, asked=asked, rag=40)
    assert "rag answered 50 % of 200 test questions correctly, 50 % wrongly" in found.reason


def test_what_does_more_harm_than_good_is_not_shipped_although_its_goals_are_met():
    """70 % right, 30 % wrong, a wrong answer costs three right ones: less than nobody answering, at every value."""
    profile = {"accuracy_requirement": 1, "max_hallucination": 0.45, "wrong_answer_penalty": 3}
    found = verdict(profile, n=300, rag=210)
    assert found.decision == "open" and "worth more than doing nothing" in found.not_shown
    assert "never worth the most: doing nothing is" in found.headline


def test_the_headline_compares_with_todays_process():
    """A contender that is worth little more than today's people is not said to gain everything."""
    value = {"currency": "USD", "unanswered": 10, "today": {"accuracy": 0.95, "per_question": 1}}
    found = verdict({"value": value}, rag={"right": 180, "declined": range(180, 200)})
    assert "against 960,000 USD for today's process" in found.headline


def test_keeping_todays_process_also_says_whether_more_data_are_worth_it():
    """Nothing is to be built, but the choice is close."""
    found = decided({"value": {"currency": "USD", "unanswered": 1}}, n=60, rag=31)
    told = decide(found)
    assert (
        told.headline.startswith("Build nothing: no contender is worth more than nobody answering")
        and "More data are worth it" in told.reason
    )


def test_the_cheaper_of_two_as_good_is_not_said_to_have_the_best_answers():
    """hybrid is certainly a little better, rag is as good within the margin and cheaper."""
    found = verdict(EASY, n=5000, rag=4000, hybrid=4010, base=100)
    assert found.winner == "rag" and "as good as hybrid" in found.headline
    assert "has the best answers" not in found.reason
