"""Steps the OpenVINO engine for all who ask at once: continuous batching.

Takes requests from any thread and writes them together, one token of each in a step. Knows no text.

A text never depends on what is written beside it, to the last bit of its log-probabilities, where the processor allows
that (`openvino_marks.is_exact_here`). Two rules see to that.
A prompt is read whole, in one step, or cut after a multiple of the tokens of a block of the engine's cache: cut
elsewhere, to fit into a step with others, it is rounded differently (docs/results/generation.md has the measurement).
So a long prompt is read in pieces, one in a step: what was read for another one is taken over in whole blocks
(`openvino_marks`). An engine that takes nothing over reads a long prompt alone, as much as a step takes at a time.
And the engine never has to drop the keys and values of an answer and compute them again, since a request begins only
when there is room for the longest answer it may get.

Nothing can interrupt a step. So short steps let a client go soon that leaves.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import openvino_genai as genai

from bakeoff.models.cancelling import CallerGoneError
from bakeoff.models.engines.openvino_marks import BLOCK_TOKENS
from bakeoff.models.engines.openvino_request import WritingRequest

MAX_SEQUENCES = 64
# Tokens of prompts in one step. Few enough to stay in the processor's cache, and for two slow cores to read within a
# second: see docs/results/generation.md.
PROMPT_TOKENS = 256
# An engine that takes nothing over reads a prompt in one step up to so many tokens.
WHOLE_TOKENS = 2048
CACHED_TOKENS = 16_384  # keys and values kept at least: for a batch of 16 prompts with a thousand tokens each
PAUSE_S, PAUSE_BEFORE_PROMPTS_S = 0.001, 0.01
PAUSES = 50


def scheduler(context_tokens: int, shares: bool = False) -> Any:
    """The engine's settings: memory for the keys and values of a full context, or of a batch of prompts.

    If it `shares`, prompts begin with the keys and values of a prompt with the same beginning, if they are still there.
    A step has room for what it reads of prompts and a token of each other answer: a multiple of BLOCK_TOKENS.
    """
    settings = genai.SchedulerConfig()
    settings.num_kv_blocks = n_blocks(max(context_tokens, CACHED_TOKENS))
    settings.enable_prefix_caching = shares
    settings.max_num_batched_tokens = (PROMPT_TOKENS if shares else WHOLE_TOKENS) + MAX_SEQUENCES
    settings.max_num_seqs = MAX_SEQUENCES
    return settings


def n_blocks(n_tokens: int) -> int:
    """The blocks of the engine's cache that hold the keys and values of so many tokens."""
    return math.ceil(n_tokens / BLOCK_TOKENS)


class Stepper:
    """A pipeline and the one thread that uses it, which runs only while there is something to write.

    `opened` makes the pipeline. After an error all requests end with this error, and the next request gets a new
    pipeline: nothing is known about the state of the old one.
    """

    def __init__(self, opened: Callable[[], Any], context_tokens: int) -> None:
        self._opened = opened
        self._pipeline: Any = opened()
        self._n_blocks = n_blocks(max(context_tokens, CACHED_TOKENS))
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._waiting: deque[WritingRequest] = deque()
        self._writing: list[WritingRequest] = []
        self._n_begun = 0

    def write(self, requests: Sequence[WritingRequest]) -> None:
        """Begins to write these requests, after those that wait already. Their `tokens` end with them."""
        with self._lock:
            self._waiting.extend(requests)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="openvino", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        try:
            while self._has_work():
                self._begin()
                self._pipeline.step()
                self._after_step()
        except BaseException as error:  # noqa: BLE001  (raised in the threads that wait for the requests)
            self._fail(error)

    def _has_work(self) -> bool:
        """Whether to go on. If not, the thread is over: a later request starts another one."""
        with self._lock:
            for request in [request for request in self._waiting if request.is_left]:
                self._waiting.remove(request)
                request.end(CallerGoneError())
            if self._pipeline is None:
                self._pipeline = self._opened()
            if self._waiting or self._writing or self._pipeline.has_non_finished_requests():
                return True
            self._thread = None
            return False

    def _begin(self) -> None:
        """Hands prompts to the engine, in the order of their arrival, as many as this step can read.

        One of which this step reads a piece is still the next.
        """
        n_tokens, is_whole = 0, True
        with self._lock:
            while is_whole and self._waiting and self._fits(self._waiting[0], n_tokens):
                request = self._waiting[0]
                n_tokens += request.n_to_read
                is_whole = request.is_last_piece
                self._n_begun += 1
                request.begin(self._pipeline, self._n_begun)
                if is_whole:
                    self._writing.append(self._waiting.popleft())
                elif request.ended.is_set():
                    self._waiting.popleft()

    def _fits(self, request: WritingRequest, n_tokens: int) -> bool:
        """Whether a prompt can be read in a step that reads so many tokens of others, and its answer be written."""
        if any(_is_long(other) and not other.ids for other in self._writing):
            return False  # it is being read, and must be alone
        if _is_long(request) and self._writing:
            return False
        if n_tokens and n_tokens + request.n_to_read > PROMPT_TOKENS:
            return False
        n_taken = sum(n_blocks(other.most_tokens) for other in self._writing)
        return len(self._writing) < MAX_SEQUENCES and n_taken + n_blocks(request.most_tokens) <= self._n_blocks

    def _after_step(self) -> None:
        """Hands over what was written. A request that was stopped after the last step has given its memory back now."""
        self._writing = [request for request in self._writing if not request.ended.is_set()]
        for request in self._writing:
            request.after_step()
        self._let_others_work()

    def _let_others_work(self) -> None:
        """Waits for the readers of streams, and then once more for the threads that send what they read and that see a
        client leave.

        `step` of this engine keeps Python's lock, so that no other thread of this process runs during a step. Without
        a pause, a token would wait for one that another answer needs, or for a prompt that takes a second.
        """
        streamed = [request for request in self._writing if request.streamed]
        for _ in range(PAUSES if streamed else 0):
            time.sleep(PAUSE_S)
            if not any(request.tokens.is_being_read for request in streamed):
                break
        with self._lock:
            may_be_left = any(request.may_be_left for request in (*self._writing, *self._waiting))
        if streamed or may_be_left:
            time.sleep(PAUSE_BEFORE_PROMPTS_S if self._waiting else PAUSE_S)

    def _fail(self, error: BaseException) -> None:
        with self._lock:
            failed = [*self._writing, *self._waiting]
            self._writing = []
            self._waiting.clear()
            self._pipeline = self._thread = None
        for request in failed:
            if not request.ended.is_set():
                request.end(error)


def _is_long(request: WritingRequest) -> bool:
    """Whether an engine that takes nothing over needs more than one step to read it."""
    return len(request.prompt_ids) > WHOLE_TOKENS and not request.is_read_in_pieces
