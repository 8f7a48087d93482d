"""Where a text that is too long may be cut without cutting a word, a number or a letter with its marks.

Takes a text, gives offsets. Chinese, Japanese and Thai words are found by BudouX; in Lao, Khmer and Burmese, and where
BudouX finds none, a cut keeps letters with their marks together.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Any

from bakeoff.writing.scripts import EAST_ASIAN, HAS_NO_BLANKS, SOUTH_EAST

_UNSPACED = re.compile(rf"[{EAST_ASIAN}0-9０-９A-Za-z.,、]+|[{SOUTH_EAST}]+")
_NO_BLANKS_RUN = re.compile(rf"(?:(?![\uac00-\ud7a3])[{EAST_ASIAN}{SOUTH_EAST}])+")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
_HANGUL = re.compile("[\uac00-\ud7a3]{2}")  # Korean has blanks between words
_MONTHS = re.compile("[かヶヵカケ][月所国]")
_THAI = re.compile("[\u0e01-\u0e4e]")
_STICKS = re.compile(r"[\w.,:/%'’-]{2}")  # two characters of one number, word or address
_LEADING_VOWELS = "\u0e40-\u0e44\u0ec0-\u0ec4"
_JOINERS = "\u1039\u17d2\u094d\u200d"
_NO_CUT_AFTER = re.compile(f"[{_LEADING_VOWELS}{_JOINERS}]")
_LONGEST_PARSED = 2000


def count_words(text: str) -> int:
    """About how many words a text has: those between blanks, and one for two letters of a script without blanks.

    >>> count_words("24 months"), count_words("保証期間は3年です")
    (2, 5)
    """
    n_unspaced = sum(map(len, _NO_BLANKS_RUN.findall(text)))
    return len(_NO_BLANKS_RUN.sub(" ", text).split()) + (n_unspaced + 1) // 2 if n_unspaced else len(text.split())


def word_ends(text: str) -> Iterator[int]:
    """Offsets inside the text at which a word of a script without blanks is over, in order.

    >>> text = "保証期間は36か月です"
    >>> any("3" in (text[i - 1], text[i]) and "6" in (text[i - 1], text[i]) for i in word_ends(text))
    False
    """
    for run in _UNSPACED.finditer(text):
        if HAS_NO_BLANKS.search(run[0]):
            for start in range(run.start(), run.end(), _LONGEST_PARSED):
                stop = min(start + _LONGEST_PARSED, run.end())
                yield from (
                    end for end in _parsed(text[start:stop], start) if 0 < end < len(text) and may_cut(text, end)
                )


def _parsed(piece: str, offset: int) -> Iterator[int]:
    parser = _parser(piece)
    parts = parser.parse(piece) if parser else list(piece)
    for part in parts:
        offset += len(part)
        yield offset


def may_cut(text: str, place: int) -> bool:
    """Whether no letter with its marks, no number and no word of a script with blanks is cut at this place."""
    before, after = text[place - 1 : place], text[place : place + 1]
    if not before or not after or before.isspace() or after.isspace():
        return True
    if unicodedata.category(after)[0] == "M" or after in "\u200d\ufe0f" or _NO_CUT_AFTER.match(before):
        return False
    if HAS_NO_BLANKS.match(before) or HAS_NO_BLANKS.match(after):
        if _HANGUL.fullmatch(before + after) or _MONTHS.fullmatch(before + after):
            return False
        return not (after in "、。，．！？」』）ー々ゝゞっゃゅょ" or before in "「『（")
    return not _STICKS.fullmatch(before + after)


def whole_letter(text: str, place: int, start: int) -> int:
    """The last place at or before this one, but after `start`, where no letter is cut from its marks.

    `place` itself if there is none.
    """
    for at in range(place, start, -1):
        if unicodedata.category(text[at : at + 1] or " ")[0] != "M" and not _NO_CUT_AFTER.match(text[at - 1 : at]):
            return at
    return place


@cache
def _load(name: str) -> Any:
    import budoux

    return getattr(budoux, f"load_default_{name}_parser")()


def _parser(piece: str) -> Any:
    """BudouX's parser for the script of this piece. None for scripts that it does not know."""
    if _KANA.search(piece):
        return _load("japanese")
    if _THAI.search(piece):
        return _load("thai")
    return _load("simplified_chinese") if re.search("[\u3400-\u9fff]", piece) else None
