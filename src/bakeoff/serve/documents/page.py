"""The page that shows a document, with the cited span marked. Plain HTML without scripts; everything is escaped.

Takes a document and a span, gives HTML. Styles are the server's own style sheet.
"""

from html import escape
from typing import NamedTuple

from bakeoff.serve.documents.views import Shown

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="/web/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/web/style.css">
</head>
<body class="document">
<main>
<h1 dir="auto">{title}</h1>
<p class="about">{about}</p>
{notice}<div class="document-text" dir="auto">{text}</div>
</main>
</body>
</html>
"""
_STATES = {
    "deleted": "This document was deleted. It is shown as it was when it was cited.",
    "replaced": "This document has changed since. It is shown as it was when it was cited.",
}


class Span(NamedTuple):
    """Characters start..end of a text."""

    start: int
    end: int


def span_in(text: str, start: int | None, end: int | None) -> Span | None:
    """The span, cut to the text. None if nothing of it is left."""
    if start is None:
        return None
    first, last = max(0, start), min(len(text), len(text) if end is None else end)
    return Span(first, last) if first < last else None


def document_page(document: Shown, span: Span | None) -> str:
    """The whole page."""
    notice = _STATES.get(document.state, "")
    about = [document.source, f"version {document.version}", f"{document.updated_at:%Y-%m-%d}"]
    return _PAGE.format(
        title=escape(document.title or document.source or document.id),
        about=escape(" · ".join(about)),
        notice=f'<p class="notice" role="note">{escape(notice)}</p>\n' if notice else "",
        text=_marked(document.text, span),
    )


def _marked(text: str, span: Span | None) -> str:
    if span is None:
        return escape(text)
    before, marked, after = text[: span.start], text[span.start : span.end], text[span.end :]
    return f'{escape(before)}<mark id="span">{escape(marked)}</mark>{escape(after)}'
