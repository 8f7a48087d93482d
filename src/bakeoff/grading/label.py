"""Decides whether an answer is a certain label of a closed set (`kind: label`).

Takes texts. A label must be the whole answer: a longer label that contains it, or a sentence that quotes it among
others, is wrong. Knows nothing about the other labels; `label_key` says which spellings are one label.
"""

import re

from bakeoff.grading.normalise import fold

_LEAD_IN = re.compile(
    r"^\W*(?:(?:the |my |your )?(?:correct |best |right )?(?:(?:answer|label|category|class|intent|topic|"
    r"type|sentiment|tone|emotion|priority|severity|status|queue|department|team|language|product|classification)\b)"
    r"(?: (?:is|would be|should be)\b)?|(?:it|this)(?: is|'s)\b(?: (?:an?|about)\b)?)\s*:?\s*(?=\S)",
    re.I,
)


def is_label(answer: str, gold: str) -> bool:
    """Whether the answer is the label, with no more than a lead-in such as 'Label:'. Case and separators are ignored.

    >>> is_label("Label: card_arrival", "card arrival"), is_label("card arrival estimate", "card arrival")
    (True, False)
    """
    wanted = label_key(gold)
    return wanted in (label_key(answer), label_key(without_lead_in(answer)))


def without_lead_in(answer: str) -> str:
    """The answer without a lead-in such as 'Label:' or 'The category is'."""
    return _LEAD_IN.sub("", answer)


def label_key(text: str) -> str:
    """The same text for all spellings of one label: case, separators and outer punctuation do not count.

    >>> label_key("CardArrival"), label_key("card_arrival.")
    ('card arrival', 'card arrival')
    """
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", fold(text)).casefold()
    return " ".join(re.sub(r"[\s_/:.,;!\"'()-]+", " ", text).split())
