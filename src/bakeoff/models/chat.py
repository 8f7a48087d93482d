"""Turns prompts into token ids, and token ids into answers, with the model's own tokenizer, for every local engine.

Takes a model folder. Knows nothing about engines.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bakeoff.errors import ConfigError, TooLongError, error_line
from bakeoff.models.architecture import text_config
from bakeoff.models.chat_template import render, skeleton, turn_end
from bakeoff.models.control_tokens import ControlTokens
from bakeoff.models.damage import read_json_object
from bakeoff.models.loops import CHECK_EVERY, before_loop
from bakeoff.models.stops import before_stop, pieces_before_stop
from bakeoff.models.thinking import is_part_of_a_mark, pieces_without_thinking, without_thinking
from bakeoff.models.tokenizer import load_tokenizer
from bakeoff.records import Completion, GenerationSettings, Prompt, Usage


class Written(NamedTuple):
    """The text of a completion, whether the length limit cut it off, and whether it repeated itself."""

    text: str
    truncated: bool
    looped: bool


class Chat:
    """A tokenizer with its chat template, the model's context length and the tokens that end an answer.

    `turn_end_id` is the one that the template writes after an answer, which a tuned model learns to write too.
    """

    def __init__(self, folder: Path) -> None:
        config = text_config(folder)
        self.tokenizer: Any = load_tokenizer(folder)
        if not self.tokenizer.chat_template:
            raise ConfigError(
                f"The model in {folder} has no chat template.", "use the instruction-tuned version of the model"
            )
        self.context_tokens = int(config.get("max_position_embeddings") or 2048)
        after_turn = turn_end(self.tokenizer)
        self.end_ids = _end_ids(folder, config, self.tokenizer, after_turn)
        usual = [end for end in (after_turn, self.tokenizer.eos_token_id) if end is not None]
        self.turn_end_id: int = usual[0] if usual else min(self.end_ids)
        self._control = ControlTokens(self.tokenizer, skeleton(self.tokenizer))
        self._hidden = self.end_ids | _special_ids(self.tokenizer)
        self._byte_ids = {self.tokenizer.convert_tokens_to_ids(f"<0x{byte:02X}>") for byte in range(256)}

    def ids(self, prompt: Prompt) -> list[int]:
        """The prompt's token ids, ending where the assistant's answer begins.

        Only the chat template writes control tokens. Those in the contents of messages are plain text.
        """
        plain, mark = self._control.plain(prompt)
        return self._control.encoded(render(self.tokenizer, plain), mark)

    def plain_ids(self, text: str) -> list[int]:
        """The token ids of a text by itself. Control tokens in it are plain text."""
        return self._control.plain_ids(text)

    def ids_that_fit(self, prompt: Prompt, max_tokens: int) -> list[int]:
        """Same as `ids`. Raises TooLongError if the prompt and an answer of max_tokens exceed the context."""
        ids = self.ids(prompt)
        excess = self._excess(ids, max_tokens)
        if excess is not None:
            raise excess
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
        fitting = [ids for ids, excess in zip(rendered, excesses, strict=True) if excess is None]
        completed = iter(complete_ids(fitting) if fitting else [])
        return [
            next(completed) if excess is None else Completion(text="", usage=Usage(), error=error_line(excess))
            for excess in excesses
        ]

    def _excess(self, ids: Sequence[int], max_tokens: int) -> TooLongError | None:
        """The error if these tokens do not fit."""
        if len(ids) + max_tokens <= self.context_tokens:
            return None
        return TooLongError(
            f"A prompt of {len(ids):,} tokens and an answer of {max_tokens} do not fit into the model's context of "
            f"{self.context_tokens:,} tokens.",
            "lower retrieval.k or retrieval.chunk_tokens, use a model with a longer context, or ask a shorter question",
        )

    def text(self, ids: Sequence[int]) -> str:
        """The text of generated ids, with thinking blocks, without special tokens."""
        shown = [token for token in ids if token not in self._hidden]
        return str(self.tokenizer.decode(shown, clean_up_tokenization_spaces=False))

    def written(self, ids: Sequence[int], settings: GenerationSettings) -> Written:
        """The answer in generated ids.

        It has no thinking block, and ends before the first stop text. Unless the model ended it itself, it ends after
        the first occurrence of a loop. If the length limit cut off a thinking block, it is empty.
        """
        text, stopped = before_stop(without_thinking(self.text(ids)), settings.stop)
        ended, looped = stopped or (bool(ids) and ids[-1] in self.end_ids), False
        if not ended:
            text, looped = before_loop(text)
            ended = looped
        return Written(text, not ended and len(ids) >= settings.max_new_tokens, looped)

    def is_stopped(self, ids: Sequence[int], settings: GenerationSettings) -> bool:
        """Whether to write no further: the answer in generated ids holds a stop text, or repeats itself."""
        if settings.stop and before_stop(without_thinking(self.text(ids)), settings.stop)[1]:
            return True
        return bool(ids) and len(ids) % CHECK_EVERY == 0 and before_loop(without_thinking(self.text(ids)))[1]

    def pieces(self, written: Iterable[Sequence[int]], settings: GenerationSettings) -> Iterator[str]:
        """The pieces of the answer in ids that are generated one after another.

        Joined, they are that of `written`, but for repetitions that were sent before they were known to be a loop.
        """
        return pieces_before_stop(pieces_without_thinking(self._texts(written)), settings.stop)

    def _texts(self, written: Iterable[Sequence[int]]) -> Iterator[str]:
        """Token ids to text. An incomplete character waits for the rest of its tokens, and so do tokens of one byte.

        Some decoders take all bytes of a run as one text: a later byte may change what those before it mean.
        """
        ids: list[int] = []
        shown = ""
        for new in written:
            ids += new
            n_sure = next((n for n in range(len(ids), 0, -1) if ids[n - 1] not in self._byte_ids), 0)
            text = self.text(ids[:n_sure])
            if len(text) > len(shown) and not text.endswith("�"):
                yield text[len(shown) :]
                shown = text
        rest = self.text(ids)[len(shown) :]
        if rest:
            yield rest

    def count_tokens(self, text: str) -> int:
        return len(self.plain_ids(text))


def _special_ids(tokenizer: Any) -> set[int]:
    """The tokens that are not part of a text. Those around thinking are needed to find its end."""
    added = tokenizer.added_tokens_decoder.items()
    return {number for number, token in added if token.special and not is_part_of_a_mark(token.content)}


def _end_ids(folder: Path, config: dict[str, Any], tokenizer: Any, after_turn: int | None) -> set[int]:
    """The tokens that end an answer: of the generation settings, the configuration, the tokenizer and the template."""
    generation = read_json_object(folder / "generation_config.json")
    ends: set[int] = set()
    for named in (generation.get("eos_token_id"), config.get("eos_token_id"), tokenizer.eos_token_id, after_turn):
        ends |= set(named if isinstance(named, list) else [named]) - {None}
    if not ends:
        raise ConfigError(
            f"The model in {folder} names no token that ends an answer.", "set eos_token_id in config.json"
        )
    return ends
