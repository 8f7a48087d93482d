"""Texts to windows of token ids with a model's own fast tokenizer.

Takes a sentence-transformers folder. Knows nothing about vectors.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from bakeoff.errors import MissingExtraError, ModelUnavailableError
from bakeoff.models.damage import refusing_damage
from bakeoff.models.long_words import with_breaks
from bakeoff.models.sentence_model import SentenceModel


class SentenceTokenizer:
    """The model's own fast tokenizer."""

    def __init__(self, folder: Path, model: SentenceModel) -> None:
        try:
            from tokenizers import Tokenizer
        except ImportError as error:
            raise MissingExtraError("Embedding with a model", "tokenizers", "local") from error
        if not (folder / "tokenizer.json").exists():
            raise ModelUnavailableError(f"{folder} has no tokenizer.json.", "use a model with a fast tokenizer")
        with refusing_damage(f"The tokenizer {folder / 'tokenizer.json'}"):
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._unknown = self._id_of_unknown()
        self._special = self._tokenizer.num_special_tokens_to_add(is_pair=False)
        self._first, self._last = self._frame()
        self._lower_case = model.lower_case
        n_prompt = max(self.counts([model.query_prompt, model.passage_prompt]))
        self._room = model.window - self._special
        self.max_tokens = self._room - n_prompt
        if self.max_tokens < 1:
            raise ModelUnavailableError(
                f"The embedder in {folder} takes {model.window} tokens, but its prompts have {n_prompt}.",
                "choose an embedder with a longer window",
            )

    def _id_of_unknown(self) -> int | None:
        """The id that stands for a whole word that the model does not know. None for models that know every piece."""
        word = getattr(self._tokenizer.model, "unk_token", None)
        return self._tokenizer.token_to_id(word) if word else None

    def _frame(self) -> tuple[list[int], list[int]]:
        """The special tokens before and after a text."""
        framed = self._tokenizer.encode("a")
        start = framed.special_tokens_mask.index(0)
        n_inner = framed.special_tokens_mask.count(0)
        return list(framed.ids[:start]), list(framed.ids[start + n_inner :])

    def counts(self, texts: Sequence[str]) -> list[int]:
        return [len(encoding) for encoding in self._encoded(texts)]

    def windows(self, texts: Sequence[str], prompt: str = "") -> tuple[list[list[int]], list[int]]:
        """Token ids of every window with special tokens around them, and the number of each window's text, in order.

        Each window begins with the prompt. A text that fits is tokenized together with the prompt, as in the model's
        training.
        """
        windows, owners = [], []
        for owner, encoding in enumerate(self._encoded([prompt + text for text in texts])):
            for ids in [encoding.ids] if len(encoding) <= self._room else self._cut(prompt, texts[owner]):
                windows.append([*self._first, *ids, *self._last])
                owners.append(owner)
        return windows, owners

    def _cut(self, prompt: str, text: str) -> Iterator[list[int]]:
        """The windows of a long text, without the special tokens."""
        before, whole = self._encoded([prompt, text])
        return ([*before.ids, *ids] for ids in cut(whole.ids, self._room - len(before)))

    def _encoded(self, texts: Sequence[str]) -> list[Any]:
        """The encoded texts. Where a word is unknown, long words and those of scripts without blanks are separated:
        otherwise a paragraph in Thai, or 100 letters without a blank, would be one unknown word.
        """
        read = [text.lower() for text in texts] if self._lower_case else list(texts)
        encodings = list(self._tokenizer.encode_batch_fast(read, add_special_tokens=False))
        if self._unknown is not None:
            again = {i: with_breaks(read[i]) for i, encoding in enumerate(encodings) if self._unknown in encoding.ids}
            again = {i: text for i, text in again.items() if text != read[i]}
            broken = self._tokenizer.encode_batch_fast(list(again.values()), add_special_tokens=False)
            for i, encoding in zip(again, broken, strict=True):
                encodings[i] = encoding
        return encodings


def cut(ids: list[int], size: int) -> Iterator[list[int]]:
    """As few pieces of at most `size` as possible, whose lengths differ by at most one token.

    One piece if ids is empty.
    """
    n_pieces = max(1, -(-len(ids) // size))
    bounds = [len(ids) * i // n_pieces for i in range(n_pieces + 1)]
    return (ids[start:stop] for start, stop in pairwise(bounds))
