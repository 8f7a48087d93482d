"""Reads a deployment's log into counts by day and samples by week. What was read is never read again.

Takes a log and a document store. Memory is bounded by days and weeks, not by answers. Shadow answers of candidates are
not read: nobody saw them. Knows no price, no reference and no alarm.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from bakeoff.learn.monitor.ages import Ages
from bakeoff.learn.monitor.sample import Asked, Sample
from bakeoff.learn.monitor.windows import Cell, Key, week_of
from bakeoff.learn.review.weekly import WeeklySamples
from bakeoff.learn.review.weekly import week_of as iso_week
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer, Thumb

HISTORY_DAYS = 366
TEXT_WEEKS = 5
"""Questions of the last weeks keep their texts, for topics."""
THUMBS_KEPT = 50_000

WeekKey = tuple[date, int | None, str]
"""Monday, release and contender."""


class Reading:
    """What was read of a log. `limit_ms` is the profile's limit on latency, `old_days` when a document is old."""

    def __init__(self, log: Log, ages: Ages, limit_ms: float | None = None, old_days: float | None = None) -> None:
        self.samples = WeeklySamples(log)
        self._log = log
        self.cells: dict[Key, Cell] = defaultdict(Cell)
        self.weeks: dict[WeekKey, Sample] = defaultdict(Sample)
        self._ages = ages
        self._limit_ms = limit_ms
        self._old_days = old_days
        self._last = 0
        self._thumbs: OrderedDict[str, tuple[Key, bool]] = OrderedDict()

    def update(self, now: datetime | None = None) -> None:
        """Reads what was written since the last call, and forgets what is too old."""
        today = (now or datetime.now(UTC)).date()
        oldest = week_of(today - timedelta(days=HISTORY_DAYS))
        since = datetime(oldest.year, oldest.month, oldest.day, tzinfo=UTC)
        self._ages.refresh()
        for number, entry in self._log.numbered(self._last, since):
            self._last = number
            if isinstance(entry, LoggedAnswer):
                self._add(entry, today)
            else:
                self._add_thumb(entry)
        self._forget(oldest, today)

    def between(self, start: date, end: date) -> Iterator[tuple[Key, Cell]]:
        """The cells of the days from `start` to the day before `end`."""
        return ((key, cell) for key, cell in sorted(self.cells.items(), key=_order) if start <= key[0] < end)

    def _add(self, answer: LoggedAnswer, today: date) -> None:
        day = answer.at.date()
        self.samples.add(answer)
        cell = self.cells[(day, answer.release, answer.contender)]
        cell.add(answer, self._limit_ms)
        age = self._ages.of(answer)
        if age is not None:
            cell.add_age(age, self._old_days)
        if answer.error is None:
            score = max((hit.score for hit in answer.hits), default=None)
            text = answer.question if week_of(day) > week_of(today) - timedelta(weeks=TEXT_WEEKS) else None
            key = answer.question_hash or " ".join((answer.question or answer.id).casefold().split())
            self.weeks[(week_of(day), answer.release, answer.contender)].add(key, Asked(score, answer.declined, text))

    def _add_thumb(self, thumb: Thumb) -> None:
        """The newest thumb on an answer counts, on the day of the answer."""
        if thumb.answer in self._thumbs:
            key, was_up = self._thumbs[thumb.answer]
            self._count(key, was_up, -1)
        else:
            answer = self._log.answer(thumb.answer)
            if answer is None:
                return
            key = (answer.at.date(), answer.release, answer.contender)
        self._count(key, thumb.up, 1)
        self._thumbs[thumb.answer] = key, thumb.up
        if len(self._thumbs) > THUMBS_KEPT:
            self._thumbs.popitem(last=False)

    def _count(self, key: Key, up: bool, n: int) -> None:
        cell = self.cells[key]
        if up:
            cell.up += n
        else:
            cell.down += n

    def _forget(self, oldest: date, today: date) -> None:
        for key in [key for key in self.cells if key[0] < oldest]:
            del self.cells[key]
        for week in [week for week in self.weeks if week[0] < oldest]:
            del self.weeks[week]
        self.samples.forget(iso_week(datetime(oldest.year, oldest.month, oldest.day, tzinfo=UTC)))
        for week, sample in self.weeks.items():
            if week[0] <= week_of(today) - timedelta(weeks=TEXT_WEEKS):
                sample.forget_texts()


def _order(item: tuple[Key, Cell]) -> tuple[date, int, str]:
    (day, release, contender), _ = item
    return day, release or 0, contender
