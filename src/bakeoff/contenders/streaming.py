"""Answers shown while they are written: pieces of text, then the whole answer.

A contender with a confidence threshold knows only at the end whether it declines, so its text is held back until then.
Knows nothing about engines.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from bakeoff.grading.abstention import is_abstention
from bakeoff.protocols import Contender, Generator
from bakeoff.records import Answer, GenerationSettings, Hit, Prompt, Question, Usage


def whole(contender: Contender, question: Question) -> Iterator[str | Answer]:
    """The answer in one piece, without its text if it was declined."""
    answer = contender.answer([question])[0]
    if answer.text and not answer.abstained:
        yield answer.text
    yield answer


def stream_of(contender: Any, question: Question) -> Iterator[str | Answer]:
    """Any contender's stream. One piece if it cannot stream."""
    if callable(getattr(contender, "stream", None)):
        yield from contender.stream(question)
    else:
        yield from whole(contender, question)


def as_written(
    contender: str,
    question: Question,
    generator: Generator,
    prompt: Prompt,
    settings: GenerationSettings,
    hits: Sequence[Hit] = (),
) -> Iterator[str | Answer]:
    """The pieces as the generator writes them, then the answer. For contenders without a threshold."""
    begun = time.perf_counter()
    pieces: list[str] = []
    for piece in generator.stream(prompt, settings):
        pieces.append(piece)
        yield piece
    text = "".join(pieces).strip()
    seconds = time.perf_counter() - begun
    usage = Usage(
        prompt_tokens=sum(generator.count_tokens(message.content) for message in prompt.messages),
        completion_tokens=generator.count_tokens(text),
        seconds=seconds,
    )
    yield Answer(
        question_id=question.id,
        contender=contender,
        text=text,
        citations=tuple(hits),
        usage=usage,
        latency_ms=1000 * seconds,
        abstained=is_abstention(text),
    )
