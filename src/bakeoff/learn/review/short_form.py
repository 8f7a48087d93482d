"""The short form of an answer: "78 EUR" of "An hour of the workshop costs 78 EUR."

Takes a question and an answer that a person accepted. Gives a piece of the answer, where it is certain which: the
question asks for an amount, a moment or a name, and the answer holds one of all these that the question does not say.
Otherwise gives nothing, and a person has to say it. Without a short form only the sentence would be right, which
favours the contender that copies sentences.
"""

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

from bakeoff.grading.bounds import bound_at
from bakeoff.grading.grade import grade
from bakeoff.grading.identifiers import is_identifier
from bakeoff.grading.quantities import is_rate, thing
from bakeoff.grading.terms import Term, terms
from bakeoff.grading.wording import countable, ends_clause, negated

Kind = Literal["amount", "moment", "name"]
KINDS: tuple[Kind, ...] = ("amount", "moment", "name")
FEW_WORDS = 4
"""An answer of so many words is short itself."""
_LONGEST = 9  # words of a short form
_ENDS = " \t\n.,;:!?()[]\"'*_“”„‘’«»"
_QUOTED = re.compile(
    r"\"([^\"\n]{1,60})\"|“([^”\n]{1,60})”|„([^“”\n]{1,60})[“”]|«\s?([^»\n]{1,60}?)\s?»|`([^`\n]{1,60})`"
)
_ONE = re.compile(r"an? ", re.IGNORECASE)  # "an hour of the workshop" is no amount that was asked for
_CODE = re.compile(r"(?=\S*\d)(?=\S*[A-Z])[A-Z0-9]+(?:[-/.][A-Z0-9]+)*[a-z]?")


class _Words(NamedTuple):
    """What questions ask with, and which words make a short form uncertain."""

    asking: dict[Kind, re.Pattern[str]]
    days: frozenset[str]
    limits: frozenset[str]


class _Candidate(NamedTuple):
    kind: Kind
    text: str


@cache
def _words() -> _Words:
    languages = tomllib.loads(Path(__file__).with_name("asked_for.toml").read_text(encoding="utf-8")).values()
    asking: dict[Kind, re.Pattern[str]] = {
        kind: re.compile("|".join(f"(?:{phrase})" for of in languages for phrase in of[kind]), re.IGNORECASE)
        for kind in KINDS
    }
    days, limits = (frozenset(word for of in languages for word in of[name]) for name in ("days", "limits"))
    return _Words(asking, days, limits)


def short_form(question: str, answer: str) -> str:
    """The piece of the answer that says it in a few words; empty if it is not certain or the answer is short itself.

    >>> short_form("What does an hour of the workshop cost?", "An hour of the workshop costs 78 EUR.")
    '78 EUR'
    >>> short_form("When is the kiosk open?", "It is open from 9:00 to 18:00.")
    ''
    """
    if is_short(answer):
        return ""
    asked = _asked(question)
    candidates = _candidates(question, answer) if asked and not _is_limited(question, answer) else []
    if len(candidates) != 1 or candidates[0].kind not in asked:
        return ""
    short = candidates[0].text
    stated_in = (short,) if candidates[0].kind == "name" else (short, answer)
    return short if short and all(grade(text, [short]).verdict == "right" for text in stated_in) else ""


def with_short_form(question: str, answers: Sequence[str]) -> tuple[str, ...]:
    """The accepted answers, and the short form of each at the end; none if a person wrote a short one."""
    if any(map(is_short, answers)):
        return tuple(answers)
    found = (short_form(question, answer) for answer in answers)
    return tuple(dict.fromkeys((*answers, *filter(None, found))))


def _asked(question: str) -> set[Kind]:
    """What the sentences of the question ask for. So may a part behind a comma, but "when" is a condition there."""
    sentences, parts = (re.split(mark, question) for mark in (r"[.?!]\s+", r"[.?!,;:]\s+"))
    starts: dict[Kind, list[str]] = {"amount": parts, "name": parts, "moment": sentences}
    asking = _words().asking
    return {kind for kind, texts in starts.items() if any(asking[kind].match(text.strip()) for text in texts)}


def is_short(answer: str) -> bool:
    return len(answer.split()) <= FEW_WORDS


def _is_limited(question: str, answer: str) -> bool:
    """Whether a short form would leave out a condition or a day."""
    said, asked = (frozenset(re.findall(r"\w+", text.casefold())) for text in (answer, question))
    return bool((said & _words().limits) or ((said - asked) & _words().days))


def _candidates(question: str, answer: str) -> list[_Candidate]:
    """All amounts, moments, names in quotes and codes of the answer that the question does not say."""
    names = _names(answer)
    rest = answer
    for name in sorted(names, key=len, reverse=True):
        rest = rest.replace(name, "§")
    known = {term.text for term in terms(question)}
    read = terms(rest)
    found = [_Candidate(_kind(term), _piece(rest, read, i)) for i, term in enumerate(read)
             if countable(term) and term.text not in known]  # fmt: skip
    new = [name for name in names if name.casefold() not in question.casefold()]
    return [*(one for one in found if not _ONE.match(one.text)), *(_Candidate("name", name) for name in new)]


def _names(answer: str) -> list[str]:
    """What stands in quotes, names in code, and codes of capitals and figures, each once."""
    quotes = [next(filter(None, match.groups())).strip() for match in _QUOTED.finditer(answer)]
    rest = _QUOTED.sub(" ", answer)
    words = [word.strip(_ENDS) for word in rest.split()]
    codes = [word for word in words if is_identifier(word) or (_CODE.fullmatch(word) and not _counts(word))]
    return list(dict.fromkeys([*quotes, *codes]))


def _counts(word: str) -> bool:
    return any(countable(term) and not term.label for term in terms(word))


def _kind(term: Term) -> Kind:
    return "moment" if term.dates or term.unit == "time of day" else "amount"


def _piece(answer: str, read: Sequence[Term], i: int) -> str:
    """The fewest words of the answer that say the number or date at a place, with bound, rate and what it counts."""
    if read[i].label or negated(read, i):
        return ""
    wanted = [read[i].text, *_belonging(read, i)]
    bound = bound_at(read, i)
    spans = [match.span() for match in re.finditer(r"\S+", answer)]
    for n in range(1, _LONGEST + 1):
        for start, end in zip(spans, spans[n - 1 :], strict=False):
            piece = answer[start[0] : end[1]].strip(_ENDS)
            said = terms(piece)
            at = next((k for k, term in enumerate(said) if term.text == wanted[0]), None)
            if at is None or [term.text for term in said[at : at + len(wanted)]] != wanted:
                continue
            if bound_at(said, at) == bound and at + len(wanted) == len(said):
                return piece
    return ""


def _belonging(read: Sequence[Term], i: int) -> list[str]:
    """The words after a number that belong to it: a rate (an hour), or what a bare number counts (6 periods)."""
    after = read[i + 1 : i + 2]
    if read[i].dates or not after or ends_clause(after[0]):
        return []
    if is_rate(after[0]):
        return [after[0].text]
    return [] if read[i].unit else thing(read, i)
