"""Build the PDF and DOCX documents of an example from their Markdown sources.

Takes the folder of an example (this one, if none is given) and every ``_build/**/*.md`` in it; gives the file that its
front matter names, relative to that folder:

    ---
    output: documents/hearth/hearth-3-installation.pdf
    ---

Reads headings, paragraphs, ``-`` and ``1.`` lists, ``> notes``, pipe tables, ``**bold**``, ``*italic*`` and
`` `code` ``. An optional ``base: updates`` in the front matter writes below ``updates/`` instead, ``author`` is Norrvik
if it is not given. The same sources give the same bytes. Knows nothing of questions.

    python examples/support-desk/_build/build_binary.py [examples/clinic]
"""

import re
import sys
import zipfile
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from docx import Document
from docx.shared import Pt
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

FIXED = datetime(2025, 1, 1)
INLINE = re.compile(r"(\*\*.+?\*\*|\*[^*\s][^*]*\*|`[^`]+`)")
STARTS = re.compile(r"\s*(?:(#{1,4})|(\d+)[.)]|([-*])|(>)) *(.*)")
# The standard PDF fonts hold Latin-1 only; these are what support texts use beyond it.
PLAIN = str.maketrans({"→": ">", "≤": "<=", "≥": ">=", "−": "-", "✓": "yes", "✗": "no", "Ω": "ohm"})
MARKUP = {"b": "<b>{}</b>", "i": "<i>{}</i>", "code": '<font name="Courier">{}</font>', "": "{}"}
PAGE_WIDTH = A4[0] - 40 * mm

_SAMPLES = getSampleStyleSheet()
_BODY = ParagraphStyle("body", parent=_SAMPLES["BodyText"], fontSize=10, leading=14)
_CELL = ParagraphStyle("small", parent=_BODY, fontSize=9, leading=11.5)
_HEAD_CELL = ParagraphStyle("strong", parent=_CELL, fontName="Helvetica-Bold")
_NOTE = ParagraphStyle("note", parent=_BODY, leftIndent=8, borderPadding=4, backColor=colors.HexColor("#eef3f5"))
_ITEM = ParagraphStyle("item", parent=_BODY, leftIndent=16, bulletIndent=3)
_GRID = TableStyle(
    [
        ("GRID", (0, 0), (-1, -1), 0.4, colors.HexColor("#9aa7ad")),
        ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#dfe8ec")),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
)


class Block(NamedTuple):
    """One piece of a document; `kind` is h1..h4, p, note, li, num (its number in `mark`) or table (its `rows`)."""

    kind: str
    text: str = ""
    mark: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


def front_matter(text: str) -> tuple[dict[str, str], str]:
    """What the lines between two `---` at the top say, and the text below them."""
    match = re.match(r"---\n(.*?)\n---\n", text, re.S)
    if not match:
        return {}, text
    pairs = (line.split(":", 1) for line in match[1].splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, value in pairs}, text[match.end() :]


def blocks(body: str) -> Iterator[Block]:
    """The blocks of the body, in order."""
    for paragraph in re.split(r"\n\s*\n", body.strip("\n")):
        lines = paragraph.splitlines()
        if lines and lines[0].lstrip().startswith("|"):
            yield Block("table", rows=table_rows(lines))
            continue
        block = None
        for line in lines:
            started = start_of(line)
            if block and (started is None or started.kind == block.kind == "note"):
                follow = (started.text if started else line).strip()
                block = block._replace(text=f"{block.text} {follow}".strip())
                continue
            if block:
                yield block
            block = started or Block("p", line.strip())
        if block:
            yield block


def start_of(line: str) -> Block | None:
    """The block that this line begins, or None where it goes on with the one before."""
    match = STARTS.fullmatch(line.rstrip())
    # '-5 °C' and '**bold**' are words: only a space after the mark makes a list item or a heading.
    if not match or not re.match(r"\s*(#{1,4} |\d+[.)] |[-*] |>)", line):
        return None
    heading, number, _, quote, text = match.groups()
    kind = f"h{len(heading)}" if heading else "num" if number else "note" if quote else "li"
    return Block(kind, text, number or "")


def table_rows(lines: list[str]) -> tuple[tuple[str, ...], ...]:
    """The cells of a pipe table, its rule line left out, all rows filled up to the same length."""
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    rows = [row for row in rows if not all(re.fullmatch(r":?-+:?", cell) for cell in row)]
    n_columns = max(len(row) for row in rows)
    return tuple(tuple(row + [""] * (n_columns - len(row))) for row in rows)


def spans(text: str) -> Iterator[tuple[str, str]]:
    """The text as (style, run), with the style b, i, code or empty."""
    for part in INLINE.split(text):
        if len(part) > 4 and part.startswith("**") and part.endswith("**"):
            yield "b", part[2:-2]
        elif len(part) > 2 and part[0] == part[-1] and part[0] in "`*":
            yield ("code" if part[0] == "`" else "i"), part[1:-1]
        elif part:
            yield "", part


def title_of(content: list[Block], target: Path) -> str:
    return next((block.text for block in content if block.kind == "h1"), target.stem)


def write_pdf(target: Path, content: list[Block], author: str) -> None:
    title = title_of(content, target)
    margins = {"leftMargin": 20 * mm, "rightMargin": 20 * mm, "topMargin": 18 * mm, "bottomMargin": 20 * mm}
    document = SimpleDocTemplate(str(target), pagesize=A4, title=title, author=author, invariant=1, **margins)
    draw = partial(footer, f"{author} - {title}".translate(PLAIN))
    document.build([part for block in content for part in flowables(block)], onFirstPage=draw, onLaterPages=draw)


def footer(text: str, canvas: Any, document: Any) -> None:
    canvas.setFont("Helvetica", 8)
    canvas.drawString(20 * mm, 11 * mm, text)
    canvas.drawRightString(A4[0] - 20 * mm, 11 * mm, f"Page {document.page}")


def flowables(block: Block) -> list[Flowable]:
    """The block as reportlab lays it out."""
    if block.kind == "table":
        return [Spacer(1, 4), pdf_table(block.rows), Spacer(1, 8)]
    if block.kind in ("li", "num"):
        return [Paragraph(markup(block.text), _ITEM, bulletText=f"{block.mark}." if block.mark else "-")]
    if block.kind == "note":
        return [Paragraph(markup(block.text), _NOTE), Spacer(1, 6)]
    style = _BODY if block.kind == "p" else _SAMPLES["Heading" + block.kind[1]]
    return [Paragraph(markup(block.text), style)]


def pdf_table(rows: tuple[tuple[str, ...], ...]) -> Table:
    """The table over the page's width, shared by the longest cell of each column, within bounds."""
    needed = [min(60, max(6, *map(len, column))) + 4 for column in zip(*rows, strict=True)]
    cells = [[Paragraph(markup(cell), _CELL if n else _HEAD_CELL) for cell in row] for n, row in enumerate(rows)]
    widths = [PAGE_WIDTH * chars / sum(needed) for chars in needed]
    return Table(cells, colWidths=widths, repeatRows=1, hAlign="LEFT", style=_GRID)


def markup(text: str) -> str:
    """The text in reportlab's own markup."""
    return "".join(MARKUP[style].format(escape(run.translate(PLAIN), quote=False)) for style, run in spans(text))


def write_docx(target: Path, content: list[Block], author: str) -> None:
    document = Document()
    document.styles["Normal"].font.name = "Calibri"
    document.styles["Normal"].font.size = Pt(11)
    core = document.core_properties
    core.author = core.last_modified_by = author
    core.created = core.modified = FIXED
    core.title = title_of(content, target)
    for block in content:
        add_block(document, block)
    document.save(str(target))
    freeze(target)


def add_block(document: Any, block: Block) -> None:
    if block.kind == "table":
        add_table(document, block.rows)
    elif block.kind.startswith("h"):
        document.add_heading(block.text, level=int(block.kind[1]))
    elif block.kind == "num":
        # The number is written out: Word's own numbers run on from list to list and are not part of the text.
        add_runs(document.add_paragraph(), f"{block.mark}. {block.text}")
    else:
        style = {"li": "List Bullet", "note": "Intense Quote"}.get(block.kind)
        add_runs(document.add_paragraph(style=style), block.text)


def add_table(document: Any, rows: tuple[tuple[str, ...], ...]) -> None:
    table = document.add_table(rows=0, cols=len(rows[0]))
    table.style = "Light Grid Accent 1"
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            add_runs(cell.paragraphs[0], text)
    document.add_paragraph()


def add_runs(paragraph: Any, text: str) -> None:
    for style, run in spans(text):
        made = paragraph.add_run(run)
        made.bold = style == "b" or None
        made.italic = style == "i" or None
        if style == "code":
            made.font.name = "Courier New"


def freeze(path: Path) -> None:
    """Rewrite a ZIP file with fixed times and order, so that building twice gives the same bytes."""
    with zipfile.ZipFile(path) as source:
        members = [(name, source.read(name)) for name in sorted(source.namelist(), key=lambda n: (n[0] != "[", n))]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members:
            member = zipfile.ZipInfo(name, date_time=FIXED.timetuple()[:6])
            member.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(member, content)


def main(example: Path) -> None:
    for source in sorted(example.glob("_build/**/*.md")):
        head, body = front_matter(source.read_text(encoding="utf-8"))
        if "output" not in head:
            raise SystemExit(f"{source}: no 'output:' in its front matter; name the .pdf or .docx that it becomes")
        target = example / head.get("base", "") / head["output"]
        target.parent.mkdir(parents=True, exist_ok=True)
        write = write_pdf if target.suffix == ".pdf" else write_docx
        write(target, list(blocks(body)), head.get("author", "Norrvik"))
        print(target.relative_to(example))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else Path(__file__).resolve().parents[1])
