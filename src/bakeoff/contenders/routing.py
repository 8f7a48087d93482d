"""Routed: the tuned model answers questions that resemble its training questions, retrieval answers the rest.

Takes questions, gives answers with their route. The similarity threshold is calibrated on the dev split: for the value
of the answers first, then for time. Does not know how the two contenders behind it work.
"""

import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from statistics import fmean
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from bakeoff.contenders.streaming import stream_of
from bakeoff.measure.value import is_clear, mean_gain
from bakeoff.protocols import Contender, Embedder
from bakeoff.records import Answer, Question, Record, Usage

Outcomes = Mapping[str, tuple[float, float]]
"""(value, seconds) of a contender's answer to each question, by the question's id."""
NO_FACTS: Mapping[str, str] = MappingProxyType({})
N_DRAWS = 100


class Routing(Record):
    """How questions are routed: to `near` if the familiarity reaches the threshold, else to `far`."""

    near: str
    far: str
    familiarity_at_least: float


class Familiarity:
    """How similar a question is to the nearest training question: the cosine of their embeddings."""

    def __init__(self, embedder: Embedder, trained: np.ndarray) -> None:
        self._embedder = embedder
        self._trained = trained

    def of(self, texts: Sequence[str]) -> np.ndarray:
        """One cosine in -1..1 for each text."""
        if not len(self._trained):
            return np.full(len(texts), -1.0)
        return (self._embedder.embed_queries(texts) @ self._trained.T).max(axis=1)


class Routed:
    """Two contenders and the rule that chooses between them."""

    decides_before_streaming = True

    def __init__(
        self, name: str, near: Contender, far: Contender, familiarity: Familiarity, familiarity_at_least: float
    ) -> None:
        self.name = name
        self._near = near
        self._far = far
        self._familiarity = familiarity
        self._threshold = familiarity_at_least

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each question, in order. `route` names the contender that gave it."""
        begun = time.perf_counter()
        is_near = self._familiarity.of([question.text for question in questions]) >= self._threshold
        routing = Usage(seconds=(time.perf_counter() - begun) / max(1, len(questions)))
        given: dict[int, Answer] = {}
        for contender, chosen in ((self._near, is_near), (self._far, ~is_near)):
            routed = [number for number, here in enumerate(chosen) if here]
            if routed:
                answers = contender.answer([questions[number] for number in routed])
                given |= {
                    number: answer.model_copy(
                        update={"contender": self.name, "route": contender.name, "usage": answer.usage + routing}
                    )
                    for number, answer in zip(routed, answers, strict=True)
                }
        return [given[number] for number in range(len(questions))]

    def stream(self, question: Question) -> Iterator[str | Answer]:
        """The pieces of the routed contender's answer, then the whole answer with its route."""
        near = self._familiarity.of([question.text])[0] >= self._threshold
        contender = self._near if near else self._far
        for item in stream_of(contender, question):
            if isinstance(item, Answer):
                yield item.model_copy(update={"contender": self.name, "route": contender.name})
            else:
                yield item


def calibrate_routing(
    near: Outcomes,
    fars: Mapping[str, Outcomes],
    familiarity: Mapping[str, float],
    near_name: str,
    trained_on: Collection[str],
    facts: Mapping[str, str] = NO_FACTS,
) -> Routing:
    """The routing whose answers to the dev questions are worth most.

    `near` and each of `fars` hold (value, seconds) for each question id; a higher value is better. `trained_on` are the
    dev questions about facts that `near` was trained on. If there are none, nothing shows that it knows anything, and
    all questions go to retrieval. `facts` groups the phrasings of a question.

    As with the threshold for declining, the facts of dev are drawn again many times, each draw has a best share of the
    questions to send to `near` (of equally good ones, the fastest), and the mean of these shares is used. Of `fars`,
    each with its own share, the first is used, unless another's gain over it is above zero by more than one standard
    error over facts. So no single question decides.
    """
    best, *others = (_choice(near, far, familiarity, trained_on, facts, name) for name, far in fars.items())
    for other in others:
        if is_clear(*_gain(other, best, facts)):
            best = other
    # No cosine reaches 2, so this finite value means "always retrieve" (JSON has no infinity).
    return Routing(near=near_name, far=best.far, familiarity_at_least=min(2.0, best.familiarity_at_least))


class _Choice(NamedTuple):
    """One contender that retrieves, with the cut that suits it, and the values of the routed answers to dev."""

    far: str
    familiarity_at_least: float
    values: Mapping[str, float]


def _gain(choice: _Choice, before: _Choice, facts: Mapping[str, str]) -> tuple[float, float]:
    """The mean gain over the facts that both answered, each the mean of its phrasings, and its standard error."""
    gains = defaultdict(list)
    for key, value in choice.values.items():
        if key in before.values:
            gains[facts.get(key, key)].append(value - before.values[key])
    return mean_gain([fmean(of_fact) for of_fact in gains.values()])


def _choice(
    near: Outcomes,
    far: Outcomes,
    familiarity: Mapping[str, float],
    trained_on: Collection[str],
    facts: Mapping[str, str],
    name: str,
) -> _Choice:
    ids = sorted((key for key in familiarity if key in near and key in far), key=lambda key: -familiarity[key])
    n = n_near(ids, near, far, familiarity, facts) if trained_on else 0
    cut = float("inf")
    if n == len(ids) > 0:
        cut = -1.0
    elif n:
        cut = (familiarity[ids[n - 1]] + familiarity[ids[n]]) / 2
    return _Choice(name, cut, {key: (near if familiarity[key] >= cut else far)[key][0] for key in ids})


def n_near(
    ids: Sequence[str], near: Outcomes, far: Outcomes, familiarity: Mapping[str, float], facts: Mapping[str, str]
) -> int:
    """How many of these questions, most familiar first, to send to `near`: the mean over redrawn sets of facts."""
    names = sorted({facts.get(key, key) for key in ids})
    fact = np.array([names.index(facts.get(key, key)) for key in ids])
    gains = np.array([near[key][0] - far[key][0] for key in ids])
    saved = np.array([far[key][1] - near[key][1] for key in ids])
    counts = np.random.default_rng(0).multinomial(len(names), np.full(len(names), 1 / len(names)), size=N_DRAWS)
    ends = [0, *(i + 1 for i in range(len(ids)) if i + 1 == len(ids) or familiarity[ids[i]] > familiarity[ids[i + 1]])]
    worth, faster = (_sums(counts[:, fact] * values)[:, ends] for values in (gains, saved))
    worth = np.round(worth, 9)
    most = worth == worth.max(axis=1, keepdims=True)
    best = np.where(most, np.round(faster, 3), -np.inf).argmax(axis=1)
    share = np.mean([ends[i] for i in best])
    return min(ends, key=lambda end: abs(end - share))


def _sums(values: np.ndarray) -> np.ndarray:
    """The sums of the first 0, 1, ... values of each row."""
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
