"""The state of a deployment in use: everything that the command, the page and the metrics show.

Takes a deployment's folder and its log, gives a `Snapshot`. Reads each entry of the log once, however often it is
asked. Calculates nothing itself. Writes nothing.
"""

import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from bakeoff.corpus.stores import existing_store
from bakeoff.decide.cost.model import CostInputs
from bakeoff.learn.monitor.accuracy import Accuracy, accuracy
from bakeoff.learn.monitor.ages import Ages
from bakeoff.learn.monitor.alarm_book import AlarmBook
from bakeoff.learn.monitor.alarms import Alarm, Measured, alarms
from bakeoff.learn.monitor.costs import DAYS_PER_MONTH, Spending, spending, window_usd
from bakeoff.learn.monitor.drift import LEAST, Coverage, coverage
from bakeoff.learn.monitor.evidence import Evidence
from bakeoff.learn.monitor.freshness import Freshness, freshness, limit_days
from bakeoff.learn.monitor.reading import Reading
from bakeoff.learn.monitor.revisit import LEAST_DAYS, InUse, Revisited, revisit
from bakeoff.learn.monitor.sample import Asked
from bakeoff.learn.monitor.topics import Embed, Topic, topics, without_evidence
from bakeoff.learn.monitor.windows import Cell, Figures, Key, Part, figures, week_of
from bakeoff.learn.review.accuracy import SeenWeek, seen_weeks, that_count, unanswerable_share
from bakeoff.records import Record
from bakeoff.serve.deployment import RESTORE
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import Review
from bakeoff.serve.releases import current, numbers, previous, read_release, releases

DAYS = 28
LEAST_REFERENCE = 200
"""Questions of the first weeks of use that are the reference where the pilot's answers are gone."""


class Snapshot(Record):
    """What use shows at a time. `total` are the last `days` days, today included; `weeks` are full weeks.

    `parts` are the last days by release and contender.
    """

    at: datetime
    deployment: str
    release: int
    contender: str
    days: int
    total: Figures
    daily: tuple[Figures, ...]
    weeks: tuple[Figures, ...]
    parts: tuple[Part, ...]
    coverage: Coverage
    topics: tuple[Topic, ...]
    accuracy: Accuracy
    freshness: Freshness
    spending: Spending
    revisited: Revisited
    alarms: tuple[Alarm, ...]


class _Reviewed(NamedTuple):
    """The reviewed weeks of what is live, and how many reviewed answers are of something else."""

    of_live: list[SeenWeek]
    of_others: int


class Monitor:
    """Watches one deployment. Threads can share it.

    `embed` finds topics in other words, too.
    """

    def __init__(self, root: Path, log: Log, days: int = DAYS, embed: Embed | None = None) -> None:
        self.root = root
        self._log = log
        self._days = days
        self._embed = embed
        self._lock = threading.Lock()
        self._ages = Ages(existing_store(root, RESTORE))
        self._evidence: dict[int, Evidence] = {}
        self._reading: Reading | None = None
        self._read_for: tuple[float | None, float | None] = (None, None)

    def snapshot(self, now: datetime | None = None) -> Snapshot:
        """The state at a time, by default now."""
        at = now or datetime.now(UTC)
        with self._lock:
            live = self._of(current(self.root))
            return self._snapshot(live, self._read(live, at), at)

    def in_use(self, now: datetime | None = None) -> tuple[Evidence, InUse]:
        """What the live release was measured with, and what use shows in its place."""
        at = now or datetime.now(UTC)
        with self._lock:
            live = self._of(current(self.root))
            reading = self._read(live, at)
            return live, self._use(live, reading, at.date(), self._reviewed(live, reading, at).of_live)[1]

    def _read(self, live: Evidence, at: datetime) -> Reading:
        """What the log holds, counted with the limits of the live release's profile."""
        profile = live.profile
        limits = profile.latency_limit_ms, limit_days(profile.update_interval_days)
        if self._reading is None or self._read_for != limits:
            self._reading, self._read_for = Reading(self._log, self._ages, *limits), limits
        self._reading.update(at)
        return self._reading

    def _snapshot(self, live: Evidence, reading: Reading, at: datetime) -> Snapshot:
        today, profile = at.date(), live.profile
        start, end = today - timedelta(days=self._days - 1), today + timedelta(days=1)
        total = self._figures(reading, start, end)
        weeks = self._weeks(reading, today)
        covered = self._coverage(live, reading, today)
        found = topics(
            self._without_evidence(live, reading, covered.poor_score, start),
            [question.text for question in live.tested],
            self._embed,
        )
        weeks_reviewed, of_others = self._reviewed(live, reading, at)
        measured_before = live.estimate(live.release.contender, "accuracy")
        right = accuracy(weeks_reviewed, measured_before.value, measured_before.low, of_others)
        fresh = freshness(total, limit_days(profile.update_interval_days), self._ages.newest_change(), at)
        spent, use = self._use(live, reading, today, weeks_reviewed)
        again = revisit(live, use)
        measured = Measured(
            today=today,
            root=self.root,
            weeks=tuple(weeks),
            coverage=covered,
            accuracy=right,
            freshness=fresh,
            spending=spent if use.days >= LEAST_DAYS else None,
            revisited=again,
            topics=tuple(found),
            latency_limit_ms=profile.latency_limit_ms,
            earlier=previous(self.root),
        )
        return Snapshot(
            at=at,
            deployment=self.root.name,
            release=live.release.number,
            contender=live.release.contender,
            days=self._days,
            total=total,
            daily=tuple(
                self._figures(reading, day, day + timedelta(days=1))
                for day in (start + timedelta(days=i) for i in range(self._days))
            ),
            weeks=tuple(weeks),
            parts=tuple(self._parts(reading, start, end)),
            coverage=covered,
            topics=tuple(found),
            accuracy=right,
            freshness=fresh,
            spending=spent,
            revisited=again,
            alarms=tuple(AlarmBook(self.root).known_since(alarms(measured))),
        )

    def _of(self, number: int) -> Evidence:
        if number not in self._evidence:
            self._evidence[number] = Evidence(self.root, read_release(self.root, number))
        return self._evidence[number]

    def _figures(self, reading: Reading, start: date, end: date) -> Figures:
        cells = list(reading.between(start, end))
        days = (end - start).days
        first = min((key[0] for key, cell in reading.cells.items() if cell.n), default=start)
        served = max(1, (end - max(start, first)).days)  # nothing was paid before the first question
        return figures((cell for _, cell in cells), start, days, window_usd(cells, self._inputs(cells), served))

    def _inputs(self, cells: Sequence[tuple[Key, Cell]]) -> dict[tuple[int | None, str], CostInputs]:
        """The cost inputs of each release and contender in these cells. Entries of old versions name no release."""
        there, found = set(numbers(self.root)), {}
        for release, contender in {(key[1], key[2]) for key, _ in cells}:
            number = current(self.root) if release is None else release
            inputs = self._of(number).inputs if number in there else {}
            if contender in inputs:
                found[(release, contender)] = inputs[contender]
        return found

    def _weeks(self, reading: Reading, today: date) -> list[Figures]:
        """The full weeks since the first entry."""
        days = [key[0] for key, cell in reading.cells.items() if cell.n]
        monday, weeks = week_of(min(days, default=today)), []
        while monday + timedelta(days=7) <= today:
            weeks.append(self._figures(reading, monday, monday + timedelta(days=7)))
            monday += timedelta(days=7)
        return weeks

    def _parts(self, reading: Reading, start: date, end: date) -> list[Part]:
        totals: dict[tuple[int | None, str], list[tuple[Key, Cell]]] = {}
        for key, cell in reading.between(start, end):
            totals.setdefault((key[1], key[2]), []).append((key, cell))
        days = (end - start).days
        return [
            Part(
                release=release,
                contender=contender,
                figures=figures((cell for _, cell in cells), start, days),
            )
            for (release, contender), cells in sorted(totals.items(), key=lambda item: (-(item[0][0] or 0), item[0][1]))
        ]

    def _reviewed(self, live: Evidence, reading: Reading, at: datetime) -> _Reviewed:
        """What people said about the weekly random samples, of what is live."""
        newest = {review.answer: review for review in self._log.entries(Review)}
        drawn = reading.samples.drawn(newest.values(), at)
        of_live = seen_weeks(drawn, newest, live.release.contender, self._alike(live))
        n_all, n_live = (sum(len(week.reviewed) for week in weeks) for weeks in (seen_weeks(drawn, newest), of_live))
        return _Reviewed(of_live, n_all - n_live)

    def _alike(self, live: Evidence) -> list[int]:
        """The releases whose default contender is that of the live one, built by the same run: they answer alike.

        A restart with other contenders beside it is a new release, and no reason to forget what was seen.
        """
        mine, found = live.release, [live.release.number]
        for other in releases(self.root):
            is_alike = (other.run, other.measured, other.contender) == (mine.run, mine.measured, mine.contender)
            if is_alike and other.number != mine.number:
                found.append(other.number)
        return found

    def _coverage(self, live: Evidence, reading: Reading, today: date) -> Coverage:
        """The live contender's full weeks against the pilot, or else against its own first weeks."""
        contender, alike = live.release.contender, (*self._alike(live), None)
        weeks = [
            (monday, [one.score for one in sample if one.score is not None])
            for (monday, release, name), sample in sorted(reading.weeks.items(), key=lambda item: item[0][0])
            if name == contender and release in alike and monday + timedelta(days=7) <= today
        ]
        weeks = [(monday, scores) for monday, scores in weeks if scores]
        if not weeks:
            return Coverage(note=f"No full week of use in which '{contender}' searched the documents.")
        reference = live.scores(contender)
        if len(reference) >= LEAST:
            return coverage(reference, "the pilot", weeks)
        n = 0
        for place, (_, scores) in enumerate(weeks):
            n += len(scores)
            if n >= LEAST_REFERENCE:
                first = [score for _, of_week in weeks[: place + 1] for score in of_week]
                return coverage(first, f"the first {place + 1} weeks of use", weeks[place + 1 :])
        return Coverage(
            note="There are not enough answers of the pilot to compare with, and the full weeks since have fewer than "
            f"{LEAST_REFERENCE} questions."
        )

    def _without_evidence(self, live: Evidence, reading: Reading, poor_score: float | None, start: date) -> list[Asked]:
        """The questions of the last days that found no good evidence, of what is live."""
        alike = (*self._alike(live), None)
        return [
            one
            for (monday, release, name), sample in sorted(reading.weeks.items(), key=lambda item: item[0][0])
            if monday >= week_of(start) and release in alike
            for one in without_evidence(list(sample), poor_score if name == live.release.contender else None)
        ]

    def _use(self, live: Evidence, reading: Reading, today: date, weeks: Sequence[SeenWeek]) -> tuple[Spending, InUse]:
        """Volume and cost over the last full days, up to four weeks, since the first question."""
        days_asked = [key[0] for key, cell in reading.cells.items() if cell.n]
        start = max(today - timedelta(days=DAYS), min(days_asked, default=today))
        days, cells = max(1, (today - start).days), list(reading.between(start, today))
        total, of_live = Cell(), Cell()
        for key, cell in cells:
            total.merge(cell)
            if key[2] == live.release.contender:
                of_live.merge(cell)
        shown, contender = figures([total], start, days), live.release.contender
        as_one = of_live if of_live.n else total
        scaled = spending(_scaled(as_one, total.n), days, live.inputs.get(contender), live.profile.budget_usd_per_month)
        unanswerable, reviewed = unanswerable_share(that_count(weeks))
        return scaled, InUse(
            queries_per_month=total.n * DAYS_PER_MONTH / days,
            days=days,
            questions=total.n,
            declined_share=shown.declined_share,
            reviewed=reviewed,
            unanswerable_share=unanswerable,
            usd_per_answer=scaled.per_answer_usd,
            expected_usd_per_answer=scaled.expected_per_answer_usd,
        )


def _scaled(cell: Cell, n: int) -> Cell:
    """The cell's tokens for n questions."""
    if not cell.n:
        return cell
    factor = n / cell.n
    return Cell(
        n=n,
        prompt_tokens=round(cell.prompt_tokens * factor),
        completion_tokens=round(cell.completion_tokens * factor),
    )
