"""One completion that the OpenVINO engine writes, from its prompt's token ids to its last token.

A request is made in the thread that asks, and written by the one that steps the engine (`openvino_stepper`). Knows no
text.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import openvino
import openvino_genai as genai

from bakeoff.models.cancelling import CallerGoneError, caller
from bakeoff.models.engines.token_queue import TokenQueue


class WritingRequest:
    """A prompt and what is written for it: `ids` so far, and `score`, the sum of their log-probabilities.

    `tokens` hands the ids to the reader step by step. `is_stopped` says of all ids so far whether to write no further.
    `streamed`: somebody reads along. `handed_ids` are what the engine gets for the prompt, if not its own ids.
    """

    def __init__(
        self,
        prompt_ids: Sequence[int],
        configured: Any,
        is_stopped: Callable[[Sequence[int]], bool],
        streamed: bool = False,
        handed_ids: Sequence[int] = (),
    ) -> None:
        self.prompt_ids, self.streamed = prompt_ids, streamed
        self._handed_ids = handed_ids or prompt_ids
        self.tokens = TokenQueue()
        self.ids: list[int] = []
        self.score = 0.0
        self.ended = threading.Event()
        self._configured = configured
        self._is_stopped = is_stopped
        self._caller = caller()
        self._closed = False
        self._handle: Any = None

    @property
    def most_tokens(self) -> int:
        """Of the prompt and the longest answer."""
        return len(self.prompt_ids) + int(self._configured.max_new_tokens)

    @property
    def is_left(self) -> bool:
        """Whether nobody reads it any more."""
        return self._closed or self._caller.is_gone

    def close(self) -> None:
        """Called by the reader: nothing more is read. The engine writes at most the token that it has begun."""
        self._closed = True

    def begin(self, pipeline: Any, number: int) -> None:
        """Hands the prompt to the engine. A request that it refuses ends."""
        ids = openvino.Tensor(np.array([self._handed_ids], dtype=np.int64))
        try:
            self._handle = pipeline.add_request(number, ids, self._configured)
        except RuntimeError as refusal:
            self.end(refusal)

    def after_step(self) -> None:
        """Takes what the engine wrote in a step, and ends if that was the last of it."""
        if self.is_left:
            self._handle.stop()
            self.end(CallerGoneError())
            return
        if self._handle.can_read():
            for output in self._handle.read().values():
                self._add(output.generated_ids, sum(output.generated_log_probs))
            if self._is_stopped(self.ids):
                self._handle.stop()
                self.end()
                return
        status = self._handle.get_status()
        if status == genai.GenerationStatus.IGNORED:
            self.end(RuntimeError("The engine had no room left for the keys and values of this prompt."))
        elif status != genai.GenerationStatus.RUNNING:
            self.end()

    def _add(self, ids: Sequence[int], score: float) -> None:
        self.ids += ids
        self.score += score
        self.tokens.put(ids)

    def end(self, error: BaseException | None = None) -> None:
        """Nothing more is written; `error` says why, unless this is the end of the completion."""
        self.ended.set()
        self.tokens.end(error)
