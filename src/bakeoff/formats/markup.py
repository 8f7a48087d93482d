"""The light Markdown that every format is converted to, so that one chunker serves all formats.

Headings are `# ...` lines. Paragraphs are separated by blank lines. List items start with `- ` or `1. `. Tables are
pipe tables. Code is between fences. Takes and gives strings; knows no format and no record.
"""

import re
import unicodedata
from collections.abc import Sequence

from bakeoff.formats import inline
from bakeoff.formats.block_lines import block_lines

MAX_HEADING_CHARS = 200

_LINE_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\ufeff]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_FENCE = re.compile(r"(?:`{3,}[^`]*|~{3,}.*)$")
_LIST_ITEM = re.compile(r"[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t]+\S")


def clean(text: str) -> str:
    """The text with \\n as newline, in NFC, without control characters, lone surrogates and spaces at line ends.

    Empty lines at the start and the end are removed.
    """
    text = _INVISIBLE.sub("", _LINE_BREAKS.sub("\n", text))
    text = unicodedata.normalize("NFC", _SURROGATES.sub("\ufffd", text))
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def one_line(text: str) -> str:
    """The text with every run of whitespace replaced by one space."""
    return " ".join(text.split())


def heading_of(line: str) -> tuple[int, str] | None:
    """(level, words) of a heading line. None for any other line, and for a line too long to be a heading."""
    stripped = line.strip()
    if not stripped.startswith("#") or line[:4].isspace() or line.startswith("\t"):
        return None
    words = stripped.lstrip("#")
    level = len(stripped) - len(words)
    if level > 6 or not words or words[0] not in " \t":
        return None
    words = words.strip()
    unclosed = words.rstrip("#")
    if unclosed != words and unclosed[-1:] in ("", " ", "\t"):
        words = unclosed.rstrip()
    return (level, words) if words and len(words) <= MAX_HEADING_CHARS else None


def is_list_item(line: str) -> bool:
    return _LIST_ITEM.match(line) is not None


def is_table_row(line: str) -> bool:
    return line.lstrip().startswith("|")


def is_table_delimiter(line: str) -> bool:
    """Whether this is the `| --- | :-: |` line under a table's header row."""
    return is_table_row(line) and "-" in line and not line.strip().strip("|-: \t")


def fenced(lines: Sequence[str]) -> Sequence[bool]:
    """For each line, whether it is part of a fenced code block, fences included."""
    return block_lines(lines).fenced


def code_lines(lines: Sequence[str]) -> Sequence[bool]:
    """For each line, whether it is code: fenced, fences included, or indented."""
    return block_lines(lines).code


def paragraph(text: str) -> str:
    """Text that is no heading and no code, with a backslash before lines that look like a heading or a fence."""
    return "\n".join("\\" + line if heading_of(line) or _FENCE.match(line) else line for line in text.split("\n"))


def pipe_table(rows: Sequence[Sequence[str]]) -> str:
    """A pipe table. The first row is the header. Short rows get empty cells, and pipes in cells are escaped."""
    width = max(len(row) for row in rows)
    cells = [[one_line(cell).replace("|", "\\|") for cell in (*row, *[""] * (width - len(row)))] for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in cells]
    return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


def first_heading(text: str) -> str:
    """The words of the first level-1 heading, or of a heading of any level at the very top. Empty if there is none."""
    lines = text.split("\n")
    opening = True
    for line, code in zip(lines, fenced(lines), strict=True):
        heading = None if code else heading_of(line)
        if heading and (opening or heading[0] == 1):
            return plain(heading[1])
        opening = opening and not line.strip()
    return ""


def plain(words: str) -> str:
    """The words of a heading without Markdown's marks for emphasis, code and links."""
    words = re.sub(r"[ \t]*\{#[^{}]*\}$", "", words)
    words = inline.without_targets(words)
    words = re.sub(r"(\*\*|__|`)", "", words)
    return one_line(words)
