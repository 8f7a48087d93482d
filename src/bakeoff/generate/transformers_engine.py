"""The transformers engine: any causal model, on a GPU where there is one, else on the CPU.

Takes prompts, gives greedy completions. Knows nothing about retrieval.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bakeoff.generate.chat import Chat
from bakeoff.models import quiet_libraries
from bakeoff.records import Completion, Prompt, Usage

TOKENS_PER_BATCH = 16_384


class TransformersGenerator:
    """A model loaded by transformers, with an adapter merged in where one is given."""

    def __init__(self, folder: Path, name: str, adapter: Path | None = None, device: str | None = None) -> None:
        import torch

        self.name = name
        self._chat = Chat(folder)
        self.context_tokens = self._chat.context_tokens
        self._device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self._model = _load(folder, adapter).to(self._device)
        pad = self._chat.tokenizer.pad_token_id
        self._pad_id = pad if pad is not None else min(self._chat.end_ids)

    def generate(self, prompts: Sequence[Prompt], max_tokens: int) -> list[Completion]:
        """One completion for each prompt, in order; batches hold prompts of like length up to a token budget."""
        ids = self._chat.ids(prompts, max_tokens)
        completions: dict[int, Completion] = {}
        for batch in _batches(ids, max_tokens):
            found = self._complete([ids[i] for i in batch], max_tokens)
            completions |= dict(zip(batch, found, strict=True))
        return [completions[i] for i in range(len(ids))]

    def _complete(self, batch: Sequence[Sequence[int]], max_tokens: int) -> list[Completion]:
        import torch

        begun = time.perf_counter()
        width = max(len(one) for one in batch)
        rows = [[self._pad_id] * (width - len(one)) + list(one) for one in batch]
        mask = [[0] * (width - len(one)) + [1] * len(one) for one in batch]
        with torch.inference_mode():
            output = self._model.generate(
                input_ids=torch.tensor(rows, device=self._device),
                attention_mask=torch.tensor(mask, device=self._device),
                return_dict_in_generate=True,
                output_scores=True,
                **self._settings(max_tokens),
            )
            logprobs = self._model.compute_transition_scores(output.sequences, output.scores, normalize_logits=True)
        seconds = (time.perf_counter() - begun) / len(batch)
        generated = output.sequences[:, width:].tolist()
        return [
            self._completion(new, chances, len(one), seconds)
            for new, chances, one in zip(generated, logprobs.tolist(), batch, strict=True)
        ]

    def _completion(
        self, new: Sequence[int], logprobs: Sequence[float], n_prompt: int, seconds: float
    ) -> Completion:
        """The completion up to and with its end token; padding after it is cut off."""
        length = next((i + 1 for i, token in enumerate(new) if token in self._chat.end_ids), len(new))
        usage = Usage(prompt_tokens=n_prompt, completion_tokens=length, seconds=seconds)
        mean = sum(logprobs[:length]) / length if length else None
        return Completion(text=self._chat.text(new[:length]), usage=usage, logprob=mean)

    def stream(self, prompt: Prompt, max_tokens: int) -> Iterator[str]:
        """The pieces of one completion, as the model writes them."""
        import torch
        from transformers import TextIteratorStreamer

        ids = torch.tensor(self._chat.ids([prompt], max_tokens), device=self._device)
        streamer = TextIteratorStreamer(self._chat.tokenizer, skip_prompt=True, skip_special_tokens=True)
        arguments = {"input_ids": ids, "streamer": streamer, **self._settings(max_tokens)}
        writer = threading.Thread(target=self._model.generate, kwargs=arguments, daemon=True)
        writer.start()
        yield from streamer
        writer.join()

    def _settings(self, max_tokens: int) -> dict[str, Any]:
        return {
            "max_new_tokens": max_tokens,
            "do_sample": False,
            "pad_token_id": self._pad_id,
            "eos_token_id": sorted(self._chat.end_ids),
        }

    def count_tokens(self, text: str) -> int:
        return self._chat.count_tokens(text)


def _load(folder: Path, adapter: Path | None) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    dtype = torch.bfloat16 if torch.cuda.is_available() else torch.float32
    with quiet_libraries():
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, use_safetensors=True)
        if adapter is not None:
            from peft import PeftModel

            model = PeftModel.from_pretrained(model, str(adapter)).merge_and_unload()
    return model.eval()


def _batches(ids: Sequence[Sequence[int]], max_tokens: int) -> Iterator[list[int]]:
    """Positions of the prompts, longest first, in batches whose padded size stays within the budget."""
    batch: list[int] = []
    width = 0
    for i in sorted(range(len(ids)), key=lambda i: -len(ids[i])):
        width = width or len(ids[i]) + max_tokens
        if batch and (len(batch) + 1) * width > TOKENS_PER_BATCH:
            yield batch
            batch, width = [], len(ids[i]) + max_tokens
        batch.append(i)
    if batch:
        yield batch
