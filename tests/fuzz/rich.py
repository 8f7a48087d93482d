"""Good Office files that hold what their parsers look for: lists, tables, notes, formats, hidden and merged cells."""

import io
import zipfile
from datetime import date
from functools import cache

import docx
import openpyxl
import pptx
import xlwt
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.styles import Font
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

MAIN = {
    ".docx": ("word/document.xml", "word/numbering.xml", "word/_rels/document.xml.rels", "word/comments.xml"),
    ".pptx": ("ppt/slides/slide1.xml", "ppt/presentation.xml", "ppt/slides/_rels/slide1.xml.rels"),
    ".xlsx": ("xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml"),
    ".ods": ("content.xml",),
}
_NAMES = "".join(
    f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text", "style")
)
_STYLE = '<style:style style:name="h"><style:table-properties table:display="true"/></style:style>'
_ROWS = (
    '<table:table-column table:number-columns-repeated="2"/><table:table-row>'
    '<table:table-cell office:value-type="string"><text:p>What</text:p></table:table-cell>'
    '<table:table-cell table:number-columns-spanned="1"><text:p>Days <text:span>of</text:span></text:p>'
    "</table:table-cell></table:table-row>"
    '<table:table-row table:number-rows-repeated="2"><table:table-cell table:number-rows-spanned="2">'
    "<office:annotation><text:p>why</text:p></office:annotation><text:p>kettle</text:p></table:table-cell>"
    '<table:table-cell office:value-type="date" office:date-value="2026-03-04"><text:p>03/04/26</text:p>'
    '</table:table-cell></table:table-row><table:table-row table:visibility="collapse"><table:covered-table-cell/>'
    '<table:table-cell office:value-type="float" office:value="5"><text:p>5</text:p></table:table-cell>'
    "</table:table-row>"
)


@cache
def good() -> dict[str, bytes]:
    """A file of each kind, by its ending."""
    return {".docx": _word(), ".pptx": _show(), ".xlsx": _book(), ".ods": _ods(), ".xls": _old()}


def _word() -> bytes:
    word, written = docx.Document(), io.BytesIO()
    for style in [one for one in word.styles.latent_styles]:
        style.delete()
    word.add_heading("Kettles", 1)
    word.add_paragraph("A kettle may be ").add_run("returned").font.strike = True
    for text in ("within thirty days", "with its lid"):
        word.add_paragraph(text, style="List Number")
    table = word.add_table(3, 2)
    for number, cell in enumerate(cell for row in table.rows for cell in row.cells):
        cell.text = f"{number}"
    table.cell(1, 0).merge(table.cell(2, 0))
    word.add_comment(word.paragraphs[1].runs, "Why?", "A")
    word.sections[0].header.paragraphs[0].text = "Draft"
    word.save(written)
    return written.getvalue()


def _show() -> bytes:
    show, written = pptx.Presentation(), io.BytesIO()
    slide = show.slides.add_slide(show.slide_layouts[1])
    slide.shapes.title.text, slide.placeholders[1].text = "Kettles", "Thirty days to return one."
    cells = slide.shapes.add_table(2, 2, Inches(1), Inches(1), Inches(3), Inches(1)).table
    cells.cell(0, 0).text, cells.cell(1, 1).text = "kettle", "30"
    cells.cell(0, 0).merge(cells.cell(0, 1))
    data = CategoryChartData()
    data.categories = ["a", "b"]
    data.add_series("days", (30, 14.5))
    slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, Inches(2), Inches(2), data)
    slide.shapes.add_group_shape().shapes.add_textbox(0, 0, Inches(1), Inches(1)).text_frame.text = "grouped"
    slide.notes_slide.notes_text_frame.text = "Say this."
    show.save(written)
    return written.getvalue()


def _book() -> bytes:
    book, written = openpyxl.Workbook(), io.BytesIO()
    sheet = book.active
    for row in (["name", "days", "since"], ["kettle", 30, date(2026, 1, 2)], ["toaster", 0.25, True], ["a", "b", "c"]):
        sheet.append(row)
    sheet["B3"].number_format, sheet["C2"].number_format = "0.00%", "d.m.yyyy"
    sheet["A4"] = CellRichText("10", TextBlock(InlineFont(vertAlign="superscript"), "6"))
    sheet["B4"].font, sheet["C4"].comment = Font(strike=True), Comment("why", "A")
    sheet["D2"], sheet["D3"] = "=1+1", "#DIV/0!"
    sheet.merge_cells("A5:A6")
    sheet.row_dimensions[3].hidden, sheet.auto_filter.ref = True, "A1:C4"
    book.create_sheet("Hidden").sheet_state = "hidden"
    book.save(written)
    return written.getvalue()


def _old() -> bytes:
    book, written = xlwt.Workbook(), io.BytesIO()
    sheet = book.add_sheet("S")
    for number, value in enumerate(("kettle", 30, date(2026, 1, 2), True)):
        sheet.write(number, 0, value, xlwt.easyxf(num_format_str="0.00%" if number == 1 else "d.m.yy"))
    sheet.write_merge(5, 6, 0, 1, "merged")
    book.save(written)
    return written.getvalue()


def _ods() -> bytes:
    written = io.BytesIO()
    body = f'<table:table table:name="S" table:style-name="h">{_ROWS}</table:table>'
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr(
            "content.xml",
            f"<office:document-content{_NAMES}><office:automatic-styles>{_STYLE}</office:automatic-styles>"
            f"<office:body><office:spreadsheet>{body}</office:spreadsheet></office:body></office:document-content>",
        )
    return written.getvalue()
