"""The light Markdown that every format is turned into, so that one chunker works from text alone.

Headings are `# ...` lines, paragraphs stand between blank lines, list items start with `- ` or `1. `, tables are pipe
tables, code stands between fences. Takes and gives strings; knows no format and no record.
"""

import re
import unicodedata
from collections.abc import Sequence

MAX_HEADING_CHARS = 200

_LINE_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\ufeff]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_LIST_ITEM = re.compile(r"[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t]+\S")


def clean(text: str) -> str:
    """Newlines as \\n, Unicode in NFC, no control characters or lone surrogates, no blanks at line ends or around."""
    text = _INVISIBLE.sub("", _LINE_BREAKS.sub("\n", text))
    text = unicodedata.normalize("NFC", _SURROGATES.sub("\ufffd", text))
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def one_line(text: str) -> str:
    """The text with every run of whitespace as one space."""
    return " ".join(text.split())


def heading_of(line: str) -> tuple[int, str] | None:
    """(level, words) of a heading line; None for any other line, and for one too long to be a heading."""
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


def fenced(lines: Sequence[str]) -> list[bool]:
    """For each line whether it belongs to a fenced code block, fences included; an unclosed fence is no fence."""
    fences = _fences(lines)
    closable = _longest_closers_after(fences)
    inside = [False] * len(lines)
    i = 0
    while i < len(fences):
        line, character, length, _ = fences[i]
        if closable[i].get(character, 0) < length:
            i += 1
            continue
        i += 1
        while not (fences[i][3] and fences[i][1] == character and fences[i][2] >= length):
            i += 1
        for inner in range(line, fences[i][0] + 1):
            inside[inner] = True
        i += 1
    return inside


def _fences(lines: Sequence[str]) -> list[tuple[int, str, int, bool]]:
    """(line number, character, length, whether it can close) of every line that looks like a fence."""
    fences = []
    for number, line in enumerate(lines):
        match = _FENCE.match(line) if "```" in line or "~~~" in line else None
        if match and "`" not in match[2]:
            fences.append((number, match[1][0], len(match[1]), not match[2].strip()))
    return fences


def _longest_closers_after(fences: Sequence[tuple[int, str, int, bool]]) -> list[dict[str, int]]:
    longest: dict[str, int] = {}
    after = []
    for _, character, length, can_close in reversed(fences):
        after.append(longest)
        if can_close:
            longest = {**longest, character: max(length, longest.get(character, 0))}
    return after[::-1]


def paragraph(text: str) -> str:
    """Text that is no heading, made sure not to look like one."""
    return "\n".join("\\" + line if heading_of(line) else line for line in text.split("\n"))


def pipe_table(rows: Sequence[Sequence[str]]) -> str:
    """A pipe table whose first row is the header; short rows are filled up, a pipe in a cell is escaped."""
    width = max(len(row) for row in rows)
    cells = [[one_line(cell).replace("|", "\\|") for cell in (*row, *[""] * (width - len(row)))] for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in cells]
    return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


def first_heading(text: str) -> str:
    """The words of the first level-1 heading, or of any heading that opens the text; empty where there is none."""
    lines = text.split("\n")
    opening = True
    for line, code in zip(lines, fenced(lines), strict=True):
        heading = None if code else heading_of(line)
        if heading and (opening or heading[0] == 1):
            return plain(heading[1])
        opening = opening and not line.strip()
    return ""


def plain(words: str) -> str:
    """Heading words without Markdown's emphasis, code and link marks."""
    words = re.sub(r"[ \t]*\{#[^{}]*\}$", "", words)
    words = re.sub(r"!?\[([^\[\]]*)\]\([^()]*\)", r"\1", words)
    words = re.sub(r"(\*\*|__|`)", "", words)
    return one_line(words)
