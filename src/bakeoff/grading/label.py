"""Decides whether an answer is a certain label of a closed set (`kind: label`).

Takes texts. A label must be the whole answer: a longer label that contains it, or a sentence that quotes it among
others, is wrong. Knows nothing about the other labels; `label_key` says which spellings are one label.
"""

import re
from collections.abc import Collection

from bakeoff.grading.abstention import is_abstention
from bakeoff.grading.normalise import fold

_LEAD_IN = re.compile(
    r"^\W*(?:(?:the |my |your )?(?:correct |best |right )?(?:(?:answer|label|category|class|intent|topic|"
    r"type|sentiment|tone|emotion|priority|severity|status|queue|department|team|language|product|classification)\b(?!-))"
    r"(?: (?:is|would be|should be)\b)?|(?:it|this)(?: is|'s)\b(?: (?:an?|about)\b)?)\s*:?\s*(?=\S)",
    re.I,
)


_MARKUP = re.compile(r"(\*{1,3}|_{1,2})(?=\S)(?=[^*_]*[^\W_])([^*_]++)(?<=\S)\1")
_PUNCTUATION = re.compile(r"[\s/:.,;!\"'()\[\]`]+")
_KEPT = str.maketrans("*_", "\ue000\ue001")
_AGAIN = str.maketrans("\ue000\ue001", "*_")


def is_label(answer: str, gold: str) -> bool:
    """Whether the answer is the label, with no more than a lead-in such as 'Label:'. Case and separators are ignored.

    >>> is_label("Label: card_arrival", "card arrival"), is_label("card arrival estimate", "card arrival")
    (True, False)
    """
    wanted = label_key(gold)
    return wanted in (label_key(answer), label_key(without_lead_in(answer)))


def without_lead_in(answer: str) -> str:
    """The answer without a lead-in such as 'Label:' or 'The category is'."""
    return _LEAD_IN.sub("", _MARKUP.sub(r"\2", answer))


def is_refusal(text: str, labels: Collection[str] = ()) -> bool:
    """Whether the text declines to answer, and is none of the labels, which are given as their keys.

    >>> is_refusal("unknown"), is_refusal("unknown", {"unknown"})
    (True, False)
    """
    return is_abstention(text) and not is_among(text, labels)


def is_among(text: str, labels: Collection[str]) -> bool:
    """Whether the text is one of the labels, which are given as their keys."""
    return bool(labels) and (label_key(text) in labels or label_key(without_lead_in(text)) in labels)


def label_key(text: str) -> str:
    """The same text for all spellings of one label: case, separators and outer punctuation do not count.

    Signs count: a hyphen is a separator only between letters or digits, or between spaces. Two digits stay apart.

    >>> label_key("CardArrival"), label_key("card_arrival."), label_key("-1"), label_key("1-2"), label_key("A-")
    ('cardarrival', 'cardarrival', '-1', '1 2', 'a-')
    """
    text = _signs_kept(_MARKUP.sub(r"\2", text)).casefold()
    text = re.sub(r"(?:(?<=\d)[.,]|(?<![\w.])\.)(?=\d)", "\0", text)
    text = _PUNCTUATION.sub(" ", text).strip()
    text = re.sub(r"^[-*\u2022] +(?=[^\W\d_])", "", text)
    text = re.sub(r"(?<=[^_])_+(?=[^_])|(?<=[^\W_])-+(?=[^\W_])|(?<=\S) -+ (?=\S)", " ", text)
    return re.sub(r"(?<!\d) +| +(?!\d| )", "", re.sub(r" +", " ", text)).replace("\0", ".")


def _signs_kept(text: str) -> str:
    """The folded text, with its stars and underscores."""
    return fold(text.translate(_KEPT)).translate(_AGAIN)
