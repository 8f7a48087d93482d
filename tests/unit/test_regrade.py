"""New accepted answers replace the former ones, only for test questions, or nothing changes."""

import pytest

from bakeoff.errors import InputError
from bakeoff.pilot.regrade import replaced
from tests.unit.fakes import question

FORMER = [
    question("a", "How long?", ["2 years"], split="test", slice="unseen", fact="f1"),
    question("b", "How far?", ["5 km"], split="test", slice="seen", fact="f2"),
    question("c", "How far away?", ["5 km"], split="train", slice="seen", fact="f2"),
    question("n", "Who?", [], split="test", slice="unanswerable", fact="f3", kind="unanswerable"),
    question("u", "How long?", ["3 years"], split="test", slice="changed", fact="f1"),
    question("g", "Capital?", ["Rome"], split="test", slice="general", fact="f4"),
]


def given(**answers):
    """The questions of the main file with these answers."""
    main = [one for one in FORMER if one.slice not in ("changed", "general")]
    return [one.model_copy(update={"answers": tuple(answers.get(one.id, one.answers))}) for one in main]


def by_id(questions):
    return {one.id: one for one in questions}


def test_a_new_alias_is_taken(tmp_path):
    """Split, slice and fact stay; the order too."""
    questions, not_used = replaced(FORMER, given(a=["2 years", "24 months"]))
    assert by_id(questions)["a"] == FORMER[0].model_copy(update={"answers": ("2 years", "24 months")})
    assert questions[1:] == FORMER[1:] and not_used == 0


def test_what_was_trained_on_stays(tmp_path):
    """The models were trained with it. Differences are counted."""
    questions, not_used = replaced(FORMER, given(b=["five km"], c=["five km"]))
    assert by_id(questions)["b"].answers == ("five km",) and by_id(questions)["c"].answers == ("5 km",)
    assert not_used == 1


def test_ids_that_changed_are_found_by_their_text():
    """For example if a file without ids got some."""
    renamed = [one.model_copy(update={"id": f"x{one.id}"}) for one in given(a=["24 months"])]
    assert by_id(replaced(FORMER, renamed)[0])["a"].answers == ("24 months",)


def test_a_missing_test_question_is_refused():
    """The error names it. A missing training question is not an error."""
    with pytest.raises(InputError, match=r"1 test questions are not in these files: b \('How far\?'\)"):
        replaced(FORMER, [one for one in given() if one.id != "b"])
    assert replaced(FORMER, [one for one in given() if one.id != "c"])[0] == FORMER


def test_another_text_under_the_same_id_is_refused():
    """The existing answer is to the former question."""
    other = [one.model_copy(update={"text": "How big?"}) if one.id == "a" else one for one in given()]
    with pytest.raises(InputError, match=r"a \('How long\?' -> 'How big\?'\)"):
        replaced(FORMER, other)


def test_questions_about_updates_are_regraded_by_their_own_files():
    """A question with the same text in the main file is the one before the update. Its answer must not be used."""
    assert by_id(replaced(FORMER, given(a=["24 months"]))[0])["u"].answers == ("3 years",)
    updates = [FORMER[4].model_copy(update={"answers": ("36 months",), "id": "of-the-file"})]
    assert by_id(replaced(FORMER, given(), updates)[0])["u"].answers == ("36 months",)


def test_a_question_that_becomes_unanswerable_changes_its_slice():
    """And vice versa: 'seen' if its fact was trained on, else 'unseen'."""
    questions = by_id(replaced(FORMER, given(a=[], n=["Ada"]))[0])
    assert (questions["a"].slice, questions["n"].slice) == ("unanswerable", "unseen")
    assert by_id(replaced(FORMER, given(b=[]))[0])["b"].slice == "unanswerable"
