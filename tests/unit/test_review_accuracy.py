"""Accuracy in use from the reviewed random sample: what counts, with which weight, and what is said about it."""

from datetime import UTC, datetime

import pytest

from bakeoff.learn.review.accuracy import in_use
from bakeoff.learn.review.weekly import Drawn
from bakeoff.sentences import NARROW
from bakeoff.serve.log_entries import Review

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def said(answer, outcome, question="", fact="", release=1):
    """A review with this outcome; None: it decides nothing."""
    values = {
        "right": ("accept", "text", True),
        "declined right": ("unanswerable", None, True),
        "wrong": ("unanswerable", "text", False),
        "declined": ("correct", None, False),
        None: ("skip", "text", None),
    }
    action, shown, right = values[outcome]
    answers = ("text",) if action in ("accept", "correct") else ()
    return Review(
        answer=answer, action=action, by="ada", question=question or f"question {answer}", answers=answers, fact=fact,
        asked="q", shown=shown, asked_at=NOW, contender="rag", release=release, right=right, sampled=True,
    )  # fmt: skip


def week(n, outcomes, name="2026-W10", n_answers=None, **more):
    """A sample of n answers and the reviews of the first ones."""
    answers = tuple(f"{name}-{i}" for i in range(n))
    reviews = {answer: said(answer, one, **more) for answer, one in zip(answers, outcomes, strict=False)}
    return Drawn(name, answers, n, n_answers or n), reviews


def test_shares_of_right_wrong_and_declined_add_up():
    """Declining an unanswerable question is right, declining another is declined."""
    drawn, reviews = week(10, ["right"] * 5 + ["declined right", "wrong", "wrong", "declined"])
    found = in_use([drawn], reviews).total
    assert (found.drawn, found.reviewed, found.undecided, found.passed_over) == (10, 9, 0, 0)
    assert [round(9 * share.value) for share in (found.right, found.wrong, found.declined)] == [6, 2, 1]
    assert all(share.low < share.value < share.high for share in (found.right, found.wrong, found.declined))


def test_an_undecided_answer_counts_half_and_may_be_right_or_wrong():
    """A reviewer who skips the hard ones would otherwise make accuracy look better than it is."""
    drawn, reviews = week(40, ["right"] * 30 + [None] * 10)
    found = in_use([drawn], reviews).total
    assert (found.reviewed, found.undecided) == (40, 10)
    assert found.right.value == pytest.approx(35 / 40) and found.wrong.value == pytest.approx(5 / 40)
    all_wrong, all_right = week(40, ["right"] * 30 + ["wrong"] * 10), week(40, ["right"] * 40)
    ends = [in_use([of], by).total.right for of, by in (all_wrong, all_right)]
    assert (found.right.low, found.right.high) == (ends[0].low, ends[1].high)
    assert found.declined.value == 0 and found.declined.high < 0.1, "a text was shown, so it was not declined"
    assert "10 of them undecided" in found.sentence


def test_answers_that_were_passed_over_may_be_right_or_wrong():
    """Holes before the last reviewed one may be chosen; what comes after it is a random rest."""
    drawn, reviews = week(40, ["right"] * 20)
    plain = in_use([drawn], reviews).total.right
    holes = {key: one for place, (key, one) in enumerate(reviews.items()) if place % 4 or place in (0, 19)}
    found = in_use([drawn], holes).total
    assert (found.reviewed, found.passed_over) == (16, 4) and "4 passed over" in found.sentence
    assert found.right.value == 1 and found.right.low < plain.low - 0.1
    wrong = {**reviews, **{key: said(key, "wrong") for key in reviews if key not in holes}}
    assert found.right.low == in_use([drawn], wrong).total.right.low


def test_a_week_counts_in_the_total_once_it_is_over():
    """Its sample still changes. While there is no other, it is shown, since it is all that is known."""
    now = week(10, ["wrong"] * 10, "2026-W10", 10)
    now = now[0]._replace(is_over=False), now[1]
    before = week(10, ["right"] * 10, "2026-W09", 400)
    found = in_use([now[0], before[0]], now[1] | before[1])
    assert found.total.right.value == 1 and found.weeks[0].right.value == 0
    assert any("2026-W10 is not over" in sentence for sentence in found.sentences)
    assert in_use([now[0]], now[1]).total.right.value == 0


def test_only_the_random_sample_counts():
    """Reviews of complaints say nothing about answers in use."""
    drawn, reviews = week(4, ["right"] * 4)
    complaints = {f"c{i}": said(f"c{i}", "wrong") for i in range(50)}
    assert in_use([drawn], {**reviews, **complaints}).total.right.value == 1.0


def test_a_week_counts_by_its_answers_not_by_what_was_reviewed():
    """900 answers of which 90 % are right, and 100 of which 10 % are: 82 %."""
    busy, quiet = (
        week(10, ["right"] * 9 + ["wrong"], n_answers=900),
        week(40, ["right"] * 4 + ["wrong"] * 36, "2026-W09", 100),
    )
    found = in_use([busy[0], quiet[0]], busy[1] | quiet[1])
    assert found.total.right.value == pytest.approx(0.82)
    assert [round(of.right.value, 2) for of in found.weeks] == [0.9, 0.1]


def test_answers_to_one_question_are_one_observation():
    """Fifty answers to the same question say as much as one; the interval shows it."""
    mixed = ["right", "wrong"] * 20
    apart, apart_reviews = week(40, mixed)
    same, same_reviews = week(40, ["right"] * 20 + ["wrong"] * 20)
    same_reviews = {
        key: one.model_copy(update={"fact": "oil" if one.right else "price"}) for key, one in same_reviews.items()
    }
    wide, narrow = (in_use([of], by).total.right for of, by in ((same, same_reviews), (apart, apart_reviews)))
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


@pytest.mark.parametrize(("n_reviewed", "warns"), [(7, True), (8, False)])
def test_too_few_reviews_are_a_warning(n_reviewed, warns):
    """Below 80 % of what was drawn, the others may differ."""
    drawn, reviews = week(10, ["right"] * n_reviewed)
    assert any("Fewer than 80" in sentence for sentence in in_use([drawn], reviews).sentences) == warns


def test_answers_that_the_log_deleted_before_a_review_count_as_drawn():
    """Otherwise those that nobody looked at would vanish from the share that was reviewed."""
    _, reviews = week(3, ["right"] * 3)
    found = in_use([Drawn("2026-W10", tuple(reviews), 50, 400)], reviews)
    assert (found.total.drawn, found.total.reviewed, found.total.is_enough) == (50, 3, False)


def test_thumbs_stand_beside_it_as_what_they_are():
    """A biased figure, and called so."""
    drawn, reviews = week(10, ["right"] * 10)
    sentence = in_use([drawn], reviews, {"a": False, "b": False, "c": True}).sentences[-1]
    assert sentence.startswith("Thumbs: 1 of 3 up. This is no accuracy")


def test_nothing_reviewed_is_no_share():
    """No figure is made up."""
    drawn, _ = week(5, [])
    found = in_use([drawn], {})
    assert found.total.right.value is None
    assert found.sentences[0] == "In use, by the random sample: 0 of 5 drawn answers reviewed."
    assert in_use([], {}).sentences == ["In use, by the random sample: 0 of 0 drawn answers reviewed."]


def test_the_sentence_names_shares_intervals_and_how_many():
    """For the page and the command."""
    drawn, reviews = week(50, ["right"] * 40 + ["wrong"] * 5)
    sentence = in_use([drawn], reviews).sentences[0].replace(NARROW, " ")
    assert "right 89 % (76 % to 95 %)" in sentence and "(45 of 50 drawn answers reviewed)" in sentence
