"""The page that shows a document, with the cited span marked. Plain HTML without scripts; everything is escaped.

Takes a document and a span, gives HTML that holds each character of the text once, in order. Styles are the server's
own style sheet. `web/document_text.js` draws the same elements in the panel of the web page.
"""

from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby

from bakeoff.serve.documents.layout import Line, Run, Span, lines_of
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
_FORMS = {"head": "table", "separator": "table", "row": "table", "fence": "code", "code": "code"}
_GROUPS = {
    "": "{}",
    "table": '<div class="table-scroll" tabindex="0" role="group" aria-label="Table"><table>{}</table></div>',
    "code": '<pre tabindex="0" role="group" aria-label="Code">{}</pre>',
}
_STYLES = {
    "": ("", ""),
    "sign": ('<span class="sign">', "</span>"),
    "strong": ("<strong>", "</strong>"),
    "code": ("<code>", "</code>"),
}
_STATES = {
    "deleted": "This document was deleted. It is shown as it was when it was cited.",
    "replaced": "This document has changed since. It is shown as it was when it was cited.",
}


def document_page(document: Shown, span: Span | None) -> str:
    """The whole page."""
    notice = _STATES.get(document.state, "")
    about = [document.source, f"version {document.version}", f"{document.updated_at:%Y-%m-%d}"]
    return _PAGE.format(
        title=escape(document.title or document.source or document.id),
        about=escape(" · ".join(about)),
        notice=f'<p class="notice" role="note">{escape(notice)}</p>\n' if notice else "",
        text=_drawn(lines_of(document.text, span)),
    )


def _drawn(lines: Sequence[Line]) -> str:
    """The lines as elements: rows of a table and lines of code in one element each time they follow each other."""
    top = min((line.level for line in lines if line.kind == "heading"), default=1) - 2  # the title is the level 1
    target = _target(lines)
    drawn = []
    for form, group in groupby(lines, key=lambda line: _FORMS.get(line.kind, "")):
        inner = "".join(_line(line, top, target) for line in group)
        drawn.append(_GROUPS[form].format(inner))
    return "".join(drawn)


def _target(lines: Sequence[Line]) -> Run | None:
    """The first run of the passage that can be seen: the address of the page leads there."""
    runs = (run for line in lines for cell in line.cells for run in cell if run.marked)
    return next((run for run in runs if run.style != "sign" and run.text.strip()), None)


def _line(line: Line, top: int, target: Run | None) -> str:
    cells = [_cell(cell, target) for cell in line.cells]
    form = _FORMS.get(line.kind)
    if form == "code":
        return cells[0]
    if form == "table":
        before, after = ('<th scope="col">', "</th>") if line.kind == "head" else ("<td>", "</td>")
        row = '<tr class="sign">' if line.kind == "separator" else "<tr>"
        return f"{row}{''.join(before + cell + after for cell in cells)}</tr>"
    tag = f"h{min(6, line.level - top)}" if line.kind == "heading" else "div"
    return f'<{tag} class="line {line.kind} level-{line.level}">{cells[0]}</{tag}>'


def _cell(runs: Iterable[Run], target: Run | None) -> str:
    """The runs, those of the passage in one mark."""
    drawn = ""
    for marked, group in groupby(runs, key=lambda run: run.marked):
        same = list(group)
        inner = "".join(_run(run) for run in same)
        id = ' id="span"' if any(run is target for run in same) else ""
        drawn += f"<mark{id}>{inner}</mark>" if marked else inner
    return drawn


def _run(run: Run) -> str:
    before, after = _STYLES[run.style]
    return f"{before}{escape(run.text)}{after}"
