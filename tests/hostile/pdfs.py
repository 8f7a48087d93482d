"""PDFs with loops, deep nesting, broken tables of objects, bombs and passwords."""

import io
import random
import zlib
from collections.abc import Mapping
from functools import cache

from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen import canvas

from tests.hostile.archives import Made, Maker


@cache
def good(password: str = "") -> bytes:
    """A small PDF that can be read."""
    written = io.BytesIO()
    page = canvas.Canvas(written, encrypt=StandardEncryption(password, canPrint=0) if password else None)
    page.drawString(72, 720, "A kettle may be returned within thirty days.")
    page.save()
    return written.getvalue()


def built(objects: Mapping[int, bytes], root: int = 1, trailer: bytes = b"") -> bytes:
    """A PDF of these objects, with a table of them."""
    content, places = b"%PDF-1.7\n", {}
    for number, written in objects.items():
        places[number] = len(content)
        content += b"%d 0 obj\n%b\nendobj\n" % (number, written)
    start, last = len(content), max(objects) + 1
    rows = b"".join(
        b"%010d 00000 n \n" % places[number] if number in places else b"0000000000 65535 f \n" for number in range(last)
    )
    return content + b"xref\n0 %d\n%btrailer\n<</Size %d/Root %d 0 R%b>>\nstartxref\n%d\n%%%%EOF" % (
        last,
        rows,
        last,
        root,
        trailer,
        start,
    )


def stream(content: bytes, more: bytes = b"") -> bytes:
    packed = zlib.compress(content)
    return b"<</Filter/FlateDecode/Length %d%b>>stream\n%b\nendstream" % (len(packed), more, packed)


def page_of(content: bytes, resources: bytes = b"", more: Mapping[int, bytes] | None = None, box: bytes = b"") -> bytes:
    """A PDF of one page with this content."""
    return built(
        {
            1: b"<</Type/Catalog/Pages 2 0 R>>",
            2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            3: b"<</Type/Page/Parent 2 0 R/MediaBox[%b]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>%b>>>>"
            % (box or b"0 0 600 800", resources),
            4: stream(content),
            5: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
            **(more or {}),
        }
    )


def page_loop(chance: random.Random, size: int) -> Made:
    """The tree of pages leads back to itself, says billions of pages, or is very deep."""
    kind = chance.randrange(3)
    if kind == 0:
        pages = {
            2: b"<</Type/Pages/Kids[2 0 R 3 0 R]/Count 2>>",
            3: b"<</Type/Pages/Parent 3 0 R/Kids[2 0 R]/Count 1>>",
        }
    elif kind == 1:
        pages = {2: b"<</Type/Pages/Kids[3 0 R]/Count %d>>" % 10 ** chance.randint(4, 9), 3: b"<</Type/Page>>"}
    else:
        n = min(100_000, size // 100)
        pages = {i: b"<</Type/Pages/Kids[%d 0 R]/Count 1>>" % (i + 1) for i in range(2, n)} | {n: b"<</Type/Page>>"}
    return ".pdf", built({1: b"<</Type/Catalog/Pages 2 0 R>>", **pages})


def broken_table(chance: random.Random, size: int) -> Made:
    """The table of objects leads anywhere, or to itself."""
    content = good()
    at = content.rindex(b"startxref")
    place = chance.choice((0, 10**9, 2**63, -1, at, chance.randrange(len(content))))
    loop = b"trailer\n<</Size 9/Root 1 0 R/Prev %d>>\n" % at if chance.random() < 0.5 else b""
    return ".pdf", content[:at] + loop + b"startxref\n%d\n%%%%EOF" % place


def encrypted(chance: random.Random, size: int) -> Made:
    return ".pdf", good(str(chance.random()))


def content_bomb(chance: random.Random, size: int) -> Made:
    """A page whose content unpacks to very much: words, lines, or saved states."""
    one = chance.choice(
        (b"BT /F 9 Tf 9 9 Td (word) Tj ET\n", b"1 1 m 9 9 l S\n", b"q ", b"BT /F 9 Tf ET ", b"(", b"[", b"<</A ")
    )
    return ".pdf", page_of(one * (4 * size // len(one)))


def words(chance: random.Random, size: int) -> Made:
    """A page of very many words at places of their own."""
    n = min(300_000, size // 100)
    made = b"".join(
        b"1 0 0 1 %d %d Tm (w%d) Tj\n" % (chance.randrange(600), chance.randrange(800), i) for i in range(n)
    )
    return ".pdf", page_of(b"BT /F 5 Tf\n" + made + b"ET")


def forms(chance: random.Random, size: int) -> Made:
    """Forms that draw themselves, or one another twice."""
    n = chance.choice((1, 40))
    more = {
        10 + i: stream(
            b"/X Do /X Do BT /F 9 Tf (a) Tj ET",
            b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X %d 0 R>>>>" % (10 + (i + 1) % max(n, 1)),
        )
        for i in range(n)
    }
    return ".pdf", page_of(b"/X Do", b"/XObject<</X 10 0 R>>", more)


def odd_page(chance: random.Random, size: int) -> Made:
    """A page larger than any wall, of no size, or turned inside out."""
    box = chance.choice((b"0 0 1e30 1e30", b"0 0 0 0", b"9 9 -9 -9", b"nan", b"0 0 99999999999999999999 1"))
    return ".pdf", page_of(b"BT /F 9 Tf 9 9 Td (word) Tj ET", box=box)


def picture(chance: random.Random, size: int) -> Made:
    """A picture of billions of points."""
    image = stream(
        bytes(size), b"/Type/XObject/Subtype/Image/Width 100000/Height 100000/BitsPerComponent 8/ColorSpace/DeviceGray"
    )
    return ".pdf", page_of(b"600 0 0 800 0 0 cm /X Do", b"/XObject<</X 10 0 R>>", {10: image})


def deep_values(chance: random.Random, size: int) -> Made:
    """Lists within lists, or filters upon filters."""
    n = min(size, 1_000_000)
    catalog = b"<</Type/Catalog/Pages 2 0 R/X " + b"[" * n + b"]" * n + b">>"
    if chance.random() < 0.5:
        catalog = b"<</Type/Catalog/Pages 2 0 R/X " + b"<</X" * (n // 4) + b">>" * (n // 4) + b">>"
    return ".pdf", built({1: catalog, 2: b"<</Type/Pages/Kids[]/Count 0>>"})


KINDS: Mapping[str, Maker] = {
    "PDF page loop": page_loop,
    "PDF broken table": broken_table,
    "PDF with password": encrypted,
    "PDF content bomb": content_bomb,
    "PDF of many words": words,
    "PDF forms in a loop": forms,
    "PDF odd page": odd_page,
    "PDF huge picture": picture,
    "PDF deep values": deep_values,
}
