"""Turns a presentation (pptx) into light Markdown: a section for each slide, with its tables, charts and notes.

Takes bytes, gives (title, text, metadata, problems without the file's name). Hidden slides are left out and named.
"""

import io
import math
import zipfile
from collections.abc import Iterator
from typing import Any

from pptx import Presentation
from pptx.exc import PythonPptxError
from pptx.oxml.ns import qn

from bakeoff.formats import markup
from bakeoff.formats.addresses import picture_words, said_address
from bakeoff.formats.broken import BROKEN
from bakeoff.formats.part import Problem, UnreadableError
from bakeoff.formats.raised import raised
from bakeoff.formats.sheets import number_formats
from bakeoff.formats.sheets.sheet import words
from bakeoff.formats.tables.sections import Row
from bakeoff.formats.tables.written import written

_MAX_UNPACKED_BYTES = 1_000_000_000
_DIAGRAM = "http://schemas.openxmlformats.org/drawingml/2006/diagram"


def parse(content: bytes) -> tuple[str, str, dict[str, Any], list[Problem]]:
    """Raises UnreadableError for a file that is broken, protected, or too large when unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MAX_UNPACKED_BYTES:
                raise UnreadableError("it is too large when unpacked", "split it")
        show = Presentation(io.BytesIO(content))
        sections, problems = [], []
        for number, slide in enumerate(show.slides, 1):
            if slide._element.get("show") == "0":
                problems.append(
                    Problem(source=f"slide {number}", reason="hidden", remedy="show it if it should be read")
                )
                continue
            sections.append(_slide(slide))
            problems += _unread(slide, number)
        properties = show.core_properties
        meta = {
            "slides": len(show.slides),
            "updated_at": properties.modified.isoformat() if properties.modified else "",
        }
        title = properties.title or ""
    except (PythonPptxError, *BROKEN) as error:
        raise UnreadableError(f"it is not a readable presentation ({error})"[:200], "save it again as .pptx") from error
    return _title(title, sections), "\n\n".join(filter(None, sections)), meta, problems


def _title(title: str, sections: list[str]) -> str:
    """The title in the properties, unless it is a template's, else that of the first slide."""
    named = markup.one_line(title)
    return (
        named
        if named and named.casefold() not in ("powerpoint presentation", "presentation")
        else (markup.first_heading(sections[0]) if sections else "")
    )


def _slide(slide: Any) -> str:
    heading = slide.shapes.title
    title = markup.one_line(heading.text_frame.text) if heading is not None and heading.has_text_frame else ""
    blocks = [f"## {title}"] if title else []
    shapes = [shape for shape in _shapes(slide.shapes) if heading is None or shape.shape_id != heading.shape_id]
    for shape in sorted(shapes, key=lambda one: (one.top or 0, one.left or 0)):
        blocks += _blocks(shape)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        notes = markup.clean(slide.notes_slide.notes_text_frame.text)
        blocks += [f"Notes: {markup.paragraph(notes)}"] if notes.strip() else []
    return "\n\n".join(filter(str.strip, blocks))


def _shapes(shapes: Any) -> Iterator[Any]:
    """The shapes, those in groups too, without the date, footer and number of the slide."""
    for shape in shapes:
        if shape.is_placeholder and shape.placeholder_format.type in (13, 15, 16):  # number, footer, date
            continue
        if shape._element.find(f".//{qn('p:cNvPr')}[@hidden='1']") is not None and not hasattr(shape, "shapes"):
            continue
        if hasattr(shape, "shapes"):
            yield from _shapes(shape.shapes)
        else:
            yield shape


def _blocks(shape: Any) -> Iterator[str]:
    if shape.has_text_frame:
        yield _text(shape)
    elif getattr(shape, "has_table", False):
        yield _table(shape.table)
    elif getattr(shape, "has_chart", False):
        yield _chart(shape.chart)
    else:
        yield picture_words(shape._element._nvXxPr.cNvPr.get("descr") or "")


def _text(shape: Any) -> str:
    """The paragraphs of a shape; those of the slide's body as a list."""
    is_body = shape.is_placeholder and shape.placeholder_format.type in (2, 7)  # body, object
    paragraphs = [(paragraph.level, _words(paragraph)) for paragraph in shape.text_frame.paragraphs]
    paragraphs = [(level, text) for level, text in paragraphs if text]
    if is_body and len(paragraphs) > 1:
        return "\n".join(f"{'  ' * level}- {text}" for level, text in paragraphs)
    return "\n\n".join(markup.paragraph(text) for _, text in paragraphs)


def _words(paragraph: Any) -> str:
    """The words of a paragraph: no struck ones, and raised figures as such."""
    text = ""
    for run in paragraph._p.iterchildren(qn("a:r"), qn("a:br"), qn("a:fld")):
        properties = run.find(qn("a:rPr"))
        plain = "".join(run.itertext(qn("a:t"))) if run.tag != qn("a:br") else " "
        if properties is not None and properties.get("strike", "noStrike") != "noStrike":
            continue
        is_raised = properties is not None and int(properties.get("baseline") or 0) > 0
        text += raised(plain, text) if is_raised else plain
        link = properties.find(qn("a:hlinkClick")) if properties is not None else None
        address = said_address(_target(paragraph, link.get(qn("r:id"))), plain) if link is not None else ""
        text += f" ({address})" if address and address not in text else ""
    return markup.one_line(markup.clean(text))


def _target(paragraph: Any, relation: str | None) -> str:
    """The address that a link leads to. Empty for a place in the presentation."""
    links = paragraph.part.rels
    return links[relation].target_ref if relation in links and links[relation].is_external else ""


def _table(table: Any) -> str:
    width = len(table.columns)
    rows = [
        Row([_cell(cell) for cell in cells], is_wide=cells[0].is_merge_origin and cells[0].span_width == width)
        for cells in (list(row.cells) for row in table.rows)
    ]
    return written(rows, True if table.first_row else False if table.first_col else None)


def _cell(cell: Any) -> str:
    return " ".join(filter(None, map(_words, cell.text_frame.paragraphs)))


def _chart(chart: Any) -> str:
    """The numbers of a chart as a table below its title. A row for each point that is there, whatever the chart says of
    their number.
    """
    title = chart.chart_title.text_frame.text if chart.has_title and chart.chart_title.has_text_frame else ""
    tables = []
    for plot in chart.plots:
        names = [markup.one_line(str(series.name or "")) for series in plot.series]
        columns = [_numbers(series._element) for series in plot.series]
        labels = _labels(plot._element)
        places = sorted({*labels, *(place for column in columns for place in column)}) if labels else []
        rows = [["", *names], *([labels.get(at, ""), *(column.get(at, "") for column in columns)] for at in places)]
        tables.append(markup.pipe_table(rows))
    return "\n\n".join(filter(None, [markup.paragraph(markup.one_line(title)), *tables]))


def _labels(plot: Any) -> dict[int, str]:
    """The names of a chart's points by their place; of names in levels, those of the lowest one."""
    points = plot.xpath("./c:ser[1]/c:cat//c:lvl[1]/c:pt") or plot.xpath("./c:ser[1]/c:cat//c:pt")
    return {int(point.get("idx")): markup.one_line(point.findtext(qn("c:v")) or "") for point in points}


def _numbers(series: Any) -> dict[int, str]:
    """The values of a series by their place, as its axis displays them."""
    code = series.findtext(f".//{qn('c:val')}//{qn('c:formatCode')}") or ""
    points = [point for tag in ("c:val", "c:yVal") for point in series.iterfind(f"{qn(tag)}//{qn('c:pt')}")]
    values = {int(point.get("idx")): float(point.findtext(qn("c:v")) or "nan") for point in points}
    return {at: _number(value, code) for at, value in values.items() if not math.isnan(value)}


def _number(value: float, code: str) -> str:
    text = number_formats.shown(value, code) if code else None
    return words(value) if text is None else text


def _unread(slide: Any, number: int) -> list[Problem]:
    if any(link.reltype.endswith("/comments") for link in slide.part.rels.values()):
        return [Problem(source=f"slide {number}", reason="comments left out", remedy="write into the text what holds")]
    if slide._element.find(f".//{{{_DIAGRAM}}}relIds") is None:
        return []
    return [Problem(source=f"slide {number}", reason="the text of a diagram is not read", remedy="write it as a list")]
