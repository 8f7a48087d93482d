"""Word documents: addresses that stand only in links, words of pictures, and what is left out by name."""

import base64
import io
from collections.abc import Callable
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from bakeoff.formats.parse import parse
from bakeoff.formats.part import Parsed

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
HYPERLINK = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"


def read(build: Callable[[Any], object]) -> Parsed:
    word = docx.Document()
    build(word)
    buffer = io.BytesIO()
    word.save(buffer)
    return parse("a.docx", buffer.getvalue())


@pytest.mark.parametrize(
    ("target", "words", "text"),
    [
        ("mailto:help@shop.example", "Write to us", "Write to us (help@shop.example)"),
        ("mailto:help@shop.example", "help@shop.example", "help@shop.example"),
        ("https://shop.example/returns", "here", "here (shop.example/returns)"),
        ("https://shop.example/a/b/c?x=1", "our terms", "our terms"),
    ],
)
@pytest.mark.parametrize("as_field", [False, True])
def test_an_address_that_stands_only_in_a_link_is_read(target: str, words: str, text: str, as_field: bool) -> None:
    """In links of both kinds that Word writes."""

    def build(word: Any) -> None:
        paragraph = word.add_paragraph()._p
        run = f"<w:r {nsdecls('w')}>{{}}</w:r>"
        shown = run.format(f"<w:t>{words}</w:t>")
        if as_field:
            begin, separate, end = (f'<w:fldChar w:fldCharType="{kind}"/>' for kind in ("begin", "separate", "end"))
            code = f'<w:instrText xml:space="preserve"> HYPERLINK "{target.replace("&", "&amp;")}" </w:instrText>'
            for piece in (run.format(begin), run.format(code), run.format(separate), shown, run.format(end)):
                paragraph.append(parse_xml(piece))
        else:
            key = word.part.relate_to(target, HYPERLINK, is_external=True)
            paragraph.append(parse_xml(f'<w:hyperlink {nsdecls("w", "r")} r:id="{key}">{shown}</w:hyperlink>'))

    assert read(build).parts[0].text == text


@pytest.mark.parametrize(
    ("alternative", "text"),
    [
        ("Valve A opens to the left", "See: Valve A opens to the left"),
        ("logo.png", "See:"),
        ("A picture containing text. Description automatically generated", "See:"),
    ],
)
def test_a_picture_is_read_by_its_words(alternative: str, text: str) -> None:
    """Unless they are the name of a file, or were made by a machine."""

    def build(word: Any) -> None:
        run = word.add_paragraph("See: ").add_run()
        run.add_picture(io.BytesIO(PIXEL))._inline.docPr.set("descr", alternative)

    assert read(build).parts[0].text == text


def test_comments_are_named_and_headers_are_metadata() -> None:
    """Nothing that a person sees on the page disappears without a word."""

    def build(word: Any) -> None:
        word.sections[0].header.paragraphs[0].text = "Valid from May 2024"
        word.add_comment(word.add_paragraph("£149").runs, text="was £199", author="A")

    parsed = read(build)
    assert parsed.parts[0].text == "£149" and parsed.parts[0].meta == {"header": "Valid from May 2024"}
    assert [problem.reason for problem in parsed.problems] == ["1 comment left out"]


def test_a_header_of_two_rows_is_one() -> None:
    """With cells merged across and down."""

    def build(word: Any) -> None:
        table = word.add_table(3, 3)
        for i, row in enumerate((("Model", "Warranty", ""), ("", "EU", "US"), ("K1", "24", "12"))):
            for j, cell in enumerate(row):
                table.cell(i, j).text = cell
        table.cell(0, 0).merge(table.cell(1, 0))
        table.cell(0, 1).merge(table.cell(0, 2))

    assert read(build).parts[0].text.split("\n")[0] == "| Model | Warranty EU | Warranty US |"
