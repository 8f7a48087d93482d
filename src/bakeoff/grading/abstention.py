"""Decides whether a text declines to answer.

Takes a text. Knows nothing about the correct answer.
"""

import re
from functools import lru_cache

from bakeoff.grading.normalise import fold
from bakeoff.grading.terms import terms

_SOURCE = r"(?:documents?|passages?|context|texts?|information|articles?|sources?|knowledge base|manuals?|excerpts?)"
_ABOUT = (
    r"(?=\W*$|\W*[.,;]| (?:about|on|regarding|concerning|available|provided|given|found|mentioned|in|to|for|that|of|"
    r"here)\b)"
)
_I = r"\b(?:i|we)"
_DATA = r"(?:information|answer|access|details?|data|mention|evidence)"
# Each line is one way to decline. Statements about products ("batteries are not included", "we do not have a store
# there") must not match.
_DECLINES = (
    r"\bi (?:really |still |just )?(?:do|did) not (?:really |actually |currently )?know\b",
    r"\bno idea\b",
    rf"{_I} (?:can|could|did|do) not (?:really |actually )?(?:answer|find|determine|say|tell|see any|help|assist)\b",
    rf"{_I} (?:am|are|was|were) (?:not able|unable) to (?:answer|find|determine|say|tell|provide|help|assist)\b",
    rf"{_I} (?:do|can|could) not (?:have|provide|see|find) (?:\w+ ){{0,3}}{_DATA}\b",
    r"\b(?:i am|i'm|im) (?:not sure|unsure|not certain|not aware|uncertain)\b",
    rf"\b{_SOURCE} (?:do|does|did|can) not (?:\w+ ){{0,2}}?(?:mention|say|state|specify|contain|provide|include|give|"
    r"hold|answer|tell|indicate|describe|cover|have|list|explain|reveal|discuss|know)\b",
    r"\bit (?:do|does|did) not (?:\w+ ){0,2}?(?:mention|say|state|specify|tell|indicate|reveal)\b",
    r"\b(?:is|are|was|were) (?:not|nowhere) (?:\w+ly )?(?:mentioned|specified|stated|known|answerable)\b",
    rf"\b(?:is|are|was|were) (?:not|nowhere) (?:\w+ ){{0,3}}(?:in|by|from) (?:\w+ ){{0,3}}{_SOURCE}\b",
    rf"\b(?:answer|{_SOURCE}|details?|price) (?:is|are|was) not (?:\w+ly )?"
    r"(?:provided|given|available|found|listed|included)\b",
    r"\bnot (?:mentioned|specified|stated|answerable|enough (?:information|context))\b",
    rf"\bnot (?:given|found|available|provided) in (?:\w+ )?{_SOURCE}\b",
    r"\b(?:there is|there's|contains?|provides?|has|have|had|found?) (?:no|insufficient|not enough) "
    rf"(?:\w+ )?{_DATA}{_ABOUT}",
    rf"^\W*(?:no|insufficient|not enough) (?:\w+ )?{_DATA}{_ABOUT}",
    r"\bcan not be (?:answered|determined)\b",
    r"\bunanswerable\b|\bn/a\b",
    r"^(?:it is |the answer is )?unknown\b(?=\W*(?:$|[.,]))",
    r"^\W*none of the (?:passages|documents|above)\b",
)
_DECLINE = re.compile("|".join(_DECLINES), re.I)
_YET = re.compile(
    r"(?:,|;|-|\.|^)?\s*\b(?:but|however|although|though|that said|still|nevertheless|maybe|perhaps|probably|"
    r"my (?:best )?guess)\b",
    re.I,
)
_AFTERTHOUGHT = re.compile(
    r"\b(?:contact|check|refer|visit|call|email|e-mail|ask|consult|see|recommend|suggest|help|please|support|sorry|apologi|"
    r"let me know|provide more|rephrase|try|look)\b|\bi (?:can|will|would|could)\b",
    re.I,
)


@lru_cache(maxsize=50_000)
def is_abstention(text: str) -> bool:
    """Whether the text declines to answer and gives no answer before or after that."""
    text = plain(text)
    match = _DECLINE.search(text)
    if match is None:
        return False
    return not _asserts_before(text[: match.start()]) and not _asserts_after(text[match.end() :])


def plain(text: str) -> str:
    """The text on one line, without accents, with every negation written as 'not'."""
    text = re.sub(r"n't\b", " not", re.sub(r"\b(ca|wo)n't\b|\bcannot\b", "can not", fold(text), flags=re.I))
    return " ".join(text.replace("\n", " . ").split())


def _asserts_before(text: str) -> bool:
    """Whether a statement comes before the refusal: a whole sentence, or a clause with a number."""
    sentences = re.split(r"[.!?](?:\s|$)", text)
    if any(_asserts(sentence) for sentence in sentences[:-1]):
        return True
    clauses = re.split(r"[,;:]|\b(?:but|and)\b", sentences[-1])
    if re.search(rf"\b{_SOURCE}\b", sentences[-1], re.I):
        return False
    return any(term.is_number for clause in clauses[:-1] for term in terms(clause))


def _asserts_after(text: str) -> bool:
    """Whether something other than a referral, an apology or a reason comes after the refusal."""
    first, *others = re.split(r"[.!?](?:\s|$)", text)
    contrast = _YET.search(first)
    if contrast and _asserts(first[contrast.end() :]):
        return True
    return any(_asserts(_YET.sub("", sentence)) for sentence in others)


def _asserts(sentence: str) -> bool:
    if _AFTERTHOUGHT.search(sentence) or _DECLINE.search(sentence) or re.search(r"\bas an ai\b", sentence, re.I):
        return False
    return len(terms(sentence)) >= 2 or any(term.is_number for term in terms(sentence))
