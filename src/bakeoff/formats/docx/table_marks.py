"""What a Word document says of the header of a table: rows that are repeated on each page, its style, bold words.

Takes XML elements. Knows no text of cells.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from docx.oxml.ns import qn

from bakeoff.formats.docx.styles import Styles, settings_of, value

_FIRST_ROW = 0x20
_OFF = ("0", "false", "off")
_CELL, _RUN, _TEXT, _PROPERTIES = qn("w:tc"), qn("w:r"), qn("w:t"), qn("w:rPr")


class Marks(NamedTuple):
    """For each row whether it is marked as header, and whether the first row is to look as one.

    `has_header` is None if the document does not say so. It is False too if each row is a name in bold and a value that
    is not.
    """

    rows: list[bool]
    has_header: bool | None


def marks_of(table: Any, rows: Sequence[Any], styles: Styles) -> Marks:
    """What is said of these rows. Rows of which all words are bold are a header, if those below are not."""
    bold = [_bold_cells(tr, styles) for tr in rows]
    end = next((i for i, cells in enumerate(bold) if cells and not all(cells)), len(rows))
    in_bold = [i < end < len(rows) and len(cells) > 1 for i, cells in enumerate(bold)]
    several = [cells for cells in bold if len(cells) > 1]
    names_are_bold = len(several) > 1 and all(cells == [True, False] for cells in several)
    return Marks(
        [is_in_bold or _is_repeated(tr) for is_in_bold, tr in zip(in_bold, rows, strict=True)],
        False if names_are_bold else _shows_first_row(table, styles),
    )


def _is_repeated(tr: Any) -> bool:
    mark = tr.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}")
    return mark is not None and mark.get(qn("w:val")) not in _OFF


def _shows_first_row(table: Any, styles: Styles) -> bool | None:
    """Whether the first row has a look of its own. None if the style of the table has none for it."""
    properties = table.find(qn("w:tblPr"))
    style = styles.by_id.get(value(properties, "w:tblStyle"))
    looks = [look for one in styles.lineage(style) for look in one.element.findall(qn("w:tblStylePr"))]
    if not any(look.get(qn("w:type")) == "firstRow" and len(look) for look in looks):
        return None
    look = properties.find(qn("w:tblLook"))
    if look is None:
        return None
    said = look.get(qn("w:firstRow"))
    return said not in _OFF if said else bool(int(look.get(qn("w:val")) or "0", 16) & _FIRST_ROW)


def _bold_cells(tr: Any, styles: Styles) -> list[bool]:
    """For each cell of a row that has words, whether all of them are bold."""
    found = []
    for tc in tr.iterchildren(_CELL):
        runs = [run for run in tc.iter(_RUN) if any((text.text or "").strip() for text in run.iter(_TEXT))]
        if runs:
            found.append(all(_is_bold(run, styles) for run in runs))
    return found


def _is_bold(run: Any, styles: Styles) -> bool:
    paragraph = next(run.iterancestors(qn("w:p")), None)
    own = settings_of(run.find(_PROPERTIES))
    style = value(paragraph.find(qn("w:pPr")), "w:pStyle") if paragraph is not None else ""
    return {**styles.settings(style), **styles.settings(own.get("rStyle", "")), **own}.get("b") == "on"
