"""How good answers are in use: shares of right, wrong and declined ones in the reviewed random sample.

Takes samples and reviews, gives shares with 95 % intervals by week and over all weeks, and what to be careful about.
Only the random sample counts: who corrects or complains is no random choice of users. Thumbs stand beside it, as what
they are. Knows no log.

Two kinds of answers in the sample may be anything: those of which a reviewer could not say whether they are right, and
those that were passed over, before the last reviewed one in the order of drawing. Both may be the difficult ones. An
interval reaches from all of them wrong to all of them right, as in grading (`measure/graded.py`). The answers after the
last reviewed one are a random rest.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from bakeoff.learn.review.weekly import Drawn
from bakeoff.measure.comparison import Estimate
from bakeoff.measure.graded import UNSURE
from bakeoff.measure.statistics import share_estimate
from bakeoff.questions.facts.near_copies import words
from bakeoff.records import Record
from bakeoff.sentences import percent
from bakeoff.serve.log_entries import HasOutcome, Review

ENOUGH = 0.8
"""At least this share of the drawn answers is to be reviewed: those that nobody reviewed may differ from the others."""


class Seen(NamedTuple):
    """An answer of a week's sample, not after the last reviewed one. `fact` is what it is about.

    `outcome` is None if it is not decided; then it may be `right`, or else what `otherwise` says. `reviewed`: a person
    looked at it.
    """

    id: str
    fact: str
    reviewed: bool
    outcome: HasOutcome | None
    otherwise: HasOutcome = "wrong"
    unanswerable: bool = False

    def ends(self, outcome: HasOutcome) -> tuple[float, float]:
        """Whether it has this outcome, at the lowest and at the highest: 0 or 1."""
        if self.outcome is not None:
            return (float(self.outcome == outcome),) * 2
        return 0.0, float(outcome in ("right", self.otherwise))


class SeenWeek(NamedTuple):
    """A week's sample up to the last reviewed answer: `n` were drawn of so many answers of the week."""

    week: str
    answers: tuple[Seen, ...]
    n: int
    n_answers: float
    is_over: bool = True

    @property
    def reviewed(self) -> list[Seen]:
        return [answer for answer in self.answers if answer.reviewed]


class Shares(Record):
    """Shares of the reviewed answers of a sample, 0 to 1. `week` is empty for all weeks.

    `right` are correct answers, and unanswerable questions that were declined; `declined` are answerable ones that
    were. `undecided` of the reviewed count half; `passed_over` were drawn before the last reviewed one and not looked
    at. `is_over`: the sample will not change.
    """

    week: str = ""
    drawn: int
    reviewed: int
    right: Estimate
    wrong: Estimate
    declined: Estimate
    undecided: int = 0
    passed_over: int = 0
    is_over: bool = True

    @property
    def is_enough(self) -> bool:
        return self.reviewed >= ENOUGH * self.drawn

    @property
    def sentence(self) -> str:
        """The shares in words."""
        of = f"{self.reviewed} of {self.drawn} drawn answers reviewed"
        of += f", {self.undecided} of them undecided" if self.undecided else ""
        of += f", {self.passed_over} passed over" if self.passed_over else ""
        if not self.reviewed:
            return f"{of}."
        parts = [f"{name} {_interval(share)}" for name, share in self._named()]
        return f"{', '.join(parts)} ({of})."

    def _named(self) -> tuple[tuple[str, Estimate], ...]:
        return (("right", self.right), ("wrong", self.wrong), ("declined", self.declined))


class InUse(Record):
    """Accuracy in use. `weeks` begin with the newest. `thumbs_up` of `thumbs` are the newest thumbs of these weeks.

    `total` is of the weeks that are over, or of this week while no other was reviewed.
    """

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
        said += [
            f"{of.week} is not over, so its sample still changes: it counts from Monday on."
            for of in self.weeks
            if not of.is_over and of.reviewed and self.total.is_over
        ]
        if self.thumbs:
            said.append(
                f"Thumbs: {self.thumbs_up} of {self.thumbs} up. This is no accuracy: users who are angry or pleased "
                "give thumbs, the others do not."
            )
        return said


def in_use(drawn: Sequence[Drawn], reviews: Mapping[str, Review], thumbs: Mapping[str, bool] | None = None) -> InUse:
    """The accuracy in use. Of all weeks, a week counts by how many answers it had, not by how many were reviewed."""
    weeks = seen_weeks(drawn, reviews)
    given = thumbs or {}
    return InUse(
        total=_shares("", that_count(weeks)),
        weeks=tuple(_shares(week.week, [week]) for week in weeks),
        thumbs_up=sum(given.values()),
        thumbs=len(given),
    )


def seen_weeks(
    drawn: Sequence[Drawn],
    reviews: Mapping[str, Review],
    contender: str | None = None,
    releases: Collection[int] = (),
) -> list[SeenWeek]:
    """What reviews say about the sample of each week; of all contenders, or of one contender of these releases.

    Reviews of old versions name no release: they count for each.
    """
    weeks = [_seen(week, reviews, contender, releases) for week in drawn]
    return [week for week in weeks if week.n]


def that_count(weeks: Sequence[SeenWeek]) -> list[SeenWeek]:
    """The weeks that are over; all, if none of those that are over was reviewed."""
    over = [week for week in weeks if week.is_over]
    return over if any(week.reviewed for week in over) else list(weeks)


def share_of(weeks: Sequence[SeenWeek], outcome: HasOutcome = "right") -> Estimate:
    """The share of an outcome. Of the reviewed answers the undecided ones count half.

    The interval covers those that are not decided: none of them has this outcome, or each one that can.
    """
    middle, ends = _values(weeks, outcome)
    known = share_estimate(*middle)
    if all(ends[0][0][key] == ends[1][0][key] for key in ends[0][0]):
        return known
    low, high = (share_estimate(*end) for end in ends)
    doubt = ((high.value or 0.0) - (low.value or 0.0)) / 2
    least = min(side.n_effective for side in (low, known, high))
    sides = [(side.low, side.high) for side in (low, known, high) if side.low is not None and side.high is not None]
    return known.model_copy(
        update={
            "low": min(side[0] for side in sides),
            "high": max(side[1] for side in sides),
            "n_effective": least,
            "unsure": sum(ends[0][0][key] != ends[1][0][key] for key in ends[0][0]),
            "doubt": doubt,
        }
    )


def unanswerable_share(weeks: Sequence[SeenWeek]) -> tuple[float | None, int]:
    """The share of questions that the documents do not answer, and how many reviewed answers say so or not."""
    weighted = [
        (week.n_answers / len(week.reviewed), answer.unanswerable)
        for week in weeks
        for answer in week.reviewed
        if answer.outcome is not None
    ]
    total = sum(weight for weight, _ in weighted)
    return (sum(weight for weight, is_so in weighted if is_so) / total if total else None), len(weighted)


Weighted = tuple[dict[str, float], dict[str, str], dict[str, float]]
"""Values, facts and weights by the answer's id."""


def _values(weeks: Sequence[SeenWeek], outcome: HasOutcome) -> tuple[Weighted, tuple[Weighted, Weighted]]:
    """The values of the reviewed answers; and of all up to the last reviewed one, at the lowest and the highest."""
    middle: Weighted = ({}, {}, {})
    low: dict[str, float] = {}
    high: dict[str, float] = {}
    facts: dict[str, str] = {}
    weights: dict[str, float] = {}
    for week in weeks:
        n_reviewed = len(week.reviewed)
        for answer in week.answers:
            low[answer.id], high[answer.id] = answer.ends(outcome)
            facts[answer.id], weights[answer.id] = answer.fact, week.n_answers / len(week.answers)
            if answer.reviewed:
                middle[0][answer.id] = low[answer.id] + UNSURE * (high[answer.id] - low[answer.id])
                middle[1][answer.id], middle[2][answer.id] = answer.fact, week.n_answers / n_reviewed
    return middle, ((low, facts, weights), (high, facts, weights))


def _seen(week: Drawn, reviews: Mapping[str, Review], contender: str | None, releases: Collection[int]) -> SeenWeek:
    places = [place for place, answer in enumerate(week.answers) if answer in reviews]
    until = places[-1] + 1 if places else 0
    of = {answer: reviews.get(answer) or week.logged.get(answer) for answer in week.answers}
    ours = [
        answer
        for answer, source in of.items()
        if contender is None
        or (source is not None and source.contender == contender and source.release in (*releases, None))
    ]
    is_ours, all_of = set(ours), len(week.answers)
    answers = [_answer(answer, week, reviews.get(answer)) for answer in week.answers[:until] if answer in is_ours]
    n = week.n if contender is None else max(len(answers), round(week.n * len(ours) / all_of))
    return SeenWeek(week.week, tuple(answers), n, week.n_answers * len(ours) / all_of, week.is_over)


def _answer(answer: str, week: Drawn, review: Review | None) -> Seen:
    if review is not None:
        otherwise: HasOutcome = "declined" if review.shown is None else "wrong"
        return Seen(answer, _fact(review), True, review.outcome, otherwise, review.action == "unanswerable")
    logged = week.logged.get(answer)
    if logged is None:
        return Seen(answer, answer, False, None)
    return Seen(answer, logged.asked, False, None, "declined" if logged.declined else "wrong")


def _shares(name: str, weeks: Sequence[SeenWeek]) -> Shares:
    answers = [answer for week in weeks for answer in week.answers]
    return Shares(
        week=name,
        drawn=sum(week.n for week in weeks),
        reviewed=sum(answer.reviewed for answer in answers),
        right=share_of(weeks, "right"),
        wrong=share_of(weeks, "wrong"),
        declined=share_of(weeks, "declined"),
        undecided=sum(answer.reviewed and answer.outcome is None for answer in answers),
        passed_over=sum(not answer.reviewed for answer in answers),
        is_over=all(week.is_over for week in weeks),
    )


def _fact(review: Review) -> str:
    """What an answer is about: answers to the same question are right or wrong together."""
    return f"fact {review.fact}" if review.fact else " ".join(words(review.question)) or review.question


def _interval(share: Estimate) -> str:
    if share.value is None or share.low is None or share.high is None:
        return "not known"
    return f"{percent(share.value)} ({percent(share.low)} to {percent(share.high)})"
