"""What is said of a run with a base model and one other contender, and no value of a right answer."""

import pytest

from bakeoff.decide.verdict.decide import decide
from bakeoff.pilot.decision import decision
from bakeoff.report.verdict_text import MARK_MEANINGS, mark_meaning, marks
from bakeoff.report.worth_text import chance_of_answers, only_beaten, whether_more
from bakeoff.sentences import NOT_MEASURED
from tests.unit import decision_fixture


class Told:
    """As much of a judgement as the sentences take."""

    def __init__(self, **contenders):
        case = decision(decision_fixture.tested({}, n=contenders.pop("n", 26), **contenders))
        verdict = decide(case)
        for name in ("winner", "tied_with", "excluded", "baselines", "headline", "reason"):
            setattr(self, name, getattr(verdict, name))
        self.worth, self.information, self.stakes_usd = case.worth, case.information, case.profile.stakes_usd
        self.cost = type("Cost", (), {"inputs": {"rag": None}})


def test_one_that_is_worse_than_doing_nothing_is_not_perhaps_the_best():
    """It is the only one that can be chosen, which says nothing about how good it is."""
    told = Told(base=12, rag=2)
    assert told.winner is None and told.headline == "No verdict yet: the test is too small."
    assert marks(told) == {}
    assert chance_of_answers(told, "rag") == NOT_MEASURED and chance_of_answers(told, "base") == NOT_MEASURED
    assert whether_more(told).startswith("Not to choose: rag is the only contender that can be chosen.")
    assert "whether it is better than base" in whether_more(told)
    assert only_beaten(told).startswith("base is the base model, which the others have to beat, and cannot be chosen")
    assert "Only rag can be chosen." in only_beaten(told)


def test_one_that_may_be_the_best_is_marked_so_without_an_instead():
    """Nothing is chosen, so it is not instead of anything."""
    told = Told(base=4, rag=20)
    assert marks(told) == {"rag": "tied"} and mark_meaning(told, "tied") == "may be the best choice"
    with_winner = Told(n=200, base=10, rag=190)
    assert with_winner.winner == "rag" and mark_meaning(with_winner, "tied") == MARK_MEANINGS["tied"]
    assert "100 %" not in with_winner.headline and "the only contender that can be chosen" in with_winner.headline
    assert "a chance of" not in with_winner.reason


def test_chances_among_several_are_said_to_be_among_them():
    """The base model has none."""
    told = Told(base=4, rag=20, tuned=12)
    assert chance_of_answers(told, "rag").endswith("%") and chance_of_answers(told, "base") == NOT_MEASURED
    assert "Chances of the best answers are those among rag and tuned." in only_beaten(told)


@pytest.mark.parametrize("profile", [{"value": {"currency": "USD", "unanswered": 4}}])
def test_with_a_value_the_base_model_takes_part(profile):
    """Then nothing of this is said."""
    case = decision(decision_fixture.tested(profile, n=200, base=12, rag=150))
    assert "base" in case.worth.best
