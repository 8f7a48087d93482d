"""Turns files of rows (CSV, TSV, JSONL) into parts: one per row that has a text, or one for a whole table.

Takes decoded text, gives parts, and problems for the rows that could not be used. Knows no folder.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bakeoff.formats import html_cells, markup
from bakeoff.formats.csv_rows import DELIMITERS, csv_rows
from bakeoff.formats.part import Parsed, Part, Problem, UnreadableError
from bakeoff.formats.values import access_of, json_value, time_of

TEXT_FIELDS = ("text", "content", "body")
_NO_TEXT_REMEDY = f"give each row a text in a field called {', '.join(TEXT_FIELDS[:-1])} or {TEXT_FIELDS[-1]}"


def parse_jsonl(name: str, text: str, meta: Mapping[str, Any]) -> Parsed:
    """One part for each line that is a JSON object with a text."""
    parts, problems = [], []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            parts.append(_part(_json_object(line), str(number), meta))
        except UnreadableError as error:
            problems.append((f"line {number}", error))
    return Parsed(parts=tuple(parts), problems=tuple(_grouped(name, problems)))


def _json_object(line: str) -> dict[str, Any]:
    try:
        loaded = json.loads(line, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise UnreadableError("it is not JSON", "fix the line, or export it again") from error
    if not isinstance(loaded, dict):
        raise UnreadableError(f"it is a JSON {type(loaded).__name__}, not an object", _NO_TEXT_REMEDY)
    return loaded


def parse_csv(name: str, text: str, meta: Mapping[str, Any]) -> Parsed:
    """One part per row if there is a column of texts. Otherwise the table is one part, with one line per row."""
    rows = (cells for _, cells in csv_rows(text, "\t" if name.lower().endswith(".tsv") else DELIMITERS))
    headers = _headers(next(rows, []))
    titles_by_field = {header.casefold(): header for header in headers}
    if not any(field in titles_by_field for field in TEXT_FIELDS):
        lines = [line for row in rows if (line := _described(headers, row))]
        body = markup.clean(markup.paragraph("\n".join(lines)))
        return Parsed(parts=(Part(text=body, meta=dict(meta)),) if body else ())
    parts, problems = [], []
    for number, row in enumerate(rows, 1):
        fields = {header: value for header, value in zip(headers, row, strict=False) if value.strip()}
        try:
            parts.append(_part(fields, str(number), meta))
        except UnreadableError as error:
            problems.append((f"row {number}", error))
    return Parsed(parts=tuple(parts), problems=tuple(_grouped(name, problems)))


def _headers(row: Sequence[str]) -> list[str]:
    """Unique column names. A column without a name is called by its number."""
    headers: list[str] = []
    for number, cell in enumerate(row, 1):
        header = markup.one_line(cell) or f"column {number}"
        headers.append(header if header not in headers else f"{header} {number}")
    return headers


def _described(headers: Sequence[str], row: Sequence[str]) -> str:
    """The row as 'Header: value; Header: value', without empty cells."""
    names = [*headers, *(f"column {number}" for number in range(len(headers) + 1, len(row) + 1))]
    pairs = zip(names, row, strict=False)
    return "; ".join(
        f"{header}: {markup.one_line(html_cells.words_of(cell))}" for header, cell in pairs if cell.strip()
    )


def _part(fields: Mapping[str, Any], number: str, meta: Mapping[str, Any]) -> Part:
    """A part made from one row. The case of field names does not matter. All other fields go to `meta`."""
    left = dict(fields)
    known = {str(key).strip().casefold(): key for key in reversed(list(fields))}
    if "_id" in known:  # as BEIR and MongoDB write it
        known.setdefault("id", known["_id"])
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


def _text(fields: dict[str, Any], known: Mapping[str, str]) -> str:
    """Removes the text from `fields` and returns it: the first text field that is not empty, HTML as Markdown.

    Raises UnreadableError if all of them are empty.
    """
    for field in TEXT_FIELDS:
        value = fields.get(known.get(field, ""))
        if isinstance(value, str) and (text := markup.clean(html_cells.markdown_of(value))).strip():
            del fields[known[field]]
            return text
    raise UnreadableError("it has no text", _NO_TEXT_REMEDY)


def _string(value: Any) -> str:
    return markup.one_line(markup.clean(str(value))) if isinstance(value, (str, int, float)) else ""


def _grouped(name: str, problems: Sequence[tuple[str, UnreadableError]]) -> Iterator[Problem]:
    """One problem per reason. It names the first row and says how many more there are."""
    reasons: dict[str, list[tuple[str, UnreadableError]]] = {}
    for where, error in problems:
        reasons.setdefault(error.message, []).append((where, error))
    for reason, rows in reasons.items():
        where, error = rows[0]
        more = f" ({len(rows) - 1} more like it)" if len(rows) > 1 else ""
        yield Problem(source=f"{name}, {where}", reason=f"{reason}{more}", remedy=error.remedy)
