"""A team's examples of its style: a CSV of texts in the style and of texts that are not.

Takes a file, gives examples. Knows nothing about classifiers.
"""

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from bakeoff.errors import InputError
from bakeoff.files.small import small_text
from bakeoff.files.unreadable import unreadable
from bakeoff.records import Record
from bakeoff.sentences import counted, first_few

YES, NO = frozenset({"yes", "y", "true", "1"}), frozenset({"no", "n", "false", "0"})
REMEDY = "write a CSV with the columns text, in_style (yes or no) and, if known, group (docs/style.md)"


class StyleExample(Record):
    """A text, whether it is in the style, and what it is about: texts of one group are checked together."""

    text: str
    in_style: bool
    group: str


def read_examples(path: Path) -> list[StyleExample]:
    """The examples of a file, each text once, in order.

    Raises InputError, with the lines, if the file cannot be read, a value is missing or not allowed, or a text is said
    to be both in the style and not.
    """
    try:
        content = small_text(path, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(*unreadable(f"Cannot read the examples of style in {path}", error, REMEDY)) from error
    reader = csv.DictReader(io.StringIO(content))
    missing = [name for name in ("text", "in_style") if name not in (reader.fieldnames or ())]
    if missing:
        found = ", ".join(reader.fieldnames or ()) or "no column"
        raise InputError(f"{path} has no column {' and no column '.join(missing)} (found: {found}).", REMEDY)
    try:
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: {error}.", REMEDY) from error
    _refuse(path, rows)
    return _once(path, [_example(line, row) for line, row in rows])


def _refuse(path: Path, rows: Sequence[tuple[int, Mapping[str, str | None]]]) -> None:
    empty = [f"line {line}" for line, row in rows if not (row["text"] or "").strip()]
    if empty:
        raise InputError(f"{path}: no text in {first_few(empty)}.", "fill the column text or remove the rows")
    unclear = [f"line {line} ({row['in_style']!r})" for line, row in rows if _truth(row["in_style"]) is None]
    if unclear:
        raise InputError(f"{path}: in_style is neither yes nor no in {first_few(unclear)}.", "write yes or no there")


def _truth(value: str | None) -> bool | None:
    plain = (value or "").strip().lower()
    return True if plain in YES else False if plain in NO else None


def _example(line: int, row: Mapping[str, str | None]) -> tuple[int, StyleExample]:
    text, group = (row["text"] or "").strip(), (row.get("group") or "").strip()
    return line, StyleExample(text=text, in_style=bool(_truth(row["in_style"])), group=group or f"line {line}")


def _once(path: Path, examples: Sequence[tuple[int, StyleExample]]) -> list[StyleExample]:
    """Each text once. Raises InputError if it is said to be both."""
    first: dict[str, tuple[int, StyleExample]] = {}
    both = []
    for line, example in examples:
        earlier = first.setdefault(plain(example.text), (line, example))
        if earlier[1].in_style != example.in_style:
            both.append(f"lines {earlier[0]} and {line}")
    if both:
        raise InputError(f"{path}: the same text is in the style and not: {first_few(both)}.", "keep one of them")
    return [example for _, example in first.values()]


def plain(text: str) -> str:
    """The text in lower case with single blanks, to see whether two are the same."""
    return " ".join(text.casefold().split())


def without_test_answers(
    examples: Sequence[StyleExample], withheld: Collection[str]
) -> tuple[list[StyleExample], list[str]]:
    """The examples that are no known answer of the test, and a note if some are."""
    known = {plain(text) for text in withheld}
    kept = [example for example in examples if plain(example.text) not in known]
    n_left_out = len(examples) - len(kept)
    left_out = counted(n_left_out, "example of style is an answer", "examples of style are answers")
    return kept, [f"{left_out} of a test question and left out of the classifier's training."] if n_left_out else []
