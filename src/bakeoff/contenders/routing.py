"""Routed: the tuned model answers questions that resemble its training questions, retrieval answers the rest.

Takes questions, gives answers with their route. The similarity threshold is calibrated on the dev split: for accuracy
first, then for cost. Does not know how the two contenders behind it work.
"""

import itertools
import time
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np

from bakeoff.contenders.streaming import stream_of
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
        given: dict[str, Answer] = {}
        for contender, chosen in ((self._near, is_near), (self._far, ~is_near)):
            routed = [question for question, here in zip(questions, chosen, strict=True) if here]
            if routed:
                given |= {
                    answer.question_id: answer.model_copy(
                        update={"contender": self.name, "route": contender.name, "usage": answer.usage + routing}
                    )
                    for answer in contender.answer(routed)
                }
        return [given[question.id] for question in questions]

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
    near: Mapping[str, tuple[float, float]],
    fars: Mapping[str, Mapping[str, tuple[float, float]]],
    familiarity: Mapping[str, float],
    near_name: str,
    trained_on: Collection[str],
) -> Routing:
    """The routing that is most accurate on the dev questions. If several are, the cheapest one.

    `near` and each of `fars` hold (1 if correct else 0, seconds) for each question id. Remaining ties are resolved by
    the higher threshold, which sends unfamiliar questions to retrieval. `trained_on` are the dev questions about facts
    that `near` was trained on. If there are none, nothing shows that it knows anything, and all questions go to
    retrieval.
    """
    options = []
    values = sorted(set(familiarity.values())) if trained_on else []
    cuts = [float("inf"), *((low + high) / 2 for low, high in itertools.pairwise(values))]
    cuts += [-1.0] if trained_on else []
    for far_name, far in fars.items():
        ids = [key for key in familiarity if key in near and key in far]
        for cut in cuts:
            chosen = [near[key] if familiarity[key] >= cut else far[key] for key in ids]
            right, seconds = sum(item[0] for item in chosen), sum(item[1] for item in chosen)
            options.append((-right, round(seconds, 3), -cut, far_name))
    _, _, negative_cut, far_name = min(options)
    # No cosine reaches 2, so this finite value means "always retrieve" (JSON has no infinity).
    return Routing(near=near_name, far=far_name, familiarity_at_least=min(2.0, -negative_cut))
