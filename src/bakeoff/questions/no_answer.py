"""Recognises texts that stand where an answer should be but are none: placeholders such as N/A, and refusals.

Takes the text of one accepted answer. Knows no row.
"""

import re

from bakeoff.grading.abstention import is_abstention

_PLACEHOLDERS = frozenset({
    *("n/a", "#n/a", "n.a.", "n.a", "n/a.", "<na>", "(n/a)", "[n/a]", "nan", "#nan", "null", "<null>", "(null)"),
    *("nil", "<none>", "undefined", "not applicable", "not available", "no answer", "no answer found", "no response"),
    *("unanswerable", "not answerable", "impossible to answer", "blank", "(blank)", "(empty)", "(none)", "missing"),
    *("k.a.", "k. a.", "keine angabe", "s/o", "no data", "tbd", "t.b.d.", "to be determined", "to be done", "todo"),
})  # fmt: skip
_SIGNS = re.compile(r"[-\N{EN DASH}\N{EM DASH}]+|\?+|\.{3,}|\N{HORIZONTAL ELLIPSIS}")
_DOUBTFUL = frozenset({"none", "na", "unknown", "nothing", "not known", "undisclosed"})


def is_placeholder(text: str) -> bool:
    """Whether the text only says that a cell has no value.

    >>> [is_placeholder(text) for text in ("N/A", "NaN", "—", "None", "Na")]
    [True, True, True, False, False]
    """
    folded = " ".join(text.casefold().split())
    return folded in _PLACEHOLDERS or _SIGNS.fullmatch(folded) is not None


def is_no_answer(text: str) -> bool:
    """Whether the text is a placeholder, or declines to answer as a contender would ("I don't know")."""
    return is_placeholder(text) or is_abstention(text)


def is_doubtful(text: str) -> bool:
    """Whether the text can be an answer ("Which fees apply? None") or stand for a missing one."""
    return " ".join(text.casefold().split()).rstrip(".") in _DOUBTFUL
