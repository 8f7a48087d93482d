"""Scripts: which are written without blanks between words, and where a word begins in them.

Takes characters and texts. Knows nothing about documents or answers.
"""

import re

_IDEOGRAPHS = "\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
_HANGUL = "\uac00-\ud7a3"
EAST_ASIAN = f"{_IDEOGRAPHS}{_KANA}{_HANGUL}"
SOUTH_EAST = "\u0e01-\u0e4e\u0e80-\u0ecd\u1000-\u109f\u1780-\u17d3"  # Thai, Lao, Burmese, Khmer
MARKS = "\u0900-\u0963\u0970-\u0dff\u0e31-\u0e4e\u0eb1-\u0ecd\u102b-\u103e\u17b4-\u17d3\u3099\u309a"
"""Letters and vowel signs of Indic and South East Asian scripts, of which Python's \\w holds only the letters."""
NO_BLANKS = f"{EAST_ASIAN}{SOUTH_EAST}"
HAS_NO_BLANKS = re.compile(f"[{NO_BLANKS}]")


def script_of(character: str) -> str:
    """'han', 'katakana', 'hiragana', 'hangul', 'other' for further scripts without blanks, or ''."""
    if re.match(f"[{_IDEOGRAPHS}]", character):
        return "han"
    if "\u30a0" <= character <= "\u30ff":
        return "katakana"
    if "\u3040" <= character <= "\u309f":
        return "hiragana"
    if re.match(f"[{_HANGUL}]", character):
        return "hangul"
    return "other" if HAS_NO_BLANKS.match(character) else ""
