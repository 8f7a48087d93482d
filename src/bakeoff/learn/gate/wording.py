"""The gate's figures in words: what a p-value says at a round's level, and what would show more.

Takes figures, gives phrases and sentences. Knows nothing about how they were measured.
"""

from bakeoff.decide.wording import signed
from bakeoff.learn.gate.tested import Route
from bakeoff.sentences import counted
from bakeoff.serve.log_entries import PartCheck

WEAK = 0.10
"""From this p-value on there is no evidence to speak of."""
TINY = 1e-4


def evidence(route: Route | str, p: float, level: float, margin: float) -> str:
    """What the test says: 'no evidence of a gain (p 0.4, level 0.035)'. `margin` is in units of a right answer."""
    figures = f"(p {p_words(p)}, level {p_words(level)})"
    if route == "as good and cheaper":
        excluded = "excluded" if p <= level else "not excluded"
        return f"a loss of {100 * margin:.1f} or more is {excluded} {figures}"
    if p <= level:
        return f"evidence of a gain {figures}"
    return f"some evidence of a gain, but too little {figures}" if p < WEAK else f"no evidence of a gain {figures}"


def p_words(p: float) -> str:
    """A p-value or a level with two digits."""
    return "below 0.0001" if 0 < p < TINY else f"{p:.2g}"


def of_unsure(n: int, least: float) -> str:
    """How unsure answers count. `least` is the difference if each of them is to the candidate's disadvantage."""
    if not n:
        return ""
    where = (
        "In 1 question an answer is unsure and counts" if n == 1 else f"In {n} questions an answer is unsure and counts"
    )
    return f"{where} against it: so counted the difference is {signed(least)}."


def halfway(n_unsure: int) -> str:
    """How unsure answers count in a difference as it was measured, to follow it."""
    return " with unsure answers counted halfway between right and wrong" if n_unsure else ""


def of_part(part: PartCheck) -> str:
    """How unsure answers count in the difference of a part, and what it is with them halfway, to follow it."""
    if not part.unsure or part.halfway is None:
        return ""
    return (
        f" with the unsure answers to {counted(part.unsure, 'question')} counted against it "
        f"({signed(part.halfway)} with them counted halfway)"
    )


def of_more(more: int | None) -> str:
    """How many more questions would show it."""
    if more is None:
        return "More questions would not show it if all stays as measured."
    return f"About {more:,} more questions would show it if the difference stays as measured."
