"""The log of `bakeoff serve`, as its table (`GET /log/export?form=csv`).

A model's own answer becomes an accepted one only where a person approved it. Accepted are right answers that people
wrote, then answers with a thumb up; all other rows are left out. The sources are what a contender found, no evidence.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from bakeoff.questions.tools.converted import Cells, Converted, Numbered, Recorded, left_out
from bakeoff.sentences import first_few, listed

MARKS = {"question", "answer", "thumb", "right_answer", "contender"}
_CITED = re.compile(r"\s*\[\d+(?:\s*[,;]\s*\d+)*\]")


class Asked(NamedTuple):
    """A distinct question of the log: how often and when it was asked, and the accepted answer that counts.

    `weight` is 2 for a right answer that a person wrote, 1 for a thumb up, 0 for none. `number` and `at` are those of
    the row with the answer. `others` are right answers that differ from it.
    """

    number: int
    question: str
    answer: str
    weight: int
    at: str
    n: int
    last: str
    others: tuple[str, ...] = ()


def read(recorded: Recorded) -> Converted | None:
    """One row per distinct question with an accepted answer: how often it was asked, and the last day."""
    if MARKS - recorded.names:
        return None
    asked = distinct(recorded.rows)
    judged = [each for each in asked if each.weight]
    n_other = len(recorded.rows) - sum(each.n for each in judged)
    why = "nobody gave a right answer or a thumb up for their question"
    rows = [
        (each.number, {"question": each.question, "answers": [each.answer], "asked": each.n, "date": each.last})
        for each in judged
    ]
    return Converted("the log of bakeoff serve", rows, (*left_out(n_other, "row", why), *_contradicted(judged)))


def distinct(rows: Iterable[Numbered]) -> list[Asked]:
    """The questions of the rows, each once, in the order of their first row. Rows without a question are left out."""
    by_question: dict[str, Asked] = {}
    for number, cells in rows:
        if key := folded(_text(cells, "question")):
            row = _asked(number, cells)
            by_question[key] = _joined(by_question[key], row) if key in by_question else row
    return list(by_question.values())


def folded(question: str) -> str:
    """The question without case, spaces and the marks at its end: two such questions count as one."""
    return re.sub(r"[\s?!.]+$", "", " ".join(question.casefold().split()))


def without_citations(answer: str) -> str:
    """An answer without the numbers of the passages that it cites.

    >>> without_citations("24 months [1], or more [2, 3].")
    '24 months, or more.'
    """
    return _CITED.sub("", answer).strip()


def _asked(number: int, cells: Cells) -> Asked:
    right, at = _text(cells, "right_answer"), _text(cells, "at")
    answer = right or _approved(cells)
    weight = 2 if right else 1 if answer else 0
    return Asked(number, _text(cells, "question"), answer, weight, at, 1, at)


def _approved(cells: Cells) -> str:
    """The answer of a row if it has a thumb up. Empty if it was withheld or failed."""
    withheld = _text(cells, "declined").lower() in ("true", "1", "yes") or _text(cells, "error")
    approved = _text(cells, "thumb").lower() == "up" and not withheld
    return without_citations(_text(cells, "answer")) if approved else ""


def _joined(a: Asked, b: Asked) -> Asked:
    """Both as one. The heavier answer counts, and of two that weigh the same, the newer one."""
    first, second = sorted((a, b), key=lambda each: (each.weight, each.at, each.number), reverse=True)
    others = {*a.others, *b.others, *({second.answer} if second.weight == 2 else set())} - {first.answer}
    return first._replace(n=a.n + b.n, last=max(a.last, b.last), others=tuple(sorted(others)))


def _contradicted(judged: Sequence[Asked]) -> tuple[str, ...]:
    """A note on questions for which people gave different right answers."""
    several = [each for each in judged if each.others]
    if not several:
        return ()
    shown = [f"{each.question!r}: {each.answer!r}, not {listed(map(repr, each.others))}" for each in several]
    return (f"different right answers were given for one question; the newest counts ({first_few(shown, '; ')}).",)


def _text(cells: Cells, name: str) -> str:
    value: Any = cells.get(name)
    return "" if value is None else str(value).strip()
