"""The log of `bakeoff serve`, as its table (`GET /log/export?form=csv`).

A model's own answer becomes an accepted one only where a person approved it. Accepted are right answers that people
wrote, then answers with a thumb up; all other rows are left out. The sources are what a contender found, no evidence.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from bakeoff.questions.tools.converted import Cells, Converted, Numbered, Recorded, left_out

MARKS = {"question", "answer", "thumb", "right_answer", "contender"}
_CITED = re.compile(r"\s*\[\d+(?:\s*[,;]\s*\d+)*\]")


def read(recorded: Recorded) -> Converted | None:
    """One row per distinct question with an accepted answer: the newest, how often it was asked, and the last day."""
    if MARKS - recorded.names:
        return None
    by_question: dict[str, list[Numbered]] = defaultdict(list)
    for number, cells in recorded.rows:
        by_question[folded(_text(cells, "question"))].append((number, cells))
    by_question.pop("", None)
    judged = [rows for rows in by_question.values() if any(_accepted(cells) for _, cells in rows)]
    n_other = len(recorded.rows) - sum(map(len, judged))
    why = "nobody gave a right answer or a thumb up for their question"
    return Converted(
        "the log of bakeoff serve", [*map(_merged, judged)], (*left_out(n_other, "row", why), *_contradicted(judged))
    )


def folded(question: str) -> str:
    """The question without case, spaces and the marks at its end: two such questions count as one."""
    return re.sub(r"[\s?!.]+$", "", " ".join(question.casefold().split()))


def without_citations(answer: str) -> str:
    """An answer without the numbers of the passages that it cites.

    >>> without_citations("24 months [1], or more [2, 3].")
    '24 months, or more.'
    """
    return _CITED.sub("", answer).strip()


def _merged(rows: Sequence[Numbered]) -> Numbered:
    """All rows of one question as one, in the place and the words of the newest row with an accepted answer."""
    number, cells = max(rows, key=lambda row: (_weight(row[1]), _text(row[1], "at"), row[0]))
    return number, {
        "question": _text(cells, "question"),
        "answers": [_accepted(cells)],
        "asked": len(rows),
        "date": max(_text(each, "at") for _, each in rows),
    }


def _weight(cells: Cells) -> int:
    """A right answer that a person wrote outweighs a thumb up."""
    return 2 if _text(cells, "right_answer") else 1 if _accepted(cells) else 0


def _accepted(cells: Cells) -> str:
    """The accepted answer of a row. Empty if nobody gave or approved one."""
    if right := _text(cells, "right_answer"):
        return right
    withheld = _text(cells, "declined").lower() in ("true", "1", "yes") or _text(cells, "error")
    approved = _text(cells, "thumb").lower() == "up" and not withheld
    return without_citations(_text(cells, "answer")) if approved else ""


def _contradicted(judged: Sequence[Sequence[Numbered]]) -> tuple[str, ...]:
    """A note on questions for which people gave different right answers."""
    given = [[*dict.fromkeys(_text(cells, "right_answer") for _, cells in rows)] for rows in judged]
    several = [texts for texts in ([text for text in texts if text] for texts in given) if len(texts) > 1]
    if not several:
        return ()
    first = " and ".join(repr(text) for text in several[0][-2:])
    return (f"{len(several)} questions have several right answers; the newest counts ({first}).",)


def _text(cells: Cells, name: str) -> str:
    value: Any = cells.get(name)
    return "" if value is None else str(value).strip()
