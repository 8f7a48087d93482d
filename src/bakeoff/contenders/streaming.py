"""Answers shown while they are written: pieces of text, then the whole answer.

A contender with a confidence threshold knows only at the end whether it declines, so its text is held back until then,
and so is that of any contender that does not say of itself `decides_before_streaming`. Knows nothing about engines.
"""

from collections.abc import Iterator, Sequence

from bakeoff.contenders.declining import NOTHING, answer_from
from bakeoff.errors import ContenderError
from bakeoff.models.cancelling import caller
from bakeoff.models.kept.clock import now
from bakeoff.protocols import Contender, Generator, StreamingContender
from bakeoff.records import Answer, Completion, GenerationSettings, Hit, Prompt, Question, Usage


def whole(contender: Contender, question: Question) -> Iterator[str | Answer]:
    """The answer in one piece, without its text if it was declined."""
    answer = contender.answer([question])[0]
    if answer.text and not answer.abstained:
        yield answer.text
    yield answer


def stream_of(contender: Contender, question: Question) -> Iterator[str | Answer]:
    """Any contender's stream, without a text that is withheld. One piece if it cannot stream, or may decline later."""
    if not isinstance(contender, StreamingContender):
        yield from whole(contender, question)
    elif getattr(contender, "decides_before_streaming", False) is True:
        yield from contender.stream(question)
    else:
        yield from _held_back(contender.stream(question))


def _held_back(stream: Iterator[str | Answer]) -> Iterator[str | Answer]:
    """The whole answer, before it its text unless it was declined. Nothing more is asked for after the caller left."""
    for item in stream:
        caller().raise_if_gone()
        if isinstance(item, Answer):
            if item.text and not item.abstained:
                yield item.text
            yield item


def as_written(
    contender: str,
    question: Question,
    generator: Generator,
    prompt: Prompt,
    settings: GenerationSettings,
    hits: Sequence[Hit] = (),
    retrieval: Usage = NOTHING,
) -> Iterator[str | Answer]:
    """The pieces as the generator writes them, then the answer; for a contender without a threshold.

    The answer is the one that the same completion makes in a batch; `retrieval` is what finding the passages took.
    Raises ContenderError where the generator's stream ends without its Completion.
    """
    begun = now()
    completion: Completion | None = None
    for item in generator.stream(prompt, settings):
        if isinstance(item, Completion):
            completion = item
        else:
            yield item
    if completion is None:
        raise ContenderError(
            f"The stream of the generator '{generator.name}' ended without a Completion.",
            "stream(prompt, settings) must yield the pieces of the text, then the bakeoff.records.Completion",
        )
    latency_ms = 1000 * (retrieval.seconds + now() - begun)
    answer = answer_from(question, contender, completion, None, hits, retrieval)
    yield answer.model_copy(update={"latency_ms": latency_ms})
