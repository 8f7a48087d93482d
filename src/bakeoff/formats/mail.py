"""Reads an e-mail (eml): who wrote when to whom, its text, and its attachments as bytes.

Takes bytes. Knows no other format: what an attachment holds is read by the caller.
"""

import email
import email.policy
from email.message import EmailMessage, Message
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from bakeoff.formats import encodings, markup
from bakeoff.formats import html as parse_html
from bakeoff.formats.part import UnreadableError

_SHOWN = ("From", "To", "Cc", "Date")


class Mail(NamedTuple):
    """A message. `attachments` are (file name, bytes), in order."""

    title: str
    text: str
    meta: dict[str, str]
    attachments: list[tuple[str, bytes]]


def parse(content: bytes) -> Mail:
    """Raises UnreadableError if it has no headers of an e-mail."""
    message = email.message_from_bytes(content, _class=EmailMessage, policy=email.policy.default)
    if not any(message.get(name) for name in ("From", "Subject", "Received", "To")):
        raise UnreadableError("it has no headers of an e-mail", "export it again as .eml")
    subject = _header(message, "Subject")
    head = [f"{name}: {value}" for name in _SHOWN if (value := _header(message, name))]
    body = message.get_body(("plain", "html"))
    text = _text(body) if isinstance(body, EmailMessage) else ""
    blocks = [f"# {subject}" if subject else "", markup.paragraph("\n".join(head)), text]
    attachments = [
        (markup.one_line(part.get_filename() or ""), _bytes(part))
        for part in message.walk()
        if part is not body and part.get_filename() and not part.is_multipart()
    ]
    meta = {"updated_at": _time(message), "from": _header(message, "From")}
    return Mail(subject, "\n\n".join(filter(None, blocks)), meta, attachments)


def _text(body: EmailMessage) -> str:
    text = encodings.decoded(_bytes(body), body.get_content_charset("")).text
    return parse_html.parse(text)[1] if body.get_content_type() == "text/html" else markup.paragraph(markup.clean(text))


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
