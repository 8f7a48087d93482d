"""Office files that are bombs, lie about their sizes, nest or loop."""

import io
import random
import struct
import zipfile
from collections.abc import Callable, Mapping
from functools import cache

import docx
import openpyxl
import pptx

Made = tuple[str, bytes]
Maker = Callable[[random.Random, int], Made]
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
MAIN = {".docx": "word/document.xml", ".pptx": "ppt/slides/slide1.xml", ".xlsx": "xl/worksheets/sheet1.xml"}


@cache
def good(suffix: str) -> bytes:
    """A small file of this kind that can be read."""
    written = io.BytesIO()
    if suffix == ".docx":
        word = docx.Document()
        word.add_heading("Kettles", 1)
        word.add_paragraph("A kettle may be returned within thirty days.")
        word.save(written)
    elif suffix == ".pptx":
        show = pptx.Presentation()
        slide = show.slides.add_slide(show.slide_layouts[1])
        slide.shapes.title.text, slide.placeholders[1].text = "Kettles", "Thirty days to return one."
        show.save(written)
    else:
        book = openpyxl.Workbook()
        for row in (["name", "days"], ["kettle", 30], ["toaster", 14]):
            book.active.append(row)
        book.save(written)
    return written.getvalue()


def members(suffix: str) -> list[str]:
    """The names of the parts of such a file."""
    with zipfile.ZipFile(io.BytesIO(good(suffix))) as archive:
        return archive.namelist()


def changed(content: bytes, parts: Mapping[str, bytes | None], more: Mapping[str, bytes] | None = None) -> bytes:
    """An archive with these parts in place of its own (None: left out) and some more."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if (part := parts.get(name, old.read(name))) is not None:
                new.writestr(name, part)
        for name, part in (more or {}).items():
            new.writestr(name, part)
    return written.getvalue()


def _suffix(chance: random.Random) -> str:
    return chance.choice(list(MAIN))


def _main(suffix: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(good(suffix))) as archive:
        return archive.read(MAIN[suffix])


def bomb(chance: random.Random, size: int) -> Made:
    """The main part is a small text, then spaces or letters without end."""
    suffix = _suffix(chance)
    main, filler = _main(suffix), chance.choice((b" ", b"A", b"<!-- -->"))
    at = main.rindex(b"</")
    return suffix, changed(good(suffix), {MAIN[suffix]: main[:at] + filler * (16 * size // len(filler)) + main[at:]})


def text_bomb(chance: random.Random, size: int) -> Made:
    """A document with one word of so many letters, or so many paragraphs or cells."""
    suffix, main = ".docx", _main(".docx")
    one = chance.choice((b"<w:p><w:r><w:t>a</w:t></w:r></w:p>", b"<w:p/>", b"<w:tbl><w:tr><w:tc/></w:tr></w:tbl>"))
    at = main.index(b"<w:sectPr")
    return suffix, changed(good(suffix), {MAIN[suffix]: main[:at] + one * (8 * size // len(one)) + main[at:]})


def cell_bomb(chance: random.Random, size: int) -> Made:
    """A sheet of very many cells, or with cells in its far corners."""
    main = _main(".xlsx")
    begin, end = main.index(b"<sheetData>"), main.index(b"</sheetData>")
    if chance.random() < 0.5:
        cells = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    else:
        row = b"<row>" + b"<c><v>1</v></c>" * 1000 + b"</row>"
        cells = row * (8 * size // len(row))
    return ".xlsx", changed(good(".xlsx"), {MAIN[".xlsx"]: main[: begin + 11] + cells + main[end:]})


def merged(chance: random.Random, size: int) -> Made:
    """Cells that are merged with all others, again and again."""
    main = _main(".xlsx")
    areas = b'<mergeCell ref="A1:XFD1048576"/>' * (size // 2**10)
    at = main.index(b"</sheetData>") + len(b"</sheetData>")
    return ".xlsx", changed(
        good(".xlsx"), {MAIN[".xlsx"]: main[:at] + b"<mergeCells>" + areas + b"</mergeCells>" + main[at:]}
    )


def repeated(chance: random.Random, size: int) -> Made:
    """An OpenDocument sheet whose few cells stand for billions."""
    names = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    n_columns, n_rows = (10 ** chance.randint(5, 12) for _ in range(2))
    cell = f'<table:table-cell table:number-columns-repeated="{n_columns}"><text:p>a</text:p></table:table-cell>'
    row = f'<table:table-row table:number-rows-repeated="{n_rows}">{cell * 3}</table:table-row>'
    body = f"<office:body><office:spreadsheet><table:table>{row * 3}</table:table></office:spreadsheet></office:body>"
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", f"<office:document-content{names}>{body}</office:document-content>")
    return ".ods", written.getvalue()


def deep(chance: random.Random, size: int) -> Made:
    """Elements within elements within elements."""
    suffix = chance.choice((".docx", ".pptx"))
    n = chance.choice((200, 5000, size // 100))
    main = _main(suffix)
    if suffix == ".docx":
        begin, at = b"<w:sdt><w:sdtContent>", main.index(b"<w:sectPr")
        end = b"</w:sdtContent></w:sdt>"
    else:
        begin, at = b"<p:grpSp><p:nvGrpSpPr/><p:grpSpPr/>", main.index(b"</p:spTree>")
        end = b"</p:grpSp>"
    return suffix, changed(good(suffix), {MAIN[suffix]: main[:at] + begin * n + end * n + main[at:]})


def entities(chance: random.Random, size: int) -> Made:
    """The billion laughs, a file of the machine, or an address, named by a document type."""
    suffix, main = _suffix(chance), b""
    main = _main(suffix)
    laughs = b'<!ENTITY a0 "lol">' + b"".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">'.encode() for i in range(1, 10))
    file = b'<!ENTITY a9 SYSTEM "file:///etc/passwd">'
    loop = b'<!ENTITY a9 "&a8;"><!ENTITY a8 "&a9;">'
    at = main.index(b"?>") + 2 if main.startswith(b"<?xml") else 0
    kind = b"<!DOCTYPE x [" + chance.choice((laughs, file, loop)) + b"]>"
    part = (kind + main[at:]).replace(b"Kettles", b"&a9;")
    if chance.random() < 0.3:
        part = part.decode().encode("utf-16")
    return suffix, changed(good(suffix), {MAIN[suffix]: part})


def lies(chance: random.Random, size: int) -> Made:
    """The directory of the archive says that every part is small."""
    suffix = _suffix(chance)
    content = bytearray(bomb(chance, size)[1] if chance.random() < 0.5 else good(suffix))
    for mark, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = content.find(mark)
        while at >= 0:
            content[at + place : at + place + 4] = struct.pack("<I", chance.choice((0, 10, 2**32 - 2)))
            at = content.find(mark, at + 4)
    return suffix, bytes(content)


def nested(chance: random.Random, size: int) -> Made:
    """Archives within archives, named as a document."""
    content = bytes(size)
    for level in range(chance.randint(3, 30)):
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
            for copy in range(2):
                archive.writestr(f"{level}-{copy}.zip", content if len(content) < 2**20 or not copy else b"")
        content = written.getvalue()
    return _suffix(chance), content


def crowded(chance: random.Random, size: int) -> Made:
    """An archive of very many parts, of which many have the same name."""
    suffix = _suffix(chance)
    more = {f"word/{i}.xml": b"<a/>" for i in range(min(60_000, size // 100))}
    return suffix, changed(good(suffix), {}, more)


def loops(chance: random.Random, size: int) -> Made:
    """Styles that are based on one another, relationships that lead back."""
    if chance.random() < 0.5:
        style = f'<w:style xmlns:w="{W}" w:type="paragraph" w:styleId="{{}}"><w:basedOn w:val="{{}}"/></w:style>'
        styles = style.format("Heading1", "B") + style.format("B", "Heading1")
        styles = f'<w:styles xmlns:w="{W}">{styles}</w:styles>'
        return ".docx", changed(good(".docx"), {"word/styles.xml": styles.encode()})
    suffix = chance.choice((".docx", ".pptx"))
    rels = (
        MAIN[suffix].replace("document.xml", "_rels/document.xml.rels").replace("slide1.xml", "_rels/slide1.xml.rels")
    )
    with zipfile.ZipFile(io.BytesIO(good(suffix))) as archive:
        part = archive.read(rels)
    target = MAIN[suffix].rpartition("/")[2].encode()
    more = b'<Relationship Id="rId99" Type="http://x/y" Target="' + target + b'"/></Relationships>'
    return suffix, changed(good(suffix), {rels: part.replace(b"</Relationships>", more)})


def picture(chance: random.Random, size: int) -> Made:
    """A picture of billions of points."""
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBBI", 13, b"IHDR", 200_000, 200_000, 8, 2, 0, 0, 0, 0)
    suffix = chance.choice((".docx", ".pptx"))
    folder = "word" if suffix == ".docx" else "ppt"
    return suffix, changed(good(suffix), {}, {f"{folder}/media/image1.png": png + bytes(4 * size)})


def lacks(chance: random.Random, size: int) -> Made:
    """A part is missing, empty or no XML."""
    suffix = _suffix(chance)
    with zipfile.ZipFile(io.BytesIO(good(suffix))) as archive:
        name = chance.choice(archive.namelist())
    return suffix, changed(good(suffix), {name: chance.choice((None, b"", b"<a>", b"\xff\xfe<", b"<a/>"))})


KINDS: Mapping[str, Maker] = {
    "bomb": bomb,
    "text bomb": text_bomb,
    "cell bomb": cell_bomb,
    "merged cells": merged,
    "repeated cells": repeated,
    "deep XML": deep,
    "entities": entities,
    "wrong sizes": lies,
    "nested archives": nested,
    "many parts": crowded,
    "loops": loops,
    "huge picture": picture,
    "missing parts": lacks,
}
