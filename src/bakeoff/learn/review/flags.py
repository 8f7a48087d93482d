"""What a reviewer must see before a user's correction is believed, or a user's question learned from.

Takes a question, or a correction with its question, other corrections, known questions and the documents. Gives flags
in words. A flag decides nothing: it is shown, and a flagged correction is never filled in. Knows no log.
"""

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

from bakeoff.learn.review.vocabulary import Vocabulary
from bakeoff.questions.facts.near_copies import NEAR_COPY, similar_pairs
from bakeoff.questions.facts.same_answer import content_words
from bakeoff.questions.facts.same_gold import same_answers
from bakeoff.records import Question

Kind = Literal["instruction", "address", "repeated", "contradiction", "not in the documents"]
MANY = 4
"""The same correction under so many different questions is odd."""
MOST_SHOWN = 160

_BETWEEN = r"[\s\W]+"
_GAP = r"[\s\W]+(?:[^\W]+[\s\W]+){0,3}"


@cache
def _instructions() -> re.Pattern[str]:
    path = Path(__file__).with_name("instructions.toml")
    phrases = [phrase for group in tomllib.loads(path.read_text(encoding="utf-8")).values() for phrase in group]
    return re.compile("|".join(phrase.replace(" ", _BETWEEN).replace("_", _GAP) for phrase in phrases), re.IGNORECASE)


_WEB = re.compile(
    r"(?:\bhttps?://|\bwww\.)[^\s<>\"')\]]+|\b(?:[a-z0-9-]+\.)+(?:com|net|org|io|de|fr|es|shop|info|ru|cn)\b(?:/\S*)?",
    re.I,
)
_MAIL = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b")
_PHONE = re.compile(
    r"(?<![\w.,/-])(?:\+\d{1,3}[\s./-]?)?(?:\(\d{1,5}\)[\s./-]?)?\d{2,5}(?:(?:\s?[/-]\s?|\s)\d{2,5}){1,4}(?![\w])"
)
MOST_DIGITS, FEWEST_DIGITS = 15, 7
"""Of a telephone number. Source: ITU-T E.164."""


class Flag(NamedTuple):
    """A warning in a sentence."""

    kind: Kind
    sentence: str


def instructions(text: str) -> list[str]:
    """The phrases with which a text tries to instruct a model, in English, German, French or Spanish."""
    return [" ".join(match.group().split()) for match in _instructions().finditer(text)]


def addresses(text: str) -> list[str]:
    """Web addresses, e-mail addresses and telephone numbers in a text."""
    mails = [match.group() for match in _MAIL.finditer(text)]
    rest = _MAIL.sub(" ", text)
    webs = [match.group().rstrip(".,;:!?") for match in _WEB.finditer(rest)]
    phones = [match.group().strip() for match in _PHONE.finditer(_WEB.sub(" ", rest))]
    return [*webs, *mails, *(phone for phone in phones if _is_phone(phone))]


def _is_phone(text: str) -> bool:
    """Whether digits in groups are a telephone number and not a date: 2024-05-31 is one."""
    n_digits = sum(c.isdigit() for c in text)
    return FEWEST_DIGITS <= n_digits <= MOST_DIGITS and not re.fullmatch(
        r"\d{4}-\d{2}-\d{2}|\d{1,2}[-/]\d{1,2}[-/]\d{4}", text
    )


def flags_of(
    question: str,
    correction: str,
    n_questions: int,
    others: Sequence[tuple[str, str]],
    known: Sequence[Question],
    documents: Vocabulary,
) -> list[Flag]:
    """The flags of a correction.

    `n_questions` is under how many different questions it was given, `others` are the questions and corrections of
    other answers; `known` are questions whose answers are known from the documents.
    """
    return [
        *_of_text(correction, n_questions, documents),
        *_contradictions(question, correction, others, known),
        *_unfounded(correction, documents),
    ]


def flags_of_question(*texts: str) -> list[Flag]:
    """The flags of a question, as it was answered and in the user's own words."""
    phrases = [phrase for text in texts for phrase in instructions(text)]
    return (
        [Flag("instruction", f"The question tries to instruct the model: “{_short(phrases[0])}”.")] if phrases else []
    )


def _of_text(correction: str, n_questions: int, documents: Vocabulary) -> list[Flag]:
    found = []
    phrases = instructions(correction)
    if phrases:
        found.append(Flag("instruction", f"It tries to instruct the model: “{_short(phrases[0])}”."))
    unknown = [address for address in addresses(correction) if not documents.holds(address)]
    if unknown:
        found.append(Flag("address", f"It names an address that no document holds: {_short(unknown[0])}."))
    if n_questions >= MANY:
        found.append(Flag("repeated", f"The same text was given under {n_questions} different questions."))
    return found


def _contradictions(
    question: str, correction: str, others: Sequence[tuple[str, str]], known: Sequence[Question]
) -> list[Flag]:
    """What other users, or the documents, say to the same question."""
    mine = Question(id="", text=question, fact="", answers=(correction,))
    found = []
    for other in _same_question(mine, known):
        if not same_answers(mine, other):
            answer = other.answers[0] if other.answers else "no answer"
            found.append(Flag("contradiction", f"The known answer to “{_short(other.text)}” is: {_short(answer)}."))
            break
    given = [Question(id=text, text=asked, fact="", answers=(text,)) for asked, text in others]
    different = [other.answers[0] for other in _same_question(mine, given) if not same_answers(mine, other)]
    if different:
        found.append(Flag("contradiction", f"Another correction of the same question says: {_short(different[0])}."))
    return found


def _same_question(mine: Question, others: Sequence[Question]) -> list[Question]:
    """Those that ask the same in nearly the same words: 'of Aldra' is not 'of Borun'."""
    wanted = content_words(mine.text)
    pairs = similar_pairs([mine.text], [other.text for other in others], NEAR_COPY)
    return [others[j] for _, j, _ in pairs if content_words(others[j].text) == wanted]


def _unfounded(correction: str, documents: Vocabulary) -> list[Flag]:
    if documents.says(correction):
        return []
    return [Flag("not in the documents", "No document says this.")]


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"
