"""Strategies: a good file of layers that is changed inside, and closed again so that its parser gets there.

Members of an archive, parts of a message, streams of a PDF. A change of the outermost bytes goes no further than those.
"""

import base64
import gzip
import io
import re
import warnings
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from tests.fuzz.given import PIECES, changed
from tests.hostile import pdfs

VALUES = (
    *("", "-1", "0", "1", "2", "99", "1048577", "999999999999", "nan", "inf", "x", "1e9", "1e999", "0.5", "true"),
    *("A1", "A0", "A1:XFD1048576", "B2:A1", "rId1", "rId99", "#", "../x", "/", "General", "0.00%", "[h]:mm", "٣", " "),
    *("http://example.org/a", "2026-01-02T00:00:00Z", "9999-99-99", "none", "continue", "restart", "s", "inlineStr"),
)
_TAG, _VALUE, _TEXT = re.compile(rb"<[^<>]*>"), re.compile(rb"=\"([^\"]*)\""), re.compile(rb">([^<]+)<")
_NAME, _WHOLE = re.compile(rb"</?([\w:.-]+)"), re.compile(rb"(?=<([\w:.-]+))(<\1\b[^<>]*(?:/>|>[^<>]*</\1>))")
_PLACES = (*[_VALUE] * 8, *[_WHOLE] * 8, *[_TEXT] * 3, _NAME, _TAG)


class Change(NamedTuple):
    """Of one member: the way to change it, a place, what is put there."""

    way: int
    at: int
    put: bytes


def xml_changed(content: bytes, changes: Sequence[Change]) -> bytes:
    """The XML with tags, values, names and texts left out, doubled, moved or replaced."""
    for way, at, put in changes:
        pattern, begin = _PLACES[way], content.find(b"?>") + 1  # what stands before is seldom looked at
        spans = [one.span(one.re.groups) for one in pattern.finditer(content, begin)]
        start, stop = spans[at % len(spans)] if spans else (0, 0)
        instead = (put, put, b"", content[start:stop] * 2, content[start:stop] + put)[at % 5]
        content = content[:start] + instead + content[stop:]
    return content


_PUT = st.sampled_from([one.encode("utf-8", "surrogatepass") for one in (*VALUES * 6, *PIECES)])
_CHANGES = st.lists(
    st.builds(Change, st.integers(0, len(_PLACES) - 1), st.integers(0, 9999), _PUT), min_size=1, max_size=4
)
_MEMBER_WAYS = ("changed",) * 8 + ("cut", "empty", "left out", "doubled", "renamed", "exchanged")


def archives_changed(good: bytes, main: Sequence[str]) -> st.SearchStrategy[bytes]:
    """The archive written again with one to three members that are changed, missing, doubled, renamed or exchanged.

    `main` are those that are chosen most often.
    """
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = st.sampled_from([one for one in main if one in members]) | st.sampled_from(list(members))
    one = st.tuples(name, st.sampled_from(_MEMBER_WAYS), name, _CHANGES)
    return st.lists(one, min_size=1, max_size=3).map(lambda changes: _archive(members, changes))


def _archive(members: Mapping[str, bytes], changes: Sequence[tuple[str, str, str, Sequence[Change]]]) -> bytes:
    written = [(name, members[name]) for name in members]
    for name, way, other, inner in changes:
        at = list(members).index(name)
        named, content = written[at]
        written[at] = {
            "changed": (named, xml_changed(content, inner)),
            "cut": (named, content[: inner[0].at % (len(content) + 1)]),
            "empty": (named, b""),
            "left out": ("", b""),
            "doubled": (named, content),
            "renamed": (other, content),
            "exchanged": (named, members[other]),
        }[way]
        written += [(named, xml_changed(content, inner))] if way == "doubled" else []
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that are there twice
        for name, content in written:
            if name:
                archive.writestr(name, content)
    return packed.getvalue()


HEAD = b"From: a@example.org\r\nTo: b@example.org\r\nSubject: Kettles\r\nMIME-Version: 1.0\r\n"


def mails_changed(attached: Mapping[str, st.SearchStrategy[bytes]]) -> st.SearchStrategy[bytes]:
    """A message with a text, a page and two attachments that are changed before they are encoded."""
    files = st.lists(
        st.sampled_from(sorted(attached)).flatmap(lambda suffix: st.tuples(st.just(suffix), attached[suffix])),
        max_size=2,
    )
    heads = st.tuples(*map(changed, _HEADS))
    return st.builds(_mail, heads, changed(b"A kettle may be =C3=A9 =\r\nreturned."), changed(b"<p>Thirty"), files)


_HEADS = (
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n",
    b'Content-Type: text/html; charset="iso-8859-1"\r\nContent-Transfer-Encoding: base64\r\n',
    b"Content-Disposition: attachment; filename*=utf-8''a%20b",
)


def _mail(heads: Sequence[bytes], text: bytes, page: bytes, files: Sequence[tuple[str, bytes]]) -> bytes:
    parts = [(heads[0], text), (heads[1], base64.encodebytes(page))]
    for suffix, content in files:
        head = heads[2] + suffix.encode() + b"\r\nContent-Transfer-Encoding: base64\r\n"
        parts.append((head, base64.encodebytes(content)))
    body = b"".join(b"--b\r\n" + head + b"\r\n" + content + b"\r\n" for head, content in parts)
    return HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + body + b"--b--\r\n"


PAGE = (
    b"BT /F 20 Tf 72 720 Td (Kettles) Tj ET BT /F 12 Tf 1 0 0 1 72 690 Tm [(A kettle) -250 (may)] TJ T* (be) ' ET\n"
    b"72 600 m 300 600 l S 72 580 200 20 re S q 1 0 0 1 5 5 cm BT /F 9 Tf 72 585 Td (days) Tj 90 0 Td (30) Tj ET Q"
)
_OBJECTS = (
    b"/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 99 99]/A<</S/URI/URI(http://a.example)>>>>]",
    b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding/FirstChar 0/Widths[0 500]>>",
    b"0 0 600 800",
)


def pdfs_changed() -> st.SearchStrategy[bytes]:
    """A page whose content, font, size or links are changed, with a table of objects that is right."""

    def made(content: bytes, links: bytes, font: bytes, box: bytes) -> bytes:
        return pdfs.page_of(content, b">>" + links + b"/X<<", {5: font}, box)

    return st.builds(made, changed(PAGE), *(changed(one) | st.just(one) for one in _OBJECTS))


def packed(
    content: st.SearchStrategy[bytes], pack: Callable[[bytes], bytes] = gzip.compress
) -> st.SearchStrategy[bytes]:
    """What is drawn, compressed; now and then the compressed bytes are changed."""
    return content.map(pack) | content.map(pack).flatmap(changed)
