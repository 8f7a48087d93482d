"""Fills in a profile: by asking thirteen questions, and by inspecting documents and question files.

Takes a function that asks (text in, text out), or paths. Gives a `Profile`. Knows nothing about terminals or models.
An empty answer leaves the field unknown.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bakeoff.corpus.sources.named import read_named
from bakeoff.decide.situation.plain_errors import AMBIGUOUS, both_numbers
from bakeoff.decide.situation.prices import CURRENCY
from bakeoff.decide.situation.profile import Profile, validate_profile
from bakeoff.errors import ConfigError
from bakeoff.questions import monthly_volume, read_questions
from bakeoff.questions.facts.labels import answer_labels
from bakeoff.questions.rows.columns import Mapped
from bakeoff.questions.rows.dates import MonthlyVolume
from bakeoff.records import Record
from bakeoff.sentences import counted
from bakeoff.writing.words import count_words

TOKENS_PER_WORD = 1.3
"""Tokens per English word: an approximation that needs no tokenizer."""
UNKNOWN = ("", "?", "unknown", "don't know")
NONE = ("none", "never", "no limit", "no")
MAGNITUDES = {"k": 1e3, "m": 1e6, "b": 1e9}


class Ask(NamedTuple):
    """One question: the profile's field it fills, and its text. `none` is what to type for 'there is none'."""

    field: str
    text: str
    none: str = ""


QUESTIONS = (
    Ask("update_interval_days", "How many days pass between changes to the documents?", "never"),
    Ask("corpus_tokens", "How many tokens do the documents have in all? (a page has about 600)"),
    Ask("context_window_tokens", "How many tokens fit into the context window of the model you plan to use?"),
    Ask("labelled_examples", "How many questions with checked answers do you have?"),
    Ask("needs_citations", "Must every answer name its source? (yes, no)"),
    Ask("needs_style", "Must answers have a specific style, tone or format? (yes, no)"),
    Ask("accuracy_requirement", "How accurate must answers be? (1: 60 %, 2: 70 %, 3: 80 %, 4: 90 %, 5: 95 %)"),
    Ask("latency_limit_ms", "How many milliseconds may an answer take?", "no limit"),
    Ask("queries_per_month", "How many questions do you expect per month?"),
    Ask("must_run_offline", "Must it run without a network? (yes, no)"),
    Ask("ml_expertise", "How much machine-learning expertise does the team have? (0 none to 5 very much)"),
    Ask("has_training_gpu", "Do you have a GPU for training? (yes, no)"),
    Ask("value", "What does it cost you when nobody answers a question, in USD? (a number such as 4 or 0.50)"),
)


def ask(
    prompt: Callable[[str], str],
    tell: Callable[[str], None],
    known: Profile | None = None,
    interactive: bool = True,
) -> Profile:
    """Ask for every field that the profile does not name. An invalid answer is explained and asked again.

    `prompt` shows a text and returns what was typed; `tell` shows a line. If `interactive` is false (there is no
    terminal) or `prompt` raises EOFError, the remaining questions are skipped. Their fields stay unknown, and a line
    names them.
    """
    profile = known or Profile()
    left = [question for question in QUESTIONS if question.field not in profile.model_fields_set]
    try:
        while interactive and left:
            profile = _answered(profile, left[0], prompt, tell)
            left = left[1:]
    except EOFError:
        pass
    if left:
        tell(_not_asked(left))
    return profile


def _not_asked(questions: Sequence[Ask]) -> str:
    fields = ", ".join(question.field for question in questions)
    return f"Not asked, because there is no terminal: {fields}. They stay unknown. Give them with --profile FILE."


def _answered(profile: Profile, question: Ask, prompt: Callable[[str], str], tell: Callable[[str], None]) -> Profile:
    """The profile with this question's answer; asks until the answer is valid."""
    none = f" (or {question.none!r})" if question.none else ""
    while True:
        typed = prompt(f"{question.text}{none} [empty: not known]").strip().lower()
        if typed in UNKNOWN:
            return profile
        try:
            return named(profile, {question.field: _profile_value(question, typed)})
        except ConfigError as error:
            tell(error.message)


def named(profile: Profile, values: dict[str, Any]) -> Profile:
    """The profile with these fields set too. Raises ConfigError if a value is invalid."""
    return validate_profile({**profile.model_dump(include=profile.model_fields_set), **values}, "the answers")


def _profile_value(question: Ask, typed: str) -> Any:
    """The typed text as what the profile's field holds: an amount of money becomes the value of an answer."""
    value = _value(question, typed)
    return {"currency": CURRENCY, "unanswered": value} if question.field == "value" else value


def _value(question: Ask, typed: str) -> Any:
    """The typed text as a value of the field's type. Raises ConfigError if it is not yes or no, or not a number."""
    kind = Profile.model_fields[question.field].annotation
    if kind is bool:
        if typed not in ("yes", "y", "true", "no", "n", "false"):
            raise ConfigError(f"{typed!r} is neither yes nor no.", "type yes or no, or press Enter if it is not known")
        return typed[0] in "yt"
    if question.none and typed in (*NONE, question.none):
        return None
    match = re.fullmatch(r"(-?(?:\d{1,3}(?:[,_ ]\d{3})+|\d+)(?:\.\d+)?) *([kmb]?)", typed)
    if match and AMBIGUOUS.fullmatch(match[1]):
        raise ConfigError(f"{typed!r} may be two numbers.", f"type {both_numbers(match[1])}{match[2]}")
    if match is None:
        raise ConfigError(f"{typed!r} is not a number.", "type a number such as 500, 20k or 1.5m")
    number = float(re.sub(r"[,_ ]", "", match[1])) * MAGNITUDES.get(match[2], 1.0)
    return int(number) if number.is_integer() else number


class Inspection(Record):
    """What documents and question files show. `corpus_tokens` is an estimate; `asked` sums how often users asked.

    `asked_per_month` is None if the questions have no dates;
    it comes from the `n_dated` questions with a date. `n_labels` is the number of distinct answers if they are
    labels of a closed set, otherwise 0.
    """

    n_documents: int = 0
    corpus_tokens: int = 0
    not_read: tuple[str, ...] = ()
    to_check: tuple[str, ...] = ()
    n_questions: int = 0
    n_answerable: int = 0
    n_facts: int = 0
    n_labels: int = 0
    paraphrased_share: float = 0.0
    asked: int = 0
    asked_per_month: int | None = None
    n_dated: int = 0

    def values(self) -> dict[str, int]:
        """The profile's fields that this fills in."""
        fields = {}
        if self.n_documents:
            fields["corpus_tokens"] = max(1, self.corpus_tokens)
        if self.n_questions:
            fields["labelled_examples"] = self.n_answerable
        if self.asked_per_month and 2 * self.n_dated >= self.n_questions:
            fields["queries_per_month"] = self.asked_per_month
        return fields

    def fill(self, profile: Profile) -> Profile:
        """The profile with these values for the fields that it does not name; the fields it names stay as they are."""
        missing = {field: value for field, value in self.values().items() if field not in profile.model_fields_set}
        return named(profile, missing) if missing else profile

    def lines(self) -> list[str]:
        """What was found, one sentence per line."""
        lines = []
        if self.n_documents:
            lines.append(f"{counted(self.n_documents, 'document')}, about {self.corpus_tokens:,} tokens.")
        lines += [f"Not read: {problem}." for problem in self.not_read]
        lines += [f"Check how it was read: {problem}." for problem in self.to_check]
        if self.n_questions:
            monthly = ""
            if self.asked_per_month:
                volume = MonthlyVolume(self.asked_per_month, self.n_dated, self.n_questions)
                monthly = f", by their dates {volume.asked:,} times a month{volume.basis}"
            lines.append(
                f"{counted(self.n_questions, 'question')}, {self.n_answerable:,} with an answer, "
                f"about {counted(self.n_facts, 'fact')}; "
                f"{100 * self.paraphrased_share:.0f} % of the facts are asked in several ways; "
                f"asked {self.asked:,} times{monthly}."
            )
        if self.n_labels:
            lines.append(f"The answers look like {self.n_labels} labels: this is classification.")
        return lines


def estimated_tokens(n_words: int) -> int:
    """Estimated tokens of an English text with this many words."""
    return round(n_words * TOKENS_PER_WORD)


def inspect_data(
    documents: Sequence[str | Path] = (), questions: Sequence[Path] = (), columns: Mapped | None = None
) -> Inspection:
    """Read documents and question files, without a model. Raises InputError if nothing can be read.

    `documents` are paths, or a single YAML file whose `documents:` names sources. `columns` maps fields of questions to
    the names of columns.
    """
    counts: dict[str, Any] = {}
    if documents:
        reading = read_named(documents)
        n_words = sum(count_words(document.text) for document in reading.documents)
        counts |= {
            "n_documents": len(reading.documents),
            "corpus_tokens": estimated_tokens(n_words),
            "not_read": tuple(f"{one.source}: {one.reason}" for one in reading.problems if not one.is_read),
            "to_check": tuple(f"{one.source}: {one.reason}" for one in reading.problems if one.is_read),
        }
    if questions:
        asked = read_questions(questions, columns or {})
        monthly = monthly_volume(asked)
        phrasings = Counter(question.fact for question in asked)
        counts |= {
            "n_questions": len(asked),
            "n_answerable": sum(question.answerable for question in asked),
            "n_facts": len(phrasings),
            "n_labels": len({*answer_labels(asked).values()}),
            "paraphrased_share": sum(n > 1 for n in phrasings.values()) / len(phrasings),
            "asked": sum(question.asked for question in asked),
            "asked_per_month": monthly.asked if monthly else None,
            "n_dated": monthly.n_dated if monthly else 0,
        }
    return Inspection(**counts)
