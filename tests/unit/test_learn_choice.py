"""Which contender of a round is tested, and when none is."""

import pytest

from bakeoff.decide.situation.profile import Profile
from bakeoff.learn.choice import LARGE, OnDev, chosen, in_order, measured_on_dev, worth_on_dev
from bakeoff.records import Answer, Question


def dev(n, slice_="unseen", start=0):
    return [
        Question(id=f"d{i}", text="How long?", answers=("7 days",), fact=f"d{i}", slice=slice_, split="dev")
        for i in range(start, start + n)
    ]


def answers(texts):
    """An answer to each question; None: it failed."""
    return [
        Answer(question_id=f"d{i}", contender="a", text=text or "", error=None if text else "HTTP 503")
        for i, text in enumerate(texts)
    ]


def on_dev(name, utility, n_failed=0, most_gain=0.0):
    return OnDev(contender=name, utility=utility, n_questions=40, n_failed=n_failed, most_gain=most_gain)


def measured(questions, given, profile, live=()):
    """A contender with these answers, compared with what is served."""
    own, served = (worth_on_dev(questions, of, profile) for of in (given, live))
    return measured_on_dev("a", questions, own, served, profile)


def never(name):
    return False


LIVE = on_dev("live", 0.2)


def test_a_failed_answer_is_worth_a_declined_one_at_best():
    """All failed: as much as nobody answering, which may cost; without an answer at all likewise."""
    questions, value = dev(4), {"currency": "USD", "right": 1, "wrong": 2, "declined": 0.5}
    failed = measured(questions, answers([None] * 4), Profile(value=value))
    assert (failed.utility, failed.n_failed, failed.n_questions, failed.fails) == (-0.5, 4, 4, True)
    assert measured(questions, [], Profile(value=value)) == failed
    half = measured(questions, answers(["7 days", None, "7 days", None]), Profile())
    assert (half.utility, half.n_failed) == (0.5, 2)


def test_dev_counts_as_the_profile_does():
    """A mix of slices; one that dev lacks is left out."""
    questions = [*dev(3, "seen"), *dev(1, "unseen", 3)]
    given = answers(["7 days", "7 days", "7 days", "9 days"])
    assert measured(questions, given, Profile()).utility == 0.5
    mixed = Profile(slice_weights={"seen": 0.1, "unseen": 0.9})
    assert measured(questions, given, mixed).utility == pytest.approx(-0.8)
    other = Profile(slice_weights={"unanswerable": 1.0})
    assert measured(questions, given, other).utility == 0.5


def test_a_contender_that_fails_is_no_candidate_while_another_is_there():
    """However good its other answers are. Two failures of 40 are allowed."""
    order = in_order([on_dev("fails", 0.9, 3), on_dev("sound", 0.3, 2), on_dev("worse", 0.1)], "none")
    assert [one.contender for one in order] == ["sound", "worse", "fails"]
    assert chosen(order, LIVE, never, 0.02).contender == "sound"
    assert chosen(order, on_dev("live", 0.5), never, 0.02).contender is None
    assert chosen(in_order([on_dev("fails", 0.9, 3)], ""), LIVE, never, 0.02).contender == "fails"


def test_of_equal_contenders_the_one_that_is_served_now_comes_first():
    """Whatever the order of the report."""
    assert in_order([on_dev("a", 0.3), on_dev("b", 0.3)], "b")[0].contender == "b"


@pytest.mark.parametrize(("utility", "is_tested"), [(0.201, True), (0.2, False), (0.1, False)])
def test_a_candidate_that_is_not_better_on_dev_is_not_tested(utility, is_tested):
    """However little better is enough. Else 10 points have to be excluded. The reason says both utilities."""
    choice = chosen([on_dev("rag", utility)], LIVE, never, 0.02)
    assert (choice.contender == "rag") is is_tested
    if not is_tested:
        words = f"rag, has +{100 * utility:.1f} net right answers of 100, and what is served has +20.0"
        assert words in choice.reason and "no error was spent" in choice.reason and "40 dev questions" in choice.reason


def test_one_that_is_about_as_good_and_cheaper_is_tested():
    """Worse by less than the margin; the best of those that are cheaper. A better one goes before."""
    order = [on_dev("same", 0.2), on_dev("small", 0.19), on_dev("smaller", 0.185), on_dev("smallest", 0.17)]
    small = {"small", "smaller", "smallest"}
    assert chosen(order, LIVE, small.__contains__, 0.02).contender == "small"
    assert chosen(order, LIVE, {"smallest"}.__contains__, 0.02).contender is None
    assert chosen([on_dev("better", 0.3), *order], LIVE, small.__contains__, 0.02).contender == "better"


def test_what_is_served_is_not_tested_against_itself():
    """It would spend error for nothing; another contender is tested if dev is too small to tell."""
    same = on_dev("rag", 0.2, most_gain=1.0).model_copy(update={"is_same": True})
    other = on_dev("tuned", 0.1, most_gain=1.0)
    assert chosen([same, other], LIVE, never, 0.02).contender == "tuned"
    alone = chosen([same], LIVE, never, 0.02)
    assert alone.contender is None
    assert alone.reason == "Nothing was tested and no error was spent: rag gives the same answers as what is served."


def test_a_small_dev_does_not_hide_a_large_gain():
    """Not better as measured: tested where the interval includes 10 points. The same answers exclude it on 40."""
    few, many = dev(5), dev(40)
    right = answers(["7 days"] * 40)
    one_lost = measured(few, answers(["9 days", *["7 days"] * 4]), Profile(), right[:5])
    assert one_lost.most_gain >= LARGE
    assert chosen([one_lost], on_dev("live", 1.0), never, 0.02).contender == "a"
    assert measured(few, right[:5], Profile(), right[:5]).most_gain >= LARGE
    same = measured(many, right, Profile(), right)
    assert same.most_gain < LARGE and chosen([same], on_dev("live", 1.0), never, 0.02).contender is None


def test_without_dev_questions_or_contenders():
    """Nothing says that the first is not better; where none was built, none is tested."""
    assert measured([], [], Profile()).most_gain == 1.0
    assert chosen([on_dev("rag", 0.0, most_gain=1.0)], on_dev("live", 0.0), never, 0.02).contender == "rag"
    assert "was built" in chosen([], LIVE, never, 0.02).reason
