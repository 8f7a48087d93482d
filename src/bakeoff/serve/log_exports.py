"""Exports of a server's log: chats and preference pairs to train on, a table, and questions for `bakeoff init`.

Takes a log, gives lines of text one by one, so that a long log needs little memory. Knows neither files nor HTTP.

What trainers read (chats and pairs) rests on reviews first: a review of an answer wins over what users said about it.
A right answer that a user wrote is what a stranger wrote; without a review it is exported only if the caller trusts it.
Sources: OpenAI, "Supervised fine-tuning" and "Direct preference optimization" guides (formats of JSONL); TRL,
"Dataset formats" (prompt, chosen, rejected).
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from bakeoff.files.spreadsheet_csv import Cell, written
from bakeoff.questions.rows.aliases import as_cell
from bakeoff.questions.tools.server_log import distinct
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer, Preference, Review, Thumb

DECLINED = "I don't know."
"""What a client gets in place of an answer that is withheld."""
COLUMNS = (
    *("at", "id", "question", "asked", "answer", "declined", "error", "thumb", "right_answer", "n_better", "n_worse"),
    *("contender", "route", "version", "documents_version", "latency_ms", "first_token_ms"),
    *("prompt_tokens", "completion_tokens", "sources", "key", "question_hash"),
)
QUESTION_COLUMNS = ("question", "answer", "asked", "asked_on")
NO_COUNTS = {"n_better": 0, "n_worse": 0}
Chosen = Literal["approved", "all"]
PairFormat = Literal["openai", "trl"]


class Trusted(NamedTuple):
    """What users said without a review, as far as it may be trained on.

    `corrections` are right answers that users wrote, by the answer they correct. `capped` are the ids of answers whose
    thumbs up do not count, and of comparisons that do not: one user has sent enough of that kind. `hidden` are the ids
    of answers of which nothing is exported, whatever was said of them: what they rest on is not for everybody.
    """

    corrections: Mapping[str, str] = {}
    capped: Collection[str] = frozenset()
    hidden: Collection[str] = frozenset()


NOTHING = Trusted()


def chat_lines(log: Log, which: Chosen = "approved", trusted: Trusted = NOTHING) -> Iterator[str]:
    """One line of JSON per answer: a user's question and the assistant's answer, as OpenAI's fine-tuning reads it.

    Reviewed answers: what the reviewer accepted, or that it is not known. Others, with 'approved': those with a thumb
    up, and right answers that are trusted. 'all': also those without a thumb. Failed answers, and those without texts,
    are left out. A review outlives its answer.
    """
    thumbs, reviews = newest_thumbs(log), newest_reviews(log)
    for answer in log.entries(LoggedAnswer):
        review = reviews.pop(answer.id, None)
        if answer.id in trusted.hidden:
            continue
        turns = _reviewed(review) if review else _unreviewed(answer, thumbs.get(answer.id), which, trusted)
        yield from _chat(*turns)
    for review in reviews.values():
        if review.answer not in trusted.hidden:
            yield from _chat(*_reviewed(review))


def preference_lines(log: Log, layout: PairFormat = "openai", trusted: Trusted = NOTHING) -> Iterator[str]:
    """One line of JSON per pair of answers to one question, of which a person prefers the first.

    Pairs come from comparisons (the preferred answer over each other one), from reviews (the accepted answer over a
    wrong one that was given), and from right answers that are trusted (over the given one). No pair prefers what a
    review calls wrong. Pairs of equal texts are left out, and those of which a text is missing.
    """
    reviews = newest_reviews(log)
    of_users = (*_compared(log, reviews, trusted), *_corrected(log, reviews, trusted))
    shown = [review for review in reviews.values() if review.answer not in trusted.hidden]
    for question, better, worse in (*of_users, *_pairs_of_reviews(shown)):
        if better.strip() != worse.strip():
            yield _line(_pair(question, better, worse, layout))


def csv_lines(log: Log) -> Iterator[str]:
    """The header, then one row per answer with its newest thumb and how often it won and lost comparisons.

    A text that a spreadsheet would run as a formula gets an apostrophe in front. A withheld text is not shown.
    """
    thumbs, better, worse = newest_thumbs(log), Counter[str](), Counter[str]()
    for preference in log.entries(Preference):
        if preference.preferred is not None:
            better[preference.preferred] += len(preference.answers) - 1
            worse.update(answer for answer in preference.answers if answer != preference.preferred)
    yield written([COLUMNS])
    for answer in log.entries(LoggedAnswer):
        counts = {"n_better": better[answer.id], "n_worse": worse[answer.id]}
        yield written([_row(answer, thumbs.get(answer.id), counts)])


def question_lines(log: Log) -> Iterator[str]:
    """The header, then one row per distinct question that has a right answer or an answer with a thumb up.

    `asked` counts how often it was asked, `asked_on` is the last day. What a reviewer says of an answer wins over what
    users said of it. No other answer of a model is exported, so that none becomes an accepted one
    (`questions.tools.server_log`, which reads the table of the log by the same rules, but that has no reviews).
    """
    thumbs, reviews = newest_thumbs(log), newest_reviews(log)
    rows = (
        (n, _row(answer, _as_thumb(reviews[answer.id]) if answer.id in reviews else thumbs.get(answer.id), NO_COUNTS))
        for n, answer in enumerate(log.entries(LoggedAnswer))
    )
    yield written([QUESTION_COLUMNS])
    for asked in distinct((n, dict(zip(COLUMNS, row, strict=True))) for n, row in rows):
        if asked.weight:
            yield written([(asked.question, as_cell([asked.answer]), asked.n, asked.last[:10])])


def _as_thumb(review: Review) -> Thumb:
    """What a reviewer says of an answer, as if a user had said it: its right answer, or only that it is not right."""
    return Thumb(answer=review.answer, up=bool(review.right), right_answer=next(iter(review.answers), None))


def newest_thumbs(log: Log) -> dict[str, Thumb]:
    """The newest thumb on each answer."""
    return {thumb.answer: thumb for thumb in log.entries(Thumb)}


def newest_reviews(log: Log) -> dict[str, Review]:
    """The newest review of each answer."""
    return {review.answer: review for review in log.entries(Review)}


Turns = tuple[str | None, str | None]
"""What the user asked, and what the assistant should say; None: nothing is known."""


def _reviewed(review: Review) -> Turns:
    """What a reviewer says is right. Nothing if they could not say, or only that a document is wrong."""
    if review.action == "unanswerable":
        return review.question, DECLINED
    if review.answers:
        return review.question, review.answers[0]
    return review.question, review.shown if review.right else None


def _unreviewed(answer: LoggedAnswer, thumb: Thumb | None, which: Chosen, trusted: Trusted) -> Turns:
    if answer.id in trusted.corrections:
        return answer.question, trusted.corrections[answer.id]
    is_up = (
        thumb is not None and thumb.up and not (thumb.right_answer or "").strip() and answer.id not in trusted.capped
    )
    return answer.question, _shown(answer) if is_up or (thumb is None and which == "all") else None


def _chat(question: str | None, text: str | None) -> Iterator[str]:
    if question and text:
        yield _line({"messages": [_turn("user", question), _turn("assistant", text)]})


def _shown(answer: LoggedAnswer) -> str | None:
    """The text that the user saw. None for a failed answer or one without its text."""
    if answer.error is not None:
        return None
    return DECLINED if answer.declined else answer.text or None


def _compared(log: Log, reviews: Mapping[str, Review], trusted: Trusted) -> Iterator[tuple[str, str, str]]:
    for preference in log.entries(Preference):
        if preference.preferred is None or preference.preferred in trusted.hidden:
            continue
        best = log.answer(preference.preferred)
        if best is None or preference.id in trusted.capped or best.id in _not_known_right(preference.answers, reviews):
            continue
        others = [one for one in preference.answers if one != preference.preferred and one not in trusted.hidden]
        for other in map(log.answer, others):
            better, worse = _shown(best), other and _shown(other)
            if best.question and better and worse:
                yield best.question, better, worse


def _not_known_right(answers: Sequence[str], reviews: Mapping[str, Review]) -> set[str]:
    """Those of compared answers that reviews do not let be the best: wrong ones, and others beside a right one."""
    right = {answer: reviews[answer].right for answer in answers if answer in reviews}
    wrong = {answer for answer, is_right in right.items() if is_right is False}
    return wrong | {answer for answer in answers if True in right.values() and right.get(answer) is None}


def _corrected(log: Log, reviews: Mapping[str, Review], trusted: Trusted) -> Iterator[tuple[str, str, str]]:
    for of, right in trusted.corrections.items():
        answer = None if of in reviews or of in trusted.hidden else log.answer(of)
        if answer and answer.question and (given := _shown(answer)):
            yield answer.question, right, given


def _pairs_of_reviews(reviews: Iterable[Review]) -> Iterator[tuple[str, str, str]]:
    for review in reviews:
        question, right = _reviewed(review)
        if review.right is False and question and right:
            yield question, right, review.shown or DECLINED


def _pair(question: str, better: str, worse: str, layout: PairFormat) -> dict[str, Any]:
    prompt = [_turn("user", question)]
    chosen, rejected = [_turn("assistant", better)], [_turn("assistant", worse)]
    if layout == "trl":
        return {"prompt": prompt, "chosen": chosen, "rejected": rejected}
    return {"input": {"messages": prompt}, "preferred_output": chosen, "non_preferred_output": rejected}


def _row(answer: LoggedAnswer, thumb: Thumb | None, counts: dict[str, int]) -> list[Cell]:
    cells: dict[str, Cell] = {
        **answer.model_dump(include=set(COLUMNS)),
        "at": answer.at.isoformat(),
        "answer": None if answer.declined else answer.text,
        "thumb": ("up" if thumb.up else "down") if thumb else None,
        "right_answer": thumb.right_answer if thumb else None,
        "sources": " | ".join(dict.fromkeys(hit.source for hit in answer.hits)),
        **counts,
    }
    return [cells[column] for column in COLUMNS]


def _turn(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _line(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False) + "\n"
