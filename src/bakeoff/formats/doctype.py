"""Refuses Office files whose XML declares a document type.

Takes the bytes of an archive, gives nothing. No program writes one there, and the standard forbids it (ECMA-376 part 2,
rule M1.18). A declaration is how XML names files to be read, and texts that grow without end. The parsers of this
package resolve neither. Does not know the formats.
"""

import zipfile
from contextlib import suppress
from io import BytesIO
from typing import IO, NoReturn
from xml.parsers import expat

from bakeoff.formats.broken import BROKEN
from bakeoff.formats.part import UnreadableError

PAGES = (".svg", ".htm", ".html", ".xhtml", ".mht")
"""Pictures and pages in a document have a type of their own. They are not read as parts of it."""
MANIFEST = "META-INF/manifest.xml"
"""Of OpenDocument: it named its type until version 1.1."""
RARE = (b"\x4c\x6f\xa7\x94", b"\0\0\0<", b"<\0\0\0", b"\0\0\xfe\xff", b"\xff\xfe\0\0")
"""How XML begins in encodings that other parsers know and this one does not."""
CHUNK, LONGEST_PROLOG = 8192, 1_000_000
REMEDY = "open it in its program and save it again, if you trust where it comes from"


class _ContentBegan(Exception):  # noqa: N818  (it ends the look at a part, and is no error)
    """The first element is there: no document type can follow."""


class _TypeDeclared(Exception):  # noqa: N818
    """There is one."""


def refuse_document_types(content: bytes) -> None:
    """Raises UnreadableError if a part of the archive declares a document type, or hides it in a rare encoding.

    Passes what is broken: the parser of the format says in what way.
    """
    with suppress(*BROKEN), zipfile.ZipFile(BytesIO(content)) as archive:
        for member in archive.infolist():
            name = member.filename
            if not name.lower().endswith(PAGES) and name != MANIFEST:
                with suppress(*BROKEN), archive.open(member) as part:
                    _look(part, name)


def _look(part: IO[bytes], name: str) -> None:
    """Reads until the first element. What is not XML ends with the first piece."""
    parser = expat.ParserCreate()
    parser.StartElementHandler = _element
    parser.StartDoctypeDeclHandler = _document_type
    n_bytes = 0
    while chunk := part.read(CHUNK):
        try:
            if n_bytes == 0 and chunk.startswith(RARE):
                raise LookupError("UTF-32 or EBCDIC")
            parser.Parse(chunk)
        except (_ContentBegan, expat.ExpatError):
            return
        except _TypeDeclared:
            reason = f"its part {name} declares a document type (DOCTYPE), which no Office program writes"
            raise UnreadableError(reason, REMEDY) from None
        except (LookupError, ValueError) as error:
            reason = f"its part {name} is in an encoding that Office files do not have ({error})"
            raise UnreadableError(reason, REMEDY) from error
        n_bytes += len(chunk)
        if n_bytes > LONGEST_PROLOG:
            raise UnreadableError(f"its part {name} has {n_bytes:,} bytes before the first element", REMEDY)


def _element(name: str, attributes: object) -> NoReturn:
    raise _ContentBegan


def _document_type(*declared: object) -> NoReturn:
    raise _TypeDeclared
