"""Reads an e-mail (eml): who wrote when to whom, its text, and its attachments as bytes.

Takes bytes. Knows no other format: what an attachment holds is read by the caller.
"""

import email
import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.policy import EmailPolicy
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, cast

from bakeoff.formats import encodings, markup
from bakeoff.formats.html import read as parse_html
from bakeoff.formats.part import UnreadableError

_SHOWN = ("From", "To", "Cc", "Date")
_READ = ("text/plain", "text/html")
_LONGEST_OF_GRAMMAR = 2000
"""The time that the grammar takes grows with the square of the length."""
_FAILURES = (IndexError, AttributeError, ValueError, TypeError, KeyError, RecursionError, AssertionError)
_SHORT = 0.3  # of the words in HTML: a plain text that is shorter only says that there is HTML


class _Policy(EmailPolicy):
    """The usual policy. Headers that its grammar takes long for, or fails at, are decoded without it."""

    def header_fetch_parse(self, name: str, value: str) -> Any:
        plain = value if hasattr(value, "name") else "".join(value.splitlines())
        try:
            return super().header_fetch_parse(name, value) if len(plain) <= _LONGEST_OF_GRAMMAR else _decoded(plain)
        except _FAILURES:
            return _decoded(plain)


def _decoded(value: str) -> str:
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, *_FAILURES):
        return value


class Mail(NamedTuple):
    """A message. `attachments` are (file name, bytes), in order; `unread` are kinds of parts that hold no text."""

    title: str
    text: str
    meta: dict[str, str]
    attachments: list[tuple[str, bytes]]
    unread: list[str]


def parse(content: bytes) -> Mail:
    """Raises UnreadableError if it has no headers of an e-mail."""
    message = cast(EmailMessage, email.message_from_bytes(content, _class=EmailMessage, policy=_Policy()))
    if not any(message.get(name) for name in ("From", "Subject", "Received", "To")):
        raise UnreadableError("it has no headers of an e-mail", "export it again as .eml")
    subject = _header(message, "Subject")
    head = [f"{name}: {value}" for name in _SHOWN if (value := _header(message, name))]
    texts: list[str] = []
    attachments: list[tuple[str, bytes]] = []
    unread: list[str] = []
    for part in _parts(message):
        name = markup.one_line(part.get_filename() or "")
        if part.get_content_type() == "message/rfc822":
            inner = part.get_payload(0) if part.is_multipart() else None
            if isinstance(inner, EmailMessage):
                attachments.append((name or f"{_header(inner, 'Subject') or 'message'}.eml", inner.as_bytes()))
        elif name:
            attachments.append((name, _bytes(part)))
        elif part.get_content_type() in _READ:
            texts.append(_text(part))
        elif part.get_content_maintype() != "image" or part.get("Content-ID") is None:
            unread.append(part.get_content_type())
    blocks = [f"# {subject}" if subject else "", markup.paragraph("\n".join(head)), *texts]
    meta = {"updated_at": _time(message), "from": _header(message, "From")}
    return Mail(subject, "\n\n".join(filter(None, blocks)), meta, attachments, unread)


def _parts(message: Message) -> Iterator[EmailMessage]:
    """The parts that a reader sees: of a text in several formats one, of messages within the message the whole."""
    kind = message.get_content_type()
    if isinstance(message, EmailMessage) and (not message.is_multipart() or kind == "message/rfc822"):
        yield message
        return
    payload = message.get_payload()
    parts = [part for part in payload if isinstance(part, EmailMessage)] if isinstance(payload, list) else []
    if kind == "multipart/alternative":
        parts = _chosen(parts)
    for part in parts:
        yield from _parts(part)


def _chosen(formats: list[EmailMessage]) -> list[EmailMessage]:
    """Of one text in several formats, the plain one, unless it holds much less; and what is no text, such as a date."""
    plain = next((part for part in formats if part.get_content_type() == "text/plain"), None)
    page = next((part for part in formats if part is not plain and _page(part) is not None), None)
    others = [part for part in formats if part.get_content_maintype() not in ("text", "multipart")]
    if plain is None or page is None:
        return [*filter(None, [plain or page]), *others] or formats[:1]
    n_plain, n_page = (len(_text(part).split()) for part in (plain, _page(page) or page))
    points_on = n_plain < 30 and re.search(r"\bhtml\b|in (?:your|the) browser", _text(plain), re.IGNORECASE)
    return [page if n_plain < _SHORT * n_page or points_on else plain, *others]


def _page(part: EmailMessage) -> EmailMessage | None:
    """The HTML in a part, which may hold its pictures too."""
    return next((one for one in part.walk() if one.get_content_type() == "text/html"), None)  # type: ignore[return-value]


def _text(body: EmailMessage) -> str:
    text = encodings.decoded(_bytes(body), body.get_content_charset("")).text
    if body.get_content_type() == "text/html":
        return parse_html.parse(text)[1]
    if str(body.get_param("format") or "").lower() == "flowed":
        text = re.sub(r"(?<=[^\s>-]) \r?\n(?![>\s])", " ", text)
    return markup.paragraph(markup.clean(text))


def _bytes(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _header(message: EmailMessage, name: str) -> str:
    try:
        return markup.one_line(markup.clean(str(message.get(name) or "")))
    except (ValueError, LookupError, TypeError, AttributeError, IndexError):  # headers that the library cannot parse
        return ""


def _time(message: EmailMessage) -> str:
    try:
        return parsedate_to_datetime(str(message.get("Date") or "")).isoformat()
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
