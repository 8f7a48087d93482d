"""The text of a passage as models are shown it and answers copy it: without what only a browser or a maintainer needs.

Takes a piece of light Markdown, gives it without pictures, the targets of links, HTML comments, and the marks of
release logs (numbers of tickets in brackets, hashes of commits in parentheses, names of accounts). Code is left as it
is. The document itself keeps all of it, so that offsets into it stay true.
"""

import re
from collections.abc import Callable

from bakeoff.formats import markup

_GONE = "\ue002"  # stands where something was removed, until the spaces around it are tidied
_CODE = "\ue000{}\ue001"  # stands for a piece of code, which is put back at the end

_TARGET = r"\((?:[^()\s]|\([^()\s]*\))*(?:\s+(?:\"[^\"]*\"|'[^']*'))?\)"
_ACCOUNT = r"(?<![\w.])@[A-Za-z0-9][A-Za-z0-9-]*(?![\w/-]|\.\w)"
_ACCOUNTS = rf"{_ACCOUNT}(?:(?:,? and|,| &)? {_ACCOUNT})*"
_COMMIT = r"`?(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,40}`?"
_COMMITS = re.compile(rf"\[{_COMMIT}\]{_TARGET}|\({_COMMIT}\)")
_PICTURES = tuple(
    re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    for pattern in (
        r"<!--(?s:.*?)-->",
        rf"!\[[^\[\]]*\](?:{_TARGET}|\[[^\[\]]*\])",
        r"<img\b[^<>]*>",
        r"^ {0,3}\[[^\[\]^]+\]:[ \t]+<?\S*[/.#]\S*.*$",
        rf"\[[\w./-]*#\d+\]{_TARGET}",
    )
)
_MARKS = tuple(
    re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    for pattern in (
        r"[(\[]#\d+(?:, *#\d+)*[)\]]",
        rf"[(,;]?[ \t]*[—–-]*[ \t]*\b(?:thanks|thank you|thx)(?: to)?:? {_ACCOUNTS}[!)]*",
        rf"\({_ACCOUNTS}\)",
        rf"[ \t]+by {_ACCOUNTS}(?: in https?://\S+)?$",
    )
)
_LINK = re.compile(rf"(?<![\\\w])\[([^\[\]]*)\](?:{_TARGET}|\[[^\[\]\s]*\])")
_ADDRESS = re.compile(r"<(https?://[^<>\s]+)>")
_EMPTIED = re.compile(rf"[(\[][ \t]*{_GONE}(?:[ \t,]*{_GONE})*[ \t]*[)\]]")
_INLINE_CODE = re.compile(r"(?<!`)(`+)(?!`)[^\n]+?(?<!`)\1(?!`)")
_MARKED = re.compile(r"[\[<@#]|\(`?[0-9a-f]{7}")


def readable(text: str) -> str:
    """The text without pictures, link targets, comments and the marks of release logs.

    >>> readable("See [the guide](https://example.org/g). ![](a.png)")
    'See the guide.'
    >>> readable("- [#3377] Faster start — thanks @ann")
    '- Faster start'
    """
    if not _MARKED.search(text):
        return text
    code: list[str] = []

    def put_aside(match: re.Match[str] | str) -> str:
        code.append(match if isinstance(match, str) else match[0])
        return _CODE.format(len(code) - 1)

    changed = _INLINE_CODE.sub(put_aside, _COMMITS.sub(_GONE, _without_fenced(text, put_aside)))
    for pattern in _PICTURES:
        changed = pattern.sub(_GONE, changed)
    changed = _ADDRESS.sub(r"\1", _LINK.sub(r"\1", changed))
    for pattern in _MARKS:
        changed = pattern.sub(_GONE, changed)
    lines = [_tidied(line) for line in _EMPTIED.sub(_GONE, changed).split("\n")]
    tidy = "\n".join(line for line in lines if line is not None)
    return re.sub("\ue000(\\d+)\ue001", lambda match: code[int(match[1])], tidy).strip("\n")


def _without_fenced(text: str, put_aside: Callable[[str], str]) -> str:
    lines = text.split("\n")
    return "\n".join(put_aside(line) if code else line for line, code in zip(lines, markup.fenced(lines), strict=True))


def _tidied(line: str) -> str | None:
    """The line without the spaces around what was removed; None if nothing but that was in it."""
    if _GONE not in line:
        return line
    line = re.sub(rf"(?:[ \t]*{_GONE})+[ \t]*", " ", line)
    line = re.sub(r"(?<=\S) (?=[.,;:!?](?:\s|$))", "", line).rstrip()
    return None if re.fullmatch(r"[\s>*+-]*(?:\d{1,3}[.)])?\s*", line) else line.lstrip() if line[:1] == " " else line
