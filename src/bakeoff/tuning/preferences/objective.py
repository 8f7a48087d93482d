"""DPO and KTO as objectives of the training loop: the loss of a batch, and the results on what is held out.

Takes judged answers and settings, gives what a `tuning.task.Task` asks for. The reference is the model as it is when
the training begins: its log-probabilities are computed once and kept beside the checkpoint, so that no second model is
in memory. Importing it imports torch. Sources: `losses`; of the term of supervised learning Pang et al. 2024,
"Iterative Reasoning Preference Optimization" (arXiv 2404.19733); of what the objection is about Pal et al. 2024,
"Smaug: Fixing Failure Modes of Preference Optimisation with DPO-Positive" (arXiv 2402.13228).
"""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from safetensors.torch import load, save

from bakeoff.tuning.checkpoint import DevFit, write_bytes
from bakeoff.tuning.fast_model import Fit
from bakeoff.tuning.packing import Encoded, Example, Row, encode, n_common, pack
from bakeoff.tuning.preferences.lesson import Judged, PreferenceLesson
from bakeoff.tuning.preferences.losses import dpo_losses, kto_losses, kto_point
from bakeoff.tuning.settings import Preferences
from bakeoff.tuning.task import Part, Trainable

Numbered = tuple[tuple[int, ...], Row]
TOKENS_AT_ONCE = 1024
"""The most tokens of a row, unless one item alone has more: this bounds memory, however long disliked answers are."""


class Answers:
    """Some judged answers as tokens, and their log-probabilities under the reference (one row for each)."""

    def __init__(self, model: Trainable, judged: Sequence[Sequence[Example]], is_cut: bool = False) -> None:
        self.tokens = [encode(model.chat, examples, is_cut) for examples in judged]
        self.n_each = len(self.tokens[0]) if self.tokens else 1
        self.reference = torch.empty(0)

    def rows(self, numbers: Sequence[int]) -> Iterator[Numbered]:
        """These answers in rows. An item has a row of its own if that computes fewer tokens (its prompt is long)."""
        for some in self._cut(numbers):
            together = [one for i in some for one in self.tokens[i]]
            alone = sum(_n_computed(self.tokens[i]) for i in some)
            if _n_computed(together) <= alone:
                yield tuple(some), pack(together)
            else:
                for i in some:
                    yield (i,), pack(self.tokens[i])

    def _cut(self, numbers: Sequence[int]) -> Iterator[list[int]]:
        """Items in order, together at most TOKENS_AT_ONCE tokens, or one longer item."""
        some: list[int] = []
        for i in numbers:
            if some and _n_computed([one for j in (*some, i) for one in self.tokens[j]]) > TOKENS_AT_ONCE:
                yield some
                some = []
            some.append(i)
        if some:
            yield some

    def log_probabilities(self, model: Trainable, row: Row) -> torch.Tensor:
        """As many columns as each item has answers."""
        of_answers = model.log_probabilities(row).cpu()
        return of_answers.view(-1, self.n_each)

    def ratios(self, model: Trainable, numbers: Sequence[int], row: Row) -> torch.Tensor:
        """The log-ratios to the reference, a row for each item."""
        return self.log_probabilities(model, row) - self.reference[list(numbers)]

    @torch.no_grad()
    def compute(self, model: Trainable) -> torch.Tensor:
        """The log-probabilities under the model as it is now."""
        computed = torch.empty(len(self.tokens), self.n_each)
        for numbers, row in self.rows(range(len(self.tokens))):
            computed[list(numbers)] = self.log_probabilities(model, row)
        return computed

    def n_wanted(self, i: int) -> int:
        """Tokens of the first answer of an item."""
        return len(self.tokens[i][0].tokens) - self.tokens[i][0].n_prompt


class Objective:
    """What both methods share. A subclass computes losses from log-ratios."""

    def __init__(self, lesson: PreferenceLesson, settings: Preferences, seed: int) -> None:
        self.lesson, self.settings, self.seed = lesson, settings, seed

    def parts(self, model: Trainable) -> dict[str, Answers]:
        """All answers whose log-probabilities under the reference are needed, by name."""
        train, held = ([one.examples for one in judged] for judged in self.lesson)
        return {"train": Answers(model, train), "held": Answers(model, held)}

    def begin(self, model: Trainable, folder: Path) -> None:
        """Computes the reference, or reads what a training that was stopped has computed."""
        self.answers = self.parts(model)
        path = folder / "reference.safetensors"
        if not path.exists():
            write_bytes(path, save({name: answers.compute(model) for name, answers in self.answers.items()}))
        tensors = load(path.read_bytes())
        for name, answers in self.answers.items():
            answers.reference = tensors[name]

    def supervised(self, log_probability: torch.Tensor, n_tokens: int) -> torch.Tensor:
        """The term of supervised learning, from the summed log-probability of liked answers in a batch of so many
        tokens of liked answers.
        """
        return -self.settings.sft_weight * log_probability / max(1, n_tokens)

    @property
    def n_liked(self) -> int:
        """Of what is held out, how many liked answers there are."""
        return sum(bool(one.liked) for one in self.lesson.held)

    def objection(self, dev: DevFit) -> str:
        """What to say if the liked answers that are held out have become less likely than at the beginning."""
        gain = dev.gain / max(1, self.n_liked)
        if not self.n_liked or gain >= -self.settings.allowed_fall:
            return ""
        return (
            f"the liked answers that are held out became less likely (by {-gain:.2f} in log-probability, "
            f"{self.settings.allowed_fall:g} is allowed)"
        )


class Dpo(Objective):
    """Pairs: the liked answer shall gain more than the disliked one."""

    def losses(self, ratios: torch.Tensor) -> torch.Tensor:
        return dpo_losses(ratios[:, 0], ratios[:, 1], self.settings.beta)

    def __call__(self, model: Trainable, batch: Sequence[Part]) -> Iterator[torch.Tensor]:
        """The mean loss of the pairs, and that of supervised learning on their liked answers."""
        train = self.answers["train"]
        every = [i for part in batch for i in part.examples]
        n_tokens = sum(map(train.n_wanted, every))
        for part in batch:
            for numbers, row in train.rows(part.examples):
                ratios = train.ratios(model, numbers, row)
                liked = (ratios + train.reference[list(numbers)])[:, 0].sum()
                yield self.losses(ratios).sum() / len(every) + self.supervised(liked, n_tokens)

    @torch.no_grad()
    def fit(self, model: Trainable, part: Part) -> Fit:
        """The loss of held-out pairs, and in which ones the liked answer has gained more."""
        held, loss, right, gain = self.answers["held"], 0.0, [], 0.0
        for numbers, row in held.rows(part.examples):
            ratios = held.ratios(model, numbers, row)
            loss += float(self.losses(ratios).sum())
            right += (ratios[:, 0] > ratios[:, 1]).tolist()
            gain += float(ratios[:, 0].sum())
        return Fit(loss, len(right), tuple(right), gain)


class Kto(Objective):
    """Single answers: liked ones shall become more likely than the reference point, disliked ones less."""

    def __init__(self, lesson: PreferenceLesson, settings: Preferences, seed: int) -> None:
        super().__init__(lesson, settings, seed)
        n_liked = sum(bool(one.liked) for one in lesson.train)
        n_disliked = len(lesson.train) - n_liked
        self.weights = (max(1.0, n_disliked / max(1, n_liked)), max(1.0, n_liked / max(1, n_disliked)))
        self.liked = {name: torch.tensor([bool(one.liked) for one in judged])
                      for name, judged in zip(("train", "held"), lesson, strict=True)}  # fmt: skip

    def parts(self, model: Trainable) -> dict[str, Answers]:
        """With each prompt beside the answer to another one, for the reference point: as much of it as fits there."""
        mismatched = [[one] for one in mismatches(self.lesson.train, self.seed)]
        return {**super().parts(model), "mismatched": Answers(model, mismatched, is_cut=True)}

    @torch.no_grad()
    def point(self, model: Trainable, batch: Sequence[Part]) -> torch.Tensor:
        """How far the model has moved from the reference, on this batch."""
        answers = self.answers["mismatched"]
        rows = (row for part in batch for row in answers.rows(part.examples))
        return kto_point(torch.cat([answers.ratios(model, numbers, row)[:, 0] for numbers, row in rows]))

    def __call__(self, model: Trainable, batch: Sequence[Part]) -> Iterator[torch.Tensor]:
        """The mean loss of the answers, and that of supervised learning on the liked ones."""
        train, z = self.answers["train"], self.point(model, batch)
        every = [i for part in batch for i in part.examples]
        n_tokens = sum(train.n_wanted(i) for i in every if self.lesson.train[i].liked)
        for part in batch:
            for numbers, row in train.rows(part.examples):
                ratios = train.ratios(model, numbers, row)[:, 0]
                liked = self.liked["train"][list(numbers)]
                losses = kto_losses(ratios, liked, z, self.settings.beta, self.weights)
                own = (ratios + train.reference[list(numbers), 0])[liked].sum()
                yield losses.sum() / len(every) + self.supervised(own, n_tokens)

    @torch.no_grad()
    def fit(self, model: Trainable, part: Part) -> Fit:
        """The loss of held-out answers (with the reference as the point), and which ones moved as people wish."""
        held, loss, right, gain = self.answers["held"], 0.0, [], 0.0
        for numbers, row in held.rows(part.examples):
            ratios, liked = held.ratios(model, numbers, row)[:, 0], self.liked["held"][list(numbers)]
            loss += float(kto_losses(ratios, liked, torch.zeros(()), self.settings.beta, self.weights).sum())
            right += torch.where(liked, ratios > 0, ratios < 0).tolist()
            gain += float(ratios[liked].sum())
        return Fit(loss, len(right), tuple(right), gain)


def mismatches(judged: Sequence[Judged], seed: int) -> list[Example]:
    """Each prompt with the answer of another one: the next in a drawn order, of another question if there is one."""
    order = random.Random(seed).sample(range(len(judged)), len(judged))
    place = {i: at for at, i in enumerate(order)}
    examples = []
    for i, one in enumerate(judged):
        after = [judged[j] for j in (*order[place[i] + 1 :], *order[: place[i]])]
        other = next((other for other in after if other.prompt != one.prompt), one)
        examples.append(Example(prompt=one.prompt, completion=other.example.completion))
    return examples


def _n_computed(encoded: Sequence[Encoded]) -> int:
    return sum(len(one.tokens) for one in encoded) - (len(encoded) - 1) * n_common(encoded)
