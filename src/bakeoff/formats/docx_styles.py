"""What the styles of a Word document say of a paragraph or a run: its name, its font, whether it is struck or hidden.

Takes XML elements. Knows no text.
"""

from collections.abc import Iterator
from typing import Any

from docx.document import Document as WordDocument
from docx.oxml.ns import qn
from docx.styles.style import BaseStyle

_OFF = ("0", "false", "off")


def value(parent: Any, name: str) -> str:
    """The `w:val` of a child element. Empty if there is none."""
    child = parent.find(qn(name)) if parent is not None else None
    return str(child.get(qn("w:val")) or "") if child is not None else ""


class Styles:
    """The styles of one document, by id."""

    def __init__(self, word: WordDocument) -> None:
        self.by_id = {style.style_id: style for style in word.styles}

    def of_paragraph(self, p: Any) -> BaseStyle | None:
        return self.by_id.get(value(p.find(qn("w:pPr")), "w:pStyle")) if p is not None else None

    def lineage(self, style: BaseStyle | None) -> Iterator[BaseStyle]:
        """The style, then the styles it is based on."""
        seen = set()
        while style is not None and style.style_id not in seen:
            seen.add(style.style_id)
            yield style
            style = getattr(style, "base_style", None)

    def run_properties(self, run: Any) -> Iterator[Any]:
        """The `w:rPr` that hold for a run, the closest first: its own, those of its style and its paragraph's style."""
        own = run.find(qn("w:rPr"))
        paragraph = next(run.iterancestors(qn("w:p")), None)
        styles = (self.by_id.get(value(own, "w:rStyle")), self.of_paragraph(paragraph))
        yield own
        for style in styles:
            for ancestor in self.lineage(style):
                yield ancestor.element.find(qn("w:rPr"))

    def is_on(self, run: Any, *names: str) -> bool:
        """Whether any of the properties, such as `w:strike`, holds for the run."""
        return any(self._is_on(run, name) for name in names)

    def _is_on(self, run: Any, name: str) -> bool:
        for properties in self.run_properties(run):
            switch = properties.find(qn(name)) if properties is not None else None
            if switch is not None:
                return switch.get(qn("w:val")) not in _OFF
        return False

    def first_value(self, run: Any, name: str) -> str:
        """The closest value of a property, such as `w:vertAlign`. Empty if there is none."""
        return next((found for properties in self.run_properties(run) if (found := value(properties, name))), "")

    def font(self, run: Any) -> str:
        for properties in self.run_properties(run):
            fonts = properties.find(qn("w:rFonts")) if properties is not None else None
            name = fonts is not None and (fonts.get(qn("w:ascii")) or fonts.get(qn("w:hAnsi")))
            if name:
                return str(name)
        return ""


def style_name(style: BaseStyle | None) -> str:
    """The name in lower case, as 'heading 1'. Empty without a style."""
    return (style.name or "").lower() if style is not None else ""
