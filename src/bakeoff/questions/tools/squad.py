"""SQuAD 1.1 and 2.0: articles with paragraphs and their questions, or one question per line as Hugging Face has them.

The quote is the sentence in which an answer begins, not the whole paragraph: a passage from elsewhere in the paragraph
does not hold the answer. Format: https://rajpurkar.github.io/SQuAD-explorer/
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bakeoff.questions.tools.converted import Cells, Converted, Numbered, Recorded

_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'(\d])|\n+")


def read(recorded: Recorded) -> Converted | None:
    """The questions with their answers and quotes. An impossible question has no answers."""
    if any(isinstance(cells.get("paragraphs"), list) for _, cells in recorded.rows):
        return Converted("SQuAD", [row for number, cells in recorded.rows for row in _of_article(number, cells)])
    if {"question", "context", "answers"} <= recorded.names and all(_has_starts(cells) for _, cells in recorded.rows):
        rows = [(number, _cells(cells, str(cells["context"]))) for number, cells in recorded.rows]
        return Converted("SQuAD", rows)
    return None


def _has_starts(cells: Cells) -> bool:
    answers = cells.get("answers")
    return isinstance(answers, Mapping) and "answer_start" in answers


def _of_article(number: int, article: Cells) -> Iterator[Numbered]:
    for paragraph in article.get("paragraphs") or ():
        for question in paragraph.get("qas") or ():
            yield number, _cells(question, str(paragraph.get("context", "")))


def _cells(question: Mapping[str, Any], context: str) -> dict[str, Any]:
    found = question.get("answers") or []
    if isinstance(found, Mapping):
        pairs = [*zip(found.get("text") or (), found.get("answer_start") or (), strict=False)]
    else:
        pairs = [(answer.get("text"), answer.get("answer_start")) for answer in found]
    impossible = question.get("is_impossible") in (True, "true", "True", "yes") or not pairs
    return {
        "id": question.get("id"),
        "question": question.get("question"),
        "answers": [] if impossible else [text for text, _ in pairs],
        "kind": "unanswerable" if impossible else "",
        "evidence": [] if impossible else [*dict.fromkeys(_sentence(context, start) for _, start in pairs)],
    }


def _sentence(context: str, start: Any) -> str:
    """The sentence of the paragraph in which an answer begins. The whole paragraph if the place is not known."""
    start = int(start) if isinstance(start, str) and re.fullmatch(r"\d{1,9}", start) else start
    if not isinstance(start, int) or not 0 <= start < len(context):
        return context
    ends = [0, *(match.end() for match in _END.finditer(context)), len(context)]
    begin = max(end for end in ends if end <= start)
    return context[begin : min(end for end in ends if end > start)].strip()
