"""The words by which languages say yes and no, deny, refuse to answer and name months.

Reads the YAML files in `languages/`, one for each language, and those in the folder that $BAKEOFF_LANGUAGES names: a
team adds words to a language, or a language, there. Gives sets of words and patterns. English is built into the rules.
Knows nothing about answers.
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from bakeoff.errors import ConfigError
from bakeoff.files.strict_yaml import read_mapping
from bakeoff.grading.normalise import fold
from bakeoff.writing.scripts import HAS_NO_BLANKS

FOLDER = Path(__file__).parent / "languages"
VARIABLE = "BAKEOFF_LANGUAGES"
SEE = f"fix the file, or take it out of the folder that {VARIABLE} names"
LISTS = (
    *("says_yes", "says_no", "denies_what_follows", "denies_next_word", "denies_what_precedes", "but", "refusals"),
    *("opens_condition", "closes_condition"),
)

ENGLISH_TOO = frozenset(("no", "ne", "not"))
"""Negations of other languages that are words or abbreviations in English texts."""


@dataclass(frozen=True)
class Languages:
    """The lists of all languages together, in folded lower case. `months` is the number (1 to 12) by name."""

    says_yes: frozenset[str]
    says_no: frozenset[str]
    denies_what_follows: frozenset[str]
    denies_next_word: frozenset[str]
    denies_what_precedes: frozenset[str]
    but: frozenset[str]
    refusals: frozenset[str]
    opens_condition: frozenset[str]
    closes_condition: frozenset[str]
    months: Mapping[str, int]


@lru_cache(maxsize=1)
def languages() -> Languages:
    """The lists of all languages. Raises ConfigError if a file cannot be read or has an unknown key or value."""
    own = os.environ.get(VARIABLE)
    own_files = sorted(Path(own).glob("*.yaml")) if own else []
    read = [_packaged(path) for path in sorted(FOLDER.glob("*.yaml"))]
    read += [_checked(path, read_mapping(path, SEE)) for path in own_files]
    months = {
        plain(name): number
        for mapping in read
        for number, names in enumerate(mapping.get("months", []), 1)
        for name in names
    }
    sets = {key: frozenset(plain(word) for mapping in read for word in mapping.get(key, [])) for key in LISTS}
    return Languages(months=months, **sets)


def plain(text: str) -> str:
    """The text folded, in lower case."""
    return fold(text).lower()


def any_of(words: Iterable[str]) -> str:
    """The pattern of any of these words, longest first. Words in scripts with blanks match as whole words only."""
    return "|".join(map(_whole, sorted(words, key=lambda word: (-len(word), word))))


class Phrases:
    """Phrases to look for in a text. Only those that begin with a word of the text are tried."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._unspaced = re.compile(any_of(phrase for phrase in phrases if HAS_NO_BLANKS.search(phrase)) or r"(?!)")
        self._by_first: dict[str, list[str]] = {}
        for phrase in phrases:
            if not HAS_NO_BLANKS.search(phrase):
                self._by_first.setdefault(re.findall(r"[\w']+", phrase)[0], []).append(phrase)

    def stand_in(self, text: str) -> bool:
        """Whether one of the phrases stands in the text (folded, in lower case)."""
        if HAS_NO_BLANKS.search(text) and self._unspaced.search(text):
            return True
        firsts = self._by_first.keys() & set(re.findall(r"[\w']+", text))
        return (
            bool(firsts) and re.search(any_of(p for first in firsts for p in self._by_first[first]), text) is not None
        )


def _whole(word: str) -> str:
    """A word's pattern. '...' stands for up to six words, or up to 15 letters in a script without blanks."""
    gap = r"[^.!?。]{0,15}?" if HAS_NO_BLANKS.search(word) else r"\s(?:[^\s.!?]+\s){0,6}?"
    pattern = gap.join(re.escape(part.strip()) for part in word.split("..."))
    return pattern if HAS_NO_BLANKS.search(word) else rf"(?<!\w){pattern}(?!\w)"


def _packaged(path: Path) -> Mapping[str, Sequence[str]]:
    """One of Bakeoff's own files, read by the fast parser where there is one. They are checked by a test."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), loader)  # type: ignore[no-any-return]


def _checked(path: Path, mapping: Mapping[str, object]) -> Mapping[str, Sequence[str]]:
    for key, value in mapping.items():
        if key not in (*LISTS, "months"):
            raise ConfigError(f"{path} has the unknown key {key!r}.", f"use one of {', '.join((*LISTS, 'months'))}")
        names = value if key != "months" else _months_of(path, value)
        if not isinstance(names, list) or not all(isinstance(name, str) and name.strip() for name in names):
            raise ConfigError(f"{path}: {key} is not a list of words.", f'write {key}: ["one", "two"]')
    return mapping  # type: ignore[return-value]


def _months_of(path: Path, value: object) -> list[object]:
    """All names of months in one list. Raises ConfigError if there are not 12 lists of names, or none."""
    if not isinstance(value, list) or len(value) not in (0, 12) or not all(isinstance(names, list) for names in value):
        raise ConfigError(f"{path}: months is not a list of 12 lists of names.", 'write "months: []" or 12 lists')
    return [name for names in value for name in names]
