"""A question with a passage to windows of token ids, each token with its place in the passage's text.

Takes texts, gives windows that a `SpanNetwork` reads. Spans are places in the text as it was given, letter for letter,
whatever the tokenizer makes lower case or strips. Knows no weights.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bakeoff.errors import MissingExtraError, ModelUnavailableError
from bakeoff.models.damage import refusing_damage

MOST_QUESTION, MOST_HEADING = 64, 32
"""Tokens that are read of a question, and of the headings above a passage."""


@dataclass(frozen=True)
class Passage:
    """A text to find answers in, and the headings above it, which are read but never part of an answer."""

    text: str
    heading: str = ""


@dataclass(frozen=True)
class Window:
    """Token ids `[CLS] question [SEP] headings text [SEP]`.

    Tokens `first`, `first + 1`, ... are those of the text; `offsets` are their places in it. `n_question` tokens stand
    before the passage. `passage` is the passage's number.
    """

    ids: tuple[int, ...]
    n_question: int
    first: int
    offsets: tuple[tuple[int, int], ...]
    passage: int

    def tokens_of(self, start: int, end: int) -> tuple[int, int] | None:
        """The first and last token (in this window) of text[start:end]; None if it does not lie in the window."""
        inside = [i for i, (a, b) in enumerate(self.offsets) if a < end and start < b]
        if not inside or self.offsets[inside[0]][0] > start or self.offsets[inside[-1]][1] < end:
            return None
        return self.first + inside[0], self.first + inside[-1]


@dataclass(frozen=True)
class SpanQuestion:
    """A question, passages, and every right place as (number of the passage, start, end) of its text.

    Without any place, the question is not answered by these passages.
    """

    text: str
    passages: tuple[Passage, ...]
    places: tuple[tuple[int, int, int], ...] = ()


class SpanTokenizer:
    """The tokenizer of the sentence model, for pairs of a question and a passage.

    A passage that is too long for one window of `most` tokens is read in several; each begins with the last `shared`
    tokens of the one before, so that an answer at the cut is whole in one of them.
    """

    def __init__(self, folder: Path, most: int = 384, shared: int = 96) -> None:
        try:
            from tokenizers import Tokenizer
        except ImportError as error:
            raise MissingExtraError("The span reader", "tokenizers", "local") from error
        with refusing_damage(f"The tokenizer {folder / 'tokenizer.json'}"):
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        first, end = (self._tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]"))
        if first is None or end is None:
            raise ModelUnavailableError(f"The tokenizer in {folder} has no [CLS] and [SEP].", "use a model like BERT")
        self._cls, self._sep = int(first), int(end)
        least = MOST_QUESTION + MOST_HEADING + 3 + shared + 1
        if most < least:
            raise ValueError(f"a window of {most} tokens is too short: at least {least}")
        self._most, self._shared = most, shared

    def windows(self, question: str, passages: Sequence[Passage]) -> list[Window]:
        """The windows of all passages, in order. A passage without any token has none."""
        texts = [question, *(passage.heading for passage in passages), *(passage.text for passage in passages)]
        encoded = self._tokenizer.encode_batch(texts, add_special_tokens=False)
        n = len(passages)
        before = (self._cls, *encoded[0].ids[:MOST_QUESTION], self._sep)
        return [
            window
            for number in range(n)
            for window in self._of_passage(before, encoded[1 + number].ids, encoded[1 + n + number], number)
        ]

    def _of_passage(self, before: tuple[int, ...], heading: Sequence[int], text: Any, number: int) -> Iterator[Window]:
        ids, offsets = text.ids, text.offsets
        front = (*before, *heading[-MOST_HEADING:])
        room = self._most - len(front) - 1
        start = 0
        while ids:
            stop = min(len(ids), start + room)
            piece = (*front, *ids[start:stop], self._sep)
            yield Window(piece, len(before), len(front), tuple(offsets[start:stop]), number)
            if stop == len(ids):
                return
            start = stop - self._shared
