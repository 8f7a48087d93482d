"""Names in code, where every letter counts: max_tokens, userId, --follow-tags, /etc/hosts, config.settings, std::map.

Takes texts. Does not know what the name stands for.
"""

import re
from collections.abc import Sequence

_IDENTIFIER = re.compile(
    r"-{1,2}[a-z][\w-]{2,}|(?:~|\.{0,2})/[\w.-]\S*|[A-Za-z]:\\\S+|\w+(?:::\w+)+|[a-z]{2,}(?:[A-Z][a-z]+)+(?:\(\))?|"
    r"[a-z]{3,}(?:\.[a-z]{3,})+(?:\(\))?|(?=\S*[A-Za-z])\w*[A-Za-z0-9]_\w+(?:\(\))?|"
    r"[\w./-]*[A-Za-z][\w./-]*\*[\w./-]*|\*[./_-]\w[\w./*-]*"
)

_PATH = re.compile(r"(?<![\w/.~])(?:~?/[\w.+@-]+(?:/[\w.+@-]+)*)/?")
_VARIES = re.compile(r"[$*<>{}?%]")
"""Signs of variables and wildcards: such a path can be another one."""


def is_identifier(text: str) -> bool:
    """Whether the text is one name in code, an option or a path.

    >>> [is_identifier(text) for text in ("max_tokens", "userId", "/etc/hosts", "--force", "logs-*", "tokens", "kWh")]
    [True, True, True, True, True, False, False]
    """
    return _IDENTIFIER.fullmatch(text.strip()) is not None


_CHANNEL = re.compile(r"\s*#([A-Za-z][\w-]+)\s*")
_BEFORE_A_CHANNEL = re.compile(r"(?<!\w)#(?=[A-Za-z][\w-])")


def without_channel_signs(answer: str, golds: Sequence[str]) -> tuple[str, list[str]]:
    """The texts without the sign in front of channels, if one is accepted: people leave it out.

    >>> without_channel_signs("Ask in #help-desk.", ["#help-desk"]), without_channel_signs("C# or #a", ["C#"])
    (('Ask in help-desk.', ['help-desk']), ('C# or #a', ['C#']))
    """
    if not any(map(_CHANNEL.fullmatch, golds)):
        return answer, list(golds)
    return _BEFORE_A_CHANNEL.sub("", answer), [
        found[1] if (found := _CHANNEL.fullmatch(gold)) else gold for gold in golds
    ]


def holds(answer: str, identifier: str) -> bool:
    """Whether the answer has the name as it is written, in capitals or not, and not as a part of a word."""
    return re.search(rf"(?<!\w){re.escape(identifier.strip())}(?!\w)", answer, re.IGNORECASE) is not None


def names_other_path(answer: str, gold: str) -> bool:
    """Whether an answer gives another path than the accepted one: neither lies in the other, and the last names differ.

    Not for variables, wildcards and paths of which only one begins at home: those can be the same place.

    >>> names_other_path("It is /etc/ssh/ssh_config.", "/etc/ssh/sshd_config")
    True
    >>> names_other_path("in /etc/ssh", "/etc/ssh/sshd_config"), names_other_path("sshd_config", "/etc/ssh/sshd_config")
    (False, False)
    """
    wanted = _PATH.fullmatch(gold.strip())
    if wanted is None or _VARIES.search(answer):
        return False
    path = gold.strip().rstrip("/")
    found = [match.group().rstrip("/.") for match in _PATH.finditer(answer)]
    last = path.rsplit("/", 1)[1].lower()
    if not found or re.search(rf"(?<![\w-]){re.escape(last)}(?![\w-])", answer.lower()):
        return False
    return all(other[0] == path[0] and not _is_within(other, path) and not _is_within(path, other) for other in found)


def _is_within(inner: str, outer: str) -> bool:
    return f"{inner}/".lower().startswith(f"{outer}/".lower())
