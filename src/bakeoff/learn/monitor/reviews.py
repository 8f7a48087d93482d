"""What people said about the random sample of answers, by week.

Takes a log, gives counts for `accuracy.py`. Only answers that were drawn at random count, of one contender of one
release; of several reviews of an answer the newest one. A review that decides nothing is left out. Reviews outlive the
log's retention.
"""

from collections import defaultdict
from datetime import date

from bakeoff.learn.monitor.accuracy import ReviewedWeek
from bakeoff.learn.monitor.windows import week_of
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import Review


def reviewed_weeks(log: Log, release: int, contender: str) -> list[ReviewedWeek]:
    """The weeks in which sampled answers were given, the oldest first. Reviews of old versions name no release."""
    newest = {review.answer: review for review in log.entries(Review)}
    weeks: dict[date, list[Review]] = defaultdict(list)
    for review in newest.values():
        is_ours = review.contender == contender and review.release in (release, None)
        if review.sampled and is_ours and review.outcome is not None:
            weeks[week_of(review.asked_at.date())].append(review)
    return [_week(monday, reviews) for monday, reviews in sorted(weeks.items())]


def _week(monday: date, reviews: list[Review]) -> ReviewedWeek:
    outcomes = [review.outcome for review in reviews]
    return ReviewedWeek(
        start=monday,
        right=outcomes.count("right"),
        wrong=outcomes.count("wrong"),
        declined=outcomes.count("declined"),
        unanswerable=sum(review.action == "unanswerable" for review in reviews),
    )
