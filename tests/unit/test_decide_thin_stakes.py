"""Own amounts for slices and kinds that the test says too little about: named, and nothing dear is shipped unseen."""

import pytest

from bakeoff.decide.situation.profile import validate_profile
from bakeoff.decide.verdict.thin_stakes import facts_needed
from bakeoff.errors import ConfigError
from tests.unit.decision_fixture import questions, verdict

LEADS = {"base": 10, "rag": 180}


def profile_of(**value):
    return {"value": {"currency": "USD", "unanswered": 4, **value}}


def asked_with(n_dear, part="unseen", kind="date", n=200):
    """n questions of the kind 'name', of which the first are of another slice and kind; each has its own fact."""
    dear = [question.model_copy(update={"slice": part, "kind": kind}) for question in questions(n_dear)]
    return [*dear, *questions(n, kind="name")[n_dear:]]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("foo", "'foo' is not a kind of question: use numeric, date, name, phrase, yesno, list, label, unanswerable"),
        ("yes_no", "(did you mean 'yesno'?)"),
        ("number", "(did you mean 'numeric'?)"),
        ("dat", "(did you mean 'date'?)"),
    ],
)
def test_amounts_for_an_unknown_kind_are_refused(name, said):
    """A misspelt kind would lose its amounts without a word."""
    with pytest.raises(ConfigError) as error:
        validate_profile(profile_of(by_kind={name: {"wrong": 5000}}))
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("own", "title"),
    [
        ({"by_slice": {"seen": {"wrong": 100_000}}}, "the slice 'seen'"),
        ({"by_kind": {"date": {"wrong": 5000}}}, "the kind 'date'"),
        ({"by_kind": {"date": {"right": 5}}}, "the kind 'date'"),
    ],
)
def test_nothing_is_shipped_while_a_dear_slice_or_kind_is_not_tested(own, title):
    """Where more is at stake than usual and the test has no question, the draws know nothing of it."""
    asked = asked_with(0)
    assert verdict(profile_of(), asked=asked, **LEADS).decision == "ship"
    found = verdict(profile_of(**own), asked=asked, **LEADS)
    assert (found.decision, found.winner) == ("open", "rag")
    assert found.not_shown == (f"how it answers questions of {title}",) and title in found.headline
    assert f"The test has no question of {title}, where a " in found.reason and "instead of 4 USD" in found.reason
    assert any(f"amounts for {title}, but the test has no question of it" in line for line in found.warnings)


def test_a_cheap_slice_that_is_not_tested_is_a_warning_alone():
    """Smaller amounts cannot make a shipped choice worse than the test says."""
    found = verdict(profile_of(by_slice={"seen": {"wrong": 1}}), asked=asked_with(0), **LEADS)
    assert found.decision == "ship" and any("they count nowhere" in line for line in found.warnings)


def test_a_few_facts_of_a_dear_kind_are_not_enough_and_some_are():
    """With four facts answered well, still more than half may be wrong; with more the bound of wrong answers counts."""
    own = profile_of(by_kind={"date": {"wrong": 5}})
    few, some = (verdict(own, asked=asked_with(n), **LEADS) for n in (4, 10))
    assert few.decision == "open" and "only 4 facts of the kind 'date'" in few.reason
    assert some.decision == "ship" and not any("amounts for" in line for line in some.warnings)
    assert (facts_needed(0.95), facts_needed(0.99)) == (5, 7)


def test_phrasings_of_one_fact_count_once():
    """Ten phrasings of one fact say as little about a kind as one."""
    dear = questions(10, phrasings=10, kind="date")
    asked = [*dear, *(one.model_copy(update={"fact": f"g{one.id}"}) for one in questions(200, kind="name")[10:])]
    found = verdict(profile_of(by_kind={"date": {"wrong": 5}}), asked=asked, **LEADS)
    assert found.decision == "open" and "only 1 fact of the kind 'date'" in found.reason


def test_a_slice_that_the_mix_leaves_out_needs_no_questions():
    """`slice_weights` says that users do not ask such questions."""
    mixed = profile_of(by_slice={"seen": {"wrong": 100_000}}) | {"slice_weights": {"unseen": 1}}
    found = verdict(mixed, asked=asked_with(0), **LEADS)
    assert found.decision == "ship" and not any("amounts for" in line for line in found.warnings)
