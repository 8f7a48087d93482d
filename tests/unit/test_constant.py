"""The constant answer: the accuracy of always giving the most frequent training answer."""

from bakeoff.measure.constant import constant_answer, most_frequent_answer
from bakeoff.measure.graded import UNSURE, known
from bakeoff.measure.score import rightness
from tests.unit.fakes import question

TRAINING = [
    question("t1", answers=["Yes"]),
    question("t2", answers=["No", "Nope"]),
    question("t3", answers=["no."]),
    question("t4", answers=[], slice="unanswerable"),
    question("t5", answers=["Paris"], slice="general"),
    question("t6", answers=["Paris"], slice="general"),
    question("t7", answers=["Paris"], slice="general"),
]
TEST = [question(f"q{i}", answers=["No" if i < 40 else "Yes"], slice="unseen") for i in range(100)]


def test_the_most_frequent_answer_is_taken_from_training():
    """Spellings that are graded alike count together. General knowledge and questions without answers do not count."""
    assert most_frequent_answer(TRAINING) == "No"
    assert most_frequent_answer(TRAINING[:2]) == "Yes", "the first of equals"
    assert most_frequent_answer(TRAINING[3:]) is None


def test_its_accuracy_is_that_on_the_test():
    """40 of 100 test questions are answered by 'No'."""
    found = constant_answer(TRAINING, TEST, {})
    assert found is not None
    assert (found.answer, found.accuracy.value, found.accuracy.n) == ("No", 0.4, 100)


def test_contenders_not_significantly_above_it_are_named():
    """Both are correct more often, but the paired test is significant for one only."""
    correct = {
        "good": known({one.id: float(i < 90) for i, one in enumerate(TEST)}),
        "lucky": known({one.id: float(i < 42) for i, one in enumerate(TEST)}),
        "poor": known({one.id: 0.0 for one in TEST}),
    }
    found = constant_answer(TRAINING, TEST, correct)
    assert found is not None and found.not_beaten_by == ("lucky", "poor")


def test_an_unanswerable_question_is_never_answered_by_it():
    """It does not decline."""
    found = constant_answer(TRAINING, [question("u", answers=[], slice="unanswerable")], {})
    assert found is not None and found.accuracy.value == 0.0


def test_only_what_is_surely_correct_counts_for_it():
    """An unsure grade gives it no half, and puts no contender beside it; its interval reaches up to all unsure ones."""
    training = [question("t", answers=["git merge"])]
    unsure = [question(f"q{i}", answers=["the command that joins two branches"], slice="unseen") for i in range(20)]
    assert {rightness(one, "git merge") for one in unsure} == {UNSURE}
    tested = [*unsure, *(question(f"r{i}", answers=["git merge" if i < 4 else "7"], slice="unseen") for i in range(20))]
    correct = {"good": known({one.id: float(i % 3 == 0 or one.id.startswith("r")) for i, one in enumerate(tested)})}
    found = constant_answer(training, tested, correct)
    assert found is not None and found.accuracy.value == 0.1 and found.accuracy.unsure == 20
    assert found.accuracy.high is not None and found.accuracy.high > 0.6 and found.not_beaten_by == ()
