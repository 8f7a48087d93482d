"""What the lines of a document are: code, definitions of links, items of a release log. It decides what `readable` may
leave out.

Takes a whole document in light Markdown, because a part of one does not say what began above it. Gives a mark for each
line. Knows nothing about chunks.
"""

from collections.abc import Sequence
from typing import NamedTuple

from bakeoff.formats.block_lines import block_lines
from bakeoff.formats.release_log import log_lines


class LineKinds(NamedTuple):
    """For each line: whether it is code, fenced code, a link's definition, or opens or ends an item of a release log.

    `labels` are those by which the whole document's links find their definitions.
    """

    code: Sequence[bool]
    fenced: Sequence[bool]
    definition: Sequence[bool]
    opens_log_item: Sequence[bool]
    ends_log_item: Sequence[bool]
    labels: frozenset[str] = frozenset()

    def part(self, start: int, n_lines: int, begins: bool = True, ends: bool = True) -> "LineKinds":
        """The kinds of `n_lines` lines from line number `start` on, which counts from 0.

        Say so if the part does not begin with the beginning of its first line, or end with the end of its last one.
        """
        stop = start + n_lines
        opening, ending = list(self.opens_log_item[start:stop]), list(self.ends_log_item[start:stop])
        opening[:1] = [mark and begins for mark in opening[:1]]
        ending[-1:] = [mark and ends for mark in ending[-1:]]
        return LineKinds(
            self.code[start:stop], self.fenced[start:stop], self.definition[start:stop], opening, ending, self.labels
        )


def line_kinds(text: str, title: str = "", source: str = "") -> LineKinds:
    """The kinds of a document's lines, in order. Its title counts as a heading above all others."""
    lines = [line.rstrip() for line in text.split("\n")]
    blocks = block_lines(lines)
    log = log_lines(lines, blocks.code, title, source)
    return LineKinds(blocks.code, blocks.fenced, blocks.definition, log.opens, log.ends, blocks.labels)
