"""Turns cells with HTML, as help desks and content systems export them, into plain words.

Takes one cell's text. Markdown, and text that only mentions a tag, are not changed. A long one with tags is read in a
process with limits of time and memory, unless this process is such a one; UnreadableError says that it takes more.
"""

import html
import re

from bakeoff.apart import deadline
from bakeoff.apart.process import call
from bakeoff.errors import InputError
from bakeoff.formats.part import UnreadableError

LONG = 20_000
"""Characters of a cell that no reader can need much time or memory for."""

_INLINE = "a|b|strong|em|i|u|span|code|font|small|sub|sup|mark"
_BLOCKS = "p|div|ul|ol|li|dl|table|thead|tbody|tr|td|th|h[1-6]|section|article|blockquote|pre|html|body"
_OPENING = re.compile(rf"<({_INLINE}|{_BLOCKS})(?:\s[^<>]*)?>", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:[a-z]{2,31}\d{0,2}|#\d{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE)
_WHOLE = re.compile(rf"\s*(?:<!doctype html|<(?:{_BLOCKS})(?:\s[^<>]*)?>)", re.IGNORECASE)


def words_of(text: str) -> str:
    """The text without HTML, on one line if it had tags. Unchanged if it has no HTML, or if no words would remain."""
    if _has_tags(text):
        return _read("words", text) or text
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)


def markdown_of(text: str) -> str:
    """The text as light Markdown if all of it is HTML, from a first block element to the end. Otherwise unchanged."""
    if not (_WHOLE.match(text) and text.rstrip().endswith(">") and _has_tags(text)):
        return text
    return _read("markdown", text) or text


def _read(kind: str, text: str) -> str:
    if len(text) < LONG or deadline.is_kept():
        return _read_here(kind, text)
    try:
        said: str = call(f"{__name__}:read_bytes", kind, text.encode("utf-8", "surrogatepass"))
    except InputError as error:
        raise UnreadableError(error.message, error.remedy) from error
    return said


def read_bytes(kind: str, content: bytes) -> str:
    """The `words` or the `markdown` of HTML in UTF-8: what the other process does."""
    return _read_here(kind, content.decode("utf-8", "surrogatepass"))


def _read_here(kind: str, text: str) -> str:
    from bakeoff.formats.html import read as parse_html

    return parse_html.words(text) if kind == "words" else parse_html.parse(text)[1]


def _has_tags(text: str) -> bool:
    if "<" not in text:
        return False
    lowered = text.lower()
    opened = {match[1] for match in _OPENING.finditer(lowered)}
    return any(f"</{name}>" in lowered for name in opened) or _BREAK.search(text) is not None
