"""Prompts to token ids with a model's own tokenizer and chat template, the same for every local engine.

Takes a model folder. Knows nothing about engines.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bakeoff.errors import InputError
from bakeoff.records import Prompt


class Chat:
    """A tokenizer with its chat template and the model's context length."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoTokenizer

        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        self.context_tokens = int(config.get("max_position_embeddings") or 2048)
        self.end_ids = _end_ids(self.tokenizer, config)

    def ids(self, prompts: Sequence[Prompt], max_tokens: int) -> list[list[int]]:
        """Token ids of each prompt, up to where the assistant speaks.

        Raises InputError where a prompt and its answer would not fit into the context.
        """
        rendered = [self._ids(prompt) for prompt in prompts]
        longest = max((len(one) for one in rendered), default=0)
        if longest + max_tokens > self.context_tokens:
            raise InputError(
                f"A prompt of {longest:,} tokens and an answer of {max_tokens} do not fit into the model's context of "
                f"{self.context_tokens:,} tokens.",
                "lower retrieval.k or retrieval.chunk_tokens, or take a model with a longer context",
            )
        return rendered

    def _ids(self, prompt: Prompt) -> list[int]:
        messages = [message.model_dump() for message in prompt.messages]
        text = self.tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def text(self, ids: Sequence[int]) -> str:
        """The text of generated ids, special tokens left out."""
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=True))

    def count_tokens(self, text: str) -> int:
        return len(self.tokenizer(text, add_special_tokens=False)["input_ids"])


def _end_ids(tokenizer: Any, config: dict[str, Any]) -> set[int]:
    """The tokens that end an answer: the model's and the tokenizer's end of text."""
    ends = config.get("eos_token_id")
    listed = ends if isinstance(ends, list) else [ends]
    return {int(one) for one in (*listed, tokenizer.eos_token_id) if one is not None}
