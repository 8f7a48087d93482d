"""Reads the days in a question log, and calculates the questions per month from them.

Takes all cells of a column at once: only together do they show whether 03/04/2026 is a day in March or in April.
"""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

from bakeoff.records import Question

MONTH_DAYS = 365.25 / 12
LEAST_PERIOD_DAYS = 28  # a shorter log is too short to estimate a month
_YEAR_FIRST = re.compile(r"(\d{4})([/.-])(\d{1,2})\2(\d{1,2})(?=[T ,]|$)")
_YEAR_LAST = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?=[T ,]|$)")

_NAMED = re.compile(
    r"(?:(?P<first>\d{1,2})[ -](?P<name>[A-Z][a-z]{2,8})|(?P<month>[A-Z][a-z]{2,8}) (?P<day>\d{1,2}),?)"
    r"[ -](?P<year>\d{4})(?=[T ,]|$)"
)
"""With the name of a month in English, as spreadsheets display them."""


def days_of(texts: Sequence[str]) -> tuple[list[date | None], str]:
    """(the day of each text or None if it is empty, ''). If any text cannot be read, (all None, the reason).

    Accepted formats: 2026-03-31, 31.03.2026, 31 Mar 2026, March 31, 2026, seconds or milliseconds since 1970 (UTC), and
    days with slashes if the column allows only one order of day and month. A time of day may follow.

    >>> days_of(["03/31/2026", "04/01/2026"])
    ([datetime.date(2026, 3, 31), datetime.date(2026, 4, 1)], '')
    >>> days_of(["Mar 31, 2026", "1 April 2026"])
    ([datetime.date(2026, 3, 31), datetime.date(2026, 4, 1)], '')
    """
    written = [text for text in dict.fromkeys(texts) if text]
    orders = [{text: _day(text, month_first) for text in written} for month_first in (False, True)]
    whole = [days for days in orders if None not in days.values()]
    if len(whole) == 2 and whole[0] != whole[1]:
        text = next(text for text in written if whole[0][text] != whole[1][text])
        return [None] * len(texts), f"{text[:40]!r} could be two different dates"
    if not whole:
        unread = [text for text in written if orders[0][text] is None and orders[1][text] is None]
        text = next(iter(unread), next((text for text in written if orders[0][text] is None), ""))
        order = "" if unread else " if day and month are in the same order as in the others"
        return [None] * len(texts), f"{text[:40]!r} is not a date{order}"
    return [whole[0].get(text) for text in texts], ""


def _day(text: str, month_first: bool) -> date | None:
    try:
        if re.fullmatch(r"\d{9,10}(\.\d*)?|\d{12,13}", text):
            number = float(text)
            return datetime.fromtimestamp(number if number < 1e11 else number / 1000, UTC).date()
        if match := _YEAR_FIRST.match(text):
            return date(int(match[1]), int(match[3]), int(match[4]))
        if match := _YEAR_LAST.match(text):
            first, second, year = int(match[1]), int(match[3]), int(match[4])
            return date(year, first, second) if month_first and match[2] != "." else date(year, second, first)
        if match := _NAMED.match(text):
            day, name = match["first"] or match["day"], match["name"] or match["month"]
            return datetime.strptime(f"{day} {name[:3]} {match['year']}", "%d %b %Y").date()
        return date.fromisoformat(re.split("[T ]", text)[0])
    except ValueError:
        return None


class MonthlyVolume(NamedTuple):
    """How many questions users ask per month. It comes from the `n_dated` of `n` questions that have a date."""

    asked: int
    n_dated: int
    n: int

    @property
    def is_known(self) -> bool:
        """Whether at least half of the questions have a date. If not, it says little about all of them."""
        return 2 * self.n_dated >= self.n

    @property
    def basis(self) -> str:
        """From how many questions it comes, in brackets; empty if all have a date.

        >>> MonthlyVolume(23, 8, 84).basis
        ' (from the 8 of 84 questions that have a date; too few to put it into the profile)'
        """
        few = "" if self.is_known else "; too few to put it into the profile"
        dated = f"{self.n_dated:,} of {self.n:,} questions that {'has' if self.n_dated == 1 else 'have'} a date"
        return f" (from the {dated}{few})" if self.n_dated < self.n else ""


def monthly_volume(questions: Sequence[Question]) -> MonthlyVolume | None:
    """The number of questions that users ask per month, from the dates and counts of the log.

    None if no question has a date, or if the dates span less than four weeks.
    """
    dated = [(question.asked_on, question) for question in questions if question.asked_on]
    if not dated:
        return None
    last = max(question.asked_until or day for day, question in dated)
    days = (last - min(day for day, _ in dated)).days + 1
    asked = sum(question.asked for _, question in dated)
    if not asked or days < LEAST_PERIOD_DAYS:
        return None
    return MonthlyVolume(round(asked / days * MONTH_DAYS), len(dated), len(questions))
