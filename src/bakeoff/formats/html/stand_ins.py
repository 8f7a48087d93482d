"""What a reader takes from parts of a page that hold no text: pictures, ticks, formulas, form fields, addresses.

Takes one element. Gives the text that stands for it. Knows no page.
"""

import re

from bs4 import NavigableString, Tag

from bakeoff.formats import markup
from bakeoff.formats.addresses import picture_words, said_address
from bakeoff.formats.html.math import formula
from bakeoff.formats.raised import lowered, raised

_BADGE = re.compile(r"badge|shields\.io|gravatar|avatar|tracking|pixel", re.IGNORECASE)
_YES = re.compile(
    r"(?:^|[-_/ ])(?:check|checkmark|checked|tick|yes|true|included|supported)(?:$|[-_. ])", re.IGNORECASE
)
_NO = re.compile(
    r"(?:^|[-_/ ])(?:times|cross|crossmark|xmark|no|false|close|remove|excluded|unsupported|not)(?:$|[-_. ])",
    re.IGNORECASE,
)


def stand_in(tag: Tag) -> str | None:
    """The text that stands for the element and all in it. None if it has no such text."""
    match tag.name:
        case "img":
            return _picture(tag)
        case "math":
            return formula(tag)
        case "svg":
            return _label(tag) or _svg_title(tag) or None
        case "input":
            return _field(tag)
        case "sup":
            return _superscript(tag)
        case "sub":
            return lowered(tag.get_text(), _after(tag))
        case "script" if str(tag.get("type") or "").lower().startswith("math/tex"):
            return markup.one_line(tag.get_text())
        case "i" | "span" | "em" | "b" | "abbr":
            return _sign(tag)
    return None


def mark_of(cell: Tag) -> str:
    """A tick or a cross for a cell that has only an icon for it. Empty for any other cell."""
    for tag in cell.find_all(["i", "span", "svg", "use", "img", "em", "b"]):
        keys = ("class", "title", "data-icon", "href", "xlink:href", "src", "aria-label", "name")
        values = [value for key in keys if (value := tag.get(key))]
        words = " ".join(value if isinstance(value, str) else " ".join(value) for value in values)
        if _NO.search(words):
            return "✗"
        if _YES.search(words):
            return "✓"
    return ""


def address_of(link: Tag) -> str:
    """The address to say after a link's words: a mail address or number, or a web address that people say aloud.

    Empty if the words hold it, or for any other web address.
    """
    target = str(link.get("href") or "").strip()
    if target.lower().startswith("http") and link.find(["img", "svg"]):
        return ""
    return said_address(target, markup.one_line(link.get_text()))


def _superscript(tag: Tag) -> str:
    """The raised words. The upper figure of a fraction is not raised; the mark that begins a footnote is."""
    before = _before(tag)
    if _after(tag).lstrip()[:1] in ("/", "⁄"):
        return (" " if before[-1:].isdigit() else "") + tag.get_text().strip()
    return raised(tag.get_text(), before or ("." if _after(tag)[:1].isspace() else ""))


def _picture(tag: Tag) -> str:
    words = picture_words(str(tag.get("alt") or ""))
    source = f"{tag.get('src') or ''} {tag.get('class') or ''}"
    if not words or _BADGE.search(source):
        return ""
    link = tag.find_parent("a")
    beside = markup.one_line(link.get_text()) if link else ""
    if beside and words.casefold() in beside.casefold():
        return ""
    return f" {words}" if _after(tag)[:1] in tuple(".,;:!?)") else f" {words} "


def _field(tag: Tag) -> str | None:
    """A ticked or empty box, and the value of a field that is not for typing."""
    kind = str(tag.get("type") or "text").lower()
    if kind in ("checkbox", "radio") and tag.find_parent(["td", "th", "li"]) and tag.get("role") != "switch":
        return "[x] " if tag.has_attr("checked") else "[ ] "
    if kind in ("text", "number", "date", "email", "tel", "url") and (
        tag.has_attr("readonly") or tag.has_attr("disabled")
    ):
        return f" {markup.one_line(str(tag.get('value') or ''))} "
    return None


def _sign(tag: Tag) -> str | None:
    """The label of an element whose text is a sign, an icon, or nothing."""
    label = _label(tag)
    if not label or tag.find(["img", "svg", "math"]):
        return None
    return None if any(map(str.isalnum, tag.get_text())) else label


def _label(tag: Tag) -> str:
    return markup.one_line(str(tag.get("aria-label") or ("" if tag.name == "abbr" else tag.get("title")) or ""))


def _svg_title(tag: Tag) -> str:
    title = tag.find("title")
    shown = tag.get("role") == "img" or tag.find_parent(["td", "th"]) is not None
    return markup.one_line(title.get_text()) if title and shown else ""


def _before(tag: Tag) -> str:
    neighbour = tag.previous_sibling
    while isinstance(neighbour, Tag) and neighbour.name == "sup":
        neighbour = neighbour.previous_sibling
    return neighbour.get_text() if isinstance(neighbour, (Tag, NavigableString)) else ""


def _after(tag: Tag) -> str:
    neighbour = tag.next_sibling
    return neighbour.get_text() if isinstance(neighbour, (Tag, NavigableString)) else ""
