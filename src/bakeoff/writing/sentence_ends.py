"""Finds where sentences end, in the scripts of the world's larger languages.

Takes a text. Gives offsets, without changing the text. Knows no language: the signs that end a sentence, abbreviations
of many languages and the case of the next word decide. Where that leaves a doubt, the sentence goes on: two sentences
together do less harm than half of one.

Nothing is looked at again for each sign: the time grows with the length of the text, whatever is in it.

Thai has no such sign. There, a blank between two clauses counts, unless the next word continues the sentence.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cached_property

from bakeoff.writing.abbreviations import BEFORE_FIGURES, OPEN, OPENERS, PERHAPS
from bakeoff.writing.scripts import MARKS

_CLOSING = "\"')\\]”’»›」』）】*_`"
_STOPS = "。！？｡"
_SIGNS = re.compile(
    rf"(?P<dot>[.!?…]+)(?P<ends_dot>[{_CLOSING}]*(?=\s|$))?"
    rf"|[{_STOPS}]+[{_CLOSING}]*"
    rf"|(?P<bar>[।॥؟۔።။។៕։]+)(?P<ends_bar>[{_CLOSING}]*(?=\s|$|\w))?"
    r"|(?<=[\u0e01-\u0e4e])[ ]+(?=[\u0e01-\u0e4e])"
)
"""A row of signs that ends nothing is found too, as a whole: it is not looked through again from each of its signs."""
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
    r"(?:\A|\s)(?:am|der|die|das|dem|den|des|vom|zum|zur|im|bis|ab|seit|den|det|d\.|dne|od|do|dnia|w|v)\Z", re.I
)
_LONGEST_BEFORE_ORDINAL = 4
_MARKER = re.compile(r"(?:[-*+•]|\d{1,3}[.)])\s+")
_IN_BOLD = re.compile(r"[*_]{1,3}[^*_]{1,60}$")
_NO_VOWEL = re.compile("[b-df-hj-np-tv-xzбвгджзклмнпрстфхцчшщ]{2,5}")  # what is pronounced as a longer word
_SAYS = re.compile("[とっ，、」]|[他她它我你]?们?[说說道问問]")
_QUOTING = re.compile(r"[」』）\"”]")
_THAI_CLAUSE = 15
"""Letters that a Thai clause has at least, so that a blank after it may end the sentence."""
_LONG_PIECE = re.compile(rf"\S{{{_THAI_CLAUSE}}}")
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
    sentence = _Sentence(text, start, end)
    for match in _SIGNS.finditer(text, start, end):
        if (match["dot"] and match["ends_dot"] is None) or (match["bar"] and match["ends_bar"] is None):
            continue
        after = _after(text, match.end(), end)
        if after < end and match.start() >= sentence.begun and _ends(sentence, match, after):
            yield after
            sentence = _Sentence(text, after, end)


class _Sentence:
    """The sentence that is being read: where it began, and where its first word does, perhaps behind a list's mark."""

    def __init__(self, text: str, begun: int, end: int) -> None:
        self.text = text
        self.begun = begun
        self.end = end
        self.first = _after(text, begun, end)

    @cached_property
    def behind_marker(self) -> int:
        marker = _MARKER.match(self.text, self.first, self.end)
        return marker.end() if marker else self.first

    def before_blanks(self, place: int, blanks: str = "") -> int:
        """Where the blanks that end at this place begin: these, or else all white space."""
        while place > self.begun and (self.text[place - 1] in blanks if blanks else self.text[place - 1].isspace()):
            place -= 1
        return place


def _after(text: str, place: int, end: int) -> int:
    while place < end and text[place].isspace():
        place += 1
    return place


def _ends(sentence: _Sentence, match: re.Match[str], after: int) -> bool:
    text = sentence.text
    if match["dot"]:
        return _ends_at_dot(sentence, match, after)
    if match[0].isspace():
        return match.start() - sentence.begun >= _THAI_CLAUSE and _begins_thai_clause(text, match.end())
    quotes = _QUOTING.search(match[0])
    return not (quotes and _SAYS.match(text, match.end()))


def _begins_thai_clause(text: str, start: int) -> bool:
    """Whether a clause begins here: not a word that continues the one before, nor a short item of a list."""
    return _THAI_GOES_ON.match(text, start) is None and _LONG_PIECE.match(text, start) is not None


def _ends_at_dot(sentence: _Sentence, match: re.Match[str], after: int) -> bool:
    """Whether a full stop, question mark or the like before a blank is the end of a sentence."""
    text = sentence.text
    opened = _OPENING.match(text, after)
    begins = opened.end() if opened else after
    if text[begins : begins + 1].islower():
        return False
    if match[0][-1] in "*_" and _is_run_in(sentence, match.start()):
        return False
    if match["dot"] != ".":
        return True
    if "\u0e00" < text[begins : begins + 1] < "\u0e50" and match.end() < begins:
        return _begins_thai_clause(text, begins)  # a Thai full stop is that of an abbreviation
    word = _WORD_BEFORE.search(text, max(sentence.begun, match.start() - 24), match.start())
    return word is None or not _goes_on(sentence, word, begins)


def _is_run_in(sentence: _Sentence, stop: int) -> bool:
    """Whether what stands before this place is a heading in bold at the beginning of its paragraph."""
    text, begun = sentence.text, sentence.begun
    if text[max(0, begun - 8) : begun].rstrip(" \t")[-1:] not in ("", "\n"):
        return False
    return any(_IN_BOLD.match(text, place, stop) for place in (sentence.first, sentence.behind_marker))


def _goes_on(sentence: _Sentence, word: re.Match[str], begins: int) -> bool:
    """Whether the full stop after this word belongs to the word. `begins` is where the next word does."""
    text = sentence.text
    short = word[0].lower().lstrip("-–—*_'`")
    figure_follows = text[begins : begins + 1].isnumeric()
    following = _NEXT_WORD.match(text, begins)
    if short in PERHAPS:
        return figure_follows or following is None or following[0].lower() not in OPENERS
    if short in OPEN or (short.endswith("str") and len(short) > 4 and figure_follows):
        return True
    if short in BEFORE_FIGURES and figure_follows:
        return True
    if _is_after_figure(sentence, word.start()):  # a unit
        return False
    if _NO_VOWEL.fullmatch(_without_marks(short)) and not word[0].isupper():
        return True
    if re.fullmatch(r"(?:[^\W\d_]\.)*[^\W\d_]", short) and not _is_unspaced(short):
        return following is None or following[0].lower() not in OPENERS or len(short) == 1
    if short.isdecimal() and len(short) <= 2:
        return _is_ordinal(sentence, word.start(), following)
    return False


def _is_after_figure(sentence: _Sentence, place: int) -> bool:
    """Whether a figure stands before this place, in its line or at the end of the line before."""
    if place > sentence.begun and sentence.text[place - 1] == "\n":
        place -= 1
    place = sentence.before_blanks(place, " \u00a0\u202f")
    return place > sentence.begun and sentence.text[place - 1].isdecimal()


def _is_ordinal(sentence: _Sentence, place: int, following: re.Match[str] | None) -> bool:
    """Whether one or two figures at this place, with a full stop, are the number of a list item, a day or a place in an
    order.
    """
    text = sentence.text
    if place <= sentence.first or text[place - 1] == "\n":
        return True
    if following is None:
        return False
    blank = sentence.before_blanks(place)
    before = text[max(sentence.begun, blank - _LONGEST_BEFORE_ORDINAL - 2) : blank] if blank < place else ""
    return _MONTH.fullmatch(following[0]) is not None or _BEFORE_ORDINAL.search(before) is not None


def _without_marks(word: str) -> str:
    """The word without the marks of its letters: č as c."""
    return "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))


def _is_unspaced(letter: str) -> bool:
    return letter[0] > "\u2fff"
