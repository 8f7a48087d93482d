"""Recognises columns that hold addresses (of web pages or files): these say where an answer is, not what it is.

Takes the values of one column. Knows no question.
"""

import re
from collections.abc import Iterable
from typing import Any

_FILES = "md|markdown|txt|rst|html?|pdf|docx?|odt|rtf|pptx?|xlsx?|csv|tsv|jsonl?|xml"
_ADDRESS = re.compile(
    r"(?:https?|ftp|file|s3|gs|az|abfss?)://\S+|www\.\S+\.\S+|mailto:\S+"
    rf"|(?:[\w.~-]+[/\\])*[\w.~-]+\.(?:{_FILES})(?:[#?]\S*)?",
    re.IGNORECASE,
)


def is_address(text: str) -> bool:
    """Whether the text is nothing but addresses of pages or files.

    >>> is_address("https://shop.example/a"), is_address("docs/a.md, docs/b.md"), is_address("see docs/a.md")
    (True, True, False)
    """
    parts = [part.strip("<>()[]\"'") for part in re.split(r"[\s|,;]+", text.strip())]
    return any(parts) and all(_ADDRESS.fullmatch(part) for part in parts if part)


def only_addresses(values: Iterable[Any]) -> bool:
    """Whether every value that is not empty is an address, and there is one."""
    texts = [text for value in values for text in _texts(value) if text.strip()]
    return bool(texts) and all(map(is_address, texts))


def _texts(value: Any) -> list[str]:
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else [] if value is None else [str(value)]
