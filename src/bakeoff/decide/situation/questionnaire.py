"""A dozen questions that fill in a profile, and a look at documents and questions that fills in what they show.

Takes a way of asking (text in, text out) or paths; gives a `Profile`. Knows nothing about terminals or models. What
nobody knows stays unknown: an empty answer is a good one.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bakeoff.corpus.sources.folders import read_documents
from bakeoff.decide.situation.profile import Profile, validate_profile
from bakeoff.errors import ConfigError
from bakeoff.questions import asked_per_month, read_questions
from bakeoff.questions.labels import answer_labels
from bakeoff.records import Record

TOKENS_PER_WORD = 1.3
"""Tokens of an English word: an approximation that needs no tokenizer."""
UNKNOWN = ("", "?", "unknown", "don't know")
NONE = ("none", "never", "no limit", "no")
MAGNITUDES = {"k": 1e3, "m": 1e6, "b": 1e9}


class Ask(NamedTuple):
    """One question: the profile's field it fills, and how it is put. `none` is what to type where there is none."""

    field: str
    text: str
    none: str = ""


QUESTIONS = (
    Ask("update_interval_days", "Every how many days do the documents change?", "never"),
    Ask("corpus_tokens", "How many tokens do the documents hold? A page has about 600"),
    Ask("context_window_tokens", "How many tokens does the model you think of take at once?"),
    Ask("labelled_examples", "How many questions with checked answers do you have?"),
    Ask("needs_citations", "Must every answer name its source? (yes, no)"),
    Ask("needs_style", "Must answers have a style, tone or form of their own? (yes, no)"),
    Ask("accuracy_requirement", "How accurate must answers be? (1: 60 %, 2: 70 %, 3: 80 %, 4: 90 %, 5: 95 %)"),
    Ask("latency_limit_ms", "Within how many milliseconds must an answer come?", "no limit"),
    Ask("queries_per_month", "How many questions come in a month?"),
    Ask("must_run_offline", "Must it run without a network? (yes, no)"),
    Ask("ml_expertise", "How much machine-learning expertise is in the team? (0 none to 5 much)"),
    Ask("has_training_gpu", "Is there a GPU to train on? (yes, no)"),
)


def ask(
    prompt: Callable[[str], str],
    tell: Callable[[str], None],
    known: Profile | None = None,
    interactive: bool = True,
) -> Profile:
    """Put every question whose field the profile does not name; ask again, saying why, where an answer cannot be used.

    `prompt` shows a text and returns what was typed; `tell` shows a line. Where `interactive` is false (there is no
    terminal), or `prompt` raises EOFError, the remaining questions are not asked, their fields stay unknown, and a line
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
    return f"Not asked, as there is no terminal to answer on: {fields}. They stay unknown; --profile FILE gives them."


def _answered(profile: Profile, question: Ask, prompt: Callable[[str], str], tell: Callable[[str], None]) -> Profile:
    """The profile with this question's answer, asked until it can be used."""
    none = f" (or {question.none!r})" if question.none else ""
    while True:
        typed = prompt(f"{question.text}{none} [empty: not known]").strip().lower()
        if typed in UNKNOWN:
            return profile
        try:
            return named(profile, {question.field: _value(question, typed)})
        except ConfigError as error:
            tell(error.message)


def named(profile: Profile, values: dict[str, Any]) -> Profile:
    """The profile with these fields named as well. Raises ConfigError where a value is impossible."""
    return validate_profile({**profile.model_dump(include=profile.model_fields_set), **values}, "the answers")


def _value(question: Ask, typed: str) -> Any:
    """What was typed as the field's kind. Raises ConfigError where it is neither a number nor yes or no."""
    kind = Profile.model_fields[question.field].annotation
    if kind is bool:
        if typed not in ("yes", "y", "true", "no", "n", "false"):
            raise ConfigError(f"{typed!r} is neither yes nor no.", "type yes or no, or nothing where it is not known")
        return typed[0] in "yt"
    if question.none and typed in (*NONE, question.none):
        return None
    match = re.fullmatch(r"(-?\d[\d,_ ]*(?:\.\d+)?) *([kmb]?)", typed)
    if match is None:
        raise ConfigError(f"{typed!r} is not a number.", "type a number such as 500, 20k or 1.5m")
    number = float(re.sub(r"[,_ ]", "", match[1])) * MAGNITUDES.get(match[2], 1.0)
    return int(number) if number.is_integer() else number


class Inspection(Record):
    """What documents and questions show by themselves. Tokens are an estimate; `asked` sums how often users asked.

    `asked_per_month` is known where the questions have dates; `n_labels` counts the distinct answers where they are
    labels of a closed set, and is 0 else.
    """

    n_documents: int = 0
    corpus_tokens: int = 0
    not_read: tuple[str, ...] = ()
    n_questions: int = 0
    n_answerable: int = 0
    n_facts: int = 0
    n_labels: int = 0
    paraphrased_share: float = 0.0
    asked: int = 0
    asked_per_month: int | None = None

    def values(self) -> dict[str, int]:
        """The profile's fields that this fills in."""
        found = {}
        if self.n_documents:
            found["corpus_tokens"] = max(1, self.corpus_tokens)
        if self.n_questions:
            found["labelled_examples"] = self.n_answerable
        if self.asked_per_month:
            found["queries_per_month"] = self.asked_per_month
        return found

    def fill(self, profile: Profile) -> Profile:
        """The profile with what it does not name itself; what it names stays."""
        missing = {field: value for field, value in self.values().items() if field not in profile.model_fields_set}
        return named(profile, missing) if missing else profile

    def lines(self) -> list[str]:
        """What was found, a line each."""
        found = []
        if self.n_documents:
            found.append(f"{self.n_documents:,} documents, about {self.corpus_tokens:,} tokens.")
        found += [f"Not read: {one}." for one in self.not_read]
        if self.n_questions:
            monthly = f", by their dates {self.asked_per_month:,} times a month" if self.asked_per_month else ""
            found.append(
                f"{self.n_questions:,} questions, {self.n_answerable:,} with an answer, about {self.n_facts:,} facts; "
                f"{100 * self.paraphrased_share:.0f} % of the facts are asked in several ways; "
                f"asked {self.asked:,} times{monthly}."
            )
        if self.n_labels:
            found.append(f"The answers look like {self.n_labels} labels: this is classification.")
        return found


def estimated_tokens(n_words: int) -> int:
    """Tokens of an English text of so many words, without a tokenizer."""
    return round(n_words * TOKENS_PER_WORD)


def inspect_data(
    documents: Sequence[str | Path] = (), questions: Sequence[Path] = (), columns: Mapping[str, str] | None = None
) -> Inspection:
    """Read documents and question files, with no model. Raises InputError where there is nothing that can be read.

    `columns` maps fields of questions to the names of columns.
    """
    found: dict[str, Any] = {}
    if documents:
        reading = read_documents(documents)
        n_words = sum(len(document.text.split()) for document in reading.documents)
        found |= {
            "n_documents": len(reading.documents),
            "corpus_tokens": estimated_tokens(n_words),
            "not_read": tuple(f"{problem.source}: {problem.reason}" for problem in reading.problems),
        }
    if questions:
        asked = read_questions(questions, columns or {})
        phrasings = Counter(question.fact for question in asked)
        found |= {
            "n_questions": len(asked),
            "n_answerable": sum(question.answerable for question in asked),
            "n_facts": len(phrasings),
            "n_labels": len({*answer_labels(asked).values()}),
            "paraphrased_share": sum(n > 1 for n in phrasings.values()) / len(phrasings),
            "asked": sum(question.asked for question in asked),
            "asked_per_month": asked_per_month(asked),
        }
    return Inspection(**found)
