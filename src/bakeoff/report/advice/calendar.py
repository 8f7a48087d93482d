"""A roadmap as a calendar file (.ics) for any calendar program.

Takes a `Roadmap` and a time stamp, gives the text of one iCalendar object. It has an all-day event for each task and
for the review at the end of each phase, and a repeating event for recurring work. Knows nothing about files.
Source: RFC 5545: content lines folded at 75 octets (3.1), CRLF line ends, escaped text (3.3.11).
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from bakeoff.decide.advise.deadline import WEEKS
from bakeoff.decide.advise.roadmap import Phase, Recurring, Roadmap, Task
from bakeoff.decide.situation.approaches import TITLES

LINE_OCTETS = 75
WORKING_DAYS = 5
RECURS_FOR_DAYS = 365


def ics_text(roadmap: Roadmap, stamp: datetime) -> str:
    """The whole file, ending in CRLF. The same roadmap and stamp give the same text. `stamp` must have a time zone."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Bakeoff//90-day roadmap//EN",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{escaped(f'90 days to {TITLES[roadmap.approach]}')}",
    ]
    for phase in roadmap.phases:
        for i, task in enumerate(phase.tasks):
            lines += _task(roadmap, phase, task, i, stamp)
        lines += _review(roadmap, phase, stamp)
    for recurring in roadmap.recurring:
        lines += _recurring(roadmap, recurring, stamp)
    return "".join(folded(line) for line in [*lines, "END:VCALENDAR"])


def _task(roadmap: Roadmap, phase: Phase, task: Task, number: int, stamp: datetime) -> list[str]:
    about = f"{phase.name}. Owner: {task.owner}. Effort: {task.effort_days:g} days."
    end = roadmap.week_start(task.last_week) + timedelta(days=WORKING_DAYS)
    return _event(
        f"task {phase.first_week} {number}", roadmap, stamp, roadmap.week_start(task.first_week), end, task.title, about
    )


def _review(roadmap: Roadmap, phase: Phase, stamp: datetime) -> list[str]:
    day = roadmap.week_start(phase.last_week) + timedelta(days=WORKING_DAYS - 1)
    about = "\n".join(f"- {criterion}" for criterion in phase.exit_criteria)
    return _event(
        f"review {phase.first_week}",
        roadmap,
        stamp,
        day,
        day + timedelta(days=1),
        f"Review: {phase.name}",
        f"Done when:\n{about}",
    )


def _recurring(roadmap: Roadmap, work: Recurring, stamp: datetime) -> list[str]:
    first = roadmap.week_start(WEEKS + 1)
    until = first + timedelta(days=RECURS_FOR_DAYS)
    rule = f"RRULE:FREQ=DAILY;INTERVAL={max(1, round(work.every_days))};UNTIL={until:%Y%m%d}"
    return _event(
        f"recurring {work.title}",
        roadmap,
        stamp,
        first,
        first + timedelta(days=1),
        work.title,
        f"{work.when}. Owner: {work.owner}.",
        rule,
    )


def _event(
    key: str, roadmap: Roadmap, stamp: datetime, first: date, end: date, summary: str, about: str, *more: str
) -> list[str]:
    """One all-day event. `end` is the day after its last day."""
    name = hashlib.sha256(f"{roadmap.approach} {roadmap.start} {key}".encode()).hexdigest()[:32]
    return [
        "BEGIN:VEVENT",
        f"UID:{name}@bakeoff",
        f"DTSTAMP:{stamp.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{first:%Y%m%d}",
        f"DTEND;VALUE=DATE:{end:%Y%m%d}",
        *more,
        f"SUMMARY:{escaped(summary)}",
        f"DESCRIPTION:{escaped(about)}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def escaped(text: str) -> str:
    """A TEXT value with backslash, semicolon, comma and line ends escaped."""
    for character in "\\;,":
        text = text.replace(character, "\\" + character)
    return text.replace("\r\n", "\\n").replace("\n", "\\n")


def folded(line: str) -> str:
    """A content line with its CRLF, folded so that no piece is longer than 75 octets and no character is split."""
    return "\r\n ".join(_pieces(line)) + "\r\n"


def _pieces(line: str) -> Iterator[str]:
    piece, octets, limit = "", 0, LINE_OCTETS
    for character in line:
        size = len(character.encode())
        if octets + size > limit:
            yield piece
            piece, octets, limit = "", 0, LINE_OCTETS - 1  # the space that marks a continuation counts
        piece, octets = piece + character, octets + size
    yield piece
