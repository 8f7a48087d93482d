"""Decides whether two questions accept the same answer.

Takes questions. The grader compares amounts, so that '3 years' is '36 months'. Signs, the way decimals are written and
the case of short units must be the same: C++ is not C, 3.10 is not 3.1, and Mb is not MB.
"""

import re
import unicodedata
from collections.abc import Hashable
from functools import lru_cache

from bakeoff.grading.grade import equivalent, grade
from bakeoff.grading.normalise import word_set
from bakeoff.questions.facts.near_copies import words
from bakeoff.records import Question

_SIGNS = re.compile(
    r"[+#<>\u2264\u2265\u00b1\u2260~^*\\/@&]|(?<![^\W_])[-\N{MINUS SIGN}](?=[\w.])|(?<=[^\W_])[-\N{MINUS SIGN}](?!\w)"
)
"""Signs that tell answers apart. A hyphen counts before a word (-x) and after one (O-), but not within (7-28)."""
_UNIT = re.compile(r"(?<=\d)\s*([^\W\d_]{1,4})\b")
_DECIMAL = re.compile(r"\d+\.\d+(?!\.?\d)")
_BOUNDS = (
    (re.compile(r"\b(?:less|fewer|under|below|at most|no more|up to|maximum|max|before|until|within)\b"), "below"),
    (re.compile(r"\b(?:more|over|above|at least|no less|no fewer|minimum|min|after|from|since|older)\b"), "above"),
    (re.compile(r"\b(?:not|no|never|without|nor|none|cannot)\b|n't\b"), "not"),
)


def same_answers(a: Question, b: Question) -> bool:
    """Whether the two accept the same answer: wording, aliases and units may differ."""
    return same_wording(a, b) or (a.answerable and b.answerable and _graded_same(a.answers, b.answers))


def says_the_other(a: Question, b: Question) -> bool:
    """Whether an answer of one says what the other accepts, maybe with more: '80 % within 2 days' and '2 days'."""
    return any(grade(answer, b.answers).correct for answer in a.answers if b.answers) or any(
        grade(answer, a.answers).correct for answer in b.answers[:1] if a.answers
    )


def same_wording(a: Question, b: Question) -> bool:
    """Whether the two have an accepted answer with the same words, or both have no answers."""
    return bool(_keys(a.answers) & _keys(b.answers)) or not (a.answers or b.answers)


def gold_key(question: Question) -> frozenset[object]:
    """What two questions share if their accepted answers are all the same, word by word."""
    return _keys(question.answers)


def answer_key(answer: str) -> Hashable:
    """What two accepted answers share if they are the same, word by word."""
    return (" ".join(words(answer)) or answer, *_details(answer))


@lru_cache(maxsize=100_000)
def _keys(answers: tuple[str, ...]) -> frozenset[object]:
    return frozenset(map(answer_key, answers))


def _details(answer: str) -> tuple[Hashable, ...]:
    """What must be the same in both answers, beside the words."""
    lower = answer.casefold()
    return (
        tuple(sorted(_SIGNS.findall(answer.replace("\N{MINUS SIGN}", "-")))),
        tuple(unit for unit in _UNIT.findall(answer) if unit.casefold() in _CASED),
        tuple(sorted(name for pattern, name in _BOUNDS if pattern.search(lower))),
        "" if answer.isascii() else _marks(lower),
    )


def _marks(text: str) -> str:
    """The marks that are no accents: those of kana, and Indic vowels."""
    split = unicodedata.normalize("NFKD", text)
    return "".join(c for c in split if unicodedata.category(c)[0] == "M" and not "\u0300" <= c <= "\u036f")


_CASED = word_set("b kb mb gb tb pb kib mib gib bps kbps mbps gbps m mm mw mpa pa s ms")
"""Units whose case tells them apart."""


@lru_cache(maxsize=100_000)
def _graded_same(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether the grader takes the first answer of one for one of the other's."""
    return _takes(a[0], b) or _takes(b[0], a)


def _takes(answer: str, accepted: tuple[str, ...]) -> bool:
    comparable = [other for other in accepted if _comparable(answer, other)]
    return bool(comparable) and (equivalent(answer, comparable[0]) or grade(answer, comparable).correct)


def _comparable(a: str, b: str) -> bool:
    """Whether nothing tells the two apart that the grader may not see."""
    written: dict[float, str] = {}
    same_decimals = all(written.setdefault(float(text), text) == text for text in _DECIMAL.findall(f"{a} ; {b}"))
    return same_decimals and _details(a) == _details(b)
