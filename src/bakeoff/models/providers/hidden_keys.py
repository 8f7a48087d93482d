"""Takes an API key out of all that a server sends: replies, streams and errors.

Takes texts and a key. A server may write each character of the key as it is, or as JSON (`\\u002B`, `\\/`), HTML
(`&#43;`) or a URL (`%2B`) would, and servers differ in which of them they choose. So what is looked for is not a list
of spellings of the key, but each character in any of its own.
"""

import html
import re
from collections.abc import Iterator
from functools import lru_cache

from bakeoff.records import Completion

HIDDEN = "[key hidden]"
SHORTEST_SECRET = 8
"""Shorter keys are placeholders for servers that want none ('EMPTY', 'ollama'), and words that an answer may hold.

Errors hide them wherever they stand, answers only behind the word Bearer.
"""
SHORTEST_PART = 4
"""So much of a key is taken out of an error where its text was cut off within the key."""


def without_key(text: str, key: str, in_error: bool = False) -> str:
    """The text with every copy of the key replaced, however JSON, HTML or a URL would write its characters.

    A key shorter than SHORTEST_SECRET is replaced in all of an error, in anything else only behind 'Bearer'. Of an
    error, a part of the key at its end goes, too: servers' words are cut off.
    """
    if not key:
        return text
    if len(key) < SHORTEST_SECRET and not in_error:
        return re.sub(rf"Bearer {_pattern(key).pattern}", f"Bearer {HIDDEN}", text)
    text = _pattern(key).sub(HIDDEN, text)
    if in_error:
        at, n_characters = _begun(text, key)
        text = text[:at] + HIDDEN if n_characters >= SHORTEST_PART else text
    return text


def stream_without_key(stream: Iterator[str | Completion], key: str) -> Iterator[str | Completion]:
    """The pieces of an answer, and the answer, without the key. What may be its beginning waits for the next piece."""
    if len(key) < SHORTEST_SECRET:
        yield from stream
        return
    held = ""
    for item in stream:
        if isinstance(item, str):
            held = without_key(held + item, key)
            at, _ = _begun(held, key)
            if at:
                yield held[:at]
            held = held[at:]
        else:
            if held:
                yield held
            held = ""
            yield item.model_copy(update={"text": without_key(item.text, key)})
    if held:
        yield held


@lru_cache(64)
def _spellings(character: str) -> tuple[str, ...]:
    """How a character of a key may be written, in lower case, the long ones first."""
    code = ord(character)
    escapes = [f"\\u{code:04x}", f"\\\\u{code:04x}", f"&#{code};", f"&#{code:03};", f"&#x{code:x};", f"%{code:02x}"]
    named = [html.escape(character)] if html.escape(character) != character else []
    named += ["&apos;"] if character == "'" else []
    short = [f"\\{character}", f"\\\\{character}"] if character in '"/\\' else []
    return tuple(sorted({*escapes, *named, *short}, key=len, reverse=True))


@lru_cache(64)
def _pattern(key: str) -> re.Pattern[str]:
    """Finds the key in any spelling of its characters."""
    each = ["|".join([*(f"(?i:{re.escape(one)})" for one in _spellings(c)), re.escape(c)]) for c in key]
    return re.compile("".join(f"(?:{one})" for one in each))


def _begun(text: str, key: str) -> tuple[int, int]:
    """Where the text ends with a beginning of the key, and how many whole characters of it that is; its length and 0
    if it does not.
    """
    longest = sum(max(len(one) for one in (*_spellings(c), c)) for c in key)
    for at in range(max(0, len(text) - longest), len(text)):
        n = _characters_from(text, at, key)
        if n is not None:
            return at, n
    return len(text), 0


def _characters_from(text: str, at: int, key: str) -> int | None:
    """How many characters of the key stand from there to the end of the text; None if something else does."""
    for n, character in enumerate(key):
        rest = text[at : at + 16]
        if not rest:
            return n
        low = rest.lower()
        written = next((one for one in _spellings(character) if low.startswith(one)), "")
        if not written and rest[0] == character:
            written = character
        if not written:
            return (
                n if at + len(rest) == len(text) and any(one.startswith(low) for one in _spellings(character)) else None
            )
        at += len(written)
    return None
