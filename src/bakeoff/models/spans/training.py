"""Trains a span network on questions with marked answers: all layers but the word embeddings, resumable, seeded.

Takes questions with passages and the places of their answers, changes the network. Knows no data set.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from bakeoff.models.spans.network import Answers, SpanNetwork, padded, shared_loss, untrained
from bakeoff.models.spans.weights import load_difference, save_difference
from bakeoff.models.spans.windows import SpanQuestion, SpanTokenizer, Window
from bakeoff.models.threads import free_threads, use_threads
from bakeoff.records import Record

BUCKET = 64  # steps whose questions are sorted by length together


class SpanTraining(Record):
    """How to train. `tokens_per_step` counts padding too. `layer_decay` is the factor of the rate between layers.

    With `dropout`, a tenth of the values between layers is left out at each step, as the model's configuration says.
    """

    learning_rate: float = 1e-4
    tokens_per_step: int = 4096
    warmup_share: float = 0.06
    weight_decay: float = 0.01
    layer_decay: float = 1.0
    dropout: bool = True
    bfloat16: bool = True
    most_steps: int | None = None
    seed: int = 1


@dataclass(frozen=True)
class Read:
    """A question as its windows, and the right places as (number of the window, first, last token)."""

    windows: tuple[Window, ...]
    places: tuple[tuple[int, int, int], ...]

    @property
    def longest(self) -> int:
        return max(len(window.ids) for window in self.windows)


@dataclass(frozen=True)
class Step:
    """A finished step."""

    number: int
    of: int
    loss: float
    tokens_per_s: float


def read(tokenizer: SpanTokenizer, questions: Sequence[SpanQuestion]) -> list[Read]:
    """The questions as windows. One whose answer lies whole in no window, or that has no window, is left out."""
    kept = []
    for question in questions:
        windows = tuple(tokenizer.windows(question.text, question.passages))
        places = tuple(
            (number, *tokens)
            for number, window in enumerate(windows)
            for passage, start, end in question.places
            if passage == window.passage and (tokens := window.tokens_of(start, end)) is not None
        )
        if windows and bool(places) == bool(question.places):
            kept.append(Read(windows, places))
    return kept


def train(
    network: SpanNetwork,
    passes: Sequence[Sequence[Read]],
    settings: SpanTraining,
    on_step: Callable[[Step], None] = lambda step: None,
    checkpoint: Path | None = None,
    save_every: int = 200,
) -> None:
    """Trains the network in place, on the questions of each pass. Goes on from the `checkpoint` file if it exists."""
    steps = [step for number, questions in enumerate(passes) for step in steps_of(questions, settings, number)]
    steps = steps[: settings.most_steps]
    optimizer = torch.optim.AdamW(_groups(network, settings), lr=settings.learning_rate, betas=(0.9, 0.98))
    peaks = [group["lr"] for group in optimizer.param_groups]
    begin = _resume(network, optimizer, checkpoint)
    torch.manual_seed(settings.seed)
    network.train(settings.dropout)
    begun, n_tokens = time.perf_counter(), 0
    for number in range(begin, len(steps)):
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * rate(number, len(steps), settings.warmup_share)
        loss = _loss(network, steps[number], settings.bfloat16)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        n_tokens += sum(len(window.ids) for question in steps[number] for window in question.windows)
        on_step(Step(number + 1, len(steps), loss.item(), n_tokens / (time.perf_counter() - begun)))
        if checkpoint and (number + 1) % save_every == 0:
            _save(network, optimizer, checkpoint, number + 1)
    network.eval()


def rate(number: int, n_steps: int, warmup_share: float) -> float:
    """The share of the highest learning rate at a step: up in a straight line, then down to a twentieth."""
    n_up = max(1, round(warmup_share * n_steps))
    if number < n_up:
        return (number + 1) / n_up
    return 1 - 0.95 * (number - n_up) / max(1, n_steps - n_up)


def steps_of(questions: Sequence[Read], settings: SpanTraining, number: int) -> Iterator[list[Read]]:
    """The questions of each step, in a drawn order: those of a step have windows of similar length."""
    draw = random.Random(f"{settings.seed} {number}")
    order = draw.sample(range(len(questions)), len(questions))
    mean = sum(sum(len(window.ids) for window in one.windows) for one in questions) / max(1, len(questions))
    size = BUCKET * max(1, round(settings.tokens_per_step / max(1.0, mean)))
    for start in range(0, len(order), size):
        bucket = sorted((questions[i] for i in order[start : start + size]), key=lambda one: one.longest)
        steps = list(_filled(bucket, settings.tokens_per_step))
        draw.shuffle(steps)
        yield from steps


def _filled(questions: Sequence[Read], most: int) -> Iterator[list[Read]]:
    step: list[Read] = []
    n_windows = 0
    for question in questions:
        if step and (n_windows + len(question.windows)) * question.longest > most:
            yield step
            step, n_windows = [], 0
        step.append(question)
        n_windows += len(question.windows)
    if step:
        yield step


def _loss(network: SpanNetwork, step: Sequence[Read], bfloat16: bool) -> torch.Tensor:
    batch = padded([window for question in step for window in question.windows])
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
        spans, nothing = network(batch.ids, batch.kinds, batch.mask)
    answers, row = [], 0
    for question in step:
        answers.append(Answers(slice(row, row + len(question.windows)), question.places))
        row += len(question.windows)
    return shared_loss(spans, nothing, batch.is_text, answers)


def _groups(network: SpanNetwork, settings: SpanTraining) -> list[dict[str, object]]:
    """Parameters with their rate and decay: lower layers learn slower, biases and norms are not decayed."""
    layers = network.encoder.config.num_hidden_layers
    groups = []
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        parts = name.split(".")
        depth = int(parts[3]) + 1 if "layer" in parts else 0 if "embeddings" in parts else layers + 1
        lr = settings.learning_rate * settings.layer_decay ** (layers + 1 - depth)
        decay = settings.weight_decay if parameter.ndim > 1 else 0.0
        groups.append({"params": [parameter], "lr": lr, "weight_decay": decay})
    return groups


def _save(network: SpanNetwork, optimizer: torch.optim.Optimizer, checkpoint: Path, number: int) -> None:
    half = checkpoint.with_suffix(".half")
    torch.save({"network": network.state_dict(), "optimizer": optimizer.state_dict(), "step": number}, half)
    half.replace(checkpoint)


def _resume(network: SpanNetwork, optimizer: torch.optim.Optimizer, checkpoint: Path | None) -> int:
    if checkpoint is None or not checkpoint.exists():
        return 0
    kept = torch.load(checkpoint, weights_only=True)
    network.load_state_dict(kept["network"])
    optimizer.load_state_dict(kept["optimizer"])
    return int(kept["step"])


def train_further(
    base: Path,
    weights: Path | None,
    questions: Sequence[SpanQuestion],
    epochs: int,
    settings: SpanTraining,
    file: Path,
) -> None:
    """Writes to a file the weights after so many passes over the questions, starting from other weights.

    Without those, it starts from the sentence model in `base`, with new heads.
    """
    use_threads(free_threads())
    network = untrained(base, settings.seed) if weights is None else load_difference(base, weights)
    lesson = read(SpanTokenizer(base), questions)
    train(network, [lesson] * epochs, settings)
    save_difference(network, base, file)
