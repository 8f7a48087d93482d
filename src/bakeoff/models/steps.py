"""Prompts that a local model continues side by side: what both local engines share of `protocols.TokenSteps`.

Takes a model's `Chat`, prompts as token ids and an engine's `Rows`, gives log-probabilities and texts. Knows no engine.

The prompts are padded on the left to one length. A mask says which tokens of a row count, so what was added to a prompt
can be passed over later, and its cache serves again.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bakeoff.models.cancelling import caller
from bakeoff.models.chat import Chat
from bakeoff.records import Completion, GenerationSettings, Usage

READ_AT_ONCE = 256
"""Tokens of the prompts, counted in every row, that are read at once: nobody is waited for any longer who leaves."""
FEWEST_READ = 32
"""Tokens of a row that are read at once in any case: fewer take nearly as long."""
SCORED_AT_ONCE = 128
"""Tokens of a continuation, counted in every row, whose log-probabilities are in memory at once: each has one for every
token of the vocabulary."""


class Rows(Protocol):
    """Rows of tokens that an engine reads side by side. Each row has its own keys and values."""

    def read(self, tokens: np.ndarray, mask: np.ndarray, positions: np.ndarray, n_last: int) -> np.ndarray:
        """Reads more tokens of each row, and gives the logits after the last n: float32, (rows, n_last, vocabulary).

        `tokens` and `positions` have the shape (rows, new tokens). `mask` has the shape (rows, all tokens so far and
        the new ones): 1 where a token counts, 0 where it is as if it were not there.
        """
        ...


@dataclass
class _ReadOn:
    """Rows, and how many tokens each has read after the prompts: those of answers and those that were scored."""

    rows: Rows
    n_more: int = 0


class ChatSteps:
    """The steps of an engine whose model has a `Chat`.

    `opened` makes new, empty rows. `passes_over` says whether the engine can pass over tokens that were read before
    (not where attention slides over a window: they would take places in it). If not, the prompts are read again for
    each continuation that is scored.

    What was scored stays in the cache. Once it takes as many places as the longest prompt, the prompts are read again
    into new rows. So a row holds less than twice the longest prompt and two answers, there are at most two sets of
    rows, and no more than twice as many tokens are read.
    """

    def __init__(
        self,
        chat: Chat,
        prompts: Sequence[Sequence[int]],
        settings: GenerationSettings,
        opened: Callable[[], Rows],
        passes_over: bool = True,
    ) -> None:
        self.prompt_tokens = tuple(map(len, prompts))
        self._chat, self._settings, self._opened, self._passes_over = chat, settings, opened, passes_over
        width = max(self.prompt_tokens)
        pad = min(chat.end_ids)
        self._tokens = np.array([[pad] * (width - len(ids)) + list(ids) for ids in prompts], np.int64)
        self._prompt_mask = np.array([[0] * (width - n) + [1] * n for n in self.prompt_tokens], np.int64)
        self._mask, self._n_added = self._prompt_mask, 0
        self._rows = self._scoring = _ReadOn(opened())
        self._first = self._next = self._read_prompts(self._rows.rows)

    def _read_prompts(self, rows: Rows) -> np.ndarray:
        """Reads the prompts, a part of all rows at a time; gives the log-probabilities of the token after each."""
        positions = np.maximum(np.cumsum(self._prompt_mask, axis=1) - 1, 0)
        n_rows, width = self._tokens.shape
        at_once = max(FEWEST_READ, READ_AT_ONCE // n_rows)
        for start in range(0, width, at_once):
            caller().raise_if_gone()
            part = slice(start, start + at_once)
            logits = rows.read(self._tokens[:, part], self._prompt_mask[:, : part.stop], positions[:, part], 1)
        return log_softmax(logits[:, -1])

    def next_log_probs(self) -> np.ndarray:
        return self._next

    def advance(self, tokens: Sequence[int]) -> None:
        caller().raise_if_gone()
        new = np.array(tokens, np.int64)[:, None]
        self._mask = _with(self._mask, 1, 1)
        self._rows.n_more += 1
        logits = self._rows.rows.read(new, self._mask, self._positions(self._n_added, 1), 1)
        self._n_added += 1
        self._next = log_softmax(logits[:, -1])

    def log_probs_of(self, continuation: Sequence[int]) -> np.ndarray:
        if not continuation:
            return np.zeros(len(self.prompt_tokens))
        read = self._with_room()
        seen = _with(self._prompt_mask, 0, read.n_more)
        at_once = max(1, SCORED_AT_ONCE // len(self.prompt_tokens))
        total = self._first[:, continuation[0]].copy()
        for start in range(0, len(continuation) - 1, at_once):
            part = list(continuation[start : min(start + at_once, len(continuation) - 1)])
            seen = _with(seen, 1, len(part))
            logits = self._read_part(read, part, seen, start)
            following = continuation[start + 1 : start + 1 + len(part)]
            total += log_softmax(logits)[:, np.arange(len(part)), list(following)].sum(axis=1)
        return total

    def _with_room(self) -> "_ReadOn":
        """Rows that have read the prompts, and not much more."""
        if self._passes_over and self._scoring.n_more < self._prompt_mask.shape[1]:
            return self._scoring
        self._scoring = self._rows  # what was in use goes before there is more
        fresh = _ReadOn(self._opened())
        self._read_prompts(fresh.rows)
        if self._passes_over:
            self._scoring = fresh
        return fresh

    def _read_part(self, read: "_ReadOn", part: Sequence[int], seen: np.ndarray, start: int) -> np.ndarray:
        """Reads a part of a continuation in every row. What `advance` adds later passes over it."""
        caller().raise_if_gone()
        read.n_more += len(part)
        if read is self._rows:
            self._mask = _with(self._mask, 0, len(part))
        tokens = np.array([part] * len(self.prompt_tokens), np.int64)
        return read.rows.read(tokens, seen, self._positions(start, len(part)), len(part))

    def _positions(self, start: int, n: int) -> np.ndarray:
        """The places of n tokens of an answer from the one at `start` on, (rows, n)."""
        return np.array(self.prompt_tokens, np.int64)[:, None] + np.arange(start, start + n)

    def is_ended(self, ids: Sequence[int]) -> bool:
        if len(ids) >= self._settings.max_new_tokens or (ids and ids[-1] in self._chat.end_ids):
            return True
        return self._chat.is_stopped(ids, self._settings)

    def written(self, ids: Sequence[int]) -> Completion:
        return Completion(**self._chat.written(ids, self._settings)._asdict(), usage=Usage())

    def pieces(self, chosen: Iterable[Sequence[int]]) -> Iterator[str]:
        return self._chat.pieces(chosen, self._settings)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Log-probabilities along the last axis, in float64."""
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=-1, keepdims=True)
    wide -= np.log(np.exp(wide).sum(axis=-1, keepdims=True))
    return wide


def _with(mask: np.ndarray, value: int, n: int) -> np.ndarray:
    """The mask with n more columns of this value."""
    return np.concatenate([mask, np.full((len(mask), n), value, mask.dtype)], axis=1)
