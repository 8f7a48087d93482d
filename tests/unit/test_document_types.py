"""Office files with a document type (DOCTYPE) are refused by name; no parser opens what such a type names."""

import io
import zipfile

import docx
import pytest
import xlsxwriter
from pptx import Presentation

from bakeoff.formats.doctype import LONGEST_PROLOG
from bakeoff.formats.parse import parse
from bakeoff.formats.part import UnreadableError

ODS = (
    '<?xml version="1.0"?><o:document-content xmlns:o="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:t="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:x="urn:oasis:names:tc:opendocument:xmlns:text:1.0">'
    "<o:body><o:spreadsheet><t:table t:name='a'><t:table-row><t:table-cell><x:p>Part</x:p></t:table-cell></t:table-row>"
    "<t:table-row><t:table-cell><x:p>The oven heats up.</x:p></t:table-cell></t:table-row></t:table></o:spreadsheet>"
    "</o:body></o:document-content>"
)
MANIFEST = (
    '<?xml version="1.0"?><!DOCTYPE manifest:manifest PUBLIC "-//OpenOffice.org//DTD Manifest 1.0//EN" "Manifest.dtd">'
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
)
BOMB = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'


def document() -> bytes:
    written = docx.Document()
    written.add_paragraph("The oven heats up.")
    return saved(written)


def slides() -> bytes:
    show = Presentation()
    show.slides.add_slide(show.slide_layouts[0]).shapes.title.text = "The oven heats up."
    return saved(show)


def saved(written) -> bytes:
    buffer = io.BytesIO()
    written.save(buffer)
    return buffer.getvalue()


def workbook() -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        book.add_worksheet("a").write_column(0, 0, ["Part", "The oven heats up."])
    return buffer.getvalue()


def open_document() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("content.xml", ODS)
        archive.writestr("META-INF/manifest.xml", MANIFEST)
    return buffer.getvalue()


FILES = {
    "a.docx": (document, "word/document.xml"),
    "b.docx": (document, "word/_rels/document.xml.rels"),
    "a.pptx": (slides, "ppt/slides/slide1.xml"),
    "a.xlsx": (workbook, "xl/worksheets/sheet1.xml"),
    "a.xlsm": (workbook, "xl/sharedStrings.xml"),
    "a.xlsb": (workbook, "[Content_Types].xml"),
    "a.ods": (open_document, "content.xml"),
}


def changed(content: bytes, name: str, change, more: dict[str, bytes] | None = None) -> bytes:
    """The archive with one part changed, and more parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as other:
        assert name in archive.namelist()
        for part in archive.namelist():
            other.writestr(part, change(archive.read(part)) if part == name else archive.read(part))
        for part, text in (more or {}).items():
            other.writestr(part, text)
    return buffer.getvalue()


def typed(xml: bytes, declaration: str = BOMB, encoding: str = "utf-8") -> bytes:
    """The part with this declaration before its first element, in this encoding."""
    text = xml.decode("utf-8")
    body = text[text.index("?>") + 2 :] if text.startswith("<?xml") else text
    return (f'<?xml version="1.0" encoding="{encoding}"?>{declaration}{body}').encode(encoding)


@pytest.mark.parametrize("name", FILES)
def test_a_document_type_is_refused(name):
    """Whatever it declares, in each part and each format; the message names the part."""
    make, part = FILES[name]
    with pytest.raises(UnreadableError, match=r"declares a document type \(DOCTYPE\)") as caught:
        parse(name, changed(make(), part, typed))
    assert part in str(caught.value) and "save it again" in caught.value.remedy


@pytest.mark.parametrize("name", [name for name in FILES if name != "a.xlsb"])
def test_the_same_file_without_one_is_read(name):
    """A manifest of OpenDocument may have one: old programs wrote it."""
    make, _ = FILES[name]
    assert "The oven heats up." in "".join(part.text for part in parse(name, make()).parts)


@pytest.mark.parametrize(
    "change",
    [
        lambda xml: typed(xml, encoding="utf-16"),
        lambda xml: typed(xml, f"<!-- {'x' * 20_000} -->{BOMB}"),
        lambda xml: typed(xml, '<!DOCTYPE a SYSTEM "file:///etc/passwd">'),
        lambda xml: typed(xml, "<!DOCTYPE a>", "iso-8859-1"),
    ],
    ids=["utf-16", "behind a comment", "a file", "latin"],
)
def test_it_is_found_however_it_is_written(change):
    with pytest.raises(UnreadableError, match="DOCTYPE"):
        parse("a.docx", changed(document(), "word/document.xml", change))


@pytest.mark.parametrize("encoding", ["utf-32", "utf-32-be", "cp037", "gbk", "utf-7"])
def test_an_encoding_that_could_hide_it_is_refused(encoding):
    """Other parsers know more encodings than the one that looks."""
    hidden = changed(document(), "word/document.xml", lambda xml: typed(xml, encoding=encoding))
    with pytest.raises(UnreadableError, match=r"encoding that Office files do not have|DOCTYPE"):
        parse("a.docx", hidden)


def test_a_broken_part_hides_no_other():
    """The look goes on behind it."""
    content = changed(document(), "word/document.xml", typed, {})
    broken = bytearray(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        first = archive.infolist()[0]
    start = first.header_offset + 30 + len(first.filename)
    broken[start : start + first.compress_size] = b"\xff" * first.compress_size
    with pytest.raises(UnreadableError, match="DOCTYPE"):
        parse("a.docx", bytes(broken))


def test_a_part_without_an_element_is_not_read_for_ever():
    """A comment of a gigabyte takes no more than its first megabyte."""
    long = changed(document(), "word/styles.xml", lambda xml: typed(xml, f"<!--{' ' * 5 * LONGEST_PROLOG}-->"))
    with pytest.raises(UnreadableError, match="before the first element"):
        parse("a.docx", long)


def test_pictures_and_pages_may_have_a_type():
    """Drawings often do, and nothing reads them as a part."""
    drawing = b'<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd"><svg/>'
    page = b"<!DOCTYPE html><html><body>x</body></html>"
    more = {"word/media/image1.svg": drawing, "word/afchunk.html": page, "word/media/image2.png": b"\x89PNG\r\n\x1a\n"}
    assert parse("a.docx", changed(document(), "word/document.xml", lambda xml: xml, more)).parts


@pytest.mark.parametrize("name", ["a.odt", "a.epub", "a.odp"])
def test_other_archives_are_not_read_at_all(name):
    """Each says which formats are."""
    with pytest.raises(UnreadableError, match="are not read"):
        parse(name, open_document())
