"""Alarms: what is wrong in use, since when, with numbers, and what to do.

Takes what was measured, gives alarms. Knows no file. One that lasts keeps its kind and its `since`, so that it can be
told once (`alarm_book.py`).

False alarms. Coverage, failures and slow answers are tested once a week, accuracy as in `accuracy.py`. All together
they raise .4 false alarms a year: coverage .2, accuracy .1, failures and slow answers .05 each. The others test
nothing: they compare amounts.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field

from bakeoff.decide.wording import money
from bakeoff.deployment_commands import command_on
from bakeoff.learn.monitor.accuracy import Accuracy
from bakeoff.learn.monitor.costs import Spending
from bakeoff.learn.monitor.drift import WEEKS_PER_YEAR, Coverage
from bakeoff.learn.monitor.freshness import Freshness
from bakeoff.learn.monitor.revisit import Revisited, pilot_again
from bakeoff.learn.monitor.topics import Topic
from bakeoff.learn.monitor.windows import Figures
from bakeoff.measure.bounds import share_bound
from bakeoff.records import Record
from bakeoff.sentences import as_given, milliseconds, percent

FAILED, SLOW = 0.05, 0.05
"""A larger share of failed answers, or of answers over the limit on latency, is an alarm once it is shown."""
LEVEL = 1 - 0.05 / WEEKS_PER_YEAR
"""Of the bound that shows it: one false alarm in 20 years, if a share is exactly at its limit."""

Kind = Literal["coverage", "accuracy", "failures", "latency", "budget", "documents", "verdict"]
ShareAndN = Callable[[Figures], tuple[float | None, int]]
KINDS: tuple[Kind, ...] = ("accuracy", "coverage", "failures", "latency", "budget", "documents", "verdict")


class Alarm(Record):
    """One alarm. `text` says what is wrong with its numbers, `remedy` what to do."""

    kind: Kind
    since: date
    text: str
    remedy: str
    numbers: dict[str, float] = Field(default_factory=dict)


class Measured(Record):
    """What alarms are raised from. `weeks` are the full weeks, the oldest first; `today` is the day (UTC),
    `root` the folder of the deployment.

    `earlier` is the release that a rollback would go back to; None if there is none.
    """

    today: date
    root: Path
    weeks: tuple[Figures, ...] = ()
    coverage: Coverage = Coverage()
    accuracy: Accuracy = Accuracy()
    freshness: Freshness = Freshness()
    spending: Spending | None = None
    revisited: Revisited = Revisited()
    topics: tuple[Topic, ...] = ()
    latency_limit_ms: float | None = None
    earlier: int | None = None


def alarms(measured: Measured) -> list[Alarm]:
    """The alarms, the gravest first. Every number is finite."""
    found = [*_accuracy(measured), *_coverage(measured), *_of_weeks(measured), *_budget(measured),
             *_documents(measured), *_verdict(measured)]  # fmt: skip
    return sorted(found, key=lambda alarm: KINDS.index(alarm.kind))


def _accuracy(of: Measured) -> Iterator[Alarm]:
    found = of.accuracy
    if found.since is None or found.since_accuracy is None or found.pilot is None or found.pilot_low is None:
        return
    yield Alarm(
        kind="accuracy",
        since=found.since,
        text=f"Fewer answers are right than in the pilot: {percent(found.since_accuracy)} of {found.since_n} reviewed "
        f"since {found.since}; in the pilot {percent(found.pilot)}, at least {percent(found.pilot_low)}.",
        remedy=f"look at the wrong ones ({command_on(of.root, 'review')}), correct the documents, then: "
        f"{command_on(of.root, 'learn')}" + (f"; or go back: {command_on(of.root, 'rollback')}" if of.earlier else ""),
        numbers={"accuracy": found.since_accuracy, "reviewed": found.since_n, "pilot": found.pilot},
    )


def _coverage(of: Measured) -> Iterator[Alarm]:
    since = of.coverage.since
    if since is None:
        return
    last = of.coverage.windows[-1]
    named = "; ".join(f"{topic.name} ({topic.n})" for topic in of.topics[:3])
    about = f" The largest groups of questions without good evidence: {named}." if named else ""
    yield Alarm(
        kind="coverage",
        since=since,
        text=f"Questions find worse passages than those of {of.coverage.reference}: {percent(last.poor_share)} score "
        f"below {of.coverage.poor_score:.2f}, where 5 % are usual ({last.n} questions, p = {last.p:.2g})." + about,
        remedy="add documents on what is asked: bakeoff documents add FILE; or tell people what the documents cover",
        numbers={"poor_share": last.poor_share, "questions": last.n, "p": last.p},
    )


def _of_weeks(of: Measured) -> Iterator[Alarm]:
    """Failures and slow answers: since the first week of the row that ends with the last week."""
    failed = _row(of.weeks, lambda week: (week.failed_share, week.questions), FAILED)
    if failed:
        share = failed[-1].failed_share or 0.0
        yield Alarm(
            kind="failures",
            since=failed[0].start,
            text=f"{percent(share)} of {failed[-1].questions} questions of the last full week got no answer, because "
            "answering failed.",
            remedy="read the errors in the server's lines and in the history of the page, and remove their cause",
            numbers={"failed_share": share, "questions": failed[-1].questions},
        )
    slow = _row(of.weeks, lambda week: (week.slow_share, week.questions), SLOW) if of.latency_limit_ms else []
    if slow and of.latency_limit_ms:
        share = slow[-1].slow_share or 0.0
        yield Alarm(
            kind="latency",
            since=slow[0].start,
            text=f"{percent(share)} of the answers of the last full week took longer than the limit of "
            f"{milliseconds(of.latency_limit_ms)}; the limit allows 5 %.",
            remedy=f"serve with more workers or a faster machine, or test a faster contender: {pilot_again(of.root)}",
            numbers={"slow_share": share, "limit_ms": of.latency_limit_ms},
        )


def _row(weeks: Sequence[Figures], share_and_n: ShareAndN, limit: float) -> list[Figures]:
    """The unbroken row of weeks up to the last one in which the share is shown to exceed the limit."""
    row: list[Figures] = []
    for week in reversed(weeks):
        share, n = share_and_n(week)
        if share is None or share_bound(share, n, LEVEL) <= limit:
            break
        row.insert(0, week)
    return row


def _budget(of: Measured) -> Iterator[Alarm]:
    spent = of.spending
    if spent is None or spent.per_month_usd is None or spent.budget_usd_per_month is None:
        return
    if spent.per_month_usd > spent.budget_usd_per_month:
        yield Alarm(
            kind="budget",
            since=of.today,
            text=f"At {spent.queries_per_month:,.0f} questions a month the system costs {money(spent.per_month_usd)} a "
            f"month; the budget is {as_given(spent.budget_usd_per_month)} USD.",
            remedy=f"test a cheaper contender ({pilot_again(of.root)}), or raise budget_usd_per_month",
            numbers={"usd_per_month": spent.per_month_usd, "budget": spent.budget_usd_per_month},
        )


def _documents(of: Measured) -> Iterator[Alarm]:
    fresh = of.freshness
    if fresh.is_overdue and fresh.changed_at is not None and fresh.limit_days is not None:
        yield Alarm(
            kind="documents",
            since=fresh.changed_at.date(),
            text=f"No document changed since {fresh.changed_at:%Y-%m-%d}; an update was due every "
            f"{fresh.limit_days / 2:g} days.",
            remedy="update the documents (bakeoff documents sync FOLDER), or change "
            "update_interval_days in the profile",
            numbers={"limit_days": fresh.limit_days},
        )


def _verdict(of: Measured) -> Iterator[Alarm]:
    if of.revisited.turned:
        yield Alarm(
            kind="verdict",
            since=of.today,
            text=of.revisited.sentence.partition(" Run the pilot again")[0],
            remedy=f"run the pilot again on the deployment's documents and questions: {pilot_again(of.root)}",
            numbers={"queries_per_month": of.revisited.queries_per_month or 0.0},
        )
