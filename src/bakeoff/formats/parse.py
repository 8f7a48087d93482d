"""Parses the bytes of one file into texts: light Markdown, a title and the metadata of the file.

Takes a name (for its ending) and bytes, gives parts. Opens no file. Knows no folder, no chunk and no store.
"""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from bakeoff.formats import encodings, markup, rst
from bakeoff.formats.encodings import Decoded
from bakeoff.formats.front_matter import front_matter
from bakeoff.formats.markdown_entities import without_entities
from bakeoff.formats.markdown_hidden import left_out, without_hidden
from bakeoff.formats.part import Parsed, Part, Problem, UnreadableError, problem_of
from bakeoff.formats.tables import json_tree
from bakeoff.formats.tables import rows as parse_rows
from bakeoff.formats.values import LABELS_ARE, access_of, scalar_meta, time_of

MARKDOWN = (".md", ".markdown", ".mdown")
TEXT = (".txt", ".text")
RST = (".rst",)
HTML = (".html", ".htm", ".xhtml")
SHEETS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
OFFICE = (".docx", ".pptx", *SHEETS)
TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")
SUFFIXES = (*MARKDOWN, *TEXT, *RST, *HTML, ".pdf", ".docx", ".pptx", *SHEETS, ".eml", *TABLES)

_CHANGED = ("updated_at", "updated", "lastmod", "date")
_MAX_MESSAGES = 5  # that are read within one another
_KIND_REMEDY = "save the message without encryption, and calendar entries as text"
_MAGIC = (
    (b"%PDF-", "a PDF", (".pdf",)),
    (b"PK\x03\x04", "a ZIP archive or Office file", (".docx", ".pptx", ".xlsx", ".xlsm", ".xlsb", ".ods")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old or password-protected Office file", (".xls",)),
    (b"{\\rtf", "an RTF file", ()),
    (b"\x1f\x8b", "a gzip archive", ()),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", ()),
    (b"\x89PNG", "a PNG image", ()),
    (b"\xff\xd8\xff", "a JPEG image", ()),
    (b"GIF8", "a GIF image", ()),
    (b"SQLite format 3\0", "an SQLite database", ()),
    (b"\x7fELF", "a program", ()),
)


def parse(name: str, content: bytes) -> Parsed:
    """The texts in a file called `name`: one part for the file, or one part per row of a table of texts.

    Raises UnreadableError if the file is empty, broken, encrypted, of an unknown kind, or does not match its ending.
    """
    suffix = check_readable(name, content)
    if suffix in OFFICE:
        from bakeoff.formats.doctype import refuse_document_types

        refuse_document_types(content)
    parsed = _parse(suffix, name, content)
    if not parsed.parts and not parsed.problems:
        raise UnreadableError("there is no text in it", "remove it, or fill it")
    return parsed


def check_readable(name: str, content: bytes) -> str:
    """The ending of the name. Raises UnreadableError if it is not read, for an empty file, and for another kind."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise UnreadableError(
            f"files ending in '{suffix}' are not read" if suffix else "it has no file ending",
            f"convert it to one of {', '.join(SUFFIXES)}",
        )
    if not content.strip():
        raise UnreadableError("the file is empty", "remove it, or fill it")
    check_kind(suffix, content)
    return suffix


def _parse(suffix: str, name: str, content: bytes) -> Parsed:
    """The file's parts, by the parser for its kind. The libraries for a format are imported when it is first needed."""
    if suffix == ".pdf":
        return _pdf(name, content)
    if suffix == ".docx":
        from bakeoff.formats.docx import read as parse_docx

        title, body, meta, problems = parse_docx.parse(content)
        return _with_problems(name, _whole(name, title, body, meta), problems)
    if suffix == ".pptx":
        return _slides(name, content)
    if suffix in SHEETS:
        from bakeoff.formats.sheets import book as parse_sheets

        return parse_sheets.parse(name, content)
    if suffix == ".eml":
        return _mail(name, content)
    if suffix in HTML:
        return _html(name, content)
    found = encodings.decoded(content)
    return _with_guess(name, found, _text(suffix, name, found))


def _text(suffix: str, name: str, found: Decoded) -> Parsed:
    """The parts of a file of text."""
    note = {"encoding": found.encoding} if found.encoding else {}
    text = markup.clean(found.text)
    if suffix in (".csv", ".tsv"):
        return parse_rows.parse_csv(name, text, note)
    if suffix in (".jsonl", ".ndjson"):
        return parse_rows.parse_jsonl(name, text, note)
    if suffix == ".json":
        return json_tree.parse(name, text, note)
    if suffix in RST:
        return _whole(name, "", rst.markdown(text), note)
    if suffix not in MARKDOWN:
        return _whole(name, "", atx_headings(text), note)
    front, body = front_matter(text)
    if hidden := left_out(body):
        note["left_out"] = hidden
    body = atx_headings(without_entities(without_hidden(body)))
    return _whole(name, str(front.pop("title", "")), body, {**front, **note})


def _with_guess(name: str, found: Decoded, parsed: Parsed, declared: str = "") -> Parsed:
    """The parsed file, and a problem if its encoding was guessed."""
    if not found.guessed:
        return parsed
    why = f"it is not in the encoding that it declares ({declared})" if declared else "it does not say its encoding"
    guess = Problem(
        source=name,
        reason=f"{why}; it was read as {found.encoding}, which is a guess",
        remedy="look at it with: bakeoff show; save it as UTF-8 to be sure",
        is_read=True,
    )
    return parsed.model_copy(update={"problems": (*parsed.problems, guess)})


def _pdf(name: str, content: bytes) -> Parsed:
    from bakeoff.formats.pdf import read as parse_pdf

    title, body, meta = parse_pdf.parse(content)
    blank = meta.pop("pages_without_text")
    parsed = _whole(name, title, body, meta)
    return parsed.model_copy(update={"problems": _blank_pages(name, blank, meta["pages"])})


def _html(name: str, content: bytes) -> Parsed:
    from bakeoff.formats.html import read as parse_html

    declared = parse_html.declared_encoding(content)
    found = encodings.decoded(content, declared)
    title, body, meta = parse_html.parse(found.text)
    return _with_guess(name, found, _whole(name, title, body, {**meta, "encoding": found.encoding}), declared)


def _slides(name: str, content: bytes) -> Parsed:
    from bakeoff.formats import slides as parse_slides

    title, body, meta, problems = parse_slides.parse(content)
    return _with_problems(name, _whole(name, title, body, meta), problems)


def _with_problems(name: str, parsed: Parsed, problems: Sequence[Problem]) -> Parsed:
    """The parsed file with these problems, whose sources are places in it."""
    sources = (", ".join(filter(None, [name, problem.source])) for problem in problems)
    named = (one.model_copy(update={"source": source}) for one, source in zip(problems, sources, strict=True))
    return parsed.model_copy(update={"problems": (*parsed.problems, *named)})


def _mail(name: str, content: bytes, depth: int = 0) -> Parsed:
    """The message as one part, and the parts of its attachments, whose keys begin with their file names."""
    from bakeoff.formats import mail as parse_mail

    mail = parse_mail.parse(content)
    parsed = _whole(name, mail.title, mail.text, dict(mail.meta))
    parts, problems = list(parsed.parts), list(parsed.problems)
    for kind in mail.unread:
        problems.append(Problem(source=name, reason=f"a part of the kind {kind} is not read", remedy=_KIND_REMEDY))
    for file, attached in mail.attachments:
        try:
            inner = _attached(file, attached, depth)
        except UnreadableError as error:
            problems.append(problem_of(f"{name}, {file}", error))
            continue
        keyed = (part.model_copy(update={"key": f"{file}#{part.key}" if part.key else file}) for part in inner.parts)
        parts += keyed
        problems += [_within(one, name, file) for one in inner.problems]
    return Parsed(parts=tuple(parts), problems=tuple(problems))


def _within(problem: Problem, name: str, file: str) -> Problem:
    """A problem of an attached file, as one of the message."""
    also = tuple(f"#{file}{one.rstrip('#')}" if one.startswith("#") else one for one in problem.also)
    return problem.model_copy(update={"source": f"{name}, {problem.source}", "also": also})


def _attached(file: str, content: bytes, depth: int) -> Parsed:
    if not file.lower().endswith(".eml"):
        return parse(file, content)
    if depth >= _MAX_MESSAGES:
        raise UnreadableError("it is a message within too many messages", "save it as a file of its own")
    return _mail(file, content, depth + 1)


def _whole(name: str, title: str, text: str, meta: dict[str, Any]) -> Parsed:
    """The file as one part. `updated_at` and `access` are moved from the metadata to the part."""
    text = markup.clean(text)
    if not text.strip():
        return Parsed(parts=())
    meta = dict(meta)
    access = access_of(meta.pop("access", None))
    for value in (value for key, value in meta.items() if str(key).strip().casefold() == "labels"):
        access_of(value, LABELS_ARE)  # as metadata, what is no list of names would be lost, and the text public
    times = {key: time for key in _CHANGED if (time := time_of(meta.get(key)))}
    changed = next(iter(times.values()), None)
    meta = {key: value for key, value in meta.items() if key not in times}
    title = _unless_file_name(markup.one_line(markup.clean(title)), name) or markup.first_heading(text)
    return Parsed(parts=(Part(text=text, title=title, meta=scalar_meta(meta), updated_at=changed, access=access),))


def _blank_pages(name: str, blank: Sequence[int], n_pages: int) -> tuple[Problem, ...]:
    if not blank:
        return ()
    from bakeoff.formats.pdf import ocr

    reason = f"no text on {len(blank)} of its {n_pages} pages, page {blank[0]} first (blank, or scanned?)"
    return (Problem(source=name, reason=reason, remedy=f"if they are scanned: {ocr.remedy()}"),)


def _unless_file_name(title: str, name: str) -> str:
    """The title, or nothing if it only repeats the name of the file: models would copy that into their answers."""
    path = PurePosixPath(name)
    return "" if title.casefold() in (path.name.casefold(), path.stem.casefold()) else title


def check_kind(suffix: str, content: bytes) -> None:
    """Raises UnreadableError if the first bytes belong to another kind of file than the ending `suffix` says."""
    kind, matching = next(((kind, endings) for magic, kind, endings in _MAGIC if content.startswith(magic)), ("", ()))
    if not kind and b"%PDF-" in content[:1024] and suffix == ".pdf":
        return
    if kind:
        if suffix not in matching:
            remedy = "name it *.pdf" if ".pdf" in matching else f"save it as one of {', '.join(SUFFIXES)}"
            raise UnreadableError(f"named {suffix}, but it is {kind}", remedy)
    elif suffix in (".pdf", ".docx", ".pptx", *SHEETS):
        raise UnreadableError(
            f"named {suffix}, but it is not a {suffix} file (it starts with {content[:8]!r})",
            "export it again from the program that made it",
        )
    elif not content.startswith(encodings.MARKS) and _is_binary(content):
        raise UnreadableError(f"named {suffix}, but it is binary", "save it as UTF-8 text")
    elif suffix in (*MARKDOWN, *TEXT) and content[:200].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        raise UnreadableError(f"named {suffix}, but it is an HTML page", "name it *.html")


def _is_binary(content: bytes) -> bool:
    """Whether there are zero bytes, or more than a few other control characters."""
    start = content[:65536]
    controls = len(start) - len(start.translate(None, bytes([*range(1, 9), *range(14, 27), *range(28, 32)])))
    return b"\0" in content or controls > max(4, len(start) // 50)


def decode(content: bytes, declared: str = "") -> tuple[str, str]:
    """(text, its encoding, which is empty for plain UTF-8)."""
    text, encoding, _ = encodings.decoded(content, declared)
    return text, encoding


def atx_headings(text: str) -> str:
    """The text with underlined headings rewritten as `# ...` lines."""
    lines = text.split("\n")
    code = markup.fenced(lines)
    rewritten: list[str] = []
    for number, line in enumerate(lines):
        if not code[number] and number and _underlines(lines, number) and not code[number - 1]:
            rewritten[-1] = ("# " if "=" in line else "## ") + lines[number - 1].strip()
        else:
            rewritten.append(line)
    return "\n".join(rewritten)


def _underlines(lines: list[str], number: int) -> bool:
    """Whether this line underlines the single line of words above it."""
    above = lines[number - 1]
    return (
        re.fullmatch(r" {0,3}(={2,}|-{2,})", lines[number]) is not None
        and 0 < len(above.strip()) <= markup.MAX_HEADING_CHARS
        and (number == 1 or not lines[number - 2].strip())
        and not above.startswith(("    ", "\t"))
        and not above.lstrip().startswith((">", "|", "<"))
        and not (markup.heading_of(above) or markup.is_list_item(above))
    )
