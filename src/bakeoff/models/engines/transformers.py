"""The transformers engine: any causal model, on a GPU if there is one, else on the CPU.

Takes prompts, gives completions. Knows nothing about retrieval.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    StoppingCriteria,
    StoppingCriteriaList,
)
from transformers.generation.streamers import BaseStreamer

from bakeoff.errors import ModelUnavailableError
from bakeoff.models.adapter_check import SAVE_AGAIN, check_adapter
from bakeoff.models.architecture import text_config
from bakeoff.models.cancelling import Caller, acquire, caller
from bakeoff.models.chat import Chat
from bakeoff.models.damage import COPY_AGAIN, refusing_damage
from bakeoff.models.engines.token_queue import TokenQueue
from bakeoff.models.engines.transformers_paged import PagedBatches
from bakeoff.models.engines.transformers_steps import TransformersRows, passes_over
from bakeoff.models.other_loads import refuse_other_loads
from bakeoff.models.steps import ChatSteps
from bakeoff.models.threads import free_threads, use_threads
from bakeoff.models.tuned_folder import is_whole_model
from bakeoff.models.weights import quiet_libraries
from bakeoff.records import Completion, GenerationSettings, Prompt, Usage

TOKENS_PER_BATCH = 16_384


class TransformersGenerator:
    """A model loaded by transformers, with an adapter merged in if one is given.

    Safe to use from several threads, which wait for each other: it writes one batch or one stream at a time.
    `note` says why a faster engine was not used; empty if there is nothing to say. With `paged` (None: on a GPU),
    greedy batches use paged attention where the model can, else padded ones.
    """

    n_parallel = 1

    def __init__(
        self,
        folder: Path,
        name: str,
        adapter: Path | None = None,
        tokens_per_batch: int = TOKENS_PER_BATCH,
        note: str = "",
        paged: bool | None = None,
    ) -> None:
        self.name, self.note = name, note
        self._chat = Chat(folder)
        self.context_tokens = self._chat.context_tokens
        self._passes_over = passes_over(text_config(folder))
        self._tokens_per_batch = tokens_per_batch
        self._lock = threading.Lock()
        cuda = torch.cuda.is_available()
        use_threads(free_threads())
        self._model = load_model(folder, adapter, torch.bfloat16 if cuda else torch.float32)
        self._model.to("cuda" if cuda else "cpu")
        self._paged = PagedBatches(self._model) if (cuda if paged is None else paged) else None
        pad = self._chat.tokenizer.pad_token_id
        self._pad_id = pad if pad is not None else min(self._chat.end_ids)

    def generate(self, prompts: Sequence[Prompt], settings: GenerationSettings) -> list[Completion]:
        """One completion for each prompt, in order. A batch holds prompts of similar length, up to a token budget."""
        return self._chat.complete(prompts, settings.max_new_tokens, lambda ids: self._complete_all(ids, settings))

    def _complete_all(self, ids: Sequence[Sequence[int]], settings: GenerationSettings) -> list[Completion]:
        completions = self._complete_paged(ids, settings)
        rest = [i for i in range(len(ids)) if i not in completions]
        for batch in _batches([len(ids[i]) for i in rest], settings.max_new_tokens, self._tokens_per_batch):
            with self._alone():
                chosen = [rest[i] for i in batch]
                completions |= zip(chosen, self._complete([ids[i] for i in chosen], settings), strict=True)
        return [completions[i] for i in range(len(ids))]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """A block in which no other thread uses the model. Raises CallerGoneError if the caller leaves before."""
        acquire(self._lock)
        try:
            yield
        finally:
            self._lock.release()

    def _complete_paged(self, ids: Sequence[Sequence[int]], settings: GenerationSettings) -> dict[int, Completion]:
        """Completions by paged attention, for those prompts that it could continue. None where tokens are drawn: it
        would give their log-probabilities after temperature.
        """
        if self._paged is None or self._paged.problem or settings.samples or len(ids) < 2:
            return {}
        begun = time.perf_counter()
        with self._alone(), torch.inference_mode():
            all_written = self._paged.continued(
                ids, self._configured(settings), lambda new: self._chat.is_stopped(new, settings)
            )
        seconds = (time.perf_counter() - begun) / len(ids)
        return {
            i: self._completion(written.tokens, written.logprobs, (len(ids[i]), seconds), settings)
            for i, written in enumerate(all_written)
            if written is not None and written.tokens
        }

    def _complete(self, batch: Sequence[Sequence[int]], settings: GenerationSettings) -> list[Completion]:
        begun = time.perf_counter()
        width = max(len(tokens) for tokens in batch)
        rows = [[self._pad_id] * (width - len(tokens)) + list(tokens) for tokens in batch]
        mask = [[0] * (width - len(tokens)) + [1] * len(tokens) for tokens in batch]
        chosen = _Logprobs(sampled=settings.samples)
        with torch.inference_mode():
            output = self._model.generate(
                input_ids=torch.tensor(rows, device=self._model.device),
                attention_mask=torch.tensor(mask, device=self._model.device),
                generation_config=self._configured(settings),
                stopping_criteria=StoppingCriteriaList(
                    [_WhenLeft(caller()), _WhenStopped(self._chat, width, settings)]
                ),
                logits_processor=LogitsProcessorList([chosen]),
            )
        caller().raise_if_gone()
        seconds = (time.perf_counter() - begun) / len(batch)
        new = output[:, width:]
        logprobs = torch.stack(chosen.steps(new[:, -1]), dim=1).tolist()
        return [
            self._completion(written, chances, (len(tokens), seconds), settings)
            for written, chances, tokens in zip(new.tolist(), logprobs, batch, strict=True)
        ]

    def _completion(
        self, new: Sequence[int], logprobs: Sequence[float], took: tuple[int, float], settings: GenerationSettings
    ) -> Completion:
        """The completion up to its end token, stop text or loop. The padding after it is cut off."""
        length = next((i + 1 for i, token in enumerate(new) if token in self._chat.end_ids), len(new))
        length = self._length_to_stop(new[:length], settings)
        usage = Usage(prompt_tokens=took[0], completion_tokens=length, seconds=took[1])
        written = self._chat.written(new[:length], settings)
        return Completion(**written._asdict(), usage=usage, logprob=sum(logprobs[:length]) / length)

    def _length_to_stop(self, new: Sequence[int], settings: GenerationSettings) -> int:
        """The number of tokens that the model would have written alone: up to a stop text or a loop; else all."""
        lengths = range(1, len(new) + 1)
        return next((n for n in lengths if self._chat.is_stopped(new[:n], settings)), len(new))

    def stream(self, prompt: Prompt, settings: GenerationSettings) -> Iterator[str | Completion]:
        """The pieces of one completion as the model writes them, then the completion; closing stops the model.

        Raises InputError if the prompt is too long.
        """
        begun = time.perf_counter()
        ids = torch.tensor([self._chat.ids_that_fit(prompt, settings.max_new_tokens)], device=self._model.device)
        until = _WhenStopped(self._chat, ids.shape[1], settings)
        acquire(self._lock)
        writer = _Writer(self._model, ids, self._configured(settings), until, self._lock.release)
        writer.start()
        try:
            yield from self._chat.pieces(writer.tokens, settings)
        finally:
            writer.stopped.set()
            writer.join()
        caller().raise_if_gone()
        took = (ids.shape[1], time.perf_counter() - begun)
        yield self._completion(writer.new, writer.logprobs, took, settings)

    def steps(self, prompts: Sequence[Prompt], settings: GenerationSettings) -> ChatSteps:
        """The prompts, read and ready to be continued token by token. Raises TooLongError for one that does not fit."""
        ids = [self._chat.ids_that_fit(prompt, settings.max_new_tokens) for prompt in prompts]
        return ChatSteps(
            self._chat, ids, settings, lambda: TransformersRows(self._model, self._lock), self._passes_over
        )

    def _configured(self, settings: GenerationSettings) -> GenerationConfig:
        sampling = {"do_sample": True, "temperature": settings.temperature} if settings.samples else {}
        if sampling and settings.seed is not None:
            torch.manual_seed(settings.seed)
        return GenerationConfig(
            max_new_tokens=settings.max_new_tokens,
            **(sampling or {"do_sample": False}),
            pad_token_id=self._pad_id,
            eos_token_id=sorted(self._chat.end_ids),
        )

    def count_tokens(self, text: str) -> int:
        return self._chat.count_tokens(text)


class _Logprobs(LogitsProcessor):
    """Records the log-probability, before temperature, of the token chosen at each step.

    Greedy decoding takes the most probable token. With sampling, the token is known at the next step only, so the
    log-probabilities of the last step are kept until then.
    """

    def __init__(self, sampled: bool) -> None:
        self._sampled = sampled
        self._noted: list[torch.Tensor] = []
        self._last: torch.Tensor | None = None

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        wide = scores.float()
        if not self._sampled:
            self._noted.append(wide.max(dim=-1).values - torch.logsumexp(wide, dim=-1))
            return scores
        self._note(input_ids[:, -1])
        self._last = torch.log_softmax(wide, dim=-1)
        return scores

    def steps(self, last_tokens: torch.Tensor) -> list[torch.Tensor]:
        """The log-probabilities of the batch for each step, given the tokens of the last step."""
        self._note(last_tokens)
        return self._noted

    def _note(self, tokens: torch.Tensor) -> None:
        if self._last is not None:
            self._noted.append(self._last.gather(1, tokens[:, None])[:, 0])
            self._last = None


class _Writer(threading.Thread):
    """Generates until it is done or told to stop, then calls `at_end`. `tokens` gives the new tokens as they come.

    At the end `new` are the ids of all new tokens, `logprobs` their log-probabilities.
    """

    def __init__(
        self,
        model: Any,
        ids: torch.Tensor,
        settings: GenerationConfig,
        until: StoppingCriteria,
        at_end: Callable[[], None],
    ) -> None:
        super().__init__(daemon=True)
        self._caller, self._at_end = caller(), at_end
        self.stopped = threading.Event()
        self.tokens = TokenQueue()
        self.new: list[int] = []
        self.logprobs: list[float] = []
        self._model, self._ids, self._settings, self._until = model, ids, settings, until

    def run(self) -> None:
        chosen = _Logprobs(sampled=bool(self._settings.do_sample))
        failed = None
        try:
            output = self._model.generate(
                input_ids=self._ids,
                attention_mask=torch.ones_like(self._ids),
                generation_config=self._settings,
                streamer=_NewTokens(self.tokens),
                stopping_criteria=StoppingCriteriaList([_WhenLeft(self._caller, self.stopped), self._until]),
                logits_processor=LogitsProcessorList([chosen]),
            )
            self.new = output[0, self._ids.shape[1] :].tolist()
            self.logprobs = torch.cat(chosen.steps(output[:, -1])).tolist()
        except RuntimeError as error:
            failed = error
        finally:
            self._at_end()
            self.tokens.end(failed)


class _NewTokens(BaseStreamer):
    """Hands each new token to a queue. What is put first is the prompt."""

    def __init__(self, tokens: TokenQueue) -> None:
        self._tokens = tokens
        self._is_prompt = True

    def put(self, value: torch.Tensor) -> None:
        if not self._is_prompt:
            self._tokens.put(value.tolist())
        self._is_prompt = False

    def end(self) -> None:
        """The writer ends the queue, after an error too."""


class _WhenStopped(StoppingCriteria):
    """Ends each prompt of a batch as soon as its answer holds a stop text or repeats itself."""

    def __init__(self, chat: Chat, width: int, settings: GenerationSettings) -> None:
        self._chat, self._width, self._settings = chat, width, settings

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **more: Any) -> torch.Tensor:
        rows = input_ids[:, self._width :].tolist()
        stopped = [self._chat.is_stopped(row, self._settings) for row in rows]
        return torch.tensor(stopped, dtype=torch.bool, device=input_ids.device)


class _WhenLeft(StoppingCriteria):
    """Ends every prompt of a batch once nobody reads: the caller is gone, or the event is set."""

    def __init__(self, somebody: Caller, event: threading.Event | None = None) -> None:
        self._caller = somebody
        self._event = event or threading.Event()

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **more: Any) -> torch.Tensor:
        is_left = self._caller.is_gone or self._event.is_set()
        return torch.full((input_ids.shape[0],), is_left, device=input_ids.device)


def load_model(folder: Path, adapter: Path | None, dtype: torch.dtype) -> Any:
    """The model in evaluation mode, with the adapter merged into its weights. Loads safetensors only.

    Where `adapter` is the folder of a whole tuned model, that one is loaded in place of `folder`. Raises
    ModelUnavailableError if either is damaged, or the adapter does not fit the model.
    The model's own sampling settings (temperature, repetition penalty) are ignored: decoding is greedy by default.
    """
    if adapter is not None and is_whole_model(adapter):
        folder, adapter = adapter, None
    if adapter is not None:
        check_adapter(folder, adapter)
    model = load_base(folder, dtype)
    if adapter is not None:
        from peft import PeftModel

        with quiet_libraries(), refusing_damage(f"The adapter in {adapter}", SAVE_AGAIN):
            model = PeftModel.from_pretrained(model, str(adapter)).merge_and_unload()
    model.generation_config = GenerationConfig()
    return model.eval()


def load_base(folder: Path, dtype: torch.dtype | str) -> Any:
    """The model as its folder holds it, on the CPU. Loads safetensors only.

    Raises ModelUnavailableError if the weights are damaged, hold other shapes than config.json says, lack tensors
    (transformers would make them up), or hold values that are not finite.
    """
    refuse_other_loads(folder)
    with quiet_libraries(), refusing_damage(f"The weights of the model in {folder}"):
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, trust_remote_code=False, use_safetensors=True, output_loading_info=True
        )
    model, info = loaded
    missing = sorted(info["missing_keys"])
    if missing:
        raise ModelUnavailableError(
            f"The weights of the model in {folder} lack {len(missing)} tensors that its config.json asks for, such as "
            f"'{missing[0]}'.",
            COPY_AGAIN,
        )
    for name, parameter in model.named_parameters():
        if not bool(parameter.detach().sum(dtype=torch.float32).isfinite()):
            raise ModelUnavailableError(
                f"The weights of the model in {folder} hold values that are not finite numbers, in '{name}'.",
                COPY_AGAIN,
            )
    return model


def _batches(lengths: Sequence[int], max_tokens: int, tokens_per_batch: int) -> Iterator[list[int]]:
    """Positions of the prompts, longest first, in batches whose padded size stays within the budget."""
    batch: list[int] = []
    width = 0
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batch and (len(batch) + 1) * width > tokens_per_batch:
            yield batch
            batch = []
        width = width if batch else lengths[i] + max_tokens
        batch.append(i)
    if batch:
        yield batch
