"""`nearest-label`: the label of the most similar training examples, by a vote. Nothing is trained.

The vectors of the examples and of the question come from the run's embedder. The chance that the label is right is
Platt's curve over two numbers: the winner's share of the votes, and the cosine of its nearest example.
Source: Cover and Hart 1967, Nearest neighbor pattern classification, doi:10.1109/TIT.1967.1053964.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from pydantic import Field

from bakeoff.contenders.built import Fitted, Given
from bakeoff.contenders.label_answers import (
    FEWEST,
    NONE,
    Chosen,
    LabelAnswers,
    dev_examples,
    read_labels,
    read_record,
    training_examples,
    why_no_labels,
    write_labels,
)
from bakeoff.contenders.recipe import Material, Recipe, World
from bakeoff.files import jsonl
from bakeoff.measure.comparison import Days
from bakeoff.records import Record
from bakeoff.tuning.calibration import Platt, fit_platt

VECTORS, NUMBERS, VOTE = "examples.npy", "numbers.npy", "vote.json"
CHOICES = (1, 3, 5, 10, 20)
SHARPNESS = 20.0
"""A neighbour's vote is e to this times its cosine: one that is .05 nearer has 2.7 times the vote."""
MOST_LEFT_OUT = 2000
"""Of so many training examples, each is left out once to see how often a vote without it is right."""

MOST_CELLS = 4_000_000
"""Cosines are computed for so many rows at once that there are no more of them than this."""


class Vote(Record):
    """How many neighbours vote, and the curve from their votes to the chance that they are right."""

    k: int
    curve: Platt


class VoteOptions(Record):
    """`k` is how many neighbours vote; None takes what is most often right on the training examples themselves."""

    k: int | None = Field(default=None, ge=1)


class NearestLabel(Recipe):
    """Labels of similar examples."""

    name = "nearest-label"
    title = "Nearest label"
    summary = "the label of the most similar labelled examples, by a vote; no training, no language model"
    uses = ("retrieval.embedder",)
    approach = "rag"
    days = Days(setup=2.0, data=3.0, upkeep_per_month=0.5)
    asks_model = False
    Options = VoteOptions

    @property
    def embedder(self) -> str:
        """The embedder that compares questions."""
        return self.spec.retrieval.embedder

    def obstacle(self, world: World, material: Material) -> str | None:
        """It needs examples of two labels."""
        return why_no_labels(material)

    def prepare(self, world: World, material: Material) -> Fitted:
        """Stores the vectors of the examples, how many of them vote, and what their votes are worth on dev."""
        examples, embedder = training_examples(material), world.embedder(self.embedder)
        vectors = embedder.embed_queries(examples.texts)
        rows = np.arange(0, len(vectors), -(-len(vectors) // MOST_LEFT_OUT))
        k = self._k(vectors, examples.numbers, rows)
        dev = dev_examples(material, examples.labels)
        asked, truth = embedder.embed_queries(dev.texts or ("",))[: len(dev.texts)], dev.numbers
        own: np.ndarray | None = None
        if (truth != NONE).sum() < FEWEST:
            asked, truth = asked[truth == NONE], truth[truth == NONE]
            own = np.concatenate([rows, np.full(len(truth), NONE)])
            asked = np.concatenate([vectors[rows], asked])
            truth = np.concatenate([examples.numbers[rows], truth])
        numbers, features = voted(cosines(asked, vectors, own), examples.numbers, k)
        curve = fit_platt(features, list(numbers == truth))
        folder = world.contender_folder(self.spec.name)
        write_labels(folder, examples.labels)
        np.save(folder / VECTORS, vectors, allow_pickle=False)
        np.save(folder / NUMBERS, examples.numbers, allow_pickle=False)
        jsonl.write_text(folder / VOTE, Vote(k=k, curve=curve).model_dump_json(indent=1) + "\n")
        return Fitted()

    def _k(self, vectors: np.ndarray, numbers: np.ndarray, rows: np.ndarray) -> int:
        options = self.options
        assert isinstance(options, VoteOptions)
        if options.k is not None:
            return options.k
        winners: dict[int, list[np.ndarray]] = {k: [] for k in CHOICES}
        for part in cosines(vectors[rows], vectors, rows):
            for k, found in winners.items():
                found.append(vote(part, numbers, k)[0])
        right = {k: int((np.concatenate(found) == numbers[rows]).sum()) for k, found in winners.items()}
        return max(right, key=lambda k: right[k])

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> LabelAnswers:
        """The examples, and the embedder that compares questions with them."""
        folder = world.contender_folder(self.spec.name)
        vectors = np.load(folder / VECTORS, allow_pickle=False)
        numbers = np.load(folder / NUMBERS, allow_pickle=False)
        how, embedder = read_record(folder / VOTE, Vote), world.embedder(self.embedder)

        def classify(texts: Sequence[str]) -> Chosen:
            winners, features = voted(cosines(embedder.embed_queries(texts), vectors), numbers, how.k)
            return Chosen(winners, how.curve.chances(features))

        return LabelAnswers(self.spec.name, read_labels(folder), classify, fitted.decline_below)


def cosines(asked: np.ndarray, vectors: np.ndarray, own: np.ndarray | None = None) -> Iterator[np.ndarray]:
    """The cosines of vectors asked (rows) with the examples, in portions of rows; at least one portion.

    `own` is the number of each row among the examples, which does not vote for itself, or `NONE`.
    """
    step = max(1, MOST_CELLS // len(vectors))
    for start in range(0, max(1, len(asked)), step):
        part = asked[start : start + step] @ vectors.T
        if own is not None:
            mine = own[start : start + step]
            known = np.flatnonzero(mine != NONE)
            part[known, mine[known]] = -np.inf
        yield part


def voted(portions: Iterator[np.ndarray], numbers: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """As `vote`, for cosines in portions."""
    winners, features = zip(*(vote(part, numbers, k) for part in portions), strict=True)
    return np.concatenate(winners), np.concatenate(features)


def vote(cosines: np.ndarray, numbers: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """For each row of cosines (n, examples): the label's number, and (its share of the votes, its highest cosine)."""
    k = min(k, cosines.shape[1])
    nearest = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
    near = np.take_along_axis(cosines, nearest, axis=1)
    votes = np.zeros((len(cosines), int(numbers.max()) + 1))
    best = near.max(axis=1, keepdims=True)
    weights = np.exp(SHARPNESS * (near - best))
    np.add.at(votes, (np.arange(len(cosines))[:, None], numbers[nearest]), weights)
    winners = votes.argmax(axis=1)
    shares = votes[np.arange(len(votes)), winners] / votes.sum(axis=1)
    its_own = np.where(numbers[nearest] == winners[:, None], near, -np.inf).max(axis=1)
    return winners, np.column_stack([shares, its_own])
