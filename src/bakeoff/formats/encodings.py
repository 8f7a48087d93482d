"""Finds the encoding of a text file: what the bytes say, what the file declares, and only then a guess.

Takes bytes, gives a text with the name of its encoding, and whether that was guessed. Knows no format.
"""

import re
from typing import NamedTuple

_MARKS = (
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
MARKS = tuple(mark for mark, _ in _MARKS)
WESTERN = "cp1252"
# What browsers read under a name: programs write these larger encodings and declare the smaller ones.
_MEANT = {
    **dict.fromkeys(("ascii", "us-ascii", "iso-8859-1", "iso8859-1", "latin1", "latin-1"), WESTERN),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis"), "cp932"),
    **dict.fromkeys(("gb2312", "gbk", "x-gbk"), "gb18030"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987"), "cp949"),
}
_ISO_2022_JP = re.compile(rb"\x1b\$[@B].*\x1b\([BJ]", re.DOTALL)  # it switches to Japanese and back
# Encodings of DOS, Mac and mainframes that a detector names for a few signs such as "£" in a Western text.
_RARE = re.compile(r"mac|cp(?!9|874)\d{3}$|ibm|cp1006|cp11\d\d|koi8-t|hp|hz|johab|kz|ptcp|tis", re.IGNORECASE)
_ISO = re.compile(r"iso-?8859-(?:3|4|10|13|14|16)$")
_OTHER_SCRIPT = re.compile(r"koi8|windows-125[1356]|cp125[1356]|iso-?8859-[5678]$|cp874|cp9\d\d|gb|big5|euc|shift")
_CONTROL = re.compile("[\x80-\x9f]")
CENTRAL = "windows-1250"
_CENTRAL_LETTERS = "ÁÂĂÄÇÉËÍÎÓÔÖÚÜÝáâăäçéëíîóôöúüýßĄąĆćČčĎďĐđĘęĚěĹĺĽľŁłŃńŇňŐőŔŕŘřŚśŠšŞşŤťŢţŮůŰűŹźŻżŽž"
_WESTERN_LETTERS = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿŒœŠšŽžŸðþÐÞ"
_WESTERN_SIGNS = "€£¥§©®™°±²³¹ºª½¼¾×÷µ¿¡«»‹›“”„‘’‚–—…•·†‡´¨¢¤\xa0"
_RUN = re.compile(r"[^\x00-\x7f]{3,}")
_SIGN_IN_WORD = re.compile(rf"[^\W\d_][{re.escape(_WESTERN_SIGNS.replace('’', '').replace('·', ''))}][^\W\d_]")


class Decoded(NamedTuple):
    """A text and the encoding it was read in: empty for plain UTF-8. `guessed` if nothing in the file said so."""

    text: str
    encoding: str = ""
    guessed: bool = False


def decoded(content: bytes, declared: str = "") -> Decoded:
    """The text. Tried in order: the byte order mark, UTF-8, the declared encoding, a guess from the bytes.

    If most non-ASCII characters are valid UTF-8, broken bytes become U+FFFD.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return Decoded(content.decode(encoding, errors="replace"), "" if encoding == "utf-8-sig" else encoding)
    if _ISO_2022_JP.search(content):
        return Decoded(content.decode("iso2022_jp", errors="replace"), "iso2022_jp")
    try:
        return Decoded(content.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    if declared and declared not in ("utf-8", "utf8"):
        try:
            return Decoded(content.decode(_MEANT.get(declared.lower(), declared)), declared)
        except (LookupError, UnicodeDecodeError):
            pass
    text = content.decode("utf-8", errors="replace")
    n_broken = text.count("\ufffd")
    if sum(character > "\x7f" for character in text) - n_broken > n_broken:
        return Decoded(text, f"utf-8 with {n_broken} broken places")
    return _guessed(content)


def _guessed(content: bytes) -> Decoded:
    """The text in the encoding that a detector names, unless that is unlikely and another one fits."""
    import chardet

    western = content.decode(WESTERN, errors="replace")
    named = (chardet.detect(content)["encoding"] or WESTERN).lower()
    if named in ("iso-8859-1", "ascii") or (_is_doubtful(named, western) and _looks_western(western)):
        euro = "iso8859-15" if "\xa4" in western else WESTERN
        return Decoded(content.decode(euro, errors="replace"), euro, guessed=True)
    for encoding in dict.fromkeys((named, CENTRAL) if _RARE.match(named) is None else (CENTRAL, named)):
        try:
            text = content.decode(encoding)
        except (LookupError, UnicodeDecodeError):
            continue
        if not _CONTROL.search(text) and (encoding != CENTRAL or named == CENTRAL or _looks_central(text)):
            return Decoded(text, encoding, guessed=True)
    try:
        return Decoded(content.decode(named), named, guessed=True)
    except (LookupError, UnicodeDecodeError):
        return Decoded(western, WESTERN, guessed=True)


def _is_doubtful(named: str, western: str) -> bool:
    """Whether the encoding is rare, has signs where Windows has letters, or is of another script than most letters."""
    if _RARE.match(named) or _ISO.match(named):
        return True
    n_letters = sum(map(str.isalpha, western))
    n_beyond = sum(character > "\x7f" for character in western)
    return _OTHER_SCRIPT.match(named) is not None and 5 * n_beyond <= max(n_letters, 5)


def _looks_central(text: str) -> bool:
    """Whether the letters beyond ASCII are those of Central European languages, and stand among ASCII ones."""
    letters = [character for character in text if character.isalpha()]
    beyond = [character for character in letters if character > "\x7f"]
    return 2 * len(beyond) <= len(letters) and {*beyond} <= {*_CENTRAL_LETTERS}


def _looks_western(text: str) -> bool:
    """Whether the signs beyond ASCII are those of Western languages, and stand where those have them."""
    beyond = {character for character in text if character > "\x7f"}
    return (
        beyond <= {*_WESTERN_LETTERS, *_WESTERN_SIGNS}
        and not any(any(letter in _WESTERN_LETTERS for letter in run) for run in _RUN.findall(text))
        and not _SIGN_IN_WORD.search(text)
    )
