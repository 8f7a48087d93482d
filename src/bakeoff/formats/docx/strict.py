"""Rewrites a Word document of the form "Strict Open XML" into the usual form, which libraries read.

Takes and gives the bytes of the archive. The two forms differ in the names of their XML namespaces.
"""

import io
import zipfile

_STRICT = b"http://purl.oclc.org/ooxml/"
_NAMES = (
    (_STRICT + b"officeDocument/relationships", b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"),
    (_STRICT + b"officeDocument/math", b"http://schemas.openxmlformats.org/officeDocument/2006/math"),
    (_STRICT + b"wordprocessingml/main", b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"),
    (
        _STRICT + b"drawingml/wordprocessingDrawing",
        b"http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
    ),
    (_STRICT + b"drawingml/main", b"http://schemas.openxmlformats.org/drawingml/2006/main"),
)


def as_usual(content: bytes) -> bytes:
    """The archive in the usual form; unchanged if it has that form already. Raises what zipfile raises."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if _STRICT not in archive.read("_rels/.rels"):
            return content
        rewritten = io.BytesIO()
        with zipfile.ZipFile(rewritten, "w", zipfile.ZIP_DEFLATED) as usual:
            for name in archive.namelist():
                part = archive.read(name)
                for strict, transitional in _NAMES if name.endswith((".xml", ".rels")) else ():
                    part = part.replace(strict, transitional)
                usual.writestr(name, part)
    return rewritten.getvalue()
