"""Cascaded: contenders in turn. Each answers what it is sure enough of; the rest goes on to the next one.

Takes questions, gives answers with their route. From which confidence a level answers is fitted on dev, from the last
level to the first: for the value of the answers first, then for time. Does not know how the levels work.

Source: FrugalGPT's cascades, Chen, Zaharia and Zou 2023, arXiv:2305.05176; here each level's confidence is its own, and
the thresholds maximise the expected value instead of meeting a budget.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from bakeoff.contenders.declining import declines
from bakeoff.contenders.routing import NO_FACTS, Outcomes, n_near
from bakeoff.contenders.streaming import stream_of
from bakeoff.protocols import Contender
from bakeoff.records import Answer, Question, Record, Usage

NEVER, ALWAYS = 1e9, -1e9
"""Finite thresholds that no confidence, and that every confidence reaches (JSON has no infinity)."""


class Cascading(Record):
    """The levels in order, and from which confidence each but the last one answers."""

    levels: tuple[str, ...]
    answers_from: tuple[float, ...]


class LevelAnswer(NamedTuple):
    """A level's dev answer if it were used: value, seconds and confidence. None: it says that it cannot answer."""

    value: float
    seconds: float
    confidence: float | None


class Level(NamedTuple):
    """One level: its name, and its dev answers by question id."""

    name: str
    answers: Mapping[str, LevelAnswer]


def fit_cascade(levels: Sequence[Level], last: str, final: Outcomes, facts: Mapping[str, str] = NO_FACTS) -> Cascading:
    """The thresholds whose answers to the dev questions are worth most.

    `final` are (value, seconds) of what the last level does with each question, declining included. Going back from it,
    each level keeps the most confident share of its answers that is worth most against what the levels behind it make
    of the same questions. As in routing, the share is the mean over redrawn sets of facts.
    """
    rest = dict(final)
    answers_from: list[float] = []
    for level in reversed(levels):
        cut = _cut(level, rest, facts)
        answers_from.append(cut)
        rest = {key: _together(level.answers[key], rest[key], cut) for key in rest if key in level.answers}
    names = (*(level.name for level in levels), last)
    return Cascading(levels=names, answers_from=tuple(reversed(answers_from)))


def _cut(level: Level, rest: Outcomes, facts: Mapping[str, str]) -> float:
    """From which confidence a level answers, against what the levels behind it make of the same questions."""
    confidence = {
        key: answer.confidence for key, answer in level.answers.items() if key in rest and answer.confidence is not None
    }
    ids = sorted(confidence, key=lambda key: (-confidence[key], key))
    own = {key: (level.answers[key].value, 0.0) for key in ids}
    n = n_near(ids, own, rest, confidence, facts) if ids else 0
    if n == 0:
        return NEVER
    if n == len(ids):
        return ALWAYS
    return (confidence[ids[n - 1]] + confidence[ids[n]]) / 2


def _together(answer: LevelAnswer, rest: tuple[float, float], cut: float) -> tuple[float, float]:
    """What a level and those behind it make of a question. Time spent on a level that passes on is spent."""
    if answer.confidence is not None and answer.confidence >= cut:
        return answer.value, answer.seconds
    return rest[0], answer.seconds + rest[1]


class Cascaded:
    """The levels, each with the confidence from which it answers; the last one answers or declines what is left."""

    decides_before_streaming = True

    def __init__(self, name: str, levels: Sequence[Contender], answers_from: Sequence[float]) -> None:
        self.name = name
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
                if _is_sure(answer, least):
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
            if _is_sure(answer, least):
                yield answer.text
                yield self._routed(answer.model_copy(update={"abstained": False}), contender, used)
                return
        for item in stream_of(self._last, question):
            yield self._routed(item, self._last, used + item.usage) if isinstance(item, Answer) else item

    def _routed(self, answer: Answer, by: Contender, usage: Usage) -> Answer:
        return answer.model_copy(update={"contender": self.name, "route": by.name, "usage": usage})


def _is_sure(answer: Answer, least: float) -> bool:
    """Whether a level's answer is used. One that failed or says that it cannot answer is passed on."""
    is_there = answer.error is None and answer.confidence is not None
    return is_there and not declines(answer.text, answer.confidence, least)
