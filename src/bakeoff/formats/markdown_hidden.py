"""Takes out of Markdown what its readers do not see or are not meant to believe: comments and struck text.

Also the bytes of pictures that are written into the text. Takes and gives text; code is left as it is.
"""

import re
from bisect import bisect_left
from collections.abc import Callable

from bakeoff.formats import inline, markup

_HINTS = re.compile(
    r"<!--|\{/\*|\{%-? *comment|\{::comment|~~|<(?:del|s|strike)\b|^ {0,3}\[(?://|comment|_)|;base64,",
    re.IGNORECASE | re.MULTILINE,
)
_LABEL_COMMENT = re.compile(
    r"""^ {0,3}\[(?://|comment|_)[^\]\n]*\]:[ \t]*(?:\#|<>)[ \t]*(?:"[^"\n]*"|'[^'\n]*'|\(.*\))[ \t]*$""",
    re.MULTILINE | re.IGNORECASE,
)
_PARAGRAPH_END = re.compile(r"\n\s*\n")
_BYTES = re.compile(r"(data:[\w.+-]+/[\w.+-]+);base64,[A-Za-z0-9+/=%_-]{64,}")
_CODE = re.compile("\ue004(\\d+)\ue005")
_GONE = "\ue003"
_SIGNS = re.compile("[\ue003-\ue006]")


class _Pair:
    """Text between what opens it and the next that closes it; `in_paragraph`: if its paragraph does not end before."""

    def __init__(self, opens: str, closes: dict[str, str], flags: int = 0, in_paragraph: bool = False) -> None:
        self._opens = re.compile(opens, flags)
        self._closes = {kind: re.compile(closing, flags) for kind, closing in closes.items()}
        self._in_paragraph = in_paragraph

    def spans(self, text: str) -> list[tuple[int, int]]:
        """In order. The closing signs are found once, so that what is never closed is not looked through each time."""
        openers = list(self._opens.finditer(text))
        if not openers:
            return []
        ends = [one.start() for one in _PARAGRAPH_END.finditer(text)] if self._in_paragraph else []
        closers = {kind: [one.span() for one in closes.finditer(text)] for kind, closes in self._closes.items()}
        found: list[tuple[int, int]] = []
        for opener in openers:
            if found and opener.start() < found[-1][1]:
                continue
            of_kind = closers[opener.lastgroup or ""]
            at = bisect_left(of_kind, (opener.end(), 0))
            end = bisect_left(ends, opener.end())
            if at < len(of_kind) and not (end < len(ends) and ends[end] < of_kind[at][0]):
                found.append((opener.start(), of_kind[at][1]))
        return found

    def subn(self, instead: str, text: str) -> tuple[str, int]:
        spans = self.spans(text)
        return inline.without(text, spans, dict.fromkeys(spans, instead)), len(spans)


_COMMENT = _Pair(r"(?P<html><!--)", {"html": r"-->"})
_GENERATORS_COMMENT = _Pair(  # of MDX, Jekyll and kramdown
    r"(?P<mdx>\{/\*)|(?P<jekyll>\{%-? *comment *-?%\})|(?P<kramdown>\{::comment\})",
    {"mdx": r"\*/\}", "jekyll": r"\{%-? *endcomment *-?%\}", "kramdown": r"\{:/(?:comment)?\}"},
)
_STRUCK = _Pair(r"(?P<tildes>(?<![~\\])~~(?=[^\s~]))", {"tildes": r"(?<=[^\s~])~~(?!~)"}, in_paragraph=True)
_STRUCK_TAG = _Pair(
    r"<(?:(?P<del>del)|(?P<s>s)|(?P<strike>strike))(?:\s[^<>]*)?>",
    {"del": r"</del\s*>", "s": r"</s\s*>", "strike": r"</strike\s*>"},
    re.IGNORECASE,
    in_paragraph=True,
)
_COMMENTS = (_COMMENT, _GENERATORS_COMMENT, _LABEL_COMMENT)
_STRUCKS = (_STRUCK, _STRUCK_TAG)


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
        changed, _ = hidden.subn(_GONE, changed)
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
    comments = _COMMENT.spans(text)
    for start, end in inline.code_spans(text):
        before = bisect_left(comments, (start, 0)) - 1
        if start >= position and not (before >= 0 and start < comments[before][1]):
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
