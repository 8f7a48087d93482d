"""Turns reStructuredText into light Markdown: headings, admonitions, code, tables; without comments and directives.

Takes and gives text. Only what readers of the rendered page see is kept; what Sphinx would look up elsewhere (included
files, documentation of code) cannot be. Knows no folder.
"""

import re
from collections.abc import Iterator, Sequence

from bakeoff.formats.tables.sections import Row
from bakeoff.formats.tables.written import written

_ADORNMENT = re.compile(r"([=\-~^\"'`#*+.:_<>])\1{1,}\s*$")
_DIRECTIVE = re.compile(r"(\s*)\.\. ([\w:-]+?)::\s*(.*)$")
_EXPLICIT = re.compile(r"\s*\.\.(?:\s|$)")
_FOOTNOTE = re.compile(r"\s*\.\. \[([#*\w-]+)\] (.*)$")
_OPTION = re.compile(r"\s*:[\w-]+:")
_SIMPLE_RULE = re.compile(r"\s*=+(?:\s+=+)+\s*$")
_GRID_RULE = re.compile(r"\s*\+(?:[-=]+\+)+\s*$")
_CODE = frozenset(["code", "code-block", "sourcecode", "parsed-literal", "math", "highlight", "prompt", "doctest"])
_UNREAD_NAMES = """
    toctree contents include literalinclude image raw index meta autoclass automodule autofunction autosummary
    currentmodule module highlightlang only sectionauthor codeauthor default-role role default-domain
"""
_UNREAD = frozenset(_UNREAD_NAMES.split())
_PLAIN = frozenset(["figure", "rubric", "container", "topic", "table", "epigraph", "tab", "tabs", "dropdown"])
_ROLE = re.compile(r":[\w:+-]+:`([^`]+)`")
_LINK = re.compile(r"`([^`<]+?)\s*<([^`>]+)>`__?")
_REFERENCE = re.compile(r"`([^`]+)`__?|(?<![\w`])(\w[\w-]*)__?(?![\w`])(?=[\s.,;:)]|$)")
_TITLES = {"versionadded": "Added in version", "versionchanged": "Changed in version", "deprecated": "Deprecated since"}


def markdown(text: str) -> str:
    """The text as light Markdown.

    >>> markdown("Title\\n=====\\n\\n.. note:: See :ref:`it <g>`.\\n\\n.. comment\\n\\nRun ``make``::\\n\\n   make all")
    '# Title\\n\\nNote: See it.\\n\\nRun `make`:\\n\\n```\\nmake all\\n```'
    """
    lines = text.expandtabs(8).split("\n")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(_blocks(lines, _levels(lines)))).strip("\n")


def _levels(lines: Sequence[str]) -> dict[str, int]:
    """The level of each kind of adornment, in the order in which they come."""
    kinds: list[str] = []
    for number in range(len(lines)):
        kind = _heading_kind(lines, number)
        if kind and kind not in kinds:
            kinds.append(kind)
    return {kind: min(level, 6) for level, kind in enumerate(kinds, 1)}


def _heading_kind(lines: Sequence[str], number: int) -> str:
    """The sign below the heading in this line, twice if it is above too. Empty if the line is no heading."""
    words = lines[number].rstrip()
    below = lines[number + 1].rstrip() if number + 1 < len(lines) else ""
    if not words.strip() or not _ADORNMENT.fullmatch(below) or _ADORNMENT.fullmatch(words):
        return ""
    above = lines[number - 1].rstrip() if number else ""
    over = above == below and _ADORNMENT.fullmatch(above) is not None
    if len(below) < len(words.strip()) or (words[0] == " " and not over) or (above.strip() and not over):
        return ""
    return below[0] * (2 if over else 1)


def _blocks(lines: Sequence[str], levels: dict[str, int]) -> Iterator[str]:
    number = 0
    while number < len(lines):
        line = lines[number]
        if number + 2 < len(lines) and _ADORNMENT.fullmatch(line) and len(_heading_kind(lines, number + 1)) == 2:
            number += 1
            continue
        if kind := _heading_kind(lines, number):
            yield f"\n{'#' * levels[kind]} {_inline(line.strip())}\n"
            number += 2
        elif _SIMPLE_RULE.match(line) or _GRID_RULE.match(line):
            table, number = _table(lines, number)
            yield table
        elif footnote := _FOOTNOTE.match(line):
            yield f"[{footnote[1].lstrip('#')}] {_inline(footnote[2])}"
            number += 1
        elif directive := _DIRECTIVE.match(line):
            body, number = _indented(lines, number + 1, len(directive[1]))
            yield from _directive(directive[2].rsplit(":", 1)[-1], directive[3], body, levels)
        elif _EXPLICIT.match(line):
            _, number = _indented(lines, number + 1, _indent(line))
        elif line.rstrip().endswith("::"):
            words = line.rstrip()[:-1] if line.strip() != "::" else ""
            yield _inline(words.rstrip(":") + ":" if words.strip() else "")
            code, number = _indented(lines, number + 1, _indent(line))
            yield _fenced(code)
        else:
            yield _inline(line)
            number += 1


def _indented(lines: Sequence[str], number: int, indent: int) -> tuple[list[str], int]:
    """(the lines that are further to the right, without their common indent, the number of the line below them)."""
    start = number
    while number < len(lines) and (not lines[number].strip() or _indent(lines[number]) > indent):
        number += 1
    body = [*lines[start:number]]
    margin = min((_indent(line) for line in body if line.strip()), default=0)
    return [line[margin:] for line in body], number


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _directive(name: str, argument: str, body: list[str], levels: dict[str, int]) -> Iterator[str]:
    while body and (_OPTION.match(body[0]) or (not body[0].strip() and len(body) > 1 and _OPTION.match(body[1]))):
        if name in ("image", "figure") and body[0].strip().startswith(":alt:"):
            yield f"\n{body[0].strip().removeprefix(':alt:').strip()}\n"
        body = body[1:]
    if name in _CODE:
        yield _fenced([*([argument] if name == "math" and argument else []), *body])
    elif name.endswith("-table"):
        rows = [line.split(",") for line in body if line.strip()] if name == "csv-table" else _listed(body)
        yield f"\n{_inline(argument)}\n" if argument else ""
        yield _pipe(rows)
    elif name not in _UNREAD:
        while argument and body and body[0].strip():
            argument, body = f"{argument} {body[0].strip()}", body[1:]
        yield f"\n{_inline(_head(name, argument)).rstrip()}"
        yield from _blocks(["", *body], levels)


def _head(name: str, argument: str) -> str:
    """How readers see that a part is a note, a warning and so on."""
    if name in _PLAIN:
        return argument if name != "figure" else ""
    return f"{_TITLES[name]} {argument}:" if name in _TITLES else f"{name.replace('-', ' ').capitalize()}: {argument}"


def _fenced(code: Sequence[str]) -> str:
    text = "\n".join(code).strip("\n")
    return f"\n```\n{text}\n```\n" if text.strip() else ""


def _table(lines: Sequence[str], number: int) -> tuple[str, int]:
    """(the table as pipes, the number of the line below it)."""
    if _GRID_RULE.match(lines[number]):
        end = number
        while end < len(lines) and lines[end].lstrip().startswith(("+", "|")):
            end += 1
        return _pipe(_grid_rows(lines[number:end])), end
    rules = [i for i in range(number, len(lines)) if _SIMPLE_RULE.match(lines[i])]
    blank = next((i for i in rules[1:] if i + 1 >= len(lines) or not lines[i + 1].strip()), rules[-1])
    starts = [match.start() for match in re.finditer(r"=+", lines[number])]
    ends = [*starts[1:], None]
    rows: list[list[str]] = []
    for i in range(number + 1, blank):
        if i in rules or not lines[i].strip() or re.fullmatch(r"[\s-]+", lines[i]):
            continue
        cells = [lines[i][start:end].strip() for start, end in zip(starts, ends, strict=True)]
        if rows and not cells[0]:
            rows[-1] = [f"{above} {cell}".strip() for above, cell in zip(rows[-1], cells, strict=True)]
        else:
            rows.append(cells)
    return _pipe(rows), blank + 1


def _grid_rows(lines: Sequence[str]) -> list[list[str]]:
    rows: list[list[str]] = []
    row: list[str] = []
    for line in lines:
        if _GRID_RULE.match(line):
            rows += [row] if row else []
            row = []
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        row = [f"{above} {cell}".strip() for above, cell in zip(row, cells, strict=False)] if row else cells
    return rows


def _listed(body: Sequence[str]) -> list[list[str]]:
    """The rows of a `list-table`."""
    rows: list[list[str]] = []
    for line in body:
        if match := re.match(r"\s*\* - ?(.*)", line):
            rows.append([match[1].strip()])
        elif rows and (match := re.match(r"\s+- ?(.*)", line)):
            rows[-1].append(match[1].strip())
        elif rows and line.strip():
            rows[-1][-1] += f" {line.strip()}"
    return rows


def _pipe(rows: Sequence[Sequence[str]]) -> str:
    cells = [[_inline(cell.strip().strip('"')) for cell in row] for row in rows]
    return f"\n{written(list(map(Row, cells)))}\n" if cells else ""


def _inline(line: str) -> str:
    """The line with its roles, links and marks as readers see them, and code between single backticks."""
    pieces = re.split(r"(``.+?``)", line)
    for i in range(0, len(pieces), 2):
        piece = _ROLE.sub(lambda role: re.sub(r"\s*<[^>]*>$", "", role[1]).lstrip("~!"), pieces[i])
        piece = _LINK.sub(lambda link: f"[{link[1]}]({link[2]})", piece)
        piece = re.sub(r"(\[[#*\w-]+\])_(?!\w)", r"\1", piece)
        piece = _REFERENCE.sub(lambda word: word[1] or word[2], piece)
        pieces[i] = re.sub(r"\\([*`_|\\])", r"\1", re.sub(r"\|(\w[\w -]*)\|", r"\1", piece))
    return "".join(piece if i % 2 == 0 else piece[1:-1] for i, piece in enumerate(pieces))
