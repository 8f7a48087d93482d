"""Training questions to training examples, for the model without retrieval and the model with it.

Takes questions, a retriever and a template; gives prompts with their target completions. Knows nothing about training.
Source of the second kind: Zhang et al. 2024, "RAFT: Adapting Language Model to Domain Specific RAG", arXiv:2403.10131
(distractors in every prompt, the right passage absent from some).

Both kinds share one setting for the number of examples whose completion is to decline. If a small model is trained on
many of them, it writes "I don't know" almost always, because no single answer is more likely. The threshold calibrated
on dev decides about declining instead (docs/results/training.md).

In training, questions whose answers are in the same passages are shown the same ones in the same order, those retrieved
for the first of them: the trainer computes these once. On dev each question has its own, as in use.
"""

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from bakeoff.models.prompts import DECLINE, PromptTemplate
from bakeoff.protocols import Retriever
from bakeoff.questions.evidence.evidence import evidence_hit, holds_evidence, is_document_level
from bakeoff.records import Chunk, Question, Record
from bakeoff.retrieval.presentation import Presentation
from bakeoff.tuning.packing import Example
from bakeoff.tuning.withheld import without_answer

AS_RETRIEVED = Presentation()
ASKED_TOGETHER = 8  # the most questions that are shown the same passages
Shown = tuple[Question, list[Chunk]]
Fitting = Callable[[Question, Sequence[str]], int]  # a question and passages to the number that fit
Room = Callable[[Question, Sequence[Chunk]], Sequence[Chunk]]  # a question and chunks to those its prompt has room for
T = TypeVar("T")


class Mixing(Record):
    """RAFT's options. `golden` is the share of the answered examples that show the right passage (P in the paper).

    `distractors` is the number of other passages in each example; without the right passage there is one more. None
    shows as many passages as in use, as they were found. `share` lets questions share the passages of another one.
    """

    golden: float = 1.0
    distractors: int | None = None
    share: bool = True


AS_USUAL, AS_IN_USE = Mixing(), Mixing(share=False)


def closed_book_examples(
    questions: Sequence[Question], template: PromptTemplate, declining: float, seed: int
) -> list[Example]:
    """Each question with its first accepted answer. Questions without an answer are to be declined.

    At most so many questions without an answer are used that they make up the share `declining` of all examples.
    """
    answered = [question for question in questions if question.answerable]
    others = [question for question in questions if not question.answerable]
    others = _at_most(_enough(len(answered), declining), others, random.Random(seed))
    return [
        *(Example(prompt=template.render(item.text), completion=item.answers[0]) for item in answered),
        *(Example(prompt=template.render(item.text), completion=DECLINE) for item in others),
    ]


def grounded_examples(
    questions: Sequence[Question],
    retriever: Retriever,
    template: PromptTemplate,
    k: int,
    declining: float,
    seed: int,
    n_fitting: Fitting,
    presentation: Presentation = AS_RETRIEVED,
    mixing: Mixing = AS_USUAL,
) -> list[Example]:
    """Each question with those of the k passages retrieved for it that fit: what the model will also see in use.

    With `mixing.share` a question whose evidence is in the passages of an earlier one is shown those, which are as near
    to what it will see and are computed once. Without, it is what the model sees in use: for measuring on dev.

    In the share `declining` of the examples the completion is to decline: questions without an answer, and questions
    for which retrieval missed the right passage. If there are too many, a sample is drawn. If there are too few, the
    right passages are removed from other examples. Where an answer is known, no passage that holds it is shown with a
    completion that declines (`withheld`); if no other passage is left, that is no example. `presentation` says how
    passages are shown. `mixing` has RAFT's options.
    """
    n_others = mixing.distractors
    k = k if n_others is None else n_others + 1

    def shown(question: Question, chunks: Sequence[Chunk]) -> Sequence[Chunk]:
        return chunks[: n_fitting(question, [presentation.text(chunk) for chunk in chunks[:k]])]

    def example(question: Question, chunks: Sequence[Chunk], completion: str) -> Example:
        passages = presentation.texts(shown(question, chunks))
        return Example(prompt=template.render(question.text, passages), completion=completion)

    draw = random.Random(seed)
    hits_of_questions = retriever.search([question.text for question in questions], 2 * k)
    supported: list[Shown] = []
    unsupported: list[Shown] = []
    for question, hits in zip(questions, hits_of_questions, strict=True):
        chunks = [hit.chunk for hit in hits]
        if n_others is not None:
            chunks = _among(question, chunks, n_others)
        if question.answerable and evidence_hit(question, shown(question, chunks)) is not False:
            supported.append((question, chunks))
        elif not question.answerable:
            unsupported.append((question, chunks))
        elif others := without_answer(question, chunks):
            unsupported.append((question, others))
    choose = _usual if mixing.golden == 1 else partial(_as_in_raft, golden=mixing.golden)
    answered, recalled, declined = choose(supported, unsupported, declining, draw)
    if mixing.share:
        answered = _together(answered, k, shown)
    return [
        *(example(*pair, pair[0].answers[0]) for pair in (*answered, *recalled)),
        *(example(*pair, DECLINE) for pair in declined),
    ]


def _usual(
    supported: list[Shown], unsupported: list[Shown], declining: float, draw: random.Random
) -> tuple[list[Shown], list[Shown], list[Shown]]:
    """The questions that are answered from their passages, none that is answered without, those that are declined."""
    unsupported = _at_most(_enough(len(supported), declining), unsupported, draw)
    missing = round(declining * (len(supported) + len(unsupported))) - len(unsupported)
    stripped = _withheld(missing, [pair for pair in supported if evidence_hit(*pair)], draw)
    return _less(supported, stripped), [], unsupported + stripped


def _as_in_raft(
    supported: list[Shown], unsupported: list[Shown], declining: float, draw: random.Random, *, golden: float
) -> tuple[list[Shown], list[Shown], list[Shown]]:
    """The questions that are answered from the right passage, those that are answered without, those declined.

    The first ones are the share `golden` of the first two. Without the right passage are first those for which it was
    not found: if there are too many, a sample; if too few, others lose theirs. Only questions without an answer are
    declined, so that the model does not see the same kind of prompt answered once and declined once.
    """
    missed = [pair for pair in unsupported if pair[0].answerable]
    others = [pair for pair in unsupported if not pair[0].answerable]
    missed = _at_most(_enough(len(supported), 1 - golden), missed, draw)
    missing = round((1 - golden) * (len(supported) + len(missed))) - len(missed)
    stripped = _withheld(missing, [pair for pair in supported if evidence_hit(*pair)], draw)
    n_answered = len(supported) + len(missed)
    return _less(supported, stripped), missed + stripped, _at_most(_enough(n_answered, declining), others, draw)


def _less(pairs: list[Shown], taken: list[Shown]) -> list[Shown]:
    """The pairs whose questions are not among those taken."""
    ids = {question.id for question, _ in taken}
    return [pair for pair in pairs if pair[0].id not in ids]


def _among(question: Question, chunks: Sequence[Chunk], n_others: int) -> list[Chunk]:
    """The right passage and the best n others first, in the order in which they were found; then all that are left.

    The right passage is the best one that holds evidence. If none was found, or none is known, the chunks as they are.
    """
    right = next((chunk for chunk in chunks if holds_evidence(question, chunk)), None)
    if right is None:
        return list(chunks)
    others = [chunk for chunk in chunks if not holds_evidence(question, chunk)][:n_others]
    first = {right.id, *(chunk.id for chunk in others)}
    return [*(chunk for chunk in chunks if chunk.id in first), *(chunk for chunk in chunks if chunk.id not in first)]


def _together(pairs: Sequence[Shown], k: int, shown: Room) -> list[Shown]:
    """The same questions, each with the chunks of an earlier one if those hold its evidence too.

    A question that knows only its document keeps its own chunks: another passage of that document need not answer it.
    """
    groups: list[tuple[list[Chunk], list[Question]]] = []
    of_source: dict[str, list[int]] = {}  # the groups whose best k chunks have one of this source
    for question, chunks in pairs:
        number = next((i for i in _near(question, of_source) if _joins(question, groups[i], k, shown)), len(groups))
        if number == len(groups):
            groups.append((chunks, []))
            for source in {chunk.source for chunk in chunks[:k]}:
                of_source.setdefault(source, []).append(number)
        groups[number][1].append(question)
    return [(question, chunks) for chunks, members in groups for question in members]


def _near(question: Question, of_source: dict[str, list[int]]) -> list[int]:
    """The groups that may hold the question's evidence, the first one first."""
    if is_document_level(question):
        return []
    return sorted({i for span in question.source_spans for i in of_source.get(span.source, ())})


def _joins(question: Question, group: tuple[list[Chunk], list[Question]], k: int, shown: Room) -> bool:
    """Whether there is room in the group, and its chunks hold the question's evidence as they are shown to it."""
    chunks, members = group
    if len(members) >= ASKED_TOGETHER or not evidence_hit(question, chunks[:k]):
        return False
    return bool(evidence_hit(question, shown(question, chunks)))


def _enough(n_others: int, share: float) -> int:
    """Number of items that make up this share of all, if there are n_others other items."""
    return round(share * n_others / (1 - share))


def _at_most(n: int, items: list[T], draw: random.Random) -> list[T]:
    """At most n of the items: a random sample, in the original order."""
    if len(items) <= n:
        return items
    return [items[i] for i in sorted(draw.sample(range(len(items)), max(0, n)))]


def _withheld(n: int, pairs: list[Shown], draw: random.Random) -> list[Shown]:
    """At most n of the pairs, drawn at random, without the chunks that answer; none that has no other chunk."""
    drawn = _at_most(n, pairs, draw)
    ids = {question.id for question, _ in drawn}
    rest = [pair for pair in pairs if pair[0].id not in ids]
    kept: list[Shown] = []
    for question, chunks in [*drawn, *draw.sample(rest, len(rest))]:
        others = without_answer(question, chunks) if len(kept) < n else []
        kept += [(question, others)] if others else []
    return kept
