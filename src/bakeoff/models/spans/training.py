"""Trains a span network on questions with marked answers: all layers but the word embeddings, resumable, seeded.

Takes questions with passages and the places of their answers, changes the network. Knows no data set.
"""

import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from bakeoff.errors import ContenderError
from bakeoff.models import saved_state
from bakeoff.models.gpu import has_bfloat16
from bakeoff.models.spans.network import Answers, SpanNetwork, padded, shared_loss, untrained
from bakeoff.models.spans.weights import load_difference, save_difference
from bakeoff.models.spans.windows import SpanQuestion, SpanTokenizer, Window
from bakeoff.models.threads import free_threads, use_threads
from bakeoff.records import Record

BUCKET = 64  # steps whose questions are sorted by length together
CHECKPOINT_EVERY_S = 60.0
GRADIENT_NORM = 1.0


class SpanTraining(Record):
    """How to train. `tokens_per_step` counts padding too. `layer_decay` is the factor of the rate between layers.

    With `dropout`, a tenth of the values between layers is left out at each step, as the model's configuration says.
    `bfloat16` says whether products are computed in it; None: if the processor has instructions for it. It ends after
    `most_steps`, or with the step in which `max_seconds` are over.
    """

    learning_rate: float = 1e-4
    tokens_per_step: int = 4096
    warmup_share: float = 0.06
    weight_decay: float = 0.01
    layer_decay: float = 1.0
    dropout: bool = True
    bfloat16: bool | None = None
    most_steps: int | None = None
    max_seconds: float | None = None
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


class Trained(Record):
    """What a training took, the sessions before a kill included."""

    n_steps: int = 0
    n_tokens: int = 0
    seconds: float = 0.0
    stopped_because: str = ""


def train(
    network: SpanNetwork,
    passes: Sequence[Sequence[Read]],
    settings: SpanTraining,
    on_step: Callable[[Step], None] = lambda step: None,
    checkpoint: Path | None = None,
    save_every: int = 200,
    clock: Callable[[], float] = time.monotonic,
) -> Trained:
    """Trains the network in place, on the questions of each pass. Goes on from the `checkpoint` if there is one, with
    the same weights at the end; it is written after so many steps, or CHECKPOINT_EVERY_S seconds of the `clock`.

    Raises ContenderError if the loss or its gradient is no longer a finite number.
    """
    steps = [step for number, questions in enumerate(passes) for step in steps_of(questions, settings, number)]
    steps = steps[: settings.most_steps]
    optimizer = torch.optim.AdamW(_groups(network, settings), lr=settings.learning_rate, betas=(0.9, 0.98))
    peaks = [group["lr"] for group in optimizer.param_groups]
    at = _resume(network, optimizer, checkpoint)
    network.train(settings.dropout)
    first, begun = at, clock()
    saved = begun
    while at.n_steps < len(steps) and not at.stopped_because:
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * rate(at.n_steps, len(steps), settings.warmup_share)
        loss = _step(network, optimizer, steps[at.n_steps], settings, at.n_steps)
        now = clock()
        at = _moved(at, steps[at.n_steps], first.seconds + now - begun, settings.max_seconds)
        speed = (at.n_tokens - first.n_tokens) / max(now - begun, 1e-9)
        on_step(Step(at.n_steps, len(steps), loss, speed))
        if checkpoint and (at.n_steps % save_every == 0 or now - saved >= CHECKPOINT_EVERY_S):
            _save(network, optimizer, checkpoint, at)
            saved = now
    network.eval()
    return at


def _step(
    network: SpanNetwork, optimizer: torch.optim.Optimizer, step: Sequence[Read], settings: SpanTraining, number: int
) -> float:
    """Changes the weights by one step. Its number decides what dropout leaves out. Returns the loss."""
    torch.manual_seed(settings.seed * 1_000_003 + number)
    loss = _loss(network, step, has_bfloat16() if settings.bfloat16 is None else settings.bfloat16)
    loss.backward()
    norm = float(torch.nn.utils.clip_grad_norm_(network.parameters(), GRADIENT_NORM))
    if not math.isfinite(loss.item()) or not math.isfinite(norm):
        raise ContenderError(
            f"After {number} steps the loss of training its reader is {loss.item()} and its gradient is {norm}.",
            f"lower options.learning_rate (now {settings.learning_rate:g})",
        )
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


def _moved(at: Trained, step: Sequence[Read], seconds: float, limit: float | None) -> Trained:
    """How far the training has come with this step."""
    return Trained(
        n_steps=at.n_steps + 1,
        n_tokens=at.n_tokens + sum(len(window.ids) for question in step for window in question.windows),
        seconds=seconds,
        stopped_because=f"the limit of {limit:g} s" if limit and seconds >= limit else "",
    )


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


def _save(network: SpanNetwork, optimizer: torch.optim.Optimizer, checkpoint: Path, at: Trained) -> None:
    """Saves the weights, the optimizer's moments and the place."""
    tensors = {f"network/{name}": tensor.detach().contiguous() for name, tensor in network.state_dict().items()}
    for number, moments in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer/{number}/{name}": tensor for name, tensor in moments.items()}
    saved_state.save(checkpoint, tensors, at)


def _resume(network: SpanNetwork, optimizer: torch.optim.Optimizer, checkpoint: Path | None) -> Trained:
    """Returns to the last checkpoint that is whole, if there is one."""
    saved = saved_state.load(checkpoint, Trained) if checkpoint else None
    if saved is None:
        return Trained()
    tensors, at = saved
    network.load_state_dict(saved_state.under("network/", tensors))
    state = saved_state.optimizer_state(tensors)
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
    return at


def train_further(
    base: Path,
    weights: Path | None,
    passes: tuple[Sequence[SpanQuestion], int],
    settings: SpanTraining,
    file: Path,
    checkpoint: Path,
    on_step: Callable[[Step], None] = lambda step: None,
) -> Trained:
    """Writes to a file the weights after so many passes over the questions, starting from other weights.

    Without those, it starts from the sentence model in `base`, with new heads. Called again after a kill, it continues
    from the `checkpoint`. Raises ContenderError if no answer can be read, or the loss is no longer a finite number.
    """
    questions, n_passes = passes
    lesson = read(SpanTokenizer(base), questions)
    if not any(question.places for question in lesson):
        raise ContenderError(
            f"None of {len(questions)} training questions has an answer that its reader can read whole.",
            "set options.epochs to 0, or shorten the answers",
        )
    use_threads(free_threads())
    network = untrained(base, settings.seed) if weights is None else load_difference(base, weights)
    trained = train(network, [lesson] * n_passes, settings, on_step, checkpoint)
    save_difference(network, base, file)
    return trained
