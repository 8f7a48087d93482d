"""Finds quotes in a text, ignoring differences in whitespace, case and markup.

Takes a text and quotes, gives offsets. Knows nothing about questions.
"""

import unicodedata

from bakeoff.formats import inline
from bakeoff.formats.block_lines import block_lines


class Locator:
    """Finds quotes in one text. Only letters and digits are compared, so '24 months' is found in '**24** months |'."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._squashed: str | None = None
        self._offsets: list[int] = []

    def find(self, quote: str) -> tuple[int, int] | None:
        """(start, end) of the first place where the quote occurs as whole words, or None."""
        return next(iter(self.find_all(quote, 1)), None)

    def find_all(self, quote: str, most: int) -> list[tuple[int, int]]:
        """(start, end) of every place where the quote occurs as whole words, in order, `most` places at most."""
        if self._squashed is None:
            self._squashed, self._offsets = _squash(_blank_link_targets(self.text))
        wanted, _ = _squash(quote)
        at = self._squashed.find(wanted) if wanted else -1
        places: list[tuple[int, int]] = []
        while at >= 0 and len(places) < most:
            start, end = self._offsets[at], self._offsets[at + len(wanted) - 1] + 1
            if not self._splits_a_word(start) and not self._splits_a_word(end):
                places.append((start, end))
            at = self._squashed.find(wanted, at + 1)
        return places

    def _splits_a_word(self, offset: int) -> bool:
        """Whether there are letters or digits on both sides of the offset."""
        return 0 < offset < len(self.text) and self.text[offset - 1].isalnum() and self.text[offset].isalnum()


def _squash(text: str) -> tuple[str, list[int]]:
    """The letters and digits of the text, case-folded and without accents, and the offset of each in the text."""
    squashed, offsets = [], []
    for offset, character in enumerate(text):
        for folded in unicodedata.normalize("NFKD", character.casefold()):
            if folded.isalnum():
                squashed.append(folded)
                offsets.append(offset)
    return "".join(squashed), offsets


def _blank_link_targets(text: str) -> str:
    """The text with spaces in place of all that is around the words of links, so that all offsets stay the same."""
    if "](" not in text and "]:" not in text:
        return text
    lines = text.split("\n")
    blocks = block_lines([line.rstrip() for line in lines])
    prose = "\n".join(" " * len(line) if code else line for line, code in zip(lines, blocks.code, strict=True))
    cuts = [cut for link in inline.links(prose, blocks.labels) for cut in link.around]
    return inline.without(text, cuts, {(start, end): " " * (end - start) for start, end in cuts})
