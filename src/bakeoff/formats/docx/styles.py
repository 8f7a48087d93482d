"""What the styles of a Word document say of a paragraph or a run: its name, its font, whether it is struck or hidden.

Takes XML elements. Knows no text.
"""

from collections.abc import Iterator
from typing import Any

from docx.document import Document as WordDocument
from docx.oxml.ns import qn
from docx.styles.style import BaseStyle

_OFF = ("0", "false", "off")
_VALUE = qn("w:val")
_SETTINGS = {qn(f"w:{name}"): name for name in ("strike", "dstrike", "vanish", "b", "vertAlign", "rStyle")}
_SETTINGS[qn("w:rFonts")] = "font"


def value(parent: Any, name: str) -> str:
    """The `w:val` of a child element. Empty if there is none."""
    child = parent.find(qn(name)) if parent is not None else None
    return str(child.get(qn("w:val")) or "") if child is not None else ""


class Styles:
    """The styles of one document, by id."""

    def __init__(self, word: WordDocument) -> None:
        self.by_id = {style.style_id: style for style in word.styles}
        self.known: dict[str, dict[str, str]] = {}

    def of_paragraph(self, p: Any) -> BaseStyle | None:
        return self.by_id.get(value(p.find(qn("w:pPr")), "w:pStyle")) if p is not None else None

    def lineage(self, style: BaseStyle | None) -> Iterator[BaseStyle]:
        """The style, then the styles it is based on."""
        seen = set()
        while style is not None and style.style_id not in seen:
            seen.add(style.style_id)
            yield style
            style = getattr(style, "base_style", None)

    def settings(self, style_id: str) -> dict[str, str]:
        """What a style says of its text: the settings of `settings_of`, its own before those of its ancestors."""
        if style_id not in self.known:
            self.known[style_id] = {}
            for ancestor in reversed(list(self.lineage(self.by_id.get(style_id)))):
                self.known[style_id].update(settings_of(ancestor.element.find(qn("w:rPr"))))
        return self.known[style_id]


def settings_of(properties: Any) -> dict[str, str]:
    """The settings in a `w:rPr`: `strike`, `dstrike`, `vanish`, `b` ('on' or 'off'), `vertAlign`, `rStyle`, `font`."""
    found: dict[str, str] = {}
    for child in properties if properties is not None else ():
        name = _SETTINGS.get(child.tag)
        if name in ("vertAlign", "rStyle"):
            found[name] = child.get(_VALUE) or ""
        elif name == "font":
            found[name] = child.get(qn("w:ascii")) or child.get(qn("w:hAnsi")) or ""
        elif name:
            found[name] = "off" if child.get(_VALUE) in _OFF else "on"
    return found


def style_name(style: BaseStyle | None) -> str:
    """The name in lower case, as 'heading 1'. Empty without a style."""
    return (style.name or "").lower() if style is not None else ""
