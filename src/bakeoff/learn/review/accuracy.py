"""How good answers are in use: shares of right, wrong and declined ones in the reviewed random sample.

Takes samples and reviews, gives shares with 95 % intervals by week and over all weeks, and what to be careful about.
Only the random sample counts: who corrects or complains is no random choice of users. Thumbs stand beside it, as what
they are. Knows no log.
"""

from collections.abc import Mapping, Sequence

from bakeoff.learn.review.causes import Drawn
from bakeoff.measure.comparison import Estimate
from bakeoff.measure.statistics import share_estimate
from bakeoff.questions.facts.near_copies import words
from bakeoff.records import Record
from bakeoff.sentences import percent
from bakeoff.serve.log_entries import HasOutcome, Review

ENOUGH = 0.8
"""At least this share of the drawn answers is to be reviewed: those that nobody reviewed may differ from the others."""


class Shares(Record):
    """Shares of the reviewed answers of a sample, 0 to 1. `week` is empty for all weeks.

    `right` are correct answers, and unanswerable questions that were declined; `declined` are answerable ones that
    were.
    """

    week: str = ""
    drawn: int
    reviewed: int
    right: Estimate
    wrong: Estimate
    declined: Estimate

    @property
    def is_enough(self) -> bool:
        return self.reviewed >= ENOUGH * self.drawn

    @property
    def sentence(self) -> str:
        """The shares in words."""
        of = f"{self.reviewed} of {self.drawn} drawn answers reviewed"
        if not self.reviewed:
            return f"{of}."
        parts = [f"{name} {_interval(share)}" for name, share in self._named()]
        return f"{', '.join(parts)} ({of})."

    def _named(self) -> tuple[tuple[str, Estimate], ...]:
        return (("right", self.right), ("wrong", self.wrong), ("declined", self.declined))


class InUse(Record):
    """Accuracy in use. `weeks` begin with the newest. `thumbs_up` of `thumbs` are the newest thumbs of these weeks."""

    total: Shares
    weeks: tuple[Shares, ...]
    thumbs_up: int = 0
    thumbs: int = 0

    @property
    def sentences(self) -> list[str]:
        """All of it in words, the warnings too."""
        said = [f"In use, by the random sample: {self.total.sentence}"]
        if self.total.drawn and not self.total.is_enough:
            said.append(
                f"Fewer than {percent(ENOUGH)} of the drawn answers are reviewed. If the others differ, these shares "
                "are wrong: review the rest of the random sample first."
            )
        if self.thumbs:
            said.append(
                f"Thumbs: {self.thumbs_up} of {self.thumbs} up. This is no accuracy: users who are angry or pleased "
                "give thumbs, the others do not."
            )
        return said


def in_use(drawn: Sequence[Drawn], reviews: Mapping[str, Review], thumbs: Mapping[str, bool] | None = None) -> InUse:
    """The accuracy in use. Of all weeks, a week counts by how many answers it had, not by how many were reviewed.

    A review that decides nothing (`skip`, or a document without a word on the answer) counts as not reviewed.
    """
    weeks = [_shares(week.week, [week], reviews) for week in drawn]
    given = thumbs or {}
    return InUse(
        total=_shares("", drawn, reviews),
        weeks=tuple(weeks),
        thumbs_up=sum(given.values()),
        thumbs=len(given),
    )


def _decided(week: Drawn, reviews: Mapping[str, Review]) -> dict[str, Review]:
    there = {answer: reviews[answer] for answer in week.answers if answer in reviews}
    return {answer: review for answer, review in there.items() if review.outcome is not None}


def _shares(name: str, weeks: Sequence[Drawn], reviews: Mapping[str, Review]) -> Shares:
    decided: dict[str, Review] = {}
    weights: dict[str, float] = {}
    for week in weeks:
        of_week = _decided(week, reviews)
        decided |= of_week
        weights |= {answer: week.n_answers / len(of_week) for answer in of_week}
    facts = {answer: _fact(review) for answer, review in decided.items()}

    def share(outcome: HasOutcome) -> Estimate:
        return share_estimate({key: float(one.outcome == outcome) for key, one in decided.items()}, facts, weights)

    return Shares(
        week=name,
        drawn=sum(week.n for week in weeks),
        reviewed=len(decided),
        right=share("right"),
        wrong=share("wrong"),
        declined=share("declined"),
    )


def _fact(review: Review) -> str:
    """What an answer is about: answers to the same question are right or wrong together."""
    return f"fact {review.fact}" if review.fact else " ".join(words(review.question)) or review.question


def _interval(share: Estimate) -> str:
    if share.value is None or share.low is None or share.high is None:
        return "not known"
    return f"{percent(share.value)} ({percent(share.low)} to {percent(share.high)})"
