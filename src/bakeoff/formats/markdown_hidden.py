"""Takes out of Markdown what its readers do not see or are not meant to believe: comments and struck text.

Also the bytes of pictures that are written into the text. Takes and gives text; code is left as it is.
"""

import re
from collections.abc import Callable

from bakeoff.formats import inline, markup

_HINTS = re.compile(
    r"<!--|\{/\*|\{%-? *comment|\{::comment|~~|<(?:del|s|strike)\b|^ {0,3}\[(?://|comment|_)|;base64,",
    re.IGNORECASE | re.MULTILINE,
)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_GENERATORS_COMMENT = re.compile(  # of MDX, Jekyll and kramdown
    r"\{/\*.*?\*/\}|\{%-? *comment *-?%\}.*?\{%-? *endcomment *-?%\}|\{::comment\}.*?\{:/(?:comment)?\}", re.DOTALL
)
_LABEL_COMMENT = re.compile(
    r"""^ {0,3}\[(?://|comment|_)[^\]\n]*\]:[ \t]*(?:\#|<>)[ \t]*(?:"[^"\n]*"|'[^'\n]*'|\(.*\))[ \t]*$""",
    re.MULTILINE | re.IGNORECASE,
)
_STRUCK = re.compile(r"(?<![~\\])~~(?=[^\s~])(?:(?!\n\s*\n).)*?(?<=[^\s~])~~(?!~)", re.DOTALL)
_STRUCK_TAG = re.compile(r"<(del|s|strike)(?:\s[^<>]*)?>(?:(?!\n\s*\n).)*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_COMMENTS = (_COMMENT, _GENERATORS_COMMENT, _LABEL_COMMENT)
_STRUCKS = (_STRUCK, _STRUCK_TAG)
_BYTES = re.compile(r"(data:[\w.+-]+/[\w.+-]+);base64,[A-Za-z0-9+/=%_-]{64,}")
_CODE = re.compile("\ue004(\\d+)\ue005")
_GONE = "\ue003"
_SIGNS = re.compile("[\ue003-\ue006]")


def without_hidden(text: str) -> str:
    """The text without comments, struck text and the bytes of pictures.

    >>> without_hidden("The price is ~~£99~~ £149. <!-- since May -->")
    'The price is £149.'
    """
    if not _HINTS.search(text):
        return text
    return outside_code(text, _shown)


def _shown(text: str) -> str:
    changed = _BYTES.sub(r"\1", text)
    for hidden in (*_COMMENTS, *_STRUCKS):
        changed = hidden.sub(_GONE, changed)
    lines = [_tidied(line) for line in changed.split("\n")]
    return "\n".join(line for line in lines if line is not None)


def left_out(text: str) -> str:
    """What `without_hidden` leaves out, in words. Empty if there is nothing.

    >>> left_out("The price is ~~£99~~ £149. <!-- since May --><!-- b -->")
    '2 comments, 1 struck passage'
    """
    if not _HINTS.search(text) or _SIGNS.search(text):
        return ""
    changed = _code_aside(text, lambda _: "\ue0040\ue005")
    found = []
    for kind, patterns in (("comment", _COMMENTS), ("struck passage", _STRUCKS)):
        n_found = 0
        for pattern in patterns:
            changed, n = pattern.subn(_GONE, changed)
            n_found += n
        found += [f"{n_found} {kind}{'s' if n_found > 1 else ''}"] if n_found else []
    return ", ".join(found)


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """The text with everything but its code changed. A text that holds the signs used for that is left as it is."""
    if _SIGNS.search(text):
        return text
    code: list[str] = []

    def aside(piece: str) -> str:
        code.append(piece)
        return f"\ue004{len(code) - 1}\ue005"

    changed = change(_code_aside(text, aside))
    return _CODE.sub(lambda match: code[int(match[1])], changed)


def _code_aside(text: str, aside: Callable[[str], str]) -> str:
    """The text with a sign for each line and each span of code."""
    lines = text.split("\n")
    is_code = markup.code_lines(lines)
    text = "\n".join(
        inline.CODE_LINE + aside(line) if code else line for line, code in zip(lines, is_code, strict=True)
    )
    pieces, position = [], 0
    comments = [match.span() for match in _COMMENT.finditer(text)]
    for start, end in inline.code_spans(text):
        if start >= position and not any(first < start < last for first, last in comments):
            pieces += [text[position:start], aside(text[start:end])]
            position = end
    return "".join([*pieces, text[position:]]).replace(inline.CODE_LINE, "")


def _tidied(line: str) -> str | None:
    """The line without double spaces where something went; None if nothing else was in it."""
    if _GONE not in line:
        return line
    indent = line[: len(line) - len(line.lstrip(" "))]
    line = re.sub(rf"[ \t]*{_GONE}(?:[ \t]*{_GONE})*[ \t]*", " ", line.strip())
    line = re.sub(r"(?<=\S) (?=[.,;:!?](?:\s|$))", "", line).strip()
    return None if re.fullmatch(r"[\s>*+-]*(?:\d{1,3}[.)])?\s*", line) else indent + line
