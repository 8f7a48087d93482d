"""Training examples to batches without padding, in which all examples share one copy of their common beginning.

Takes examples and a model's chat rendering, gives tensors. Knows nothing about models and optimizers. A batch is one
long row: first the tokens that all of its examples begin with (usually the system message), then the rest of each
example. Attention is causal, so the shared beginning has the same states for each example. Computing it once changes
nothing: loss and gradients are those of a padded batch.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bakeoff.errors import InputError
from bakeoff.models.chat import Chat
from bakeoff.records import Prompt, Record

if TYPE_CHECKING:
    import torch

SORTED_TOGETHER = 8  # batches whose examples are sorted by length together, for similar lengths


class Example(Record):
    """A prompt and its target completion."""

    prompt: Prompt
    completion: str


@dataclass(frozen=True)
class Encoded:
    """An example's tokens. The loss counts those from n_prompt on."""

    tokens: tuple[int, ...]
    n_prompt: int


@dataclass(frozen=True)
class Layout:
    """Where the examples of a packed row are. All positions count tokens of the row.

    n_shared: length of the shared beginning. rows: (examples, longest), the position of each token of each example's
    rest, padded with the position of its first token. kept: the entries of `rows`, flattened, that are real, in order.
    """

    n_shared: int
    rows: "torch.Tensor"
    kept: "torch.Tensor"


@dataclass(frozen=True)
class Batch:
    """One packed row: tokens and positions (1, n), the positions that predict, and the target tokens there."""

    tokens: "torch.Tensor"
    positions: "torch.Tensor"
    layout: Layout
    predicting: "torch.Tensor"
    wanted: "torch.Tensor"
    n_wanted: tuple[int, ...]
    n_tokens: int

    def to(self, device: str) -> "Batch":
        """The same batch on another device."""
        layout = Layout(self.layout.n_shared, self.layout.rows.to(device), self.layout.kept.to(device))
        return Batch(
            self.tokens.to(device),
            self.positions.to(device),
            layout,
            self.predicting.to(device),
            self.wanted.to(device),
            self.n_wanted,
            self.n_tokens,
        )


def encode(chat: Chat, examples: Sequence[Example]) -> list[Encoded]:
    """Each example as the generator renders it: the chat template's prompt, the completion, the end of the turn.

    Raises InputError if a completion is empty or an example exceeds the model's context.
    """
    encoded = []
    for number, example in enumerate(examples, 1):
        if not example.completion.strip():
            raise InputError(f"Training example {number} has an empty completion.", "leave it out, or give its answer")
        prompt = chat.ids(example.prompt)
        completion = chat.tokenizer(example.completion, add_special_tokens=False)["input_ids"]
        tokens = (*prompt, *completion, chat.tokenizer.eos_token_id)
        if len(tokens) > chat.context_tokens:
            raise InputError(
                f"Training example {number} has {len(tokens)} tokens; the model takes {chat.context_tokens}.",
                "lower retrieval.k or retrieval.chunk_tokens, or use a model with a longer context",
            )
        encoded.append(Encoded(tokens, len(prompt)))
    return encoded


def n_common(encoded: Sequence[Encoded]) -> int:
    """Number of tokens that all prompts begin with. At least one token of each prompt is left over."""
    n = min((example.n_prompt for example in encoded), default=1) - 1
    first = encoded[0].tokens[:n] if encoded else ()
    for example in encoded[1:]:
        n = next((i for i in range(n) if example.tokens[i] != first[i]), n)
    return n if len(encoded) > 1 else 0


def plan(encoded: Sequence[Encoded], tokens_per_batch: int, examples_per_batch: int, key: str) -> list[list[int]]:
    """Indices of the examples of each batch, in an order drawn from the key. Every example occurs once.

    A batch holds at most examples_per_batch examples and tokens_per_batch tokens, with shared tokens counted once. A
    longer example has a batch of its own.
    """
    draw = random.Random(key)
    order = list(range(len(encoded)))
    draw.shuffle(order)
    n_shared = n_common(encoded)
    mean = sum(len(example.tokens) - n_shared for example in encoded) / len(encoded)
    window = SORTED_TOGETHER * min(examples_per_batch, max(1, int(tokens_per_batch / mean)))
    batches: list[list[int]] = []
    for start in range(0, len(order), window):
        together = sorted(order[start : start + window], key=lambda i: len(encoded[i].tokens))
        batches += _cut(together, encoded, n_shared, tokens_per_batch, examples_per_batch)
    draw.shuffle(batches)
    return batches


def _cut(
    order: Sequence[int], encoded: Sequence[Encoded], n_shared: int, n_tokens: int, n_examples: int
) -> list[list[int]]:
    batches: list[list[int]] = []
    room = 0
    for i in order:
        length = len(encoded[i].tokens) - n_shared
        if not batches or length > room or len(batches[-1]) == n_examples:
            batches.append([])
            room = n_tokens - n_shared
        batches[-1].append(i)
        room -= length
    return batches


def pack(encoded: Sequence[Encoded]) -> Batch:
    """The examples as one row."""
    import torch

    n_shared = n_common(encoded)
    rests = [example.tokens[n_shared:] for example in encoded]
    longest = max(map(len, rests))
    tokens, positions = list(encoded[0].tokens[:n_shared]), list(range(n_shared))
    rows: list[list[int]] = []
    kept: list[int] = []
    predicting: list[int] = []
    wanted: list[int] = []
    for i, (example, rest) in enumerate(zip(encoded, rests, strict=True)):
        at = len(tokens)
        rows.append([*range(at, at + len(rest)), *[at] * (longest - len(rest))])
        kept += range(i * longest, i * longest + len(rest))
        predicting += range(at + example.n_prompt - n_shared - 1, at + len(rest) - 1)
        wanted += example.tokens[example.n_prompt :]
        tokens += rest
        positions += range(n_shared, len(example.tokens))
    return Batch(
        tokens=torch.tensor([tokens]),
        positions=torch.tensor([positions]),
        layout=Layout(n_shared, torch.tensor(rows), torch.tensor(kept)),
        predicting=torch.tensor(predicting),
        wanted=torch.tensor(wanted),
        n_wanted=tuple(len(example.tokens) - example.n_prompt for example in encoded),
        n_tokens=sum(len(example.tokens) for example in encoded),
    )
