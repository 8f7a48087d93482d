"""The text of a passage as models are shown it and answers copy it: without what only a browser or a maintainer needs.

Takes a piece of light Markdown and the kinds of its lines. Gives it without pictures, the targets of links, HTML
comments, and, in release logs only, their marks: numbers of tickets in brackets, hashes of commits in parentheses,
names of accounts. Elsewhere the same words may be an order number, a serial number or an account to follow. Code is
left as it is. The document itself keeps all of it, so that offsets into it stay true.
"""

import re
from collections.abc import Callable, Sequence

from bakeoff.formats.line_kinds import LineKinds, line_kinds

_GONE = "\ue002"  # stands where something was removed, until the spaces around it are tidied
_IN_LOG = "\ue003"  # stands before a line of a release log
_CODE = "\ue000{}\ue001"  # stands for a piece of code, which is put back at the end

_TARGET = r"\((?:[^()\s]|\([^()\s]*\))*(?:\s+(?:\"[^\"]*\"|'[^']*'))?\)"
_ACCOUNT = r"(?<![\w.])@[A-Za-z0-9][A-Za-z0-9-]*(?![\w/-]|\.\w)"
_ACCOUNTS = rf"{_ACCOUNT}(?:(?:,? and|,| &)? {_ACCOUNT})*"
_COMMIT = r"`?(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,40}`?"
_LINKED_MARKS = re.compile(rf"\[{_COMMIT}\]{_TARGET}|\({_COMMIT}\)|\[[\w./-]*#\d+\]{_TARGET}")
_PICTURES = tuple(
    re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    for pattern in (
        r"<!--(?s:.*?)-->",
        rf"!\[[^\[\]]*\](?:{_TARGET}|\[[^\[\]]*\])",
        r"<img\b[^<>]*>",
        r"^ {0,3}\[[^\[\]^]+\]:[ \t]+<?\S*[/.#]\S*.*$",
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


def readable(text: str, kinds: LineKinds | None = None) -> str:
    """The text without pictures, link targets, comments and the marks of release logs.

    `kinds` are those of its lines, which a part of a document has from the whole of it. Without them, the text is taken
    as a whole document.

    >>> readable("See [the guide](https://example.org/g). ![](a.png)")
    'See the guide.'
    >>> readable("Order the gasket (#4410).")
    'Order the gasket (#4410).'
    >>> readable("# 1.2.0\\n- [#3377] Faster start — thanks @ann")
    '# 1.2.0\\n- Faster start'
    """
    if not _MARKED.search(text):
        return text
    code: list[str] = []

    def put_aside(match: re.Match[str] | str) -> str:
        code.append(match if isinstance(match, str) else match[0])
        return _CODE.format(len(code) - 1)

    changed = _in_log_lines((_LINKED_MARKS,), _without_code_lines(text, kinds or line_kinds(text), put_aside))
    changed = _INLINE_CODE.sub(put_aside, changed)
    for pattern in _PICTURES:
        changed = pattern.sub(_GONE, changed)
    changed = _in_log_lines(_MARKS, _ADDRESS.sub(r"\1", _LINK.sub(r"\1", changed))).replace(_IN_LOG, "")
    lines = [_tidied(line) for line in _EMPTIED.sub(_GONE, changed).split("\n")]
    tidy = "\n".join(line for line in lines if line is not None)
    return re.sub("\ue000(\\d+)\ue001", lambda match: code[int(match[1])], tidy).strip("\n")


def _without_code_lines(text: str, kinds: LineKinds, put_aside: Callable[[str], str]) -> str:
    """The text with its lines of code put aside, and a mark before the lines of release logs."""
    return "\n".join(
        put_aside(line) if is_code else _IN_LOG * is_log + line
        for line, is_code, is_log in zip(text.split("\n"), kinds.code, kinds.log, strict=True)
    )


def _in_log_lines(patterns: Sequence[re.Pattern[str]], text: str) -> str:
    """The text without what the patterns match in lines of release logs."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if _IN_LOG in line:
            for pattern in patterns:
                line = pattern.sub(_GONE, line)
            lines[number] = line
    return "\n".join(lines)


def _tidied(line: str) -> str | None:
    """The line without the spaces around what was removed; None if nothing but that was in it."""
    if _GONE not in line:
        return line
    line = re.sub(rf"(?:[ \t]*{_GONE})+[ \t]*", " ", line)
    line = re.sub(r"(?<=\S) (?=[.,;:!?](?:\s|$))", "", line).rstrip()
    return None if re.fullmatch(r"[\s>*+-]*(?:\d{1,3}[.)])?\s*", line) else line.lstrip() if line[:1] == " " else line
