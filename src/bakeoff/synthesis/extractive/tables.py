"""Questions from tables, from rows of named values, and from numbered steps.

Takes the text of a passage and its place, gives questions with the row or item that answers them.
"""

import re
from collections.abc import Iterator, Sequence

from bakeoff.formats import markup
from bakeoff.synthesis.drafts import plain
from bakeoff.synthesis.extractive.clauses import HOW_TO
from bakeoff.synthesis.extractive.places import NAME, Asked, Place

LONGEST_CELL, LONGEST_NAME = 12, 8  # words
NAMES = ("item", "name", "product", "model", "title", "plan", "store", "city", "code", "term")
"""Columns that say what a row is about, if it has one of them. Otherwise the first column does."""
CURRENCIES = ("gbp", "eur", "usd", "nok", "sek", "dkk", "chf")
_PAIR = re.compile(r"([A-Za-z][\w ]{0,40}): (.+?)(?=; [A-Za-z][\w ]{0,40}: |$)")
# fmt: off
PROPERTIES = frozenset({
    "price", "cost", "meaning", "cause", "causes", "remedy", "address", "phone", "city", "country", "device", "group",
    "availability", "number", "weight", "size", "colour", "color", "power", "time", "excess", "title", "sku", "code",
    "condition", "role", "type", "capacity", "length", "width", "height", "range", "life", "version", "date", "author",
    "population", "area", "capital", "language", "voltage", "speed", "limit", "duration", "discount", "fee", "warranty",
    "material", "manager", "owner", "status", "category", "unit", "default", "minimum", "maximum", "purpose", "name",
})
# fmt: on
"""Columns that can be asked for as 'the X of Y'. Others are asked for by their heading."""
_STEP = re.compile(r"^\s*1[.)]\s+(?P<first>.+)$", re.M)
_OF_STEPS = re.compile(r"\b(?:how to|steps|procedure|set(?:ting)?(?: \w+)? up)\b", re.I)
"""Headings of steps; a list below another heading must begin with the verb of an instruction."""
_NEXT = re.compile(r"^\s*2[.)]\s+\S", re.M)


def asked_of_tables(text: str, place: Place) -> Iterator[tuple[Asked, str]]:
    """A question for each short cell of the tables in a passage, with its row."""
    header: list[str] = []
    lines = text.splitlines()
    for i, line in enumerate(lines):
        if not markup.is_table_row(line):
            header = []
        elif i + 1 < len(lines) and markup.is_table_delimiter(lines[i + 1]):
            header = _cells(line)
        elif header and not markup.is_table_delimiter(line):
            yield from ((asked, line.strip()) for asked in _of_row(header, _cells(line)))


def _cells(line: str) -> list[str]:
    return [plain(cell) for cell in line.strip().strip("|").split("|")]


def _of_row(header: Sequence[str], row: Sequence[str]) -> Iterator[Asked]:
    name = row[0] if row else ""
    if len(name) < 2 or len(name.split()) > LONGEST_NAME:
        return
    for column, cell in list(zip(header, row, strict=False))[1:]:
        if not column or not _is_answer(cell):
            continue
        if name.endswith("?"):
            if len(header) == 2:
                yield Asked(name, cell, "table")
        elif _are_names(header[1:]) and len(name.split()) <= 4:
            yield Asked(f"What {_is_or_are(name)} the {_lower(name)} of {column}?", cell, "table")
        else:
            yield Asked(_value_of(column, name), cell, "table")


def _is_answer(cell: str) -> bool:
    is_value = 0 < len(cell.split()) <= LONGEST_CELL and ": " not in cell
    return is_value and cell.lower() not in ("-", "–", "—", "n/a", "nothing", "none", "not applicable")


def _are_names(columns: Sequence[str]) -> bool:
    """Whether the columns are called after things ('Hearth 3', 'Care Plus'), not after properties ('Meaning')."""
    named = [column for column in columns if NAME.fullmatch(column) and re.search(r"\d| [A-Z]", column)]
    return bool(named) and all(NAME.fullmatch(column) for column in columns if column)


def _is_or_are(words: str) -> str:
    return "are" if words.endswith("s") and not words.endswith(("ss", "us", "is")) else "is"


def _value_of(column: str, name: str) -> str:
    """The question for the value in this column of the thing of this name.

    >>> _value_of("price_gbp", "Tide leak sensor"), _value_of("what_to_do", "H01")
    ('What is the price of Tide leak sensor in GBP?', 'What is given for H01 under "what to do"?')
    """
    words = column.replace("_", " ").strip()
    last = words.split()[-1].lower()
    if last in CURRENCIES and len(words.split()) > 1:
        return f"What is the {_lower(words.rsplit(' ', 1)[0])} of {name} in {last.upper()}?"
    if words.split()[-1].lower() in PROPERTIES and len(words.split()) <= 3:
        return f"What {_is_or_are(words)} the {_lower(words)} of {name}?"
    return f'What is given for {name} under "{words}"?'


def _lower(words: str) -> str:
    """The words with a small first letter, unless they begin with a name or an abbreviation."""
    return words if re.match(r"[A-Z]{2}|[A-Z]\w*\d", words) else words[:1].lower() + words[1:]


def asked_of_rows(text: str, place: Place) -> Iterator[tuple[Asked, str]]:
    """Questions for rows of named values, as tables of files are read: 'sku: TD1; item: Tide leak sensor; ...'."""
    for line in text.splitlines():
        pairs = _PAIR.findall(line)
        if len(pairs) < 3 or "; " not in line:
            continue
        fields = {column.strip(): plain(value) for column, value in pairs}
        about = next((column for column in fields if column.lower() in NAMES), next(iter(fields)))
        name = fields[about]
        if len(name.split()) <= LONGEST_NAME:
            for column, value in fields.items():
                if column != about and _is_answer(value) and value.lower() not in name.lower():
                    yield Asked(_value_of(column, name), value, "row"), line.strip()


def _is_step(item: str) -> bool:
    return item.split()[0].lower() in HOW_TO if item else False


def first_steps(text: str, place: Place) -> Iterator[tuple[Asked, str]]:
    """The first of several numbered steps below a heading."""
    first = _STEP.search(text)
    if not first or not _NEXT.search(text, first.end()) or not place.heading:
        return
    step = plain(first["first"]).rstrip(".")
    if not _is_step(step) and not _OF_STEPS.search(place.heading):
        return  # a list of things
    if len(step.split()) <= LONGEST_CELL:
        yield Asked(f'What is the first step of "{place.heading}"?', step, "step"), plain(first["first"])
