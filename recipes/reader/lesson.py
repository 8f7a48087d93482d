"""A reading lesson: passages that are shown together, and the questions about them, as training examples.

Takes `Asked` questions and passages, gives `Example`s whose prompts begin with the same passages, so that the trainer
computes those once. Knows no data set.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bakeoff.models.prompts import DECLINE, Length, PromptTemplate, grounded
from bakeoff.tuning.packing import Example


@dataclass(frozen=True)
class Passage:
    """A text with the headings above it."""

    heading: str
    text: str


@dataclass(frozen=True)
class Asked:
    """A question. `short` and `full` are its answers in a few words and in sentences; both are empty if there is none.

    Without an answer the question is to be declined.
    """

    text: str
    short: str = ""
    full: str = ""

    @property
    def answerable(self) -> bool:
        return bool(self.short or self.full)


@dataclass(frozen=True)
class Shown:
    """Passages in the order shown, and the questions asked about them."""

    passages: tuple[Passage, ...]
    asked: tuple[Asked, ...]


# How often each way of asking is used. The product's own prompts come first; the others make the reader independent of
# their exact words.
LENGTHS: dict[Length, float] = {"short": 0.5, "mixed": 0.35, "long": 0.15}
OTHERS = (
    PromptTemplate(
        system=f"Use the passages to answer. If the answer is not in them, say: {DECLINE}",
        user="{passages}\n\n{question}",
    ),
    PromptTemplate(
        system=f"Answer from the context only. When the context does not answer the question, reply: {DECLINE}",
        user="Context:\n{passages}\n\nQuestion: {question}\nAnswer:",
    ),
    PromptTemplate(
        system=f"You answer questions about our documents. If they do not say, reply with: {DECLINE}",
        user="Documents:\n\n{passages}\n\nQuestion: {question}",
        passage="[{rank}] {passage}",
    ),
)
SHARE_OF_OTHERS, SHARE_WITHOUT_HEADINGS = 0.15, 0.25


def examples_of(shown: Shown, draw: random.Random) -> Iterator[Example]:
    """The examples of one lesson: one prompt and one length of answers for all of its questions."""
    usual = _usual_lengths(shown.asked)
    length = draw.choices(usual, [LENGTHS[length] for length in usual])[0]
    template = grounded(length)
    if draw.random() < SHARE_OF_OTHERS:
        length, template = "mixed", draw.choice(OTHERS)
    bare = draw.random() < SHARE_WITHOUT_HEADINGS
    passages = [_text(passage, bare) for passage in shown.passages]
    for question in shown.asked:
        answer = _answer(question, length)
        if answer:
            yield Example(prompt=template.render(question.text, passages), completion=answer)


def _usual_lengths(asked: Sequence[Asked]) -> list[Length]:
    """The lengths that at least half of the answerable questions have an answer of. "mixed" suits any."""
    answerable = [question for question in asked if question.answerable]
    n_short = sum(bool(question.short) for question in answerable)
    n_full = sum(bool(question.full) for question in answerable)
    fits = {
        "short": 2 * n_short >= len(answerable),
        "mixed": True,
        "long": n_full > 0 and 2 * n_full >= len(answerable),
    }
    return [length for length in LENGTHS if fits[length]]


def _text(passage: Passage, bare: bool) -> str:
    return passage.text if bare or not passage.heading else f"{passage.heading}\n{passage.text}"


def _answer(question: Asked, length: Length) -> str:
    """The completion, or an empty text if the question has no answer of this length."""
    if not question.answerable:
        return DECLINE
    if length == "short":
        return question.short
    return question.full if length == "long" else question.short or question.full


def together(
    gold: Sequence[Passage], others: Sequence[Passage], draw: random.Random, n_passages: Sequence[int]
) -> tuple[Passage, ...]:
    """The passages of a lesson in a drawn order: all of `gold`, and the first of `others` up to a drawn number."""
    n = max(len(gold), draw.choice(n_passages))
    passages = [*gold, *(passage for passage in others if passage not in gold)][:n]
    draw.shuffle(passages)
    return tuple(passages)


def declined_share(examples: Sequence[Example]) -> float:
    """The share of examples to be declined."""
    return sum(example.completion == DECLINE for example in examples) / max(1, len(examples))
