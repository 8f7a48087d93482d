"""Training examples to batches without padding, in which all examples share one copy of their common beginning.

Takes examples and a model's chat rendering, gives tensors. Knows nothing about models and optimizers. A batch consists
of rows. A row holds first the tokens that all of its examples begin with (the system message, and the passages if they
are the same), then the rest of each example. Attention is causal, so the shared beginning has the same states for each
example. Computing it once changes nothing: loss and gradients are those of a padded batch.
"""

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bakeoff.errors import InputError
from bakeoff.models.chat import Chat
from bakeoff.records import Prompt, Record

if TYPE_CHECKING:
    import torch

SORTED_TOGETHER = 8  # rows whose examples are sorted by length together, for similar lengths
FAMILY_TOKENS = 64  # examples that share so many tokens more than all others do are put into one row


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
class Row:
    """One packed row: tokens and positions (1, n), the positions that predict, and the target tokens there."""

    tokens: "torch.Tensor"
    positions: "torch.Tensor"
    layout: Layout
    predicting: "torch.Tensor"
    wanted: "torch.Tensor"
    n_wanted: tuple[int, ...]
    n_tokens: int

    def to(self, device: str) -> "Row":
        """The same row on another device."""
        layout = Layout(self.layout.n_shared, self.layout.rows.to(device), self.layout.kept.to(device))
        return Row(
            self.tokens.to(device),
            self.positions.to(device),
            layout,
            self.predicting.to(device),
            self.wanted.to(device),
            self.n_wanted,
            self.n_tokens,
        )


def encode(chat: Chat, examples: Sequence[Example], is_cut: bool = False) -> list[Encoded]:
    """Each example as the generator renders it: the chat template's prompt, the completion, the end of the turn.

    Raises InputError if a completion is empty or an example exceeds the model's context. With `is_cut` it is cut there.
    """
    encoded = []
    for number, example in enumerate(examples, 1):
        if not example.completion.strip():
            raise InputError(f"Training example {number} has an empty completion.", "leave it out, or give its answer")
        prompt = chat.ids(example.prompt)
        completion = chat.plain_ids(example.completion)
        tokens = (*prompt, *completion, chat.turn_end_id)
        if is_cut and len(prompt) < chat.context_tokens:
            tokens = tokens[: chat.context_tokens]
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


def plan(
    encoded: Sequence[Encoded], tokens_per_batch: int, tokens_per_row: int, examples_per_batch: int, key: str
) -> list[list[list[int]]]:
    """Batches of rows of examples, as indices, in an order drawn from the key. Every example occurs once.

    Examples whose prompts begin with the same passages are in one row, which holds the shared tokens once. A batch is
    one step of the optimizer. It holds at most examples_per_batch examples and tokens_per_batch tokens, with the shared
    tokens of a row counted once, and a row at most tokens_per_row. A longer example has a row or a batch of its own;
    two that share most of their tokens still share them.
    """
    draw = random.Random(key)
    n_row = min(tokens_per_batch, tokens_per_row)
    rows = [row for family in families(encoded) for row in _rows(family, encoded, n_row, examples_per_batch, draw)]
    draw.shuffle(rows)
    sizes = [_n_computed([encoded[i] for i in row]) for row in rows]
    batches: list[list[list[int]]] = []
    tokens = examples = 0
    for row, size in zip(rows, sizes, strict=True):
        tokens, examples = tokens + size, examples + len(row)
        if not batches or tokens > tokens_per_batch or examples > examples_per_batch:
            batches.append([])
            tokens, examples = size, len(row)
        batches[-1].append(row)
    return batches


def families(encoded: Sequence[Encoded]) -> list[list[int]]:
    """Groups of examples that share at least FAMILY_TOKENS more than all do. The others form the last group.

    Of examples that share one passage, those that share a second one too are a group of their own.
    """
    n_all = n_common(encoded)
    order = sorted(range(len(encoded)), key=lambda i: encoded[i].tokens)
    shared = [n_common([encoded[i], encoded[j]]) for i, j in itertools.pairwise(order)]
    groups = [order[:1]] if order else []
    for at, i in enumerate(order[1:]):
        beside = max(shared[max(0, at - 1) : at + 2])
        if shared[at] < n_all + FAMILY_TOKENS or shared[at] + FAMILY_TOKENS <= beside:
            groups.append([])
        groups[-1].append(i)
    alone = [group[0] for group in groups if len(group) == 1]
    return [*(group for group in groups if len(group) > 1), *([alone] if alone else [])]


def _rows(
    family: list[int], encoded: Sequence[Encoded], n_tokens: int, n_examples: int, draw: random.Random
) -> list[list[int]]:
    """The rows of one family: examples of similar length together, otherwise in a drawn order."""
    order = list(family)
    draw.shuffle(order)
    n_shared = n_common([encoded[i] for i in order])
    mean = sum(len(encoded[i].tokens) - n_shared for i in order) / len(order)
    window = SORTED_TOGETHER * min(n_examples, max(1, int(n_tokens / mean)))
    rows: list[list[int]] = []
    for start in range(0, len(order), window):
        together = sorted(order[start : start + window], key=lambda i: len(encoded[i].tokens))
        rows += _cut(together, encoded, n_shared, n_tokens, n_examples)
    return rows


def _n_computed(encoded: Sequence[Encoded]) -> int:
    """Number of tokens in the row of these examples, with shared ones counted once."""
    return sum(len(example.tokens) for example in encoded) - (len(encoded) - 1) * n_common(encoded)


def _cut(
    order: Sequence[int], encoded: Sequence[Encoded], n_shared: int, n_tokens: int, n_examples: int
) -> list[list[int]]:
    """Rows of at most n_tokens. Where most is shared, a row holds at least two examples, however long they are."""
    rows: list[list[int]] = []
    longest = max(len(encoded[i].tokens) for i in order) - n_shared
    least, room = 2 * longest if n_shared > longest else 0, 0
    for i in order:
        length = len(encoded[i].tokens) - n_shared
        if not rows or length > room or len(rows[-1]) == n_examples:
            rows.append([])
            room = max(n_tokens - n_shared, least)
        rows[-1].append(i)
        room -= length
    return rows


def pack(encoded: Sequence[Encoded]) -> Row:
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
    return Row(
        tokens=torch.tensor([tokens]),
        positions=torch.tensor([positions]),
        layout=Layout(n_shared, torch.tensor(rows), torch.tensor(kept)),
        predicting=torch.tensor(predicting),
        wanted=torch.tensor(wanted),
        n_wanted=tuple(len(example.tokens) - example.n_prompt for example in encoded),
        n_tokens=sum(len(example.tokens) for example in encoded),
    )
