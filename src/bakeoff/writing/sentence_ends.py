"""Finds where sentences end, in the scripts of the world's larger languages.

Takes a text. Gives offsets, without changing the text. Knows no language: the signs that end a sentence, abbreviations
of many languages and the case of the next word decide. Where that leaves a doubt, the sentence goes on: two sentences
together do less harm than half of one.

Thai has no such sign. There, a blank between two clauses counts, unless the next word continues the sentence.
"""

import re
import unicodedata
from collections.abc import Iterator

from bakeoff.writing.abbreviations import BEFORE_FIGURES, OPEN, OPENERS, PERHAPS
from bakeoff.writing.scripts import MARKS

_CLOSING = "\"')\\]”’»›」』）】*_`"
_STOPS = "。！？｡"
_END = re.compile(
    rf"(?P<dot>[.!?…]+)[{_CLOSING}]*(?=\s|$)"
    rf"|[{_STOPS}]+[{_CLOSING}]*"
    rf"|[।॥؟۔።။។៕։]+[{_CLOSING}]*(?=\s|$|\w)"
    r"|(?<=[\u0e01-\u0e4e])[ ]+(?=[\u0e01-\u0e4e])"
)
_WORD_BEFORE = re.compile(r"[^\s()\[\]\"“”„«»/,;:]+$")
_OPENING = re.compile(r"[\s\"'(\[“”„«»‘‚¿¡*_`>-]*")
_NEXT_WORD = re.compile(rf"[^\W\d_][\w{MARKS}']*")
_MONTH = re.compile(
    r"(?:jan|feb|mär|mar|apr|mai|maj|jun|jul|aug|sep|okt|oct|nov|dez|des|dec|"
    r"led|úno|bře|dub|kvě|čer|srp|zář|říj|lis|pro|sty|lut|kwi|cze|lip|sie|wrz|paź|gru|tammi|helmi|maalis|huhti|touko|"
    r"kesä|heinä|elo|syys|loka|marras|joulu)\w*",
    re.I,
)
_BEFORE_ORDINAL = re.compile(
    r"(?:^|\s)(?:am|der|die|das|dem|den|des|vom|zum|zur|im|bis|ab|seit|den|det|d\.|dne|od|do|dnia|w|v)\s+$", re.I
)
_AFTER_FIGURE = re.compile(r"\d[ \u00a0\u202f]*$")
_RUN_IN = re.compile(r"\s*(?:[-*+•]\s+|\d{1,3}[.)]\s+)?([*_]{1,3})[^*_]{1,60}$")
_NO_VOWEL = re.compile("[b-df-hj-np-tv-xzбвгджзклмнпрстфхцчшщ]{2,5}")  # what is pronounced as a longer word
_SAYS = re.compile("[とっ，、」]|[他她它我你]?们?[说說道问問]")
_QUOTING = re.compile(r"[」』）\"”]")
_THAI_CLAUSE = 15
"""Letters that a Thai clause has at least, so that a blank after it may end the sentence."""
_THAI_GOES_ON = re.compile(
    r"และ|หรือ|แต่|ที่|ซึ่ง|อัน|เพราะ|เนื่อง|โดย|ของ|ใน|จาก|กับ|ถึง|ตั้งแต่|เพื่อ|เมื่อ|ก่อน|หลัง|คือ|เป็น|ได้แก่|เช่น|ว่า|รวม|ไม่รวม|นับ|ๆ"
)


def sentence_ends(text: str, start: int = 0, end: int | None = None) -> Iterator[int]:
    """Offsets in text[start:end] where a sentence is over, in order; white space after it belongs to it.

    The end of the text is not among them. Line ends count like blanks.

    >>> text = "Use No. 5 bolts, i.e. long ones. Turn twice."
    >>> [text[:i] for i in sentence_ends(text)]
    ['Use No. 5 bolts, i.e. long ones. ']
    """
    end = len(text) if end is None else end
    begun = start
    for match in _END.finditer(text, start, end):
        after = _after(text, match.end(), end)
        if after < end and match.start() >= begun and _ends(text, begun, match, after):
            yield after
            begun = after


def _after(text: str, place: int, end: int) -> int:
    while place < end and text[place].isspace():
        place += 1
    return place


def _ends(text: str, begun: int, match: re.Match[str], after: int) -> bool:
    if match["dot"]:
        return _ends_at_dot(text, begun, match, after)
    if match[0].isspace():
        return match.start() - begun >= _THAI_CLAUSE and _begins_thai_clause(text, match.end())
    quotes = _QUOTING.search(match[0])
    return not (quotes and _SAYS.match(text, match.end()))


def _begins_thai_clause(text: str, start: int) -> bool:
    """Whether a clause begins here: not a word that continues the one before, nor a short item of a list."""
    piece = re.compile(r"\S*").match(text, start)
    return _THAI_GOES_ON.match(text, start) is None and piece is not None and len(piece[0]) >= _THAI_CLAUSE


def _ends_at_dot(text: str, begun: int, match: re.Match[str], after: int) -> bool:
    """Whether a full stop, question mark or the like before a blank is the end of a sentence."""
    opened = _OPENING.match(text, after)
    begins = opened.end() if opened else after
    if text[begins : begins + 1].islower():
        return False
    begins_paragraph = text[max(0, begun - 8) : begun].rstrip(" \t")[-1:] in ("", "\n")
    if match[0][-1] in "*_" and begins_paragraph and _RUN_IN.match(text[begun : match.start()]):
        return False  # a heading in bold at the beginning of its paragraph
    if match["dot"] != ".":
        return True
    if "\u0e00" < text[begins : begins + 1] < "\u0e50" and match.end() < begins:
        return _begins_thai_clause(text, begins)  # a Thai full stop is that of an abbreviation
    word = _WORD_BEFORE.search(text, max(begun, match.start() - 24), match.start())
    return word is None or not _goes_on(text, begun, word, begins)


def _goes_on(text: str, begun: int, word: re.Match[str], begins: int) -> bool:
    """Whether the full stop after this word belongs to the word. `begins` is where the next word does."""
    short = word[0].lower().lstrip("-–—*_'`")
    figure_follows = text[begins : begins + 1].isnumeric()
    following = _NEXT_WORD.match(text, begins)
    if short in PERHAPS:
        return figure_follows or following is None or following[0].lower() not in OPENERS
    if short in OPEN or (short.endswith("str") and len(short) > 4 and figure_follows):
        return True
    if short in BEFORE_FIGURES and figure_follows:
        return True
    if _AFTER_FIGURE.search(text[begun : word.start()]):  # a unit
        return False
    if _NO_VOWEL.fullmatch(_without_marks(short)) and not word[0].isupper():
        return True
    if re.fullmatch(r"(?:[^\W\d_]\.)*[^\W\d_]", short) and not _is_unspaced(short):
        return following is None or following[0].lower() not in OPENERS or len(short) == 1
    if short.isdecimal() and len(short) <= 2:
        return _is_ordinal(text, begun, word, following)
    return False


def _is_ordinal(text: str, begun: int, word: re.Match[str], following: re.Match[str] | None) -> bool:
    """Whether one or two figures with a full stop are the number of a list item, a day or a place in an order."""
    before = text[begun : word.start()]
    if not before.strip() or before.endswith("\n"):
        return True
    if following is None:
        return False
    return _MONTH.fullmatch(following[0]) is not None or _BEFORE_ORDINAL.search(before) is not None


def _without_marks(word: str) -> str:
    """The word without the marks of its letters: č as c."""
    return "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))


def _is_unspaced(letter: str) -> bool:
    return letter[0] > "\u2fff"
