"""Cascaded: contenders in turn. Each answers what it is sure enough of; the rest goes on to the next one.

Takes questions, gives answers with their route. From which confidence a level answers is fitted on dev, from the last
level to the first: for the value of the answers, less their cost if that is counted, then for time. Does not know how
the levels work.

Source: FrugalGPT's cascades, Chen, Zaharia and Zou 2023, arXiv:2305.05176; here each level's confidence is its own, and
the thresholds maximise the expected value instead of meeting a budget.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any, NamedTuple

from bakeoff.contenders.cuts import ALWAYS, FEWEST_FACTS, NEVER, NO_FACTS, fit_cut
from bakeoff.contenders.declining import declines
from bakeoff.contenders.outcomes import Outcome, Outcomes
from bakeoff.contenders.streaming import stream_of
from bakeoff.protocols import Contender
from bakeoff.records import Answer, Question, Record, Usage

__all__ = ["ALWAYS", "NEVER", "Cascaded", "Cascading", "Level", "fit_cascade", "is_sure"]


class Cascading(Record):
    """The levels in order, and from which confidence each but the last one answers.

    `considered` are all levels that it was fitted to, in order: one that is not worth asking is not among `levels`.
    """

    levels: tuple[str, ...]
    answers_from: tuple[float, ...]
    considered: tuple[str, ...] = ()

    @classmethod
    def of(cls, routing: Mapping[str, Any] | None) -> "Cascading | None":
        """The thresholds in a contender's fitted values; None if it is no cascade."""
        return cls.model_validate(routing) if routing and "answers_from" in routing else None


class Level(NamedTuple):
    """One level: its name, and its dev answers by question id.

    The last one's are as it gives them, declining included; the other ones' are as they would be used, but never below
    the confidence `least`.
    """

    name: str
    answers: Outcomes
    least: float = ALWAYS


class _Rest(NamedTuple):
    """What a level and those behind it make of a question: its value less its cost, and the seconds."""

    value: float
    seconds: float


def fit_cascade(levels: Sequence[Level], facts: Mapping[str, str] = NO_FACTS, per_usd: float = 0.0) -> Cascading:
    """The thresholds whose answers to the dev questions are worth most.

    `per_usd` is how many right answers a US dollar is worth; at 0 cost does not count. Going back from the last level,
    each one keeps the most confident share of its answers that is worth most against what the levels behind it make of
    the same questions. A level that is then not worth asking, because what it answers does not pay for asking it about
    the rest, is left out.
    """
    *first, last = levels
    rest = {key: _Rest(answer.net(per_usd), answer.seconds) for key, answer in last.answers.items()}
    kept: list[tuple[str, float]] = []
    for level in reversed(first):
        cut = _cut(level, rest, facts)
        shared = {key: rest[key] for key in rest if key in level.answers}
        together = {key: _together(level.answers[key], shared[key], cut, per_usd) for key in shared}
        if cut != NEVER and _sum(together) > _sum(shared):
            kept.insert(0, (level.name, cut))
            rest = together
    return Cascading(
        levels=(*(name for name, _ in kept), last.name),
        answers_from=tuple(cut for _, cut in kept),
        considered=tuple(level.name for level in levels),
    )


def level_of(name: str, answers: Outcomes, facts: Mapping[str, str], own: float | None) -> Level:
    """A level that is not the last. `own` is its own threshold for declining.

    Where its dev answers are about too few facts to fit a cut, it answers only what it answers alone.
    """
    n_facts = len({facts.get(key, key) for key, answer in answers.items() if answer.confidence is not None})
    return Level(name, answers, ALWAYS if own is None or n_facts >= FEWEST_FACTS else own)


def _cut(level: Level, rest: Mapping[str, _Rest], facts: Mapping[str, str]) -> float:
    """From which confidence a level answers. What asking it takes is spent either way."""
    own = {key: (answer.value, 0.0) for key, answer in level.answers.items()}
    sureness = {key: answer.confidence for key, answer in level.answers.items() if answer.confidence is not None}
    return max(level.least, fit_cut(own, rest, sureness, facts))


def _together(answer: Outcome, rest: _Rest, cut: float, per_usd: float) -> _Rest:
    """What a level and those behind it make of a question. What is spent on a level that passes on is spent."""
    if answer.confidence is not None and answer.confidence >= cut:
        return _Rest(answer.net(per_usd), answer.seconds)
    return _Rest(rest.value - per_usd * answer.usd, answer.seconds + rest.seconds)


def _sum(worth: Mapping[str, _Rest]) -> tuple[float, float]:
    """The mean value, then the time saved, by which two ways of answering are compared."""
    return round(fmean(one.value for one in worth.values()), 9), -fmean(one.seconds for one in worth.values())


class Cascaded:
    """The levels, each with the confidence from which it answers; the last one answers or declines what is left."""

    decides_before_streaming = True

    def __init__(
        self, name: str, levels: Sequence[Contender], answers_from: Sequence[float], labels: Collection[str] = ()
    ) -> None:
        self.name, self._labels = name, labels
        *first, self._last = levels
        self._levels = list(zip(first, answers_from, strict=True))

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each question, in order. `route` names the level; its usage is that of all levels asked."""
        given: dict[int, Answer] = {}
        used = [Usage() for _ in questions]
        waiting = list(range(len(questions)))
        for contender, least in self._levels:
            answers = contender.answer([questions[i] for i in waiting]) if waiting else []
            for i, answer in zip(waiting, answers, strict=True):
                used[i] += answer.usage
                if is_sure(answer, least, self._labels):
                    given[i] = self._routed(answer.model_copy(update={"abstained": False}), contender, used[i])
            waiting = [i for i in waiting if i not in given]
        final = self._last.answer([questions[i] for i in waiting]) if waiting else []
        for i, answer in zip(waiting, final, strict=True):
            given[i] = self._routed(answer, self._last, used[i] + answer.usage)
        return [given[i] for i in range(len(questions))]

    def stream(self, question: Question) -> Iterator[str | Answer]:
        """The answer of the level that is sure, in one piece, or the pieces of the last level's answer."""
        used = Usage()
        for contender, least in self._levels:
            (answer,) = contender.answer([question])
            used += answer.usage
            if is_sure(answer, least, self._labels):
                yield answer.text
                yield self._routed(answer.model_copy(update={"abstained": False}), contender, used)
                return
        for item in stream_of(self._last, question):
            yield self._routed(item, self._last, used + item.usage) if isinstance(item, Answer) else item

    def _routed(self, answer: Answer, by: Contender, usage: Usage) -> Answer:
        return answer.model_copy(update={"contender": self.name, "route": by.name, "usage": usage})


def is_sure(answer: Answer, least: float, labels: Collection[str] = ()) -> bool:
    """Whether a level's answer is used. One that failed or says that it cannot answer is passed on.

    `labels` are the keys of labels that it can answer with: 'unknown' is then an answer.
    """
    is_there = answer.error is None and answer.confidence is not None
    return is_there and not declines(answer.text, answer.confidence, least, labels)
