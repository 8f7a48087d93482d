"""Reasons to doubt an answer that contains the accepted words: what stands beside them may say something else.

Takes the terms of an answer and the place of the accepted words. Gives a reason, or '' if there is none.
"""

import re
from collections.abc import Sequence

from bakeoff.grading.normalise import word_set
from bakeoff.grading.wording import FUNCTION_WORDS, Terms, clause_of, ends_clause, runs

_FORMER = frozenset(("formerly", "previously", "originally", "once", "former", "initially", "ex", "earlier", "until"))
_BESIDE = frozenset(
    ("than", "unlike", "versus", "vs", "like", "compared", "except", "excluding", "besides", "instead", "after")
)
_CORRECTS = frozenset(("actually", "correction", "wait", "rather", "sorry", "mistake", "instead"))
_TITLES = word_set("""
    mr mrs ms miss dr prof professor sir lady lord president king queen prince princess pope saint st captain general
    chief director minister ceo cto cfo mayor judge senator the dame colonel major doctor
""")


def phrase_doubt(answer: Terms, gold: Terms, golds: Sequence[Terms]) -> str:
    """The reason to doubt each place where the accepted words stand, '' if one place is beyond doubt."""
    reasons = [_doubt_at(answer, start, end, golds) for start, end in runs(answer, gold)]
    if "" in reasons:
        return contradiction(answer, max(end for _, end in runs(answer, gold)))
    return reasons[0] if reasons else ""


def _doubt_at(answer: Terms, start: int, end: int, golds: Sequence[Terms]) -> str:
    clause = [answer[k].text for k in clause_of(answer, start)]
    if any("?" in term.before for term in answer[end : end + 1]):
        return "it repeats the accepted answer in a question"
    if _FORMER.intersection(clause) or _follows(clause, "used", "to") or _follows(clause, "no", "longer"):
        return "it may say what was true before"
    if start > 0 and answer[start - 1].text in _BESIDE:
        return "it may compare with the accepted answer"
    if start > 0 and answer[start - 1].text == "from" and any(term.text == "to" for term in answer[end : end + 3]):
        return "the accepted answer is one end of a way or range"
    if "then" in [term.text for term in (*answer[max(0, start - 1) : start], *answer[end : end + 1])]:
        return "the accepted answer is one step of several"
    if answer[end : end + 1] and answer[end].text == "not" and not answer[end].before:
        return "it may deny the accepted answer"
    return _longer_name(answer, start, end, golds)


def _longer_name(answer: Terms, start: int, end: int, golds: Sequence[Terms]) -> str:
    """A doubt if another name is joined to the name, or the name goes on: 'Anna Berg and Per Lie', 'New Rochelle'."""
    if not answer[start].capital or _is_in_title_case(answer):
        return ""
    before = answer[start - 1] if start > 1 and not answer[start].before.strip("¶\"'") else None
    after = answer[end] if end < len(answer) and not answer[end].before else None
    goes_on = after and after.capital and answer[end - 1].capital and after.text not in FUNCTION_WORDS
    if goes_on or (
        before and before.capital and not ends_clause(before) and before.text not in FUNCTION_WORDS | _TITLES
    ):
        return "the name could be part of a longer name"
    accepted = {term.text for gold in golds for term in gold}
    for joint, other in ((end, end + 1), (start - 1, start - 2)):
        joined = joint >= 0 and 0 <= other < len(answer) and answer[joint].text == "and" and answer[other].capital
        if joined and answer[other].text not in accepted:
            return "it names another one too"
    return ""


def _is_in_title_case(answer: Terms) -> bool:
    """Whether every longer word of a longer answer begins with a capital, so that capitals show no names."""
    return len(answer) > 8 and all(
        term.capital for term in answer if len(term.written) > 3 and term.written[0].isalpha()
    )


def contradiction(answer: Terms, end: int) -> str:
    """A doubt if the words after position `end` take something back."""
    if any(term.text in _CORRECTS for term in answer[end:]):
        return "it may correct itself"
    return ""


def _follows(words: Sequence[str], first: str, second: str) -> bool:
    return re.search(rf"\b{first} {second}\b", " ".join(words)) is not None
