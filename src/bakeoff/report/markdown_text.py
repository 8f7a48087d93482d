"""Text, lists and tables in Markdown, with everything escaped that Markdown or HTML would read as its own."""

import re
from collections.abc import Iterable, Sequence


def plain(text: str) -> str:
    """The text on one line, with every character that Markdown or HTML would read as its own escaped."""
    escaped = re.sub(r"([\\`*_{}\[\]<>#|~&$])", r"\\\1", " ".join(text.split()))
    return re.sub(r"^(\d*)([-+=.)])(?=[-+=\s]|$)", r"\1\\\2", escaped)  # what would begin a list or a rule


def bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {plain(line)}" for line in lines)


def grid(heads: Sequence[str], rows: Iterable[Sequence[str]], n_left: int = 1) -> str:
    """A table: the first columns at the left, the others at the right."""
    first, *others = ([plain(cell) for cell in row] for row in (heads, *rows))
    rule = [":--" if i < n_left else "--:" for i in range(len(heads))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (first, rule, *others))
