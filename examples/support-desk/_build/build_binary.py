"""Build the PDF and DOCX documents of the support-desk example from their Markdown sources.

Every ``_build/half-*/**/*.md`` starts with a front matter naming its output below ``support-desk/``:

    ---
    output: documents/hearth/hearth-3-installation.pdf
    ---

Supported: ``#``..``####`` headings, paragraphs, ``-`` and ``1.`` lists, ``> notes``, pipe tables, ``**bold**``, ``*italic*``
and `` `code` ``. An optional ``base: updates`` line writes below ``updates/`` instead. The output is the same bytes each time.

    python examples/support-desk/_build/build_binary.py
"""

from __future__ import annotations

import re
import zipfile
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from docx import Document
from docx.shared import Pt
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

BUILD = Path(__file__).resolve().parent
ROOT = BUILD.parent
FIXED = datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None)
INLINE = re.compile(r"(\*\*.+?\*\*|\*[^*\s][^*]*\*|`[^`]+`)")
# The standard PDF fonts hold Latin-1 only; these are what support texts use beyond it.
PLAIN = str.maketrans({"→": ">", "≤": "<=", "≥": ">=", "−": "-", "✓": "yes", "✗": "no", "Ω": "ohm"})


def front_matter(text: str) -> tuple[dict[str, str], str]:
    match = re.match(r"---\n(.*?)\n---\n", text, re.S)
    if not match:
        return {}, text
    pairs = (line.split(":", 1) for line in match[1].splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, value in pairs}, text[match.end() :]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def blocks(body: str) -> list[tuple[str, object]]:
    """The body as (kind, content): h1..h4, p, note, li, num (number, text) or table (rows)."""
    found: list[tuple[str, object]] = []
    lines = body.splitlines()
    at = 0
    while at < len(lines):
        line = lines[at].rstrip()
        at += 1
        if not line.strip():
            continue
        if line.lstrip().startswith("|"):
            rows = [cells(line)]
            while at < len(lines) and lines[at].lstrip().startswith("|"):
                rows.append(cells(lines[at]))
                at += 1
            found.append(("table", [row for row in rows if not all(re.fullmatch(r":?-+:?", c) for c in row)]))
            continue
        heading = re.match(r"(#{1,4}) +(.*)", line)
        number = re.match(r"\s*(\d+)[.)] +(.*)", line)
        bullet = re.match(r"\s*[-*] +(.*)", line)
        quote = re.match(r"> ?(.*)", line)
        if heading:
            found.append((f"h{len(heading[1])}", heading[2]))
            continue
        first = number[2] if number else bullet[1] if bullet else quote[1] if quote else line.strip()
        parts = [first]
        while at < len(lines) and lines[at].strip():
            follow = lines[at]
            if quote and follow.startswith(">"):
                parts.append(follow.lstrip("> "))
            elif re.match(r"\s*(#{1,4} |[-*] |\d+[.)] |\||>)", follow):
                break
            else:
                parts.append(follow.strip())
            at += 1
        text = " ".join(part for part in parts if part)
        found.append(("num", (number[1], text)) if number else ("li" if bullet else "note" if quote else "p", text))
    return found


def spans(text: str) -> list[tuple[str, str]]:
    """The text as (style, run) with style b, i, code or empty."""
    out = []
    for part in INLINE.split(text):
        if part.startswith("**") and part.endswith("**") and len(part) > 4:
            out.append(("b", part[2:-2]))
        elif part.startswith("`") and len(part) > 2:
            out.append(("code", part[1:-1]))
        elif part.startswith("*") and part.endswith("*") and len(part) > 2:
            out.append(("i", part[1:-1]))
        elif part:
            out.append(("", part))
    return out


def markup(text: str) -> str:
    wrap = {"b": "<b>{}</b>", "i": "<i>{}</i>", "code": '<font name="Courier">{}</font>', "": "{}"}
    return "".join(wrap[style].format(escape(run.translate(PLAIN), quote=False)) for style, run in spans(text))


def write_pdf(target: Path, content: list[tuple[str, object]]) -> None:
    base = getSampleStyleSheet()
    body = ParagraphStyle("body", parent=base["BodyText"], fontSize=10, leading=14)
    small = ParagraphStyle("small", parent=body, fontSize=9, leading=11.5)
    strong = ParagraphStyle("strong", parent=small, fontName="Helvetica-Bold")
    note = ParagraphStyle("note", parent=body, leftIndent=8, borderPadding=4, backColor=colors.HexColor("#eef3f5"))
    item = ParagraphStyle("item", parent=body, leftIndent=16, bulletIndent=3)
    title = next((str(text) for kind, text in content if kind == "h1"), target.stem)
    page_width = A4[0] - 40 * mm
    story: list[object] = []
    for kind, value in content:
        if kind in ("h1", "h2", "h3", "h4"):
            story.append(Paragraph(markup(str(value)), base["Heading" + kind[1]]))
        elif kind == "table":
            rows = value
            assert isinstance(rows, list)
            width = max(len(row) for row in rows)
            filled = [row + [""] * (width - len(row)) for row in rows]
            # Columns share the page by their longest cell, within bounds, so that short codes stay narrow.
            need = [min(60, max(8, *(len(row[col]) for row in filled))) for col in range(width)]
            table = Table(
                [[Paragraph(markup(c), strong if r == 0 else small) for c in row] for r, row in enumerate(filled)],
                colWidths=[page_width * n / sum(need) for n in need],
                repeatRows=1,
                hAlign="LEFT",
            )
            table.setStyle(
                TableStyle(
                    [
                        ("GRID", (0, 0), (-1, -1), 0.4, colors.HexColor("#9aa7ad")),
                        ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#dfe8ec")),
                        ("VALIGN", (0, 0), (-1, -1), "TOP"),
                    ]
                )
            )
            story += [Spacer(1, 4), table, Spacer(1, 8)]
        elif kind == "num":
            assert isinstance(value, tuple)
            story.append(Paragraph(markup(value[1]), item, bulletText=f"{value[0]}."))
        elif kind == "li":
            story.append(Paragraph(markup(str(value)), item, bulletText="-"))
        else:
            story.append(Paragraph(markup(str(value)), note if kind == "note" else body))
            if kind == "note":
                story.append(Spacer(1, 6))

    def footer(canvas, doc) -> None:  # type: ignore[no-untyped-def]
        canvas.setFont("Helvetica", 8)
        canvas.drawString(20 * mm, 11 * mm, f"Norrvik - {title}".translate(PLAIN))
        canvas.drawRightString(A4[0] - 20 * mm, 11 * mm, f"Page {doc.page}")

    margins = {"leftMargin": 20 * mm, "rightMargin": 20 * mm, "topMargin": 18 * mm, "bottomMargin": 20 * mm}
    document = SimpleDocTemplate(str(target), pagesize=A4, title=title, author="Norrvik", invariant=1, **margins)
    document.build(story, onFirstPage=footer, onLaterPages=footer)


def add_runs(paragraph, text: str) -> None:  # type: ignore[no-untyped-def]
    for style, run in spans(text):
        made = paragraph.add_run(run)
        made.bold = style == "b" or None
        made.italic = style == "i" or None
        if style == "code":
            made.font.name = "Courier New"


def write_docx(target: Path, content: list[tuple[str, object]]) -> None:
    document = Document()
    document.styles["Normal"].font.name = "Calibri"
    document.styles["Normal"].font.size = Pt(11)
    core = document.core_properties
    core.author = core.last_modified_by = "Norrvik"
    core.created = core.modified = FIXED
    core.title = next((str(text) for kind, text in content if kind == "h1"), target.stem)
    for kind, value in content:
        if kind in ("h1", "h2", "h3", "h4"):
            document.add_heading(str(value), level=int(kind[1]))
        elif kind == "table":
            rows = value
            assert isinstance(rows, list)
            width = max(len(row) for row in rows)
            table = document.add_table(rows=0, cols=width)
            table.style = "Light Grid Accent 1"
            for row in rows:
                for cell, text in zip(table.add_row().cells, row + [""] * (width - len(row)), strict=True):
                    add_runs(cell.paragraphs[0], text)
            document.add_paragraph()
        elif kind == "num":
            # The number is written out: Word's automatic numbers would run on from list to list and are not in the text.
            assert isinstance(value, tuple)
            add_runs(document.add_paragraph(), f"{value[0]}. {value[1]}")
        elif kind == "li":
            add_runs(document.add_paragraph(style="List Bullet"), str(value))
        else:
            add_runs(document.add_paragraph(style="Intense Quote" if kind == "note" else None), str(value))
    document.save(str(target))
    freeze(target)


def freeze(path: Path) -> None:
    """Rewrite a zip with fixed member times, so that building twice gives the same bytes."""
    with zipfile.ZipFile(path) as source:
        members = [(name, source.read(name)) for name in sorted(source.namelist(), key=lambda n: (n[0] != "[", n))]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in members:
            info = zipfile.ZipInfo(name, date_time=(2025, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(info, data)


def main() -> None:
    for source in sorted(BUILD.glob("half-*/**/*.md")):
        head, body = front_matter(source.read_text(encoding="utf-8"))
        if "output" not in head:
            print(f"skipped {source.relative_to(BUILD)}: no 'output:' in its front matter")
            continue
        target = ROOT / head.get("base", "") / head["output"]
        target.parent.mkdir(parents=True, exist_ok=True)
        (write_pdf if target.suffix == ".pdf" else write_docx)(target, blocks(body))
        print(f"{target.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
