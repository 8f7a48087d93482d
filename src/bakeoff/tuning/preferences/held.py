"""What of the judgements may be trained on, and which of them are held out to measure on.

Takes judgements and questions with their splits. A judgement about a question of dev or test, or of a near-copy of one,
is left out: by the leak rules of `questions/splits/leaks.py`, and where these excuse a near-copy because its answers
differ, only if neither of the judged answers says what the question accepts. Knows nothing about models.
"""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bakeoff.errors import BakeoffError, error_line
from bakeoff.grading.normalise import word_set
from bakeoff.questions.facts.near_copies import NEAR_COPY, similar_pairs, words
from bakeoff.questions.facts.same_gold import same_answers
from bakeoff.questions.splits.leaks import ALMOST_EXACT
from bakeoff.records import Question, Record
from bakeoff.tuning.preferences.rows import Judgement, read_judgements, thumbs_of
from bakeoff.tuning.settings import Preferences

LEAST_QUESTIONS = 5
"""So many different questions, so that one can be held out and others are left to train on."""


class Judgements(Record):
    """The judgements of some files that may be trained on, without the `n_leaked` about questions of dev and test.
    `problem` says why the files cannot be used.
    """

    files: tuple[str, ...]
    rows: tuple[Judgement, ...] = ()
    n_leaked: int = 0
    problem: str = ""

    @property
    def note(self) -> str:
        """What is used of the files, as a sentence."""
        names = ", ".join(Path(file).name for file in self.files)
        if self.problem:
            return f"preferences: {self.problem}"
        n_pairs = sum(row.is_pair for row in self.rows)
        kinds = f"{n_pairs} pairs, {len(self.rows) - n_pairs} single answers"
        leaked = f"; {self.n_leaked} are left out: their question is in dev or test, or nearly copies one there"
        return f"preferences of {names}: {kinds}{leaked if self.n_leaked else ''}."


def read_usable(files: Sequence[str], questions: Sequence[Question]) -> Judgements:
    """The judgements of the files that may be trained on. Never raises for a bad file: `problem` says what is wrong."""
    try:
        rows = [row for file in files for row in read_judgements(Path(file))]
    except BakeoffError as error:
        return Judgements(files=tuple(files), problem=error_line(error))
    leaked = leaked_in(rows, questions)
    usable = tuple(row for number, row in enumerate(rows) if number not in leaked)
    return Judgements(files=tuple(files), rows=usable, n_leaked=len(leaked))


def leaked_in(rows: Sequence[Judgement], questions: Sequence[Question]) -> set[int]:
    """The numbers of the judgements that say something about a question in dev or test."""
    measured = [question for question in questions if question.split in ("dev", "test")]
    facts = {_key(question.text): question.fact for question in questions if question.split == "train"}
    pairs = similar_pairs([row.question for row in rows], [question.text for question in measured], NEAR_COPY)
    return {i for i, j, alike in pairs if not _excused(rows[i], measured[j], alike, facts.get(_key(rows[i].question)))}


def _key(text: str) -> str:
    return " ".join(words(text))


def _excused(row: Judgement, measured: Question, alike: float, fact: str | None) -> bool:
    """Whether training on it tells nothing: it is a training question of the same fact, or asks for something else."""
    if alike >= ALMOST_EXACT and _key(row.question) == _key(measured.text):
        return False
    if fact is not None and fact == measured.fact:
        return alike < ALMOST_EXACT
    return alike < 1 and measured.answerable and not any(_says(text, measured) for text in (row.liked, row.disliked))


def _says(text: str, measured: Question) -> bool:
    """Whether a text gives an answer that the question accepts."""
    if not text:
        return False
    own = measured.model_copy(update={"answers": (text,)})
    return same_answers(own, measured) or any(word_set(answer) <= word_set(text) for answer in measured.answers)


class Divided(NamedTuple):
    """Judgements to train on and to measure on, with no question in both."""

    train: list[Judgement]
    held: list[Judgement]


def divided(judgements: Judgements, settings: Preferences, seed: int) -> Divided:
    """The judgements that the method takes, with some questions held out. Call `why_not` first."""
    rows = _taken(judgements.rows, settings.method)
    groups = _drawn(rows, seed)
    n_held = min(max(1, round(settings.held_out * len(groups))), len(groups) - len(_needed(groups, rows)))
    held = {number for group in groups[:n_held] for number in group}
    return Divided(
        [row for number, row in enumerate(rows) if number not in held],
        [row for number, row in enumerate(rows) if number in held],
    )


def _drawn(rows: Sequence[Judgement], seed: int) -> list[list[int]]:
    """The groups in a drawn order, in which those to hold out come first.

    A liked answer is among these if there are two questions with one: whether such answers stay likely is what stops a
    training. The last ones are those that training needs.
    """
    groups = _groups(rows)
    random.Random(seed).shuffle(groups)
    needed = _needed(groups, rows)
    others = [group for group in groups if group not in needed]
    first = next((group for group in others if any(rows[number].liked for number in group)), None)
    return [*([first] if first else []), *(group for group in others if group is not first), *needed]


def _needed(groups: Sequence[list[int]], rows: Sequence[Judgement]) -> list[list[int]]:
    """The last group with a liked answer and the last one with a disliked answer, which may be the same."""
    last = {
        side: max((i for i, group in enumerate(groups) if any(getattr(rows[number], side) for number in group)))
        for side in ("liked", "disliked")
    }
    return [groups[i] for i in sorted(set(last.values()))]


def why_not(judgements: Judgements, settings: Preferences) -> str:
    """Why a model cannot be tuned on these judgements; empty if it can."""
    if judgements.problem:
        return judgements.problem
    rows = _taken(judgements.rows, settings.method)
    leaked = f" ({judgements.n_leaked} are about questions in dev or test)" if judgements.n_leaked else ""
    if settings.method == "dpo" and not rows:
        return (
            f"its preferences hold no pair of answers{leaked}, which DPO needs; "
            "compare answers or review wrong ones, or set method: kto for thumbs"
        )
    kinds = {bool(row.liked) for row in rows}
    if settings.method == "kto" and len(kinds) < 2:
        which = "up" if kinds == {True} else "down" if kinds else "left"
        return f"all {len(rows)} thumbs of its preferences are {which}{leaked}; KTO needs liked and disliked answers"
    n_questions = len(_groups(rows))
    if n_questions < LEAST_QUESTIONS:
        return (
            f"its preferences are about {n_questions} different questions{leaked}; "
            f"at least {LEAST_QUESTIONS} are needed, because some are held out to measure on"
        )
    return ""


def _taken(rows: Sequence[Judgement], method: str) -> list[Judgement]:
    return [row for row in rows if row.is_pair] if method == "dpo" else thumbs_of(rows)


def _groups(rows: Sequence[Judgement]) -> list[list[int]]:
    """The numbers of the rows about the same question, or near-copies of it, in order."""
    texts = list(dict.fromkeys(row.question for row in rows))
    first = list(range(len(texts)))
    for i, j, _ in similar_pairs(texts, texts, NEAR_COPY):
        a, b = _root(first, i), _root(first, j)
        first[max(a, b)] = min(a, b)
    number = {text: _root(first, i) for i, text in enumerate(texts)}
    groups: dict[int, list[int]] = {}
    for i, row in enumerate(rows):
        groups.setdefault(number[row.question], []).append(i)
    return list(groups.values())


def _root(first: list[int], at: int) -> int:
    while first[at] != at:
        at = first[at]
    return at
