"""What a page says: its documents by the parser for its content type, its links, its canonical address.

Takes bytes, gives documents and addresses. Fetches nothing. The main text of HTML is found by the reader for HTML
files: on the documentation sites of `benchmarks/web_pages.py` it keeps more of it than trafilatura does.
"""

import codecs
import posixpath
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from bakeoff.apart.process import call
from bakeoff.corpus.sources.folders import Reading, document_id, documents_in
from bakeoff.corpus.sources.web import markup
from bakeoff.corpus.sources.web.addresses import Site, normal, source_of
from bakeoff.formats.parse import SUFFIXES

_OFFICE = "application/vnd.openxmlformats-officedocument"
TYPES: Mapping[str, str] = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/x-rst": ".rst",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/json": ".json",
    "application/x-ndjson": ".jsonl",
    "application/pdf": ".pdf",
    "message/rfc822": ".eml",
    f"{_OFFICE}.wordprocessingml.document": ".docx",
    f"{_OFFICE}.presentationml.presentation": ".pptx",
    f"{_OFFICE}.spreadsheetml.sheet": ".xlsx",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/octet-stream": "",
    "binary/octet-stream": "",
}
"""The ending of files of each content type that is read. Empty: the address says it."""
_TEXTS = (".html", ".txt", ".md", ".rst", ".csv", ".tsv", ".json", ".jsonl")


class Links(NamedTuple):
    """The pages of the site that a page links to, in order, and the page that it says it is a copy of."""

    pages: tuple[str, ...] = ()
    canonical: str = ""


def documents_of(url: str, content: bytes, content_type: str, modified: str) -> Reading:
    """The documents in a page. The source is the address without its scheme; for rows, with # and their key."""
    suffix, charset = _kind(url, content_type)
    if charset and suffix in _TEXTS:
        content = _as_utf8(content, charset)
    name = source_of(url)
    stem = f"{name}index" if name.endswith("/") else name
    named = name if posixpath.splitext(urlsplit(url).path)[1].lower() == suffix and "?" not in name else stem + suffix
    reading = documents_in(named, content, _time(modified))
    if named == name:
        return reading

    def page(source: str) -> str:
        return name + source[len(named) :] if source.startswith(named) else source

    documents = [
        one.model_copy(update={"source": (source := page(one.source)), "id": document_id(source)})
        if one.source.startswith(named)
        else one
        for one in reading.documents
    ]
    problems = [
        one.model_copy(update={"source": page(one.source), "also": tuple(map(page, one.also))})
        for one in reading.problems
    ]
    return Reading(documents=tuple(documents), problems=tuple(problems))


def links_of(url: str, content: bytes, content_type: str, site: Site) -> Links:
    """The links of an HTML page. None of any other. Raises ApartError if its parser fails, or takes too much."""
    suffix, charset = _kind(url, content_type)
    if suffix != ".html":
        return Links()
    bases, hrefs, copied = call(f"{markup.__name__}:hrefs_in", _known(charset) or "", content)
    base = next((normal(one, url) for one in bases), "") or url
    found = (site.page(one, base) for one in hrefs)
    canonical = next((site.page(one, base) for one in copied), "")
    return Links(
        tuple(dict.fromkeys(one for one in found if one and one != url)), canonical if canonical != url else ""
    )


def _kind(url: str, content_type: str) -> tuple[str, str]:
    """The ending and the character set that the header, or else the address, says."""
    header = Message()
    header["content-type"] = content_type
    known = TYPES.get(content_type.partition(";")[0].strip().lower(), "")
    ending = posixpath.splitext(urlsplit(url).path)[1].lower()
    suffix = known or (ending if ending in SUFFIXES else ".html" if not content_type else ending or ".bin")
    if known == ".txt" and ending in (".md", ".rst", ".csv", ".tsv", ".json", ".jsonl", ".markdown"):
        suffix = ending  # as many servers send them
    return suffix, str(header.get_param("charset") or "")


def _known(charset: str) -> str | None:
    try:
        return codecs.lookup(charset).name if charset else None
    except LookupError:
        return None


def _as_utf8(content: bytes, charset: str) -> bytes:
    """The content in UTF-8 with a mark, if the server says that it is in another encoding: the header counts most."""
    known = _known(charset)
    if known in (None, "utf-8") or content.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content
    name = "cp1252" if known in ("iso8859-1", "ascii") else str(known)  # as browsers read them
    return codecs.BOM_UTF8 + content.decode(name, "replace").encode()


def _time(modified: str) -> datetime | None:
    try:
        time = parsedate_to_datetime(modified)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
