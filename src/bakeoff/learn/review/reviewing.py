"""Reviewing the answers of a deployment: what a reviewer sees of each, and what becomes of a review.

Takes a log and the document store. Gives views of the queue's items with their flags, stores reviews, and gives the
reviewed questions to the rest of learning. Knows no page and no file.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from bakeoff.corpus.store import DocumentStore
from bakeoff.errors import InputError
from bakeoff.learn.review.flags import flags_of
from bakeoff.learn.review.queue import Item, Queue
from bakeoff.learn.review.vocabulary import Vocabulary
from bakeoff.learn.reviewed import Reviewed
from bakeoff.records import Question
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import Action, LoggedAnswer, Review


class View(NamedTuple):
    """What a reviewer sees of an answer: how it was asked, what the user got, what a user said is right, warnings."""

    item: Item
    answer: LoggedAnswer
    correction: str
    flags: tuple[str, ...]

    @property
    def shown(self) -> str | None:
        """The text that the user saw; None if it was withheld."""
        return None if self.answer.declined else self.answer.text

    @property
    def sources(self) -> tuple[str, ...]:
        """The documents that the answer was made from."""
        return tuple(dict.fromkeys(hit.source for hit in self.answer.hits))


class Said(NamedTuple):
    """What a reviewer says about an answer. Without a `question` it stays as it was asked."""

    action: Action
    answers: tuple[str, ...] = ()
    question: str = ""
    fact: str = ""
    documents: tuple[str, ...] = ()
    document_is: str = ""
    note: str = ""


class Reviewing:
    """The queue of one deployment for one reviewer. `known` are the questions whose answers are known."""

    def __init__(
        self, log: Log, store: DocumentStore, reviewer: str, known: Sequence[Question] = (), at: datetime | None = None
    ) -> None:
        self._log = log
        self._reviewer = reviewer
        self._known = list(known)
        self._vocabulary = Vocabulary(store)
        self.queue = Queue(log, at=at)

    def views(self, n: int | None = None) -> list[View]:
        """The next n answers that nobody has reviewed; all without n."""
        items = self.queue.open(n)
        answers = self._log.answers_of([item.answer for item in items])
        return [self._view(item, answers[item.answer]) for item in items if item.answer in answers]

    def _view(self, item: Item, answer: LoggedAnswer) -> View:
        correction = self.queue.correction(item.answer)
        return View(item, answer, correction, self._flags(answer, correction) if correction else ())

    def _flags(self, answer: LoggedAnswer, correction: str) -> tuple[str, ...]:
        corrections = self.queue.corrections()
        others = self._log.answers_of([key for key in corrections if key != answer.id])
        asked = {corrections[key]: other.question or "" for key, other in others.items()}
        n = self.queue.n_questions_corrected_to(correction)
        flags = flags_of(answer.question or "", correction, n, asked, self._known, self._vocabulary)
        return tuple(flag.sentence for flag in flags)

    def say(self, answer_id: str, said: Said) -> Review:
        """Stores a review. Raises InputError if the log has no such answer, or the review contradicts itself."""
        review = self._review(answer_id, said)
        self._log.append(review)
        return review

    def problem(self, answer_id: str, said: Said) -> str:
        """What is wrong with a review; empty if it can be stored."""
        try:
            self._review(answer_id, said)
        except InputError as error:
            return error.message.rstrip(".")
        return ""

    def _review(self, answer_id: str, said: Said) -> Review:
        answer = self._log.answer(answer_id)
        if answer is None or not answer.question:
            raise InputError(f"There is no answer '{answer_id}' with its question in the log.", "name one of the queue")
        item = self.queue.item(answer_id)
        is_sampled = item is not None and item.is_sampled
        drawn = next((len(of.answers) for of in self.queue.drawn() if answer_id in of.answers), 0)
        return review_of(answer, said, self._reviewer, is_sampled, drawn if is_sampled else 0)


def review_of(answer: LoggedAnswer, said: Said, by: str, sampled: bool = False, drawn: int = 0) -> Review:
    """The entry for what a reviewer says. Raises InputError if it contradicts itself, with the reason."""
    shown = None if answer.declined else answer.text
    answers = said.answers or ((shown,) if said.action == "accept" and shown else ())
    try:
        return Review(
            answer=answer.id,
            action=said.action,
            by=by,
            question=said.question.strip() or answer.question or "",
            answers=answers,
            fact=said.fact,
            documents=said.documents or tuple(dict.fromkeys(hit.source for hit in answer.hits)),
            document_is=said.document_is or None,  # type: ignore[arg-type]
            note=said.note,
            sampled=sampled,
            drawn=drawn,
            asked=answer.asked or answer.question or "",
            shown=shown,
            asked_by=answer.key_id,
            asked_at=answer.at,
            contender=answer.contender,
            release=answer.release,
            right=_is_right(said.action, answers, shown),
        )
    except ValueError as error:
        reason = str(error.errors()[0]["msg"]) if hasattr(error, "errors") else str(error)
        raise InputError(
            f"The review of '{answer.id}' contradicts itself: {reason.removeprefix('Value error, ')}.",
            "accept, correct with the right answer, unanswerable, document with wrong or missing, merge with a fact, "
            "or skip",
        ) from error


def _is_right(action: Action, answers: Sequence[str], shown: str | None) -> bool | None:
    """Whether what the user got was right, as far as the review says; declining an unanswerable question is."""
    from bakeoff.grading.grade import grade

    if action == "accept":
        return True
    if action == "unanswerable":
        return shown is None or grade(shown, ()).verdict == "right"
    if action in ("correct", "merge"):
        return shown is not None and grade(shown, answers).verdict == "right"
    return None


def reviewed(log: Log) -> list[Reviewed]:
    """The questions that reviews give to learning: with the accepted answers, or none if the documents hold none."""
    newest = {review.answer: review for review in log.entries(Review)}
    return [
        Reviewed(
            id=review.answer,
            question=review.question,
            answers=review.answers,
            fact=review.fact,
            sampled=review.sampled,
            key_id=review.asked_by,
            sources=review.documents,
            at=review.asked_at,
        )
        for review in newest.values()
        if review.action == "unanswerable" or (review.answers and review.action != "skip")
    ]
