"""Makes Word documents from the XML of their body."""

import io
import zipfile

import docx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

NAMESPACES = (
    nsdecls("w")
    + ' xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    + ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    + ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
    + ' xmlns:v="urn:schemas-microsoft-com:vml"'
)
_NOTES = "application/vnd.openxmlformats-officedocument.wordprocessingml.{}+xml"


def run(text: str, properties: str = "") -> str:
    """A run of text with properties such as '<w:strike/>'."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(*runs: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{''.join(runs)}</w:p>"


def cell(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{text if text.startswith('<') else paragraph(run(text))}</w:tc>"


def row(*cells: str, properties: str = "") -> str:
    wrapped = "".join(item if item.startswith("<w:tc") else cell(item) for item in cells)
    return f"<w:tr><w:trPr>{properties}</w:trPr>{wrapped}</w:tr>"


def table(*rows: str) -> str:
    return f"<w:tbl><w:tblPr/><w:tblGrid/>{''.join(rows)}</w:tbl>"


def made(*blocks: str, footnotes: dict[int, str] | None = None, endnotes: dict[int, str] | None = None) -> bytes:
    """A document of these blocks. Notes are given as the text of each, by its id."""
    word = docx.Document()
    body = word.element.body
    for block in blocks:
        for child in parse_xml(f"<w:body {NAMESPACES}>{block}</w:body>"):
            body.insert(len(body) - 1, child)
    for kind, notes in (("footnotes", footnotes), ("endnotes", endnotes)):
        if notes:
            word.part.relate_to(_notes(kind, notes, word.part.package), getattr(RELATIONSHIP_TYPE, kind.upper()))
    buffer = io.BytesIO()
    word.save(buffer)
    return buffer.getvalue()


def _notes(kind: str, notes: dict[int, str], package: object) -> Part:
    tag = kind.removesuffix("s")
    inner = "".join(f'<w:{tag} w:id="{number}">{paragraph(run(text))}</w:{tag}>' for number, text in notes.items())
    content = f"<w:{kind} {NAMESPACES}>{inner}</w:{kind}>".encode()
    return Part(PackURI(f"/word/{kind}.xml"), _NOTES.format(kind), content, package)


def strict(content: bytes) -> bytes:
    """The document as Word saves it as 'Strict Open XML'."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as usual, zipfile.ZipFile(buffer, "w") as archive:
        for name in usual.namelist():
            part = usual.read(name)
            for kind in (b"officeDocument", b"wordprocessingml", b"drawingml"):
                part = part.replace(
                    b"http://schemas.openxmlformats.org/" + kind + b"/2006/",
                    b"http://purl.oclc.org/ooxml/" + kind + b"/",
                )
            archive.writestr(name, part)
    return buffer.getvalue()
