"""Turns prompts into token ids with the model's own tokenizer and chat template, for every local engine.

Takes a model folder. Knows nothing about engines.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import TemplateError

from bakeoff.errors import ConfigError, InputError
from bakeoff.models.loops import CHECK_EVERY, before_loop
from bakeoff.models.stops import before_stop
from bakeoff.records import Completion, GenerationSettings, Prompt, Usage


class Written(NamedTuple):
    """The text of a completion, whether the length limit cut it off, and whether it repeated itself."""

    text: str
    truncated: bool
    looped: bool


class Chat:
    """A tokenizer with its chat template, the model's context length and the tokens that end an answer."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoTokenizer

        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        if not self.tokenizer.chat_template:
            raise ConfigError(
                f"The model in {folder} has no chat template.", "use the instruction-tuned version of the model"
            )
        self.context_tokens = int(config.get("max_position_embeddings") or 2048)
        self.end_ids = _end_ids(folder, config, self.tokenizer)

    def ids(self, prompt: Prompt) -> list[int]:
        """The prompt's token ids, ending where the assistant's answer begins."""
        return list(self.tokenizer(render(self.tokenizer, prompt), add_special_tokens=False)["input_ids"])

    def ids_that_fit(self, prompt: Prompt, max_tokens: int) -> list[int]:
        """Same as `ids`. Raises InputError if the prompt and an answer of max_tokens exceed the context."""
        ids = self.ids(prompt)
        if self._excess(ids, max_tokens):
            raise InputError(self._excess(ids, max_tokens), _SHORTER)
        return ids

    def complete(
        self,
        prompts: Sequence[Prompt],
        max_tokens: int,
        complete_ids: Callable[[list[list[int]]], list[Completion]],
    ) -> list[Completion]:
        """An engine's completions, in the order of the prompts. A prompt that does not fit gets an error instead."""
        rendered = [self.ids(prompt) for prompt in prompts]
        excesses = [self._excess(ids, max_tokens) for ids in rendered]
        fitting = [ids for ids, excess in zip(rendered, excesses, strict=True) if not excess]
        completed = iter(complete_ids(fitting) if fitting else [])
        return [
            Completion(text="", usage=Usage(), error=f"{excess} {_SHORTER}") if excess else next(completed)
            for excess in excesses
        ]

    def _excess(self, ids: Sequence[int], max_tokens: int) -> str:
        """Why these tokens do not fit, or an empty string."""
        if len(ids) + max_tokens <= self.context_tokens:
            return ""
        return (
            f"A prompt of {len(ids):,} tokens and an answer of {max_tokens} do not fit into the model's context of "
            f"{self.context_tokens:,} tokens."
        )

    def text(self, ids: Sequence[int]) -> str:
        """The text of generated ids, without special tokens."""
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=True))

    def written(self, ids: Sequence[int], settings: GenerationSettings) -> Written:
        """The text of generated ids, cut before the first stop text and after the first occurrence of a loop."""
        text, stopped = before_stop(self.text(ids), settings.stop)
        text, looped = before_loop(text)
        ended = stopped or looped or (bool(ids) and ids[-1] in self.end_ids)
        return Written(text, not ended and len(ids) >= settings.max_new_tokens, looped)

    def is_stopped(self, ids: Sequence[int], settings: GenerationSettings) -> bool:
        """Whether to write no further: the text of generated ids holds a stop text, or repeats itself."""
        if settings.stop and before_stop(self.text(ids), settings.stop)[1]:
            return True
        return bool(ids) and len(ids) % CHECK_EVERY == 0 and before_loop(self.text(ids))[1]

    def count_tokens(self, text: str) -> int:
        # Often called for texts longer than the context: `verbose=False` turns off the warning about that.
        return len(self.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])


_SHORTER = "Lower retrieval.k or retrieval.chunk_tokens, or use a model with a longer context."


def render(tokenizer: Any, prompt: Prompt) -> str:
    """The prompt in the tokenizer's chat template, ending where the assistant's answer begins.

    Holds only the messages given. Some templates add a system message of their own if there is none; it is removed.
    """
    messages = [message.model_dump() for message in prompt.messages]
    text = str(tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False))
    if messages[0]["role"] == "system":
        return text
    system = {"role": "system", "content": "x"}
    try:
        alone = str(tokenizer.apply_chat_template([system], tokenize=False))
        after = str(tokenizer.apply_chat_template([system, *messages], add_generation_prompt=True, tokenize=False))
    except TemplateError:  # a template that does not support system messages adds none
        return text
    body = after.removeprefix(alone)
    if body == after or not text.endswith(body):
        return text
    begin = tokenizer.bos_token or ""
    return body if body.startswith(begin) or not text.startswith(begin) else begin + body


def _end_ids(folder: Path, config: dict[str, Any], tokenizer: Any) -> set[int]:
    """The tokens that end an answer, from the generation settings, the model's configuration and the tokenizer."""
    settings = folder / "generation_config.json"
    generation = json.loads(settings.read_text(encoding="utf-8")) if settings.exists() else {}
    ends: set[int] = set()
    for named in (generation.get("eos_token_id"), config.get("eos_token_id"), tokenizer.eos_token_id):
        ends |= set(named if isinstance(named, list) else [named]) - {None}
    if not ends:
        raise ConfigError(
            f"The model in {folder} names no token that ends an answer.", "set eos_token_id in config.json"
        )
    return ends
