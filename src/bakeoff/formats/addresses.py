"""The address to say after the words of a link, and the words of a picture, wherever they stand.

Takes strings. Knows no format.
"""

import re
from urllib.parse import unquote, urlsplit

from bakeoff.formats import markup

_MOST_SAID = 40  # characters of an address that a person would say
_ADDRESS = re.compile(r"(?:mailto|tel|sms):", re.IGNORECASE)
_POINTING_NAMES = """
    here|click here|this|this link|this page|link|page|website|web site|site|online|portal|form|this form|more|
    read more|learn more|details|hier|ici|aquí|qui
"""
_POINTING = frozenset(re.sub(r"\s*\n\s*", "", _POINTING_NAMES).split("|"))
_FILE = re.compile(r"[^\s]+\.(?:png|jpe?g|gif|svg|webp|bmp|ico|emf|wmf)", re.IGNORECASE)
_SAYS_NOTHING = frozenset(
    ["logo", "icon", "image", "img", "photo", "picture", "avatar", "screenshot", "thumbnail", "placeholder", "spacer"]
)
_BY_MACHINE = re.compile(
    r"(?:description )?automatically generated|AI-generated|AI 生成|^(?:a|an) (?:picture|close|screen)", re.IGNORECASE
)


def said_address(target: str, words: str) -> str:
    """A mail address or number, or a web address that people say aloud or that the words only point at.

    Empty if the words hold it, or for any other address.

    >>> said_address("mailto:help@shop.example", "Write to us"), said_address("https://shop.example/a?b=1", "our terms")
    ('help@shop.example', '')
    """
    target = target.strip()
    if ":" not in target:
        return ""
    if _ADDRESS.match(target):
        address = unquote(target.partition(":")[2].partition("?")[0]).strip()
        plain = re.sub(r"[\s().-]", "", words).casefold()
        return "" if re.sub(r"[\s().-]", "", address).casefold() in plain else address
    if not target.lower().startswith(("http://", "https://")) or not words:
        return ""
    try:
        parts = urlsplit(target)
    except ValueError:
        return ""
    place = re.sub(r"^www\.", "", parts.netloc) + parts.path.rstrip("/")
    is_said = not parts.query and not parts.fragment and place.count("/") <= 1 and len(place) <= _MOST_SAID
    if place.casefold() in words.casefold() or not (is_said or words.casefold().strip(" .:>»→") in _POINTING):
        return ""
    return place if is_said else target


def picture_words(alternative: str) -> str:
    """What the alternative text of a picture says. Empty for the name of a file, and if it says only what it is."""
    words = markup.one_line(markup.clean(alternative))
    if not words or _FILE.fullmatch(words) or _BY_MACHINE.search(words):
        return ""
    return "" if words.casefold().rsplit(" ", 1)[-1] in _SAYS_NOTHING else words
