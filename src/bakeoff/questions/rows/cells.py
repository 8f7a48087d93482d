"""Turns one row of a question file into a question, and checks the value of each cell.

Takes a row, gives a record. Knows no other row.
"""

import ast
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from typing import Any, get_args

from bakeoff.errors import InputError
from bakeoff.formats import markup
from bakeoff.formats.html.cells import words_of
from bakeoff.formats.part import UnreadableError
from bakeoff.questions.naming import made_id
from bakeoff.questions.rows.aliases import split_aliases
from bakeoff.questions.rows.kinds import kind_of
from bakeoff.questions.rows.no_answer import without_no_answers
from bakeoff.questions.rows.rows import Row
from bakeoff.records import Question, Slice, SourceSpan, Split, Synthetic

SPLIT_NAMES = {**{name: name for name in get_args(Split)}, "validation": "dev", "valid": "dev", "val": "dev"}
TRUE, FALSE = ("true", "yes", "y", "1", "1.0"), ("false", "no", "n", "0", "0.0", "")
ACCEPTED = ("accepted", "edited")
REVIEWS = (*ACCEPTED, "rejected")
"""What a person said about a synthetic question. An edited one is accepted in the words that the person gave it."""
LONGEST_LIST = 200_000
"""A longer text is not read as a list written by Python."""


def question_of(row: Row, asked_on: date | None) -> Question:
    """The question of a row. Its fact is empty if the row gives none. Raises InputError for an invalid cell."""
    text = question_text(row)
    slices = {name: name for name in get_args(Slice)}
    return Question(
        id=cell(row, "id") or made_id(text),
        text=text,
        answers=tuple(answers(row)),
        kind=kind_of(cell(row, "kind")) or "",
        fact=cell(row, "fact"),
        slice=_choice(row, "slice", slices),
        split=_choice(row, "split", SPLIT_NAMES),
        asked=_asked(row),
        asked_on=asked_on,
        source_spans=tuple(SourceSpan(source=source) for source in _many(row, "source")),
        evidence=_quotes(row),
        key_points=tuple(_many(row, "key_points", words_of)),
        synthetic=_synthetic(row),
    )


def cell(row: Row, field: str) -> str:
    """The value of the field's cell, on one line. Empty if there is no such cell."""
    return _plain(next(iter(row.cells.get(field, ())), None))


def question_text(row: Row) -> str:
    with _named(row):
        return _plain(words_of(cell(row, "text")))


def answers(row: Row) -> list[str]:
    """The accepted answers, without duplicates, placeholders (N/A) and refusals. In one cell, `|` separates them.

    Labels of a closed set are kept as they are written, unless the row is marked as out of scope.
    """
    written = written_answers(row)
    return written if row.has_label and not unanswerable(row) else without_no_answers(written)


def written_answers(row: Row) -> list[str]:
    """All that the row gives as answers, without duplicates."""
    return _many(row, "answers", words_of)


def no_answers(row: Row) -> list[str]:
    """The placeholders and refusals that stand where answers should be."""
    kept = answers(row)
    return [answer for answer in written_answers(row) if answer not in kept]


def unanswerable(row: Row) -> bool:
    """Whether the row is marked unanswerable in one of the ways that docs/questions.md lists."""
    if "unanswerable" in (kind_of(cell(row, "kind")), cell(row, "slice").lower()):
        return True
    return _flag(row, "unanswerable") is True or _flag(row, "answerable") is False


def marks_answerability(row: Row) -> bool:
    """Whether the row is marked answerable or unanswerable."""
    flags = (_flag(row, "unanswerable"), _flag(row, "answerable"))
    return unanswerable(row) or flags != (None, None)


def marked_answerable(row: Row) -> bool:
    """Whether a column of marks says that the documents hold an answer."""
    return _flag(row, "answerable") is True or _flag(row, "unanswerable") is False


def has_html(row: Row) -> bool:
    """Whether its question or answers have HTML tags or entities, which are left out."""
    return question_text(row) != cell(row, "text") or written_answers(row) != _many(row, "answers")


def is_rejected(row: Row) -> bool:
    """Whether a person rejected this synthetic question."""
    return _flag(row, "synthetic") is True and _review(row) == "rejected"


def _synthetic(row: Row) -> Synthetic | None:
    if _flag(row, "synthetic") is not True:
        return None
    return Synthetic(
        method=cell(row, "synthetic_method"),
        accepted=_review(row) in ACCEPTED,
        paraphrase_of=cell(row, "paraphrase_of"),
        paraphrase_sum=cell(row, "paraphrase_sum"),
    )


def _review(row: Row) -> str:
    return str(_choice(row, "synthetic_review", {word: word for word in REVIEWS}) or "")


def _plain(value: Any) -> str:
    """On one line. Yes or no is written as spreadsheets show it."""
    value = ("yes" if value else "no") if isinstance(value, bool) else value
    return "" if value is None else markup.one_line(markup.clean(str(value)))


def _many(row: Row, field: str, words: Callable[[str], str] = str) -> list[str]:
    """The values of a field that can have several, without duplicates and empty ones."""
    with _named(row):
        items = [item for value in row.cells.get(field, ()) for item in _items(value, words)]
    return list(dict.fromkeys(filter(None, items)))


@contextmanager
def _named(row: Row) -> Iterator[None]:
    """A cell that takes too much to read is an error of its row."""
    try:
        yield
    except UnreadableError as error:
        raise InputError(f"{row.place}: a cell of HTML cannot be read: {error.message}.", error.remedy) from error


def _items(value: Any, words: Callable[[str], str]) -> Sequence[str]:
    """The values in one cell: a list (also SQuAD's {"text": [...]}), or text split at '|' (`aliases`)."""
    value = value.get("text") if isinstance(value, Mapping) else value
    return _items_of_text(value, words) if isinstance(value, str) else _items_of_list(value, words)


@lru_cache(maxsize=100_000)
def _items_of_text(text: str, words: Callable[[str], str]) -> Sequence[str]:
    """As `_items`. Every check of a row reads its cells again, so the values are kept."""
    listed = listed_in(text)
    if isinstance(listed, str):
        return tuple(map(_plain, split_aliases(words(listed))))
    return _items_of_list(listed, words)


def _items_of_list(listed: Any, words: Callable[[str], str]) -> Sequence[str]:
    items = listed if isinstance(listed, list) else [listed]
    texts = [item.get("text") if isinstance(item, Mapping) else item for item in items]
    return tuple(_plain(words(text) if isinstance(text, str) else text) for text in texts)


def listed_in(text: str) -> Any:
    """The list if the text is a list as JSON, Python or numpy write it, else the text itself.

    >>> listed_in('["a", "b"]'), listed_in("['a' 'b']"), listed_in("[a]")
    (['a', 'b'], ['a', 'b'], '[a]')
    """
    if not re.match(r"\s*\[.*\]\s*$", text, re.S):
        return text
    try:
        return json.loads(text, parse_float=str)
    except (ValueError, RecursionError):
        pass
    if len(text) > LONGEST_LIST or not _QUOTED_LIST.fullmatch(text):
        return text
    return [str(ast.literal_eval(quoted)) for quoted in re.findall(_QUOTED, text)]


_QUOTED = r"""'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*\""""
_QUOTED_LIST = re.compile(rf"\s*\[\s*(?:{_QUOTED})(?:\s*,\s*(?:{_QUOTED})|\s+(?:{_QUOTED}))*\s*,?\s*\]\s*")


def _flag(row: Row, field: str) -> bool | None:
    text = cell(row, field).lower()
    if field not in row.cells or not text:
        return None
    if text not in TRUE + FALSE:
        raise InputError(f"{row.place}: {field} is {text!r}.", "write true or false")
    return text in TRUE


def _asked(row: Row) -> int:
    text = cell(row, "asked") or "1"
    match = re.fullmatch(r"(\d{1,3}(?:,\d{3}){1,4}|\d{1,15})(?:\.0*)?", text)
    if match is None:
        raise InputError(
            f"{row.place}: asked is {text[:40]!r}.",
            "asked is how often the question was asked: write a whole number, 0 or more",
        )
    return int(match[1].replace(",", ""))


def _choice(row: Row, field: str, allowed: Mapping[str, str]) -> Any:
    text = cell(row, field).lower()
    if text and text not in allowed:
        raise InputError(f"{row.place}: {field} is {text!r}.", f"write one of {', '.join(allowed)}, or leave it empty")
    return allowed.get(text)


def _quotes(row: Row) -> str:
    """The quotes, one per line. A CSV cell is one quote, even if it contains '|', or a list."""
    value = next(iter(row.cells.get("evidence", ())), None)
    listed = listed_in(value) if isinstance(value, str) else value
    if not isinstance(listed, list):
        return _plain(value)
    return "\n".join(dict.fromkeys(filter(None, _items_of_list(listed, str))))
