"""Decides whether an answer is a certain label of a closed set (`kind: label`).

Takes texts. A label must be the whole answer: a longer label that contains it, or a sentence that quotes it among
others, is wrong. Knows nothing about the other labels.
"""

import re

from bakeoff.grading.normalise import fold

_LEAD_IN = re.compile(
    r"^\W*(?:(?:the |my |your )?(?:correct |best |right )?(?:(?:answer|label|category|class|intent|topic|"
    r"type|sentiment|tone|emotion|priority|severity|status|queue|department|team|language|product|classification)\b)"
    r"(?: is| would be| should be)?|(?:it|this)(?: is|'s)(?: an?| about)?)\s*:?\s*(?=\S)",
    re.I,
)


def is_label(answer: str, gold: str) -> bool:
    """Whether the answer is the label, with no more than a lead-in such as 'Label:'. Case and separators are ignored.

    >>> is_label("Label: card_arrival", "card arrival"), is_label("card arrival estimate", "card arrival")
    (True, False)
    """
    wanted = _plain(gold)
    return wanted in (_plain(answer), _plain(_LEAD_IN.sub("", answer)))


def _plain(text: str) -> str:
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", fold(text)).casefold()
    return " ".join(re.sub(r"[\s_/:.,;!\"'()-]+", " ", text).split())
