"""The kinds of answers that a question file can name, and other words for them.

Takes the text of a cell. Knows no grading.
"""

import re
from collections.abc import Iterable, Mapping

KINDS: Mapping[str, tuple[str, ...]] = {
    "numeric": (
        *("number", "num", "numerical", "integer", "int", "float", "decimal", "quantity", "amount", "count", "percent"),
        *("percentage", "price", "money", "currency", "measurement", "duration"),
    ),
    "date": ("dates", "day", "datetime", "calendar date"),
    "name": ("names", "person", "people", "place", "location", "organisation", "organization", "entity", "proper name"),
    "phrase": ("phrases", "span", "extractive", "term"),
    "yesno": ("yes no", "yes or no", "yn", "boolean", "bool", "binary", "polar", "true false", "true or false"),
    "list": ("lists", "enumeration", "set", "several", "multiple", "multi span"),
    "label": ("labels", "class", "category", "classification", "intent"),
    "unanswerable": (
        *("not answerable", "no answer", "impossible", "out of scope", "unanswered", "no answer possible"),
        "not in documents",
    ),
}
"""Each kind, and the words that are read as it. Case, spaces and punctuation are ignored."""
NO_KIND = (
    *("", "none", "na", "nan", "null", "any", "other", "unknown", "string", "str", "text", "short", "short answer"),
    *("short text", "long", "long answer", "free text", "free form", "open", "open ended", "answerable"),
)
"""Words that say nothing about how an answer is compared. They are read as an empty cell."""


def kind_of(text: str) -> str | None:
    """The kind that a cell names. Empty for an empty cell, None for an unknown word.

    >>> [kind_of(text) for text in ("Number", "yes/no", "", "bridge")]
    ['numeric', 'yesno', '', None]
    """
    return _BY_WORD.get(_folded(text))


def all_kinds(kinds: Iterable[str] = KINDS) -> str:
    return ", ".join(kinds)


def _folded(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


_BY_WORD = {
    **{_folded(word): "" for word in NO_KIND},
    **{_folded(word): kind for kind, words in KINDS.items() for word in (kind, *words)},
}
