"""The text of a paragraph of a Word document as it is valid: tracked changes accepted, no struck or hidden text.

Takes XML elements, gives strings. Knows no blocks: text boxes and tables inside a paragraph are left to others.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from docx.oxml.ns import qn

from bakeoff.formats.addresses import picture_words, said_address
from bakeoff.formats.docx import symbol_fonts
from bakeoff.formats.docx.math import formula
from bakeoff.formats.docx.styles import Styles, settings_of, value
from bakeoff.formats.raised import lowered, raised

_TEXT_TAGS = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
_EQUATION = "{http://schemas.openxmlformats.org/officeDocument/2006/math}oMath"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
DELETED = {qn("w:del"), qn("w:moveFrom"), FALLBACK}
_LINK, _INSTRUCTION = qn("w:hyperlink"), qn("w:instrText")
_PICTURE = qn("wp:docPr")
_RELATION = qn("r:id")
_HYPERLINK = re.compile(r'HYPERLINK\s+"([^"]+)"')
_SKIPPED = DELETED | {qn("w:txbxContent"), qn("w:pPr"), qn("w:rPr"), qn("w:rt"), qn("w:sdtPr")}
_NOTES = {qn("w:footnoteReference"): "footnotes", qn("w:endnoteReference"): "endnotes"}
_RUN, _TEXT, _SYMBOL, _CONTROL, _FIELD = (qn(f"w:{name}") for name in ("r", "t", "sym", "sdt", "fldChar"))
_RUN_PROPERTIES, _PARAGRAPH_PROPERTIES = qn("w:rPr"), qn("w:pPr")
_PLAIN, _RAISED, _LOWERED, _TARGET = "", "superscript", "subscript", "target"

_Piece = tuple[str, str]  # (text, how it is set: _PLAIN, _RAISED or _LOWERED; or the _TARGET of the link before it)


class Words:
    """Reads paragraphs. `note` is called with (kind, id) of each footnote referred to, and gives its mark.

    `targets` are the addresses of links, by their ids.
    """

    def __init__(
        self, styles: Styles, note: Callable[[str, str], str], targets: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.styles = styles
        self.note = note
        self.targets = targets
        self.open_link = ""  # the target of a field that is read at the moment
        self.base: dict[str, str] = {}  # what the paragraph's style says

    def of(self, paragraph: Any) -> str:
        """The text of a paragraph, with a newline where a line ends on purpose."""
        around = self.base  # a note is read while the paragraph that refers to it is
        self.base = self.styles.settings(value(paragraph.find(_PARAGRAPH_PROPERTIES), "w:pStyle"))
        words = _set(list(self._pieces(paragraph)))
        self.base = around
        return words

    def _pieces(self, element: Any) -> Iterator[_Piece]:
        for node in element:
            if node.tag in _SKIPPED or (node.tag == _CONTROL and _is_empty_form(node)):
                continue
            if node.tag == _RUN:
                yield from self._run(node)
            elif node.tag == _LINK:
                yield from self._pieces(node)
                yield self.targets.get(str(node.get(_RELATION)), ""), _TARGET
            elif node.tag == _PICTURE:
                said = picture_words(node.get("descr") or "")
                yield f" {said} " if said else "", _PLAIN
            elif node.tag == _EQUATION:
                yield formula(node), _PLAIN
            else:
                yield from self._pieces(node)

    def _run(self, run: Any) -> Iterator[_Piece]:
        own = settings_of(run.find(_RUN_PROPERTIES))
        held = {**self.base, **self.styles.settings(own["rStyle"]), **own} if "rStyle" in own else {**self.base, **own}
        if "on" in (held.get("strike"), held.get("dstrike"), held.get("vanish")):
            return
        setting = held.get("vertAlign", _PLAIN)
        for node in run:
            yield from self._run_node(node, setting if setting in (_RAISED, _LOWERED) else _PLAIN, held.get("font", ""))

    def _run_node(self, node: Any, setting: str, font: str) -> Iterator[_Piece]:
        if node.tag == _TEXT:
            yield symbol_fonts.readable(node.text or "", font), setting
        elif node.tag in _TEXT_TAGS:
            yield _TEXT_TAGS[node.tag], _PLAIN
        elif node.tag == _SYMBOL:
            code = int(node.get(qn("w:char")) or "0", 16)
            yield symbol_fonts.character(node.get(qn("w:font")) or "", code), setting
        elif node.tag in _NOTES:
            mark = self.note(_NOTES[node.tag], str(node.get(qn("w:id"))))
            yield mark, _PLAIN
        elif node.tag == _FIELD:
            yield _entered(node), _PLAIN
            if self.open_link and node.get(qn("w:fldCharType")) == "end":
                yield self.open_link, _TARGET
                self.open_link = ""
        elif node.tag == _INSTRUCTION:
            link = _HYPERLINK.search(node.text or "")
            self.open_link = link[1] if link else self.open_link
        elif node.tag not in _SKIPPED:
            yield from self._pieces(node)


def _set(pieces: list[_Piece]) -> str:
    """The pieces as one text, raised and lowered ones in a way that they are not read as part of a number."""
    joined: list[_Piece] = []
    plain = "".join(text for text, setting in pieces if setting != _TARGET)
    for text, setting in pieces:
        if setting == _TARGET:
            address = said_address(text, plain)
            text, setting = f" ({address})" if address else "", _PLAIN
        if joined and joined[-1][1] == setting:
            joined[-1] = joined[-1][0] + text, setting
        elif text:
            joined.append((text, setting))
    written = ""
    for number, (text, setting) in enumerate(joined):
        after = joined[number + 1][0] if number + 1 < len(joined) else ""
        if setting == _PLAIN or not text.strip():
            written += text
        else:
            blank = text[len(text.rstrip()) :]
            written += (raised(text, written) if setting == _RAISED else lowered(text, blank + after)) + blank
    return written


def _is_empty_form(control: Any) -> bool:
    """Whether a content control shows only its prompt, such as 'Click here to enter text'."""
    return control.find(f"{qn('w:sdtPr')}/{qn('w:showingPlcHdr')}") is not None


def _entered(field: Any) -> str:
    """What a form field of the old kind shows that is not among its text: a tick, or the choice from a list."""
    data = field.find(qn("w:ffData"))
    if data is None:
        return ""
    box, choices = data.find(qn("w:checkBox")), data.find(qn("w:ddList"))
    if box is not None:
        state = box.find(qn("w:checked"))
        state = box.find(qn("w:default")) if state is None else state
        return "☒" if state is not None and state.get(qn("w:val")) not in ("0", "false", "off") else "☐"
    if choices is not None:
        entries = [str(entry.get(qn("w:val")) or "") for entry in choices.findall(qn("w:listEntry"))]
        chosen = value(choices, "w:result") or value(choices, "w:default") or "0"
        return entries[int(chosen)] if chosen.isdigit() and int(chosen) < len(entries) else ""
    return ""
