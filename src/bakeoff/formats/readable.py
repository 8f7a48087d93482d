"""The text of a passage as models are shown it and answers copy it: without what only a browser or a maintainer needs.

Takes a piece of light Markdown and the kinds of its lines. Gives it without pictures, the targets of links and their
definitions, HTML comments, and, in release logs only, their marks: numbers of tickets, hashes of commits, thanks to
authors. Elsewhere the same words may be an order number, a serial number or an account to follow. Code is left as it
is. The document itself keeps all of it, so that offsets into it stay true.
"""

import re
from collections.abc import Callable
from urllib.parse import unquote

from bakeoff.formats import inline
from bakeoff.formats.line_kinds import LineKinds, line_kinds
from bakeoff.formats.release_marks import COMMIT, without_marks

_GONE = "\ue002"  # stands where something was removed, until the spaces around it are tidied
_CODE = "\ue000{}\ue001"  # stands for a piece of code, which is put back at the end
_CODE_LINE = inline.CODE_LINE + "{}\ue001"
_SIGNS = re.compile("[\ue000-\ue006]")

_ADDRESS = re.compile(r"\]\(\s*<?(?:mailto|tel|sms):([^\s?>)]+)", re.IGNORECASE)
_HIDDEN = re.compile(r"<!--(?s:.*?)-->|<img\b[^<>]*>", re.IGNORECASE)
_EMPTIED = re.compile(rf"[(\[][ \t]*{_GONE}(?:[ \t,]*{_GONE})*[ \t]*[)\]]")
_MARKED = re.compile(r"[\[<@#]|\(`?[0-9a-f]{7}")


def readable(text: str, kinds: LineKinds | None = None) -> str:
    """The text without pictures, link targets, comments and the marks of release logs.

    `kinds` are those of its lines, which a part of a document has from the whole of it. Without them, the text is taken
    as a whole document.

    >>> readable("See [the guide](https://example.org/g). ![](a.png)")
    'See the guide.'
    >>> readable("Order the gasket (#4410).")
    'Order the gasket (#4410).'
    >>> readable("# Changelog\\n## 1.2.0\\n- [#3377] Faster start — thanks @ann")
    '# Changelog\\n## 1.2.0\\n- Faster start'
    """
    if not _MARKED.search(text) or _SIGNS.search(text):
        return text
    code: list[str] = []

    def put_aside(piece: str, sign: str = _CODE) -> str:
        code.append(piece)
        return sign.format(len(code) - 1)

    kinds = kinds or line_kinds(text)
    changed = _without_code_spans(_by_line(text, kinds, put_aside), put_aside)
    changed = _without_log_marks(changed, kinds)
    changed = _without_targets(_HIDDEN.sub(_GONE, changed), kinds.labels)
    lines = [_tidied(line) for line in _EMPTIED.sub(_GONE, changed).split("\n")]
    tidy = "\n".join(line for line in lines if line is not None)
    return re.sub(f"[\ue000{inline.CODE_LINE}](\\d+)\ue001", lambda match: code[int(match[1])], tidy).strip("\n")


def _by_line(text: str, kinds: LineKinds, put_aside: Callable[[str, str], str]) -> str:
    """The text with its lines of code put aside, and without the definitions of links."""
    return "\n".join(
        put_aside(line, _CODE_LINE) if is_code else _GONE if is_definition else line
        for line, is_code, is_definition in zip(text.split("\n"), kinds.code, kinds.definition, strict=True)
    )


def _without_code_spans(text: str, put_aside: Callable[[str], str]) -> str:
    """The text with code between backticks put aside; the hash of a commit is none."""
    pieces, position = [], 0
    for start, end in inline.code_spans(text):
        code = text[start:end]
        aside = "\n" not in code and not re.fullmatch(COMMIT, code)
        pieces += [text[position:start], put_aside(code) if aside else code]
        position = end
    return "".join([*pieces, text[position:]])


def _without_log_marks(text: str, kinds: LineKinds) -> str:
    """The text without the marks in lines of release logs."""
    if not (any(kinds.opens_log_item) or any(kinds.ends_log_item)):
        return text
    lines = zip(text.split("\n"), kinds.opens_log_item, kinds.ends_log_item, strict=True)
    return "\n".join(
        (without_marks(line, kinds.labels, opens, ends) or _GONE) if opens or ends else line
        for line, opens, ends in lines
    )


def _without_targets(text: str, labels: frozenset[str]) -> str:
    """The text without pictures, and with the words of links in their place.

    A mail address or telephone number that stands only in a link is kept, and so are the words of a picture that is all
    there is in a cell of a table.
    """
    every = inline.links(text, labels)
    instead = {(one.start, one.end): _in_cell(text, one) or _GONE for one in every if one.is_picture}
    marked = [cut for link in every if not link.is_picture for cut in link.around]
    for link in every:
        address = None if link.is_picture else _ADDRESS.match(text, link.words_end, link.end)
        if address and unquote(address[1]) not in text[link.words_start : link.words_end]:
            instead[link.words_end, link.end] = f" ({unquote(address[1])})"
    return inline.without(text, {*marked, *instead}, instead)


def _in_cell(text: str, picture: inline.Link) -> str:
    """The words of a picture that has a cell of a table for itself. Empty for any other picture."""
    around = (
        text[max(0, picture.start - 200) : picture.start].rstrip(" "),
        text[picture.end : picture.end + 200].lstrip(" "),
    )
    return text[picture.words_start : picture.words_end] if around[0][-1:] == "|" and around[1][:1] == "|" else ""


def _tidied(line: str) -> str | None:
    """The line without the spaces around what was removed; None if nothing but that was in it."""
    if _GONE not in line:
        return line
    line = re.sub(rf"(?:[ \t]*{_GONE})+[ \t]*", " ", line)
    line = re.sub(r"(?<=\S) (?=[.,;:!?](?:\s|$))", "", line).rstrip()
    return None if re.fullmatch(r"[\s>*+-]*(?:\d{1,3}[.)])?\s*", line) else line.lstrip() if line[:1] == " " else line
