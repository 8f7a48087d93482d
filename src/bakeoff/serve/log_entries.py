"""What the log of a server holds: answers, thumbs with an optional right answer, comparisons, reviews, and decisions.

Takes values, gives frozen records. Knows neither the file nor the server. Ids are those of the API (`new_id` makes
one). Texts may be None: then the log was told to keep none.
"""

import re
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, model_validator

from bakeoff.records import Answer, Hit, Record, SourceSpan
from bakeoff.serve.citations import cited_hits

SURROGATES = re.compile(r"[\ud800-\udfff]")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
ID = re.compile(r"[\w.:-]{1,128}", re.ASCII)


def _writable(value: object) -> object:
    """Half characters (lone surrogates), which JSON allows and UTF-8 does not, are replaced."""
    return SURROGATES.sub(REPLACEMENT, value) if isinstance(value, str) else value


def _is_id(value: str) -> str:
    if not ID.fullmatch(value):
        raise ValueError(f"{value[:40]!r} is not an id: 1 to 128 letters, digits and . : _ -")
    return value


def _in_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


Text = Annotated[str, BeforeValidator(_writable)]
Id = Annotated[str, AfterValidator(_is_id)]
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]


def new_id() -> str:
    """A random id."""
    return uuid.uuid4().hex


def now() -> datetime:
    return datetime.now(UTC)


class LoggedHit(Record):
    """A passage that an answer cites: which characters of which document. The document store keeps its text."""

    chunk_id: Text
    document_id: Text
    source: Text
    start: int
    end: int
    score: float
    rank: int


class _Entry(Record):
    id: Id = Field(default_factory=new_id)
    at: Moment = Field(default_factory=now)
    key: Text = ""
    """The name of the key that was used. Empty if no key was needed."""
    key_id: Text = ""
    """The id of this very key: a later one of the same name has another. Empty in entries of older versions."""


class LoggedAnswer(_Entry):
    """A question and the answer to it.

    `question` is the self-contained question that was answered; `asked` the user's own words if they differ.
    `question_hash` is set by the log where it keeps no texts. `version` is the hash of what was served,
    `release` its number, `documents_version` the version of the document store. `confidence` is comparable only within
    one contender. `shadow_of` is the answer that a user got to the same question: this one is a candidate's, unseen. It
    is no answer in any count, history or export (`Log.shadows`). `cited` gives the place in `hits`, from 1, of each
    passage that the reply cites, by their numbers; `marked` says that marks in the text itself name them. `text` is the
    text of the answer; if `declined`, it was withheld. `latency_ms` is the time until the answer was complete.
    """

    kind: Literal["answer"] = "answer"
    question: Text | None
    question_hash: str = ""
    asked: Text | None = None
    text: Text | None
    contender: Text
    version: Text = ""
    release: int | None = None
    documents_version: int | None = None
    shadow_of: Id | None = None
    confidence: float | None = None
    hits: tuple[LoggedHit, ...] = ()
    cited: tuple[int, ...] = ()
    marked: bool = False
    route: Text = ""
    declined: bool = False
    error: Text | None = None
    latency_ms: float | None = None
    first_token_ms: float | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Thumb(_Entry):
    """A person's opinion of an answer, with the right answer if they gave one. The newest one of an answer counts."""

    kind: Literal["thumb"] = "thumb"
    answer: Id
    up: bool
    right_answer: Text | None = None


class Preference(_Entry):
    """A comparison of two or three answers to one question. `preferred` is the best one; None if all are equally good.

    `none_right` says that none of them is right; then none is preferred. `blind` says that the contenders' names were
    hidden.
    """

    kind: Literal["preference"] = "preference"
    answers: tuple[Id, ...] = Field(min_length=2, max_length=3)
    preferred: Id | None
    none_right: bool = False
    blind: bool = False

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if len(set(self.answers)) < len(self.answers):
            raise ValueError("the same answer is named twice in 'answers'")
        if self.preferred is not None and self.none_right:
            raise ValueError("'preferred' must be null if 'none_right' is true")
        if self.preferred is not None and self.preferred not in self.answers:
            raise ValueError(f"'preferred' is {self.preferred!r}; it must be one of {', '.join(self.answers)}, or null")
        return self


Action = Literal["accept", "correct", "unanswerable", "document", "merge", "skip"]
"""What a reviewer says about an answer: right as it is; this is right; the documents do not answer it; a document is
wrong or missing; it asks for a known fact; nothing."""
DocumentIs = Literal["wrong", "missing"]
HasOutcome = Literal["right", "wrong", "declined"]
MOST_ACCEPTED = 20


class Review(_Entry):
    """What a person says about one answer. The newest one about an answer counts.

    The log may delete the answer later, so the review holds all that learning needs: `question` as it should be asked,
    the accepted `answers`, the known `fact` that it asks for, the sources of `documents` that hold the answer.
    `sampled` says that the answer belonged to the random sample of its week: `drawn` were drawn so far, of `drawn_of`.

    `asked`, `shown` (None if the answer was withheld), `asked_by` (the id of the key), `asked_at`, `contender` and
    `release` are those of the answer. `right` says whether what the user got was right; None: not decided.

    `documents_version` is the version of the documents that the review is about, and `passages` are the places in them
    that the answer was made from: those of the answer. A later review is about the documents as they were then.
    """

    kind: Literal["review"] = "review"
    answer: Id
    action: Action
    by: Text
    question: Text
    answers: tuple[Text, ...] = Field(default=(), max_length=MOST_ACCEPTED)
    fact: Text = ""
    documents: tuple[Text, ...] = ()
    document_is: DocumentIs | None = None
    note: Text = ""
    sampled: bool = False
    drawn: int = Field(default=0, ge=0)
    drawn_of: int = Field(default=0, ge=0)
    asked: Text
    shown: Text | None
    asked_by: Text = ""
    asked_at: Moment
    contender: Text
    release: int | None = None
    right: bool | None = None
    documents_version: int | None = None
    passages: tuple[SourceSpan, ...] = ()

    @property
    def outcome(self) -> HasOutcome | None:
        """What the user got: a question with an answer that got none was declined. None: not decided."""
        if self.right is None:
            return None
        return "right" if self.right else "declined" if self.shown is None else "wrong"

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        problem = _problem_of(self)
        if problem:
            raise ValueError(problem)
        return self


def _problem_of(review: Review) -> str:
    """What contradicts itself in a review; empty if nothing does."""
    needs_answers = review.action in ("accept", "correct", "merge")
    about_document = review.action == "document"
    problems = {
        "'by' is empty: say who reviewed it": not review.by.strip(),
        "'question' is empty": not review.question.strip(),
        "an accepted answer is empty": any(not answer.strip() for answer in review.answers),
        f"'{review.action}' needs an accepted answer": needs_answers and not review.answers,
        f"'{review.action}' has no accepted answers": bool(review.answers) and not (needs_answers or about_document),
        "nothing was shown, so nothing can be accepted": review.action == "accept" and review.shown is None,
        "'merge' needs the fact that the question asks for": review.action == "merge" and not review.fact,
        "'document' needs to say whether it is wrong or missing": (
            review.action == "document" and review.document_is is None
        ),
        "a document is wrong or missing: name it, or write a note": (
            review.document_is is not None and not review.documents and not review.note.strip()
        ),
        "'skip' decides nothing": review.action == "skip" and review.right is not None,
    }
    return next((problem for problem, is_so in problems.items() if is_so), "")


class PartCheck(Record):
    """A part of a test on which a candidate must not lose: a slice, or general knowledge.

    `difference` is the candidate's value less that of what is served, with unsure answers counted against it; `p` is
    the one-sided p-value of it not being worse. Both are None with too few facts: then the part is not checked.
    `halfway` is the same difference with unsure answers halfway between right and wrong, `unsure` is in how many
    questions of the part there are some. Entries of earlier versions have neither.
    """

    name: Text
    n_facts: int
    difference: float | None = None
    p: float | None = None
    lost: bool = False
    halfway: float | None = None
    unsure: int = 0


Outcome = Literal["promote", "keep", "waits", "approved", "refused", "rolled back"]
TESTS: tuple[Outcome, ...] = ("promote", "keep", "waits")
"""The outcomes of a round. The others are what became of it later."""


class Decision(_Entry):
    """What became of a candidate: the outcome of a round of the gate, or what a person said or did later.

    `round` counts the rounds from 1; 0 for what belongs to none, such as a rollback. `live` is the release that was
    served, `candidate` the number of the candidate's release, or the folder of its run where no release was written,
    `contender` its name. With `promote` or `waits`, that release of `contenders`, the default one first, is still to be
    written. `p` is None if nothing was tested; `level` is that of the round. `difference` is in utility, with its 95 %
    interval. `facts` are those that were tested. `more_questions` is how many more would show it at this level; None if
    they would not, or if it is shown. `evidence` is the file with both contenders' answers and grades,
    `evidence_sha256` its checksum. Paths are relative to the deployment. `data_sha256` stands for the questions,
    documents and contenders that the round had. `by` is the person who approved, refused or rolled back.
    """

    kind: Literal["decision"] = "decision"
    round: int = Field(ge=0)
    live: int | None
    candidate: Text
    contender: Text = ""
    contenders: tuple[Text, ...] = ()
    outcome: Outcome
    reason: Text
    route: Text = ""
    level: float | None = Field(default=None, ge=0, le=1)
    p: float | None = Field(default=None, ge=0, le=1)
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    parts: tuple[PartCheck, ...] = ()
    facts: tuple[Text, ...] = ()
    n_fresh: int = 0
    more_questions: int | None = None
    evidence: Text = ""
    evidence_sha256: Text = ""
    data_sha256: Text = ""
    by: Text = ""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.outcome in TESTS and not self.round:
            raise ValueError(f"the outcome '{self.outcome}' is that of a round: give its number, from 1")
        if self.outcome in TESTS and self.p is not None and self.level is None:
            raise ValueError("a test has a level")
        if self.outcome in ("approved", "refused") and not self.by.strip():
            raise ValueError(f"'by' is empty: say who {self.outcome} it")
        return self


Entry = Annotated[LoggedAnswer | Thumb | Preference | Review | Decision, Field(discriminator="kind")]


def logged_hits(hits: Sequence[Hit]) -> tuple[LoggedHit, ...]:
    """The hits as references, without their texts."""
    return tuple(
        LoggedHit(
            chunk_id=hit.chunk.id,
            document_id=hit.chunk.document_id,
            source=hit.chunk.source,
            start=hit.chunk.start,
            end=hit.chunk.end,
            score=hit.score,
            rank=hit.rank,
        )
        for hit in hits
    )


def logged_answer(answer: Answer, question: str, numbered: Sequence[Hit] = (), **served: object) -> LoggedAnswer:
    """A contender's answer as an entry. `numbered` are the passages that its own marks mean, as in `cite`.

    `served` gives the other fields: id, key, asked, version, release, first_token_ms, …
    """
    hits = () if answer.abstained or answer.error is not None else answer.citations
    sources, marks = cited_hits(answer.text.strip(), hits, numbered)
    values: dict[str, object] = {
        "question": question,
        "text": answer.text,
        "contender": answer.contender,
        "hits": logged_hits(answer.citations),
        "cited": tuple(answer.citations.index(hit) + 1 for hit in sources),
        "marked": bool(marks),
        "route": answer.route,
        "declined": answer.abstained,
        "confidence": answer.confidence,
        "error": answer.error,
        "latency_ms": answer.latency_ms,
        "prompt_tokens": answer.usage.prompt_tokens,
        "completion_tokens": answer.usage.completion_tokens,
    }
    return LoggedAnswer.model_validate(values | served)
