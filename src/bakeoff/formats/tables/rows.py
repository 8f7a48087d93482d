"""Turns files of rows (CSV, TSV, JSONL) into parts: one per row that has a text, or one for a whole table.

Takes decoded text, gives parts, and problems for the rows that could not be used. Knows no folder.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from bakeoff.formats import markup
from bakeoff.formats.html import cells as html_cells
from bakeoff.formats.part import Parsed, Part, Problem, UnclearAccessError, UnreadableError, problem_of
from bakeoff.formats.restricting import IN_ROWS, NAMES, check_once, check_spelling, check_within, name_of
from bakeoff.formats.tables.csv_rows import DELIMITERS, rows_with_open_quotes
from bakeoff.formats.tables.find import TEXT_FIELDS, Table, facts_of, tables_of
from bakeoff.formats.tables.json_lines import lines_of, loaded, words
from bakeoff.formats.values import access_of, json_value, time_of
from bakeoff.sentences import kind_of_value

ANY_ROW = ("#",)
"""What a problem is about that may be any row of the file."""
_NUMBERED = re.compile(r" \d+$")
"""What a second column of the same name has behind it (`find.py`)."""
_WRAPPERS = ("rendered", "html", "markdown", "text", "value", "plain")
_NO_TEXT_REMEDY = f"give each row a text in a field called {', '.join(TEXT_FIELDS[:-1])} or {TEXT_FIELDS[-1]}"


class _NoTextError(UnreadableError):
    """A row that was read and says nothing."""


class _Unread(NamedTuple):
    """A row that gives no part: where it is, why, and the names that its part may have had, as in `Parsed`."""

    where: str
    error: UnreadableError
    also: tuple[str, ...] = ()


def parse_jsonl(name: str, text: str, meta: Mapping[str, Any]) -> Parsed:
    """One part for each line that is a JSON object with a text. If no line has one, one part with a line for each."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    objects = [(number, _json_object(line)) for number, line in lines]
    plain = [item for _, item in objects if not isinstance(item, UnreadableError)]
    if plain and not any(field in map(str.casefold, item) for item in plain for field in TEXT_FIELDS):
        body = markup.clean(markup.paragraph("\n".join(line for item in plain for line in lines_of(item))))
        broken = [_Unread(f"line {number}", item) for number, item in objects if isinstance(item, UnreadableError)]
        parts = (Part(text=body, meta=dict(meta)),) if body.strip() else ()
        return Parsed(parts=parts, problems=tuple(_grouped(name, broken)))
    return _parsed(name, "line", objects, meta)


def parse_objects(name: str, objects: Sequence[Mapping[str, Any]], meta: Mapping[str, Any]) -> Parsed:
    """One part for each object with a text."""
    return _parsed(name, "item", list(enumerate(objects, 1)), meta)


def _parsed(
    name: str, kind: str, rows: Sequence[tuple[int, Mapping[str, Any] | UnreadableError]], meta: Mapping[str, Any]
) -> Parsed:
    """The parts of numbered rows, and the problems with those that give none."""
    parts, problems = [], []
    for number, row in rows:
        if isinstance(row, UnreadableError):
            problems.append(_Unread(f"{kind} {number}", row, ANY_ROW))
            continue
        try:
            part = _part(row, str(number), meta)
            parts.append(_with_facts(part, _facts(row, part.text)))
        except UnreadableError as error:
            problems.append(_Unread(f"{kind} {number}", error, _names(row, str(number), error)))
    return Parsed(parts=tuple(parts), problems=tuple(_grouped(name, problems)))


def _json_object(line: str) -> dict[str, Any] | UnreadableError:
    """The object, or the reason why the line is none."""
    try:
        item = loaded(line)
    except UnreadableError as error:
        return error
    except (ValueError, RecursionError):
        return UnreadableError("it is not JSON", "fix the line, or export it again")
    if not isinstance(item, dict):
        return UnreadableError(f"it is {kind_of_value(item)}, not a JSON object", _NO_TEXT_REMEDY)
    return item


def parse_csv(name: str, text: str, meta: Mapping[str, Any]) -> Parsed:
    """One part per row if there is a column of texts. Otherwise the table is one part, with one line per row."""
    rows, open_quotes = rows_with_open_quotes(text, "\t" if name.lower().endswith(".tsv") else DELIMITERS)
    parsed = parse_table(name, rows, meta)
    if not open_quotes:
        return parsed
    more = f" ({len(open_quotes) - 1} more like it)" if len(open_quotes) > 1 else ""
    problem = Problem(
        source=f"{name}, line {open_quotes[0]}",
        reason=f"a quote is opened and never closed; the line was read as a row{more}",
        remedy="close the quote, or write a quote inside a cell twice",
        is_read=True,
    )
    return parsed.model_copy(update={"problems": (*parsed.problems, problem)})


def parse_table(name: str, rows: Sequence[Sequence[str]], meta: Mapping[str, Any], prefix: str = "") -> Parsed:
    """One part per row if there is a column of texts, with keys that begin with `prefix`. Otherwise one part."""
    tables = tables_of(rows)
    check_spelling(_NUMBERED.sub("", header) for table in tables for header in table.headers)
    if not tables or not tables[0].has_texts:
        body = markup.clean(markup.paragraph(described(tables)))
        return Parsed(parts=(Part(text=body, title=tables[0].title, meta=dict(meta)),) if body else ())
    table, parts, problems = tables[0], [], []
    check_once(
        (_NUMBERED.sub("", header) for header in table.headers), "name one column access, or one labels, and no other"
    )
    restricting = max((place for place, header in enumerate(table.headers) if name_of(header) in NAMES), default=-1)
    for number, row in enumerate(table.rows, 1):
        if len(row) <= restricting and any(cell.strip() for cell in row):
            error = UnclearAccessError(
                f"it ends before its column {table.headers[restricting]}", "give each row all cells"
            )
            problems.append(_Unread(f"row {number}", error))
            continue
        fields = {header: value for header, value in zip(table.headers, row, strict=False) if value.strip()}
        try:
            part = _part(fields, f"{prefix}{number}", meta)
        except UnreadableError as error:
            problems.append(_Unread(f"row {number}", error, _names(fields, f"{prefix}{number}", error)))
            continue
        facts = [header for header in table.facts if header in fields]
        part = _with_facts(part, _pairs((header, fields[header]) for header in facts))
        parts.append(part.model_copy(update={"title": part.title or table.title}))
    return Parsed(parts=tuple(parts), problems=tuple(_grouped(name, problems)))


def _facts(row: Mapping[str, Any], text: str) -> str:
    """What the other plain fields of an object say, without addresses and what the text says too."""
    said = []
    for field in facts_of(list(row)):
        value = words(row[field]) if isinstance(row[field], (str, int, float)) else ""
        repeated = text.startswith(value) or (len(value) > 3 and value.isalpha() and value in text)
        if value and not repeated and not re.fullmatch(r"[a-z]+://\S+", value):
            said.append(f"{field}: {value}")
    return "; ".join(said)


def _with_facts(part: Part, facts: str) -> Part:
    """The part with what the other fields of its row say above its text."""
    return part.model_copy(update={"text": f"{markup.paragraph(facts)}\n\n{part.text}"}) if facts else part


def described(tables: Sequence[Table]) -> str:
    """Tables as lines 'Header: value; Header: value', without empty cells, each below the notes above its header.

    A row in a section begins with its name.

    The title of the first is left to the caller.
    """
    blocks: list[str] = []
    for number, table in enumerate(tables):
        lines = [line for row in table.rows if (line := _described(table.headers, row))]
        if lines or not table.headers:
            above = [table.title, *table.notes] if number else table.notes
            blocks += ["\n".join(filter(None, above)), "\n".join(lines)]
    return "\n\n".join(filter(None, blocks))


def _described(headers: Sequence[str], row: Sequence[str]) -> str:
    names = [*headers, *(f"column {number}" for number in range(len(headers) + 1, len(row) + 1))]
    return _pairs(zip(names, row, strict=False))


def _pairs(cells: Iterable[tuple[str, str]]) -> str:
    said = ((header, markup.one_line(html_cells.words_of(cell))) for header, cell in cells if cell.strip())
    return "; ".join(f"{header}: {words}" if header else words for header, words in said)


def _part(fields: Mapping[str, Any], number: str, meta: Mapping[str, Any]) -> Part:
    """A part made from one row. The case of field names does not matter. All other fields go to `meta`."""
    left = dict(fields)
    check_once(fields)
    check_within(fields.values(), IN_ROWS)
    known = _known(fields)
    text = _text(left, known)
    title, key, source = (
        _string(left.pop(known[field], "")) if field in known else "" for field in ("title", "id", "source")
    )
    access = access_of(left.pop(known["access"])) if "access" in known else ()
    changed = time_of(left.get(known["updated_at"])) if "updated_at" in known else None
    if changed:
        del left[known["updated_at"]]
    kept = {markup.clean(str(name)): json_value(value) for name, value in left.items() if value not in (None, "")}
    return Part(
        text=text,
        title=title,
        key=key or number,
        source=source,
        updated_at=changed,
        access=access,
        meta={**kept, **meta},
    )


def _known(fields: Mapping[str, Any]) -> dict[str, str]:
    """The names of the fields as they are written, by their names in lower case."""
    known = {name_of(key): key for key in reversed(list(fields))}
    if "_id" in known:  # as BEIR and MongoDB write it
        known.setdefault("id", known["_id"])
    return known


def _names(fields: Mapping[str, Any], number: str, error: UnreadableError) -> tuple[str, ...]:
    """The names that the part of a row which cannot be understood may have had. None of a row without a text."""
    if isinstance(error, _NoTextError):
        return ()
    known = _known(fields)
    key, source = (_string(fields[known[field]]) if field in known else "" for field in ("id", "source"))
    return (f"#{key or number}", *((source, f"{source}#{key or number}") if source else ()))


def _text(fields: dict[str, Any], known: Mapping[str, str]) -> str:
    """Removes the text from `fields` and returns it: the first text field that is not empty, HTML as Markdown.

    Raises _NoTextError if all of them are empty.
    """
    for name in [known[field] for field in TEXT_FIELDS if field in known]:
        if (text := markup.clean(html_cells.markdown_of(_plain(fields[name])))).strip():
            del fields[name]
            return text
    raise _NoTextError("it has no text", _NO_TEXT_REMEDY)


def _plain(value: Any) -> str:
    """A text that may be wrapped, as content systems export it: `{"rendered": "..."}`, or a list of paragraphs."""
    if isinstance(value, dict):
        wrapped = next((value[key] for key in _WRAPPERS if isinstance(value.get(key), str)), None)
        return "\n".join(lines_of(value)) if wrapped is None else wrapped
    if isinstance(value, list):
        return "\n\n".join(filter(None, map(_plain, value)))
    return value if isinstance(value, str) else ""


def _string(value: Any) -> str:
    value = _plain(value) if isinstance(value, dict) else value
    return markup.one_line(markup.clean(str(value))) if isinstance(value, (str, int, float)) else ""


def _grouped(name: str, problems: Sequence[_Unread]) -> Iterator[Problem]:
    """One problem per reason. It names the first row, says how many more there are, and is about all of them."""
    reasons: dict[str, list[_Unread]] = {}
    for one in problems:
        reasons.setdefault(one.error.message, []).append(one)
    for reason, rows in reasons.items():
        where, error, _ = rows[0]
        more = f" ({len(rows) - 1} more like it)" if len(rows) > 1 else ""
        also = tuple(dict.fromkeys(about for row in rows for about in row.also))
        yield problem_of(f"{name}, {where}", error, also).model_copy(update={"reason": f"{reason}{more}"})
