"""Turns an HTML page into light Markdown: headings, paragraphs, lists, tables and code, without navigation and menus.

Takes decoded HTML, gives (title, text, metadata). Fetches nothing from the network.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from bs4 import BeautifulSoup, NavigableString, Tag
from bs4.dammit import EncodingDetector
from bs4.element import PreformattedString

from bakeoff.formats import markup
from bakeoff.formats.html.chrome import without_chrome
from bakeoff.formats.html.code import code_of
from bakeoff.formats.html.panels import show_panels
from bakeoff.formats.html.stand_ins import address_of, mark_of, stand_in
from bakeoff.formats.html.table_rows import has_header_row, table_rows
from bakeoff.formats.tables.written import title_of, written

_DROPPED_NAMES = """
    script style nav footer template noscript head svg math canvas iframe object embed audio video button input
    select textarea dialog map del s strike
"""
_DROPPED = frozenset(_DROPPED_NAMES.split())
_DROPPED_ROLES = {"navigation", "banner", "contentinfo", "search", "menu", "menubar", "dialog", "alertdialog"}
_INLINE_NAMES = """
    a abbr b bdi bdo big cite code data del dfn em font i ins kbd label mark q rp rt ruby s samp small span
    strike strong sub sup time tt u var wbr img picture source
"""
_INLINE = frozenset(_INLINE_NAMES.split())
_LABELS = frozenset(["span", "b", "strong", "label", "em", "i", "small"])
_ROLES = {
    **dict.fromkeys(("table", "grid"), "table"),
    **dict.fromkeys(("cell", "gridcell"), "td"),
    **dict.fromkeys(("columnheader", "rowheader"), "th"),
    "row": "tr",
    "rowgroup": "tbody",
}
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_SELECTOR = re.compile(r"[\w.# -]+")
_NOT_ALWAYS = re.compile(r"@[^{;]+\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}|/\*.*?\*/", re.DOTALL)
_CHANGED = ("article:modified_time", "og:updated_time", "last-modified", "dcterms.modified", "date")
_LISTS = ("ul", "ol", "dl", "menu")
_PROLOG = re.compile(r"\s*<\?xml[^>]*\?>")
_STRUCK = re.compile(r"line-through|strike-?through", re.IGNORECASE)
_BREAK = "\n\0"
_MAX_DEPTH = 8


def declared_encoding(content: bytes) -> str:
    """The encoding that the page's head declares. Empty if it declares none."""
    return EncodingDetector.find_declared_encoding(content, is_html=True, search_entire_document=False) or ""


def parse(html: str) -> tuple[str, str, dict[str, Any]]:
    """(title, text, metadata) of a page."""
    soup = _soup(html)
    tags = _tags(soup)
    _strike_by_styles(soup, tags)
    _name_by_roles(tags)
    show_panels(soup)
    body = next((tag for tag in tags if tag.name == "body"), soup)
    without_chrome(body)
    writer = _Writer()
    for event, node in _walk(body):
        writer.take(event, node)
    text = "\n\n".join(writer.finished())
    left = _tags(soup)
    title = next((tag.get_text() for tag in left if tag.name == "title"), "")
    return markup.first_heading(text) or title, text, _metadata(left)


def _tags(soup: BeautifulSoup) -> list[Tag]:
    """All elements in document order. A walk over them is several times faster than a search of the library."""
    return [tag for tag in soup.descendants if isinstance(tag, Tag)]


def _strike_by_styles(soup: BeautifulSoup, tags: Sequence[Tag]) -> None:
    """Marks what a style sheet within the page strikes out."""
    for sheet in (tag for tag in tags if tag.name == "style"):
        for selectors, style in _RULE.findall(_NOT_ALWAYS.sub("", sheet.get_text())):
            if not _STRUCK.search(style):
                continue
            for selector in filter(_SELECTOR.fullmatch, map(str.strip, selectors.split(","))):
                for tag in soup.select(selector):
                    tag["style"] = f"{tag.get('style') or ''};text-decoration:line-through"


def _name_by_roles(tags: Sequence[Tag]) -> None:
    """Gives elements that are a table by their roles the names that tables have."""
    for table in tags:
        if table.get("role") not in ("table", "grid"):
            continue
        if table.name != "table" and table.find(role="row") is not None:
            for tag in [table, *table.find_all(role=list(_ROLES))]:
                tag.name = _ROLES[str(tag["role"])]


def words(html: str) -> str:
    """All words of a page, or of a piece of HTML, on one line."""
    soup = _soup(html)
    return _cell_words(soup.body or soup)


def _soup(html: str) -> BeautifulSoup:
    return BeautifulSoup(_PROLOG.sub("", html, count=1), "lxml")


def _metadata(tags: Sequence[Tag]) -> dict[str, Any]:
    """The language and the time of the last change, if the page gives them."""
    meta: dict[str, Any] = {}
    for tag in (tag for tag in tags if tag.name == "meta"):
        name = str(tag.get("property") or tag.get("name") or "").lower()
        if name in _CHANGED and "updated_at" not in meta:
            meta["updated_at"] = str(tag.get("content") or "")
    if language := next((tag.get("lang") for tag in tags if tag.name == "html"), None):
        meta["language"] = str(language)
    return meta


def _walk(root: Tag) -> Iterator[tuple[str, Any]]:
    """("enter" | "leave", tag) and ("text", string) in document order, without dropped tags. Not recursive."""
    stack: list[tuple[Tag, Iterator[Any]]] = [(root, iter(root.children))]
    while stack:
        tag, children = stack[-1]
        node = next(children, None)
        if node is None:
            stack.pop()
            if tag.name == "a" and (address := address_of(tag)):
                yield "text", f" ({address})"
            yield "leave", tag
        elif isinstance(node, Tag):
            if _is_hidden(node):
                continue
            text = stand_in(node)
            if text is not None:
                yield "text", text
                continue
            if _is_no_content(node):
                continue
            if _stands_apart(node):
                yield "text", " "
            yield "enter", node
            if node.name not in ("pre", "table") or (node.name == "table" and not _is_data_table(node)):
                stack.append((node, iter(node.children)))
        elif isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
            yield "text", node


def _stands_apart(tag: Tag) -> bool:
    """Whether a style sets the element apart from the one before it, as a label from its value, without a blank."""
    before, parent = tag.previous_sibling, tag.parent
    while isinstance(before, Tag) and before.name == "input":
        before = before.previous_sibling
    if tag.name not in _LABELS or not isinstance(before, Tag) or before.name not in _LABELS or parent is None:
        return False
    left, right = before.get_text()[-1:], tag.get_text()[:1]
    if not (left.isalnum() and right.isalnum()) or tag.find_parent(["code", "pre"]):
        return False
    if any(isinstance(child, NavigableString) and child.strip() for child in parent.children):
        return False
    kinds_differ = bool(tag.get("class") or before.get("class")) and tag.get("class") != before.get("class")
    return kinds_differ or left.isdigit() != right.isdigit() or (left.islower() and right.isupper())


def _is_dropped(tag: Tag) -> bool:
    return _is_hidden(tag) or _is_no_content(tag)


def _is_hidden(tag: Tag) -> bool:
    """Whether the tag is hidden from readers, or struck out."""
    if tag.has_attr("hidden") or tag.get("aria-hidden") == "true":
        return True
    style = re.sub(r"\s", "", str(tag.get("style") or "")).lower()
    if "display:none" in style or "visibility:hidden" in style:
        return True
    return _STRUCK.search(f"{style} {tag.get('class') or ''}") is not None


def _is_no_content(tag: Tag) -> bool:
    """Whether the tag is navigation, a menu, a script or the like."""
    if tag.name in _DROPPED:
        return True
    if tag.name == "header" and not tag.find(["h1", "h2", "h3", "h4", "h5", "h6"]):
        return True
    return str(tag.get("role") or "").lower() in _DROPPED_ROLES


def _is_data_table(table: Tag) -> bool:
    """Whether this is a table of data, not one that lays out the page."""
    if table.find("table") or table.find(["h1", "h2", "h3"]):
        return False
    rows = table.find_all("tr")
    return len(rows) > 1 and max(len(row.find_all(["td", "th"])) for row in rows) > 1


class _Writer:
    """Builds the blocks of the text from the walk over the page."""

    def __init__(self) -> None:
        self.blocks: list[str] = []
        self.inline: list[str] = []
        self.lists: list[int | None] = []
        self.items: list[str] = []
        self.marker = ""
        self.term = ""

    def take(self, event: str, node: Any) -> None:
        if event == "text":
            self.inline.append(str(node))
        elif event == "enter":
            self._enter(node)
        elif node.name not in _INLINE and node.name != "br":
            self._leave(node)

    def finished(self) -> list[str]:
        self._flush()
        self._end_list()
        return self.blocks

    def _enter(self, tag: Tag) -> None:
        if tag.name == "br":
            self.inline.append(_BREAK)
        if tag.name == "br" or tag.name in _INLINE:
            return
        self._flush()
        if tag.name == "pre":
            self._add_code(code_of(tag))
        elif tag.name == "table" and _is_data_table(tag):
            self._add_table(tag)
        elif tag.name in _LISTS:
            self._keep_term()
            self.lists.append(_list_start(tag))
        elif tag.name == "li":
            self._begin_item(tag)
        elif tag.name == "dd":
            self.marker = f"- {self.term}: " if self.term else "- "
            self.term = ""

    def _leave(self, tag: Tag) -> None:
        if tag.name == "dt":
            self._leave_term()
        elif re.fullmatch("h[1-6]", tag.name):
            self._add_heading(int(tag.name[1]))
        else:
            self._flush()
            if tag.name in ("li", "dd"):
                self.marker = ""
            if tag.name in _LISTS and self.lists:
                self._leave_term()
                self.lists.pop()
                if not self.lists:
                    self._end_list()

    def _leave_term(self) -> None:
        """Keeps a term for the definition that follows. A term without a definition becomes a list item."""
        if self.term:
            self.items.append(f"- {self.term}")
        self.term = markup.one_line(self._words()).rstrip(":")
        self.inline = []

    def _keep_term(self) -> None:
        """Writes the term of a definition that begins with a list."""
        if self.marker.endswith(": "):
            self.items.append(self.marker.rstrip())
            self.marker = ""

    def _begin_item(self, tag: Tag) -> None:
        number = self.lists[-1] if self.lists else None
        if number is not None and re.fullmatch(r"\d{1,3}", str(tag.get("value") or "")):
            number = int(str(tag["value"]))
        self.marker = self._indent(len(self.lists) - 1) + ("- " if number is None else f"{number}. ")
        if number is not None:
            self.lists[-1] = number + (-1 if tag.parent is not None and tag.parent.has_attr("reversed") else 1)

    def _indent(self, depth: int) -> str:
        return "  " * min(depth, _MAX_DEPTH)

    def _words(self) -> str:
        """The text in the inline buffer, with runs of whitespace as one space and line breaks kept."""
        lines = "".join(self.inline).split(_BREAK)
        return "\n".join(filter(None, map(markup.one_line, lines)))

    def _flush(self) -> None:
        """Ends the current paragraph or list item, if it is not empty."""
        words = self._words()
        self.inline = []
        if words and self.marker:
            self.items.append(self.marker + markup.one_line(words))
            self.marker = ""
        elif words and self.lists:
            self.items.append(self._indent(len(self.lists)) + markup.paragraph(markup.one_line(words)))
        elif words:
            self._add(markup.paragraph(words))

    def _add(self, block: str) -> None:
        self._end_list()
        self.blocks.append(block)

    def _end_list(self) -> None:
        if self.items:
            self.blocks.append("\n".join(self.items))
            self.items = []

    def _add_heading(self, level: int) -> None:
        words = markup.one_line(self._words())
        self.inline = []
        if words:
            self._add("#" * level + " " + words)
            self.marker = ""

    def _add_code(self, code: str) -> None:
        code = markup.clean(code)
        if code.strip():
            fence = "~~~" if "```" in code else "```"
            self._add(f"{fence}\n{code}\n{fence}")

    def _add_table(self, table: Tag) -> None:
        if table.caption and (words := _cell_words(table.caption)):
            self._add(title_of(words))
        if text := written(table_rows(table, _words_in_cell), has_header_row(table)):
            self._add(text)


def _list_start(tag: Tag) -> int | None:
    """The first number of an ordered list. None for an unordered list."""
    if tag.name != "ol":
        return None
    first = len(tag.find_all("li", recursive=False)) if tag.has_attr("reversed") else 1
    start = str(tag.get("start") or first)
    return int(start) if re.fullmatch(r"\d{1,3}", start) else 1


def _words_in_cell(cell: Tag) -> str:
    return "" if _is_dropped(cell) else _cell_words(cell) or mark_of(cell)


def _cell_words(cell: Tag) -> str:
    """All words of a cell on one line."""
    pieces = []
    for event, node in _walk(cell):
        if event == "text":
            pieces.append(str(node))
        elif node.name not in _INLINE:
            pieces.append(" ")
            if event == "enter" and node.name == "pre":
                pieces.append(code_of(node))
    return markup.one_line("".join(pieces))
