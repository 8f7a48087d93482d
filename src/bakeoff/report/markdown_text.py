"""Text, lists and tables in Markdown, with every character escaped that has a meaning in Markdown or HTML."""

import re
from collections.abc import Iterable, Sequence


def plain(text: str) -> str:
    """The text on one line, with every character escaped that has a meaning in Markdown or HTML."""
    escaped = re.sub(r"([\\`*_{}\[\]<>#|~&$])", r"\\\1", " ".join(text.split()))
    return re.sub(r"^(\d*)([-+=.)])(?=[-+=\s]|$)", r"\1\\\2", escaped)  # would start a list or a rule


def bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {plain(line)}" for line in lines)


def grid(heads: Sequence[str], rows: Iterable[Sequence[str]], n_left: int = 1) -> str:
    """A table with the first `n_left` columns left-aligned and the others right-aligned."""
    first, *others = ([plain(cell) for cell in row] for row in (heads, *rows))
    rule = [":--" if i < n_left else "--:" for i in range(len(heads))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (first, rule, *others))
