"""One completion that the OpenVINO engine writes, from its prompt's token ids to its last token.

A request is made in the thread that asks, and written by the one that steps the engine (`openvino_stepper`). Knows no
text.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import openvino
import openvino_genai as genai

from bakeoff.models.cancelling import CallerGoneError, caller, can_leave
from bakeoff.models.engines.openvino_marks import BLOCK_TOKENS
from bakeoff.models.engines.token_queue import TokenQueue


class WritingRequest:
    """A prompt and what is written for it: `ids` so far, and `score`, the sum of their log-probabilities.

    `tokens` hands the ids to the reader step by step. `is_stopped` says of all ids so far whether to write no further.
    `streamed`: somebody reads along. `pieces` are what the engine gets, one after another, if not the prompt's own ids:
    beginnings, of each of which the next one finds what was read, and at last the prompt.
    """

    def __init__(
        self,
        prompt_ids: Sequence[int],
        configured: Any,
        is_stopped: Callable[[Sequence[int]], bool],
        streamed: bool = False,
        pieces: Sequence[Sequence[int]] = (),
    ) -> None:
        self.prompt_ids, self.streamed = prompt_ids, streamed
        self.is_read_in_pieces = len(pieces) > 1
        self._pieces = deque(pieces or [prompt_ids])
        self._n_read = 0
        self.tokens = TokenQueue()
        self.ids: list[int] = []
        self.score = 0.0
        self.ended = threading.Event()
        self._configured = configured
        self._is_stopped = is_stopped
        self._caller = caller()
        self.may_be_left = can_leave()
        self._closed = False
        self._handle: Any = None

    @property
    def most_tokens(self) -> int:
        """Of the prompt and the longest answer."""
        return len(self.prompt_ids) + int(self._configured.max_new_tokens)

    @property
    def n_to_read(self) -> int:
        """Tokens of the next piece that none before it has, or the engine can find."""
        return len(self._pieces[0]) - self._n_read

    @property
    def is_last_piece(self) -> bool:
        """Whether the next piece is the prompt."""
        return len(self._pieces) == 1

    @property
    def is_left(self) -> bool:
        """Whether nobody reads it any more."""
        return self._closed or self._caller.is_gone

    def close(self) -> None:
        """Called by the reader: nothing more is read. The engine writes at most the token that it has begun."""
        self._closed = True

    def begin(self, pipeline: Any, number: int) -> None:
        """Hands the next piece to the engine, which reads it in one step. A request that it refuses ends."""
        configured = self._configured if self.is_last_piece else _one_token(self._configured)
        piece = self._pieces.popleft()
        self._n_read = len(piece) // BLOCK_TOKENS * BLOCK_TOKENS
        try:
            self._handle = pipeline.add_request(number, openvino.Tensor(np.array([piece], dtype=np.int64)), configured)
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


def _one_token(configured: Any) -> Any:
    """Settings for a beginning: the engine writes at least a token, which nobody reads."""
    one = genai.GenerationConfig()
    one.max_new_tokens = 1
    one.stop_token_ids, one.eos_token_id = configured.stop_token_ids, configured.eos_token_id
    return one
