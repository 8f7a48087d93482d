"""Decides whether an answer names the letter that is the accepted answer (multiple choice, grades, groups).

Takes the answer and the letter as text. Knows nothing about the text of the options.
"""

import re

from bakeoff.grading.rulings import Verdict
from bakeoff.grading.terms import terms

_CHOICE = re.compile(
    r"(?:^|\b(?:option|answer|choice|letter)(?: is)?:?\s*|\b(?:is|be|it's):?\s+)\W{0,3}([A-Z])(?![+#])"
    r"(?=[).:,]|\W*$|\s+(?:and|or|-)\s)"
)


def is_letter(gold: str) -> bool:
    """Whether the accepted answer is a single Latin letter."""
    return re.fullmatch(r"\W*[A-Za-z]\W*", gold) is not None and not any(sign in gold for sign in "+-#")


def letter_verdict(answer: str, gold: str) -> tuple[Verdict, str]:
    """('right', 'wrong' or 'unsure', the reason if unsure)."""
    wanted = re.sub(r"\W", "", gold).upper()
    if re.fullmatch(r"\W*[a-z]\W*", answer):
        answer = answer.upper()
    named = {term.written for term in terms(answer) if len(term.written) == 1 and term.written.isupper()} - {"I"}
    if wanted == "I" and re.fullmatch(r"\W*I\W*", answer):
        return "right", ""
    if re.search(rf"(?:\b|n')(?i:not|never|neither|nor|except|excluding|without|t)\b[^.,;]*\b{wanted}\b", answer):
        return "unsure", "it may deny the letter"
    chosen = set(_CHOICE.findall(answer)) or named
    if chosen == {wanted} and named <= chosen:
        return "right", ""
    if wanted in chosen | named:
        return (
            ("wrong", "")
            if re.search(r"\b[A-Z]\s+(?:or|and)\s+[A-Z]\b", answer)
            else ("unsure", "it names several letters")
        )
    if chosen or any(re.fullmatch(rf"{wanted}[+#-]+", term.written, re.I) for term in terms(answer)):
        return "wrong", ""
    return "unsure", "it names no letter"
