"""Routed: the tuned model answers questions that resemble its training questions, retrieval answers the rest.

Takes questions, gives answers with their route. The similarity threshold is calibrated on the dev split: for the value
of the answers first, then for time. Does not know how the two contenders behind it work.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

import numpy as np

from bakeoff.contenders.cuts import NEVER, NO_FACTS, Worth, fit_cut
from bakeoff.contenders.streaming import stream_of
from bakeoff.measure.value import is_clear, mean_gain
from bakeoff.models.kept.clock import now
from bakeoff.protocols import Contender, Embedder
from bakeoff.records import Answer, Question, Record, Usage


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
        begun = now()
        is_near = self._familiarity.of([question.text for question in questions]) >= self._threshold
        routing = Usage(seconds=(now() - begun) / max(1, len(questions)))
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
    near: Worth,
    fars: Mapping[str, Worth],
    familiarity: Mapping[str, float],
    near_name: str,
    trained_on: Collection[str],
    facts: Mapping[str, str] = NO_FACTS,
) -> Routing:
    """The routing whose answers to the dev questions are worth most.

    `near` and each of `fars` hold (value, seconds) for each question id; a higher value is better. `trained_on` are the
    dev questions about facts that `near` was trained on. If there are none, nothing shows that it knows anything, and
    all questions go to retrieval. `facts` groups the phrasings of a question.

    Of `fars`, each with its own cut (`cuts.fit_cut`), the first is used, unless another's gain over it is above zero by
    more than one standard error over facts. So no single question decides.
    """
    best, *others = (_choice(near, far, familiarity, trained_on, facts, name) for name, far in fars.items())
    for other in others:
        if is_clear(*_gain(other, best, facts)):
            best = other
    # Every cosine reaches -1 and none reaches 2, which means "always retrieve".
    return Routing(near=near_name, far=best.far, familiarity_at_least=min(2.0, max(-1.0, best.familiarity_at_least)))


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
    near: Worth,
    far: Worth,
    familiarity: Mapping[str, float],
    trained_on: Collection[str],
    facts: Mapping[str, str],
    name: str,
) -> _Choice:
    cut = fit_cut(near, far, familiarity, facts) if trained_on else NEVER
    ids = [key for key in familiarity if key in near and key in far]
    return _Choice(name, cut, {key: (near if familiarity[key] >= cut else far)[key][0] for key in ids})
