"""Writes a text so that an index that splits at blanks and signs finds its words, in any script.

Takes a passage or a question, gives words with blanks between them. Both have to be written in the same way. English
and other Latin texts stay nearly as they are. Knows nothing about tables.

Chinese, Japanese and Korean become pairs of letters, as in Lucene's CJKAnalyzer; Thai, Lao, Burmese and Khmer become
groups of three. docs/decisions/0011-any-language-and-script.md compares them with ICU's words.
"""

import re
import unicodedata

from bakeoff.writing.scripts import EAST_ASIAN, SOUTH_EAST

_RUNS = re.compile(rf"[{EAST_ASIAN}]+|[{SOUTH_EAST}]+")
_IS_SOUTH_EAST = re.compile(f"[{SOUTH_EAST}]")
_IDEOGRAPHS = re.compile("(?<![\u3400-\u9fff])[\u3400-\u9fff](?![\u3400-\u9fff])")
_SILENT = re.compile("[\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u200b-\u200d\ufeff]")
_JOINERS = re.compile("[\u093c\u094d\u09bc\u09cd\u0a3c\u0a4d\u0abc\u0acd\u0b3c\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d]")
_SAME_LETTERS = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ة": "ه", "ё": "е", "Ё": "Е"})
_ARABIC_ARTICLE = re.compile("\\b(?:[وفبك]?ال|لل)(?=[\u0621-\u064a]{3})")
_CAPITALS = re.compile(r"(?<![\w'’-])[A-Z]{2,4}(?![\w'’-])")
# The stop words of LanceDB's English list that are also abbreviations.
# fmt: off
_NAMES_IN_CAPITALS = frozenset({
    "IT", "US", "WHO", "AN", "AS", "AT", "BE", "BY", "DO", "IN", "IS", "ME", "MY", "NO", "OF", "ON", "OR", "SO", "TO",
    "WE", "AM", "CAN", "OUT", "ALL", "HER", "OWN", "OFF",
})
# fmt: on


def search_words(text: str) -> str:
    """The text for the index, and the question for it.

    >>> search_words("保証は3年")
    ' 保証 証は 3 年 '
    >>> search_words("The IT team")
    'The ITcapitals team'
    """
    text = unicodedata.normalize("NFKC", text)
    if not text.isascii():
        text = _JOINERS.sub("", _SILENT.sub("", text)).translate(_SAME_LETTERS)
        text = _RUNS.sub(_groups, _ARABIC_ARTICLE.sub("", text))
    return " ".join(map(_with_names, text.split("\n"))) if _CAPITALS.search(text) else text


def encodable(text: str) -> str:
    """The text with lone surrogates replaced. JSON allows them, but UTF-8 cannot encode them."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _groups(run: re.Match[str]) -> str:
    letters = run[0]
    size = 3 if _IS_SOUTH_EAST.match(letters) else 2
    groups = [letters[i : i + size] for i in range(max(1, len(letters) - size + 1))]
    alone = _IDEOGRAPHS.findall(letters) if len(letters) > 1 else []
    return f" {' '.join([*groups, *alone])} "


def _with_names(line: str) -> str:
    """The line with a mark at words in capitals that in small letters are too frequent to be searched."""
    if line.upper() == line and len(line.split()) > 2:
        return line
    return _CAPITALS.sub(lambda word: f"{word[0]}capitals" if word[0] in _NAMES_IN_CAPITALS else word[0], line)
