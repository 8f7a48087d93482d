"""The random sample of each week as it is now: what later answers push out, and what reviews tell of deleted weeks."""

from datetime import UTC, datetime, timedelta

import pytest

from bakeoff.learn.review.weekly import WeeklySamples
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer, Review

MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)
LATER = MONDAY + timedelta(weeks=1)


@pytest.fixture
def log(tmp_path):
    with Log(tmp_path / "log.sqlite") as opened:
        yield opened


def answer(i, at=MONDAY, **more):
    values = {"id": f"a{i}", "question": f"How does {i} work?", "text": "t", "contender": "rag", "at": at}
    return LoggedAnswer(**values | more)


def reviewed(answer, at, drawn, drawn_of):
    return Review(
        answer=answer, action="skip", by="ada", question="q", asked="q", shown="t", asked_at=MONDAY, contender="rag",
        at=at, sampled=True, drawn=drawn, drawn_of=drawn_of,
    )  # fmt: skip


def samples(log, n, n_drawn=10):
    of = WeeklySamples(log, n_drawn)
    for i in range(n):
        of.add(answer(i))
    return of


def test_an_answer_that_was_pushed_out_does_not_count_though_its_review_says_it_was_drawn(log):
    """Ten of ten on Monday; later ten of a hundred."""
    (early,) = samples(log, 10).drawn([], MONDAY)
    reviews = [reviewed(id, MONDAY, 10, 10) for id in early.answers]
    (now,) = samples(log, 100).drawn(reviews, LATER)
    (fresh,) = samples(log, 100).drawn([], LATER)
    assert now.answers == fresh.answers and (now.n, now.n_answers, now.is_over) == (10, 100, True)
    assert not set(early.answers) <= set(now.answers)


def test_a_week_is_over_when_the_next_one_has_begun(log):
    of = samples(log, 20)
    assert [of.drawn([], at)[0].is_over for at in (MONDAY + timedelta(days=6), LATER)] == [False, True]


def test_a_larger_sample_that_somebody_drew_counts_whole(log):
    """`--sample 30`, then a reader that draws ten."""
    (larger,) = samples(log, 100, 30).drawn([], LATER)
    of = samples(log, 100, 10)
    assert of.drawn([], LATER)[0].n == 10
    assert of.drawn([reviewed(larger.answers[0], LATER, 30, 100)], LATER)[0].answers == larger.answers


def test_of_a_deleted_week_those_count_that_belonged_to_its_whole_sample(log):
    """Reviews of Monday's sample that a look after the week no longer drew do not."""
    (early,) = samples(log, 10).drawn([], MONDAY)
    (whole,) = samples(log, 100).drawn([], LATER)
    reviews = [reviewed(id, MONDAY, 10, 10) for id in early.answers if id not in whole.answers]
    reviews += [reviewed(id, LATER, 10, 100) for id in whole.answers]
    (left,) = WeeklySamples(log, 10).drawn(reviews, LATER)
    assert left.answers == whole.answers and (left.n, left.n_answers, left.is_over) == (10, 100, True)


def test_a_deleted_week_that_was_only_reviewed_while_it_lasted_is_never_over(log):
    """Nothing is known about its later answers."""
    (early,) = samples(log, 10).drawn([], MONDAY)
    reviews = [reviewed(id, MONDAY, 10, 10) for id in early.answers]
    (left,) = WeeklySamples(log, 10).drawn(reviews, LATER + timedelta(weeks=9))
    assert left.answers == early.answers and not left.is_over


def test_what_cannot_be_reviewed_is_not_drawn(log):
    """Failed answers, those of candidates, and those without a question."""
    of = WeeklySamples(log, 10)
    for i, more in enumerate(({"error": "X: broken"}, {"shadow_of": "a9"}, {"question": None})):
        of.add(answer(i, **more))
    assert of.drawn([], LATER) == []
