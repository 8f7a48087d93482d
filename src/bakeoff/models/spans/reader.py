"""The span reader: a question and passages to the best span, or to how likely there is none.

Takes questions with passages, gives spans. All windows of many questions are computed together, those of similar
length in one batch. Knows nothing about retrieval. Imports torch when it is made.
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bakeoff.models.spans.best import Scored, Span, best_span
from bakeoff.models.spans.windows import Passage, SpanTokenizer, Window

TOKENS_AT_ONCE = 4096


class SpanReader:
    """A network with its tokenizer. Several threads may ask it; it answers one at a time."""

    def __init__(self, network: Any, tokenizer: SpanTokenizer) -> None:
        self._network = network
        self._tokenizer = tokenizer
        self._busy = threading.Lock()

    def read(self, asked: Sequence[tuple[str, Sequence[Passage]]]) -> list[Span | None]:
        """The best span for each question; None if its passages have no text."""
        windows = [self._tokenizer.windows(question, passages) for question, passages in asked]
        scored = self.scores([window for some in windows for window in some])
        spans, place = [], 0
        for some, (_, passages) in zip(windows, asked, strict=True):
            own = scored[place : place + len(some)]
            spans.append(best_span(own, [passage.text for passage in passages]))
            place += len(some)
        return spans

    def scores(self, windows: Sequence[Window]) -> list[Scored]:
        """The scores of each window, in order."""
        import torch

        from bakeoff.models.spans.network import padded

        found: dict[int, Scored] = {}
        with self._busy, torch.inference_mode():
            for rows in batches([len(window.ids) for window in windows]):
                batch = padded([windows[row] for row in rows])
                spans, nothing = self._network(batch.ids, batch.kinds, batch.mask)
                for row, score, none in zip(rows, spans.numpy(), nothing.tolist(), strict=True):
                    found[row] = _of_text(windows[row], score, none)
        return [found[row] for row in range(len(windows))]


def _of_text(window: Window, scores: np.ndarray, nothing: float) -> Scored:
    text = slice(window.first, window.first + len(window.offsets))
    return Scored(window, scores[text, 0].copy(), scores[text, 1].copy(), nothing)


def batches(lengths: Sequence[int]) -> list[list[int]]:
    """Rows of similar length together, so many that they have at most `TOKENS_AT_ONCE` tokens with padding."""
    made: list[list[int]] = []
    for row in sorted(range(len(lengths)), key=lambda row: lengths[row]):
        if made and (len(made[-1]) + 1) * lengths[row] <= TOKENS_AT_ONCE:
            made[-1].append(row)
        else:
            made.append([row])
    return made


def reader_of(base: Path, file: Path) -> SpanReader:
    """The reader of a file of weights and its sentence model."""
    from bakeoff.models.spans.weights import load_difference

    return SpanReader(load_difference(base, file), SpanTokenizer(base))
