"""Reads the entities of Markdown (`&lt;`, `&#8364;`) as the signs that readers see. Code is left as it is.

Takes and gives text. Signs that would make another structure stay entities: bars, which part the cells of tables, and
marks at the start of a line.
"""

import html
import re

from bakeoff.formats.markdown_hidden import outside_code

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_STRUCTURE = frozenset("|*_`[]~\\")
_AT_START = frozenset("#>+-=<")


def without_entities(text: str) -> str:
    """The text with the signs themselves.

    >>> without_entities("Fish &amp; chips cost &euro;5. Write `&amp;`, &#124; and **&lt;name&gt;**.")
    'Fish & chips cost €5. Write `&amp;`, &#124; and **<name>**.'
    """
    if not _ENTITY.search(text):
        return text
    return outside_code(text, _with_signs)


def _with_signs(text: str) -> str:
    return _ENTITY.sub(lambda entity: _sign(entity, text), text)


def _sign(entity: re.Match[str], text: str) -> str:
    """What the entity stands for; the entity itself if that is no sign or could be read as structure."""
    sign = html.unescape(entity[0]).replace("\N{NO-BREAK SPACE}", " ")
    begins = not text[text.rfind("\n", 0, entity.start()) + 1 : entity.start()].strip()
    is_plain = sign.isprintable() and not _STRUCTURE.intersection(sign)
    return sign if is_plain and not (begins and (_AT_START.intersection(sign) or not sign.strip())) else entity[0]
