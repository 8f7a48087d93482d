"""Names in code, where every letter counts: max_tokens, userId, --follow-tags, /etc/hosts, config.settings, std::map.

Takes texts. Does not know what the name stands for.
"""

import re

_IDENTIFIER = re.compile(
    r"-{1,2}[a-z][\w-]{2,}|(?:~|\.{0,2})/[\w.-]\S*|[A-Za-z]:\\\S+|\w+(?:::\w+)+|[a-z]{2,}(?:[A-Z][a-z]+)+(?:\(\))?|"
    r"[a-z]{3,}(?:\.[a-z]{3,})+(?:\(\))?|(?=\S*[A-Za-z])\w*[A-Za-z0-9]_\w+(?:\(\))?"
)


def is_identifier(text: str) -> bool:
    """Whether the text is one name in code, an option or a path.

    >>> [is_identifier(text) for text in ("max_tokens", "userId", "/etc/hosts", "--force", "tokens", "kWh")]
    [True, True, True, True, False, False]
    """
    return _IDENTIFIER.fullmatch(text.strip()) is not None


def holds(answer: str, identifier: str) -> bool:
    """Whether the answer has the name as it is written, in capitals or not, and not as a part of a word."""
    return re.search(rf"(?<!\w){re.escape(identifier.strip())}(?!\w)", answer, re.IGNORECASE) is not None
