"""Reviewing the answers of a deployment: what a reviewer sees of each, and what becomes of a review.

Takes a log and the document store. Gives views of the queue's items with their flags, stores reviews, and gives the
reviewed questions to the rest of learning. Knows no page and no file.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from pydantic import ValidationError

from bakeoff.errors import BakeoffError, InputError
from bakeoff.files.plain_types import message_of
from bakeoff.learn.review.accuracy import InUse, in_use
from bakeoff.learn.review.causes import Reason
from bakeoff.learn.review.checks import contradiction
from bakeoff.learn.review.flags import flags_of, flags_of_question
from bakeoff.learn.review.queue import Item, Limits, Queue
from bakeoff.learn.review.short_form import is_short, short_form, with_short_form
from bakeoff.learn.review.vocabulary import Vocabulary
from bakeoff.learn.reviewed import Reviewed
from bakeoff.protocols import DocumentStore
from bakeoff.questions.facts.near_copies import jaccard
from bakeoff.questions.facts.same_answer import content_words
from bakeoff.records import Question, SourceSpan
from bakeoff.serve.log import NO_TEXTS, NO_TEXTS_REMEDY, Log
from bakeoff.serve.log_entries import MOST_ACCEPTED, Action, LoggedAnswer, Review

MOST_SIMILAR = 5
SIMILAR = 0.25
"""Known questions with this similarity to the question are shown: a reviewer may find the same fact in other words."""

WORDS = {
    Reason.SAMPLE: "random sample",
    Reason.CORRECTION: "a user's correction",
    Reason.DOWN: "thumb down",
    Reason.NONE_RIGHT: "compared, none right",
    Reason.CANDIDATE: "a candidate answers differently",
    Reason.DECLINED: "declined",
    Reason.LOW_CONFIDENCE: "low confidence",
}

Known = Callable[[], Sequence[Question]]


class View(NamedTuple):
    """What a reviewer sees of an answer: how it was asked, what the user got, what a user said is right, warnings.

    `item` is None for an answer that is no longer in the queue. `others` are answers to the same question that somebody
    compared, and a candidate's; `review` is what was said before.
    """

    item: Item | None
    answer: LoggedAnswer
    correction: str
    flags: tuple[str, ...]
    others: tuple[LoggedAnswer, ...] = ()
    review: Review | None = None

    @property
    def shown(self) -> str | None:
        """The text that the user saw; None if it was withheld."""
        return None if self.answer.declined else self.answer.text

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is looked at, in words."""
        return tuple(WORDS[reason] for reason in self.item.reasons) if self.item else ()

    @property
    def prefill(self) -> str:
        """What may stand in the field for the right answer: the user's correction if nothing is odd about it."""
        return "" if self.flags else self.correction

    @property
    def short(self) -> str:
        """The short form of what was shown, where it is certain: accepting the one accepts the other."""
        return "" if self.shown is None else short_form(self.answer.question or "", self.shown)

    @property
    def needs_short(self) -> bool:
        """Whether a reviewer who accepts what was shown is asked to say it in a few words."""
        return self.shown is not None and not is_short(self.shown) and not self.short

    @property
    def sources(self) -> tuple[str, ...]:
        """The documents that the answer was made from."""
        return tuple(dict.fromkeys(hit.source for hit in self.answer.hits))


class Said(NamedTuple):
    """What a reviewer says about an answer. Without a `question` it stays as it was asked.

    The `answers` of an accepted one are further ways to say it. `right` says whether what was shown was right; None: as
    it follows from the rest.
    """

    action: Action
    answers: tuple[str, ...] = ()
    question: str = ""
    fact: str = ""
    documents: tuple[str, ...] = ()
    document_is: str = ""
    note: str = ""
    right: bool | None = None


class Before(NamedTuple):
    """The newest review of an answer, whether it says just what is said now, and whether this reviewer once said it."""

    newest: Review | None
    is_same: bool = False
    was_said: bool = False


class Reviewing:
    """The queue of one deployment. `known` are the questions whose answers are known, or gives them whenever asked.

    `reviewer` is the name in the reviews, where none is given with a review. Threads can share it.
    """

    def __init__(
        self,
        log: Log,
        store: DocumentStore,
        reviewer: str,
        known: Sequence[Question] | Known = (),
        at: datetime | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._log = log
        self.store = store
        self.reviewer = reviewer
        self._known: Known = known if callable(known) else (lambda: known)
        self._vocabulary = Vocabulary(store)
        self.queue = Queue(log, limits, at)

    def views(self, n: int | None = None) -> list[View]:
        """The next n answers that nobody has reviewed; all without n."""
        items = self.queue.open(n)
        answers = self._log.answers_of([item.answer for item in items])
        return [self._view(answers[item.answer], item) for item in items if item.answer in answers]

    def view(self, answer_id: str) -> View:
        """One answer, reviewed or not. Raises InputError if the log does not hold it with its question."""
        return self._view(self._answer(answer_id), self.queue.item(answer_id))

    def similar(self, question: str) -> list[Question]:
        """Known questions that resemble this one, the most similar first, each fact once."""
        found: dict[str, tuple[float, Question]] = {}
        asked = content_words(question)
        for known in self._known():
            if asked and not asked & content_words(known.text):
                continue  # 'What is the ... of ...?' alone makes no two questions alike
            alike = jaccard(question, known.text)
            if alike >= max(SIMILAR, found.get(known.fact, (0.0, known))[0]):
                found[known.fact] = alike, known
        return [known for _, known in sorted(found.values(), key=lambda one: -one[0])[:MOST_SIMILAR]]

    def _known_answers(self, fact: str) -> tuple[str, ...] | None:
        """The accepted answers of a known fact; None if no known fact has this name."""
        asking = [known.answers for known in self._known() if known.fact == fact]
        return tuple(dict.fromkeys(answer for answers in asking for answer in answers)) if asking else None

    def in_use(self) -> InUse:
        """How good answers are, by the reviewed random sample."""
        return in_use(self.queue.drawn(), self.queue.reviews(), self.queue.thumbs())

    def check_texts(self) -> None:
        """Raises InputError if the log holds answers of the last weeks and the texts of none."""
        n = self.queue.n_without_texts
        if not self._log.keep_texts or (n and not self.queue.items()):
            raise InputError(NO_TEXTS, NO_TEXTS_REMEDY)

    def _view(self, answer: LoggedAnswer, item: Item | None) -> View:
        correction = self.queue.correction(answer.id)
        compared, shadow = self.queue.others(answer.id)
        others = [*self._log.answers_of(compared).values(), *([shadow] if shadow else ())]
        flags = (*question_flags(answer), *(self._flags(answer, correction) if correction else ()))
        return View(item, answer, correction, flags, tuple(others), self.queue.reviews().get(answer.id))

    def _flags(self, answer: LoggedAnswer, correction: str) -> tuple[str, ...]:
        corrections = self.queue.corrections()
        others = self._log.answers_of([key for key in corrections if key != answer.id])
        asked = [(other.question or "", corrections[key]) for key, other in others.items()]
        n = self.queue.n_questions_corrected_to(correction)
        flags = flags_of(answer.question or "", correction, n, asked, self._known(), self._vocabulary)
        return tuple(flag.sentence for flag in flags)

    def say(self, answer_id: str, said: Said, by: str = "") -> Review:
        """Stores a review. Raises InputError if the log has no such answer, or the review contradicts itself."""
        review = self._review(answer_id, said, by)
        self._log.append(review)
        return review

    def problem(self, answer_id: str, said: Said) -> str:
        """What is wrong with a review and what to do; empty if it can be stored."""
        try:
            self._review(answer_id, said)
        except InputError as error:
            return f"{error.message.removeprefix(_contradicts(answer_id))} {error.remedy}"
        return ""

    def there(self, ids: Sequence[str]) -> set[str]:
        """Those of these answers that the log still holds."""
        return set(self._log.answers_of(ids))

    def before(self, answer_id: str, said: Said) -> Before:
        """What was said of this answer before, compared with what is said now by this reviewer."""
        newest = self.queue.reviews().get(answer_id)
        if newest is None:
            return Before(None)
        now = self._review(answer_id, said)
        if _say_the_same(newest, now):
            return Before(newest, is_same=True)
        own = (one for one in self._log.entries(Review) if one.answer == answer_id and one.by == self.reviewer)
        return Before(newest, was_said=any(_say_the_same(one, now) for one in own))

    def _answer(self, answer_id: str) -> LoggedAnswer:
        waits = any(answer.id == answer_id for answer in self._log.waiting())
        answer = self._log.answer(answer_id)
        if answer is None and waits:
            raise BakeoffError(
                f"The answer '{answer_id[:128]}' still waits to be written to the log.", "review it later"
            )
        if answer is None or not answer.question or answer.shadow_of:
            raise InputError(
                f"There is no answer '{answer_id[:128]}' with its question in the log.", "name one of the queue"
            )
        return answer

    def _review(self, answer_id: str, said: Said, by: str = "") -> Review:
        answer = self._answer(answer_id)
        known = self._known_answers(said.fact) if said.fact else None
        found = contradiction(said, None if answer.declined else answer.text, known)
        if found is not None:
            raise InputError(f"{_contradicts(answer.id)}{found.found}.", found.remedy)
        if said.action == "merge" and known:
            answers = dict.fromkeys((*known, *said.answers))
            said = said._replace(answers=tuple(answers)[:MOST_ACCEPTED])
        drawn = next((of for of in self.queue.drawn() if answer_id in of.answers), None)
        n, n_answers = (drawn.n, drawn.n_answers) if drawn else (0, 0)
        review = review_of(answer, said, by or self.reviewer, drawn is not None, n, n_answers)
        now = self.store.version
        if answer_id not in self.queue.reviews() or now == answer.documents_version:
            return review
        return review.model_copy(update={"documents_version": now, "passages": ()})  # a second look is at what is there


def question_flags(answer: LoggedAnswer) -> tuple[str, ...]:
    """Warnings about what the user asked: what a model is trained on must not instruct it."""
    flags = flags_of_question(answer.question or "", answer.asked or "")
    return tuple(flag.sentence for flag in flags)


def review_of(
    answer: LoggedAnswer, said: Said, by: str, sampled: bool = False, drawn: int = 0, drawn_of: int = 0
) -> Review:
    """The entry for what a reviewer says. Raises InputError if it contradicts itself, with the reason."""
    shown = None if answer.declined else answer.text
    question = said.question.strip() or answer.question or ""
    answers = (shown, *said.answers) if said.action == "accept" and shown else said.answers
    if said.action in ("accept", "correct"):
        answers = with_short_form(question, tuple(dict.fromkeys(answers)))[:MOST_ACCEPTED]
    try:
        return Review(
            answer=answer.id,
            action=said.action,
            by=by,
            question=question,
            answers=answers,
            fact=said.fact,
            documents=said.documents or tuple(dict.fromkeys(hit.source for hit in answer.hits)),
            document_is=said.document_is or None,  # type: ignore[arg-type]
            note=said.note,
            sampled=sampled,
            drawn=drawn,
            drawn_of=drawn_of,
            asked=answer.asked or answer.question or "",
            shown=shown,
            asked_by=answer.key_id,
            asked_at=answer.at,
            contender=answer.contender,
            release=answer.release,
            documents_version=answer.documents_version,
            passages=() if said.documents else _passages(answer),
            right=said.right if said.right is not None else _is_right(said.action, answers, shown),
        )
    except ValueError as error:
        reason = message_of(error.errors()[0]) if isinstance(error, ValidationError) else str(error)
        raise InputError(
            f"{_contradicts(answer.id)}{reason}.",
            "accept, correct with the right answer, unanswerable, document with wrong or missing, merge with a fact, "
            "or skip",
        ) from error


def _passages(answer: LoggedAnswer) -> tuple[SourceSpan, ...]:
    """The passages that the answer cites; all that it was made from if it cites none."""
    cited = [answer.hits[place - 1] for place in answer.cited if 0 < place <= len(answer.hits)]
    return tuple(SourceSpan(source=hit.source, start=hit.start, end=hit.end) for hit in cited or answer.hits)


def _say_the_same(one: Review, other: Review) -> bool:
    its_own = {"id", "at", "by", "sampled", "drawn", "drawn_of", "documents_version", "passages"}
    return one.model_dump(exclude=its_own) == other.model_dump(exclude=its_own)


def _contradicts(answer_id: str) -> str:
    return f"The review of '{answer_id}' contradicts itself: "


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
            documents_version=review.documents_version,
            passages=review.passages,
        )
        for review in newest.values()
        if review.action == "unanswerable" or (review.answers and review.action != "skip")
    ]
