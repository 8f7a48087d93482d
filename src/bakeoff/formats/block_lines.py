"""Which lines of a text are code and which define the targets of links, by the rules of CommonMark 0.31.

Takes the lines of a whole document, because a part of one does not say what began above it. Gives a mark for each line.
Code inside list items and block quotes counts, and a fence that is never closed is code to the end of what holds it.
Notes, tabs, footnotes and definitions, which CommonMark does not know, hold text and no code, as list items do.
"""

import functools
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from markdown_it import MarkdownIt

from bakeoff.formats.inline import label_of

_CONTAINER = re.compile(r"([ \t>]*)(?:(?:!!!|\?\?\?\+?|===!?) .*|\[\^[^\[\]]+\]:.*|: .*)")
_HOLDS_CODE = re.compile(r"```|~~~| {4}|\t")
_DEFINES = re.compile(r"[ \t>]*\[[^\[\]^]")
_ADDRESS = re.compile(r"[/#]|\.[a-z]|[a-z][a-z0-9+.-]+:", re.IGNORECASE)
_USE = re.compile(r"\]\[([^\[\]]+)\]|\[([^\[\]]+)\]\[\]")


class BlockLines(NamedTuple):
    """For each line whether it is code, fenced code, and a link's definition. `labels` are those of the definitions."""

    code: Sequence[bool]
    fenced: Sequence[bool]
    definition: Sequence[bool]
    labels: frozenset[str] = frozenset()


def block_lines(lines: Sequence[str]) -> BlockLines:
    """The kinds of the lines, in order. Fences and blank lines within code are code.

    >>> block_lines(["1. Run:", "", "   ```", "   make", "   ```"]).code
    [False, False, True, True, True]
    """
    code, fenced, definition = ([False] * len(lines) for _ in range(3))
    text = "\n".join(lines)
    if not (_HOLDS_CODE.search(text) or "]:" in text):
        return BlockLines(code, fenced, definition)
    env: dict = {}
    for token in _parser().parse("\n".join(map(_as_list_item, lines)), env):
        if token.map and token.type in ("fence", "code_block"):
            for number in range(*token.map):
                code[number] = True
                fenced[number] = token.type == "fence"
    labels = set()
    for label, start, stop in _definitions(env, text):
        if _DEFINES.match(lines[start]):
            definition[start:stop] = [True] * (stop - start)
            labels.add(label)
    return BlockLines(code, fenced, definition, frozenset(labels))


@functools.cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark").disable("inline")
    parser.validateLink = lambda url: True  # type: ignore[method-assign]  # nothing is rendered, so no target is harmful
    return parser


def _as_list_item(line: str) -> str:
    """The line as the parser gets it: what opens a note, a tab, a footnote or a definition opens a list item there."""
    container = _CONTAINER.fullmatch(line)
    return container[1] + "-   x" if container else line.rstrip().replace("\r", " ")


def _definitions(env: dict, text: str) -> Iterator[tuple[str, int, int]]:
    """(label, first line, line after it) of each definition, if its target looks like one or its label is used.

    `[Price]: 20` may be a fact of a text that is no Markdown.
    """
    first = [{**definition, "label": label} for label, definition in env.get("references", {}).items()]
    both = [*first, *env.get("duplicate_refs", [])]
    used = {label_of(a or b) for a, b in _USE.findall(text)} if both else set()
    for definition in both:
        label = label_of(definition["label"])
        if _ADDRESS.search(definition["href"]) or label in used:
            yield label, *definition["map"]
