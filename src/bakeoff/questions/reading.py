"""Shows how questions were read: a few examples for a terminal, and all of them as a table to correct.

Takes questions with facts, gives lines or rows. The table is itself a question file: with the column `fact` corrected,
it takes the place of the files that were given.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence

from bakeoff.files.spreadsheet_csv import Cell, written
from bakeoff.questions.facts.facts import is_inferred
from bakeoff.questions.naming import MADE, shortened
from bakeoff.questions.rows.aliases import as_cell
from bakeoff.records import Question
from bakeoff.sentences import first_few

MOST = 10
COLUMNS = ("id", "fact", "question", "answers", "source", "evidence", "asked", "date", "kind", "split")


def reading_lines(questions: Sequence[Question]) -> list[str]:
    """Up to ten examples of how questions were read, in the given order. Empty if there are no questions.

    There are some of each way of reading (several answers, none, a fact with other wordings, a quote), then others at
    equal distances.
    """
    if not questions:
        return []
    n_of_fact = Counter(question.fact for question in questions)
    shown = _chosen(questions, n_of_fact)
    header = f"How questions were read ({len(shown)} of {len(questions):,}):"
    return [header, *(f"  {_line(question, n_of_fact[question.fact])}" for question in shown)]


def _chosen(questions: Sequence[Question], n_of_fact: Counter[str]) -> list[Question]:
    ways: tuple[Callable[[Question], bool], ...] = (
        lambda question: len(question.answers) > 1,
        lambda question: not question.answerable,
        lambda question: n_of_fact[question.fact] > 1 and is_inferred(question.fact),
        lambda question: bool(question.evidence),
        lambda question: any(len(answer) > 100 for answer in question.answers),
    )
    places = dict.fromkeys(
        place for way in ways for place in [n for n, question in enumerate(questions) if way(question)][:1]
    )
    step = max(len(questions) // MOST, 1)
    spread = [n for n in range(0, len(questions), step) if n not in places]
    return [questions[n] for n in sorted([*places, *spread][:MOST])]


def _line(question: Question, n_of_fact: int) -> str:
    """One question on one line: its text, its answers, and what else the file says of it."""
    answers = " | ".join(shortened(answer) for answer in question.answers) or "unanswerable"
    sources = list(dict.fromkeys(span.source for span in question.source_spans))
    more = [
        f"kind {question.kind}" if question.kind and question.answerable else "",
        f"source {first_few(sources)}" if sources else "",
        f"quote {shortened(question.evidence)}" if question.evidence else "",
        f"one fact with {n_of_fact - 1} other{'s' if n_of_fact > 2 else ''}" if n_of_fact > 1 else "",
        f"asked {question.asked:,} times" if question.asked != 1 else "",
    ]
    name = "" if MADE.fullmatch(question.id) else f"{question.id}: "
    return f"{name}{shortened(question.text)} -> {'; '.join([answers, *filter(None, more)])}"


def fact_table(questions: Sequence[Question]) -> str:
    """All questions as CSV, those of one fact together, facts with most questions first."""
    n_of_fact = Counter(question.fact for question in questions)
    ordered = sorted(questions, key=lambda question: (-n_of_fact[question.fact], question.fact))
    return written([COLUMNS, *map(_row, ordered)])


def _row(question: Question) -> list[Cell]:
    quotes = question.evidence.split("\n") if question.evidence else []
    sources = list(dict.fromkeys(span.source for span in question.source_spans))
    return [
        question.id,
        question.fact,
        question.text,
        as_cell(question.answers),
        as_cell(sources),
        json.dumps(quotes, ensure_ascii=False) if len(quotes) > 1 else question.evidence,
        question.asked,
        str(question.asked_on) if question.asked_on else None,
        question.kind if question.answerable else "unanswerable",
        question.split,
    ]
