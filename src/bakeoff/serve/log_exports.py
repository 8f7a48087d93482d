"""Exports of a server's log: chats and preference pairs to train on, a table, and questions for `bakeoff init`.

Takes a log, gives lines of text one by one, so that a long log needs little memory. Knows neither files nor HTTP.
Sources: OpenAI, "Supervised fine-tuning" and "Direct preference optimization" guides (formats of JSONL); TRL,
"Dataset formats" (prompt, chosen, rejected).
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, Literal

from bakeoff.files.spreadsheet_csv import Cell, written
from bakeoff.questions.rows.aliases import as_cell
from bakeoff.questions.tools.server_log import distinct
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer, Preference, Thumb

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


def chat_lines(log: Log, which: Chosen = "approved") -> Iterator[str]:
    """One line of JSON per answer: a user's question and the assistant's answer, as OpenAI's fine-tuning reads it.

    'approved': answers with a right answer (which is taken) or a thumb up. 'all': also those without a thumb; never
    answers with a thumb down and no right answer. Failed answers, and those without texts, are left out.
    """
    thumbs = _newest_thumbs(log)
    for answer in log.entries(LoggedAnswer):
        thumb = thumbs.get(answer.id)
        text = _correction(thumb) or (_shown(answer) if _is_chosen(thumb, which) else None)
        if answer.question and text:
            yield _line({"messages": [_turn("user", answer.question), _turn("assistant", text)]})


def preference_lines(log: Log, layout: PairFormat = "openai") -> Iterator[str]:
    """One line of JSON per pair of answers to one question, of which a person prefers the first.

    Pairs come from comparisons (the preferred answer over each other one) and from right answers (over the answer that
    was given). Pairs of equal texts are left out, and those of which a text is missing.
    """
    for question, better, worse in (*_compared(log), *_corrected(log)):
        if better.strip() != worse.strip():
            yield _line(_pair(question, better, worse, layout))


def csv_lines(log: Log) -> Iterator[str]:
    """The header, then one row per answer with its newest thumb and how often it won and lost comparisons.

    A text that a spreadsheet would run as a formula gets an apostrophe in front. A withheld text is not shown.
    """
    thumbs, better, worse = _newest_thumbs(log), Counter[str](), Counter[str]()
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

    `asked` counts how often it was asked, `asked_on` is the last day. No other answer of a model is exported, so that
    none becomes an accepted one (`questions.tools.server_log`, which reads the table of the log by the same rules).
    """
    thumbs = _newest_thumbs(log)
    rows = ((n, _row(answer, thumbs.get(answer.id), NO_COUNTS)) for n, answer in enumerate(log.entries(LoggedAnswer)))
    yield written([QUESTION_COLUMNS])
    for asked in distinct((n, dict(zip(COLUMNS, row, strict=True))) for n, row in rows):
        if asked.weight:
            yield written([(asked.question, as_cell([asked.answer]), asked.n, asked.last[:10])])


def _newest_thumbs(log: Log) -> dict[str, Thumb]:
    return {thumb.answer: thumb for thumb in log.entries(Thumb)}


def _correction(thumb: Thumb | None) -> str | None:
    return (thumb.right_answer or "").strip() or None if thumb else None


def _is_chosen(thumb: Thumb | None, which: Chosen) -> bool:
    return thumb.up if thumb else which == "all"


def _shown(answer: LoggedAnswer) -> str | None:
    """The text that the user saw. None for a failed answer or one without its text."""
    if answer.error is not None:
        return None
    return DECLINED if answer.declined else answer.text or None


def _compared(log: Log) -> Iterator[tuple[str, str, str]]:
    for preference in log.entries(Preference):
        if preference.preferred is None or not (best := log.answer(preference.preferred)):
            continue
        for other in (log.answer(answer) for answer in preference.answers if answer != preference.preferred):
            better, worse = _shown(best), other and _shown(other)
            if best.question and better and worse:
                yield best.question, better, worse


def _corrected(log: Log) -> Iterator[tuple[str, str, str]]:
    for thumb in _newest_thumbs(log).values():
        answer, right = log.answer(thumb.answer), _correction(thumb)
        if answer and answer.question and right and (given := _shown(answer)):
            yield answer.question, right, given


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
