"""Whether a question needs what was said before, by its words; and replies to thanks and greetings.

Takes a text, gives yes or no, or a reply. Knows the languages of `languages.toml`; a text in another language is never
said to need anything. Knows no conversation.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from importlib.resources import files
from itertools import groupby
from typing import Annotated

from pydantic import BeforeValidator

from bakeoff.records import Record

OPENING_WORDS = 8
"""A question that opens with a word such as "and" is a follow-up if it has at most this many words."""
FRAGMENT_WORDS, SHORT_FRAGMENT_WORDS = 5, 3
"""The most words of a follow-up without a verb: with a preposition first ("for students?"), and else ("what size?")."""
COURTESY_WORDS = 6
"""The most words of a text that is only thanks or a greeting."""
MOST_CHARACTERS = 500
"""A longer text says enough for a question."""

_WORD = re.compile(r"\w+")
_BREAK = re.compile(r"[.,;:?!¿¡()&\n–—…。？！，]|(?<=\s)-(?=\s)")


Words = Annotated[frozenset[str], BeforeValidator(lambda value: value.split() if isinstance(value, str) else value)]
Patterns = tuple[str, ...]


class Language(Record):
    """What the rule knows of one language; `languages.toml` explains the fields."""

    function: Words
    questions: Words = frozenset()
    verbs: Words = frozenset()
    prepositions: Words = frozenset()
    subjects: Words = frozenset()
    persons: Words = frozenset()
    clauses: Words = frozenset()
    openings: Patterns = ()
    pronouns: Patterns = ()
    possessives: Patterns = ()
    bare: Patterns = ()
    after_function: Patterns = ()
    empty: Patterns = ()
    formal: Words = frozenset()
    partners: Words = frozenset()
    infinitive: str = ""
    drops_subject: bool = False
    thanks: Patterns = ()
    greetings: Patterns = ()
    welcome: str = ""
    hello: str = ""

    @cached_property
    def naming_nothing(self) -> frozenset[str]:
        """All words of the language that name nothing."""
        listed = (*self.openings, *self.pronouns, *self.possessives, *self.bare, *self.after_function)
        words = (
            self.function,
            self.questions,
            self.verbs,
            self.prepositions,
            self.subjects,
            self.persons,
            self.clauses,
        )
        return frozenset().union(*words, (word for word in listed if _WORD.fullmatch(word)))


@cache
def languages() -> dict[str, Language]:
    """The languages by their codes."""
    tables = tomllib.loads((files("bakeoff.serve") / "languages.toml").read_text(encoding="utf-8"))
    return {code: Language.model_validate(table) for code, table in tables.items()}


class _Reading:
    """A text in the words of one language.

    `words` are in lower case. `clause` is the number of each word's clause. `names` says whether a word is none of the
    language's function words, so that a pronoun may stand for it.
    """

    def __init__(self, text: str, language: Language) -> None:
        self.language = language
        found = [(match.group(), match.start()) for match in _WORD.finditer(text)]
        breaks = [match.start() for match in _BREAK.finditer(text)]
        self._written = [word for word, _ in found]
        self.words = [word.casefold() for word, _ in found]
        self.has_capital = [word[0].isupper() for word, _ in found]
        self.clause = list(_clauses(self.words, [place for _, place in found], breaks, language.clauses))
        self.names = [word not in language.naming_nothing for word in self.words]
        for place, word in enumerate(self.words[:-1]):
            if word in language.subjects:
                self.names[place + 1] = False
        self._line = " ".join(self.words)
        starts = [0]
        for word in self.words:
            starts.append(starts[-1] + len(word) + 1)
        self._places = {start: place for place, start in enumerate(starts)}

    def spans(self, patterns: Iterable[str]) -> Iterator[tuple[int, int]]:
        """The words that match one of these patterns: the first one, and the one after the last."""
        alternatives = "|".join(patterns)
        if not alternatives:
            return
        for match in re.finditer(rf"(?<!\S)(?:{alternatives})(?!\S)", self._line):
            yield self._places[match.start()], self._places[match.end() + 1]

    @property
    def refers_back(self) -> bool:
        return self._is_fragment or self._opens_as_follow_up or self._has_open_pronoun

    @property
    def lacks_only_a_name(self) -> bool:
        return self._has_open_pronoun and not self._opens_as_follow_up

    @property
    def speaks_of_its_names(self) -> bool:
        """Whether no name is only a place, a time or the like: one that follows a preposition, as in "to Ireland"."""
        places = [place for place in range(1, len(self.words)) if self._is_in_a_name(place)]
        return not any(self.words[place - 1] in self.language.prepositions for place in places)

    @property
    def named(self) -> Iterator[str]:
        """The names, each of one or more words, as they were written."""
        places = [place for place in range(len(self.words)) if self._is_in_a_name(place)]
        for _, run in groupby(enumerate(places), key=lambda item: (item[1] - item[0], self.clause[item[1]])):
            yield " ".join(self._written[place] for _, place in run)

    @property
    def _is_fragment(self) -> bool:
        """Whether it says too little for a question: "why?", "for students?", "what size?"."""
        language, words = self.language, self.words
        named = sum(self.names)
        has_verb = any(word in language.verbs for word in words)
        if named == 0:
            return not any(word in language.persons | language.subjects for word in words)
        if has_verb:
            opens = words[0] in language.verbs and language.drops_subject
            return opens and named == 1 and len(words) <= SHORT_FRAGMENT_WORDS
        if words[0] in language.prepositions:
            asks = any(word in language.questions for word in words)
            return not asks and len(words) <= FRAGMENT_WORDS
        return words[0] in language.questions and named == 1 and len(words) <= SHORT_FRAGMENT_WORDS

    @property
    def _opens_as_follow_up(self) -> bool:
        opens = any(first == 0 for first, _ in self.spans(self.language.openings))
        return opens and len(self.words) <= OPENING_WORDS

    @property
    def _has_open_pronoun(self) -> bool:
        """Whether it has a pronoun, and nothing in it that the pronoun may stand for."""
        language = self.language
        empty = {place for first, after in self.spans(language.empty) for place in range(first, after)}
        for kind in ("possessives", "pronouns", "bare", "after_function"):
            for first, after in self.spans(getattr(language, kind)):
                is_formal = self.has_capital[first] and self.words[first] in language.formal
                if first not in empty and not is_formal and self._is_open(kind, first, after):
                    return True
        return False

    def _is_open(self, kind: str, first: int, after: int) -> bool:
        if kind == "possessives":
            return not any(self.names[:first])
        if (
            kind == "bare"
            and after < len(self.words)
            and self.clause[after] == self.clause[first]
            and self.names[after]
        ):
            return False
        if (
            kind == "after_function"
            and first > 0
            and self.clause[first - 1] == self.clause[first]
            and self.names[first - 1]
        ):
            return False
        earlier = [place for place in range(first) if self.clause[place] < self.clause[first]]
        return not any(self.names[place] for place in earlier) and not self._stands_for_a_name(first)

    def _stands_for_a_name(self, first: int) -> bool:
        """Whether it is one with a name in its own clause: "how long do I press the Tide to reset it?"."""
        language = self.language
        if not language.infinitive or not any(self._is_name(place) for place in range(1, first)):
            return False
        before = self.words[max(0, first - 3) : first]
        if before[-1] in language.prepositions | language.partners:
            return before[-1] not in language.partners
        return language.infinitive in before

    def _is_name(self, place: int) -> bool:
        word = self.words[place]
        return self.names[place] and (self.has_capital[place] or any(map(str.isdigit, word)))

    def _is_in_a_name(self, place: int) -> bool:
        """Whether it is a word with a capital that does not open the text, a "B2", or a word of "hearth 2"."""
        word, last = self.words[place], len(self.words) - 1
        before_number = place < last and self.words[place + 1].isdigit() and self.names[place]
        if word.isdigit():
            return place > 0 and self.names[place - 1]
        if place == 0 and not before_number:
            return last > 0 and self._is_name(0) and self._is_name(1)
        return self._is_name(place) or before_number


def refers_back(text: str) -> bool:
    """Whether a question needs what was said before.

    It does if it says too little alone ("for students?"), if it opens as a follow-up ("what about ...") and is short,
    or if it has a pronoun and nothing before it that the pronoun can stand for. A text of more than MOST_CHARACTERS
    never does.

    >>> refers_back("How long does it last?"), refers_back("Does the Hearth 2 keep its settings?")
    (True, False)
    """
    text = _without_courtesies(text) if len(text) <= MOST_CHARACTERS else ""
    language = language_of(text)
    return language is not None and _Reading(text, language).refers_back


def lacks_only_a_name(text: str) -> bool:
    """Whether a question that refers back is whole but for a pronoun: "how long does it last?".

    >>> lacks_only_a_name("How long does it last?"), lacks_only_a_name("And for the sensor?")
    (True, False)
    """
    text = _without_courtesies(text)
    language = language_of(text)
    return language is not None and _Reading(text, language).lacks_only_a_name


def speaks_of_its_names(text: str) -> bool:
    """Whether a question is about what it names, and can be stood for by its names.

    >>> speaks_of_its_names("Does the Tide Valve need a hub?"), speaks_of_its_names("How long is delivery to Ireland?")
    (True, False)
    """
    text = text[:MOST_CHARACTERS]
    return _Reading(text, language_of(text) or languages()["en"]).speaks_of_its_names and not refers_back(text)


def names_in(text: str) -> list[str]:
    """The names in a text, each once: words with a capital or a digit (in German, all nouns).

    >>> names_in("How long is the Tide Valve under warranty, and the hearth 2?")
    ['Tide Valve', 'hearth 2']
    """
    text = text[:MOST_CHARACTERS]
    return list(dict.fromkeys(_Reading(text, language_of(text) or languages()["en"]).named))


def language_of(text: str) -> Language | None:
    """The language with most of the text's words among its function words; None if none has any."""
    words = [word.casefold() for word in _WORD.findall(text)]
    known = {code: sum(word in language.naming_nothing for word in words) for code, language in languages().items()}
    best = max(known, key=lambda code: known[code])
    return languages()[best] if known[best] else None


def courtesy_reply(text: str) -> str | None:
    """The reply to a text that is only thanks or a greeting; None for any other.

    >>> courtesy_reply("ok, thanks!"), courtesy_reply("Thanks. And the sensor?")
    ("You're welcome.", None)
    """
    words = _WORD.findall(text[:MOST_CHARACTERS])
    if len(text) > MOST_CHARACTERS or not words or len(words) > COURTESY_WORDS:
        return None
    line = " ".join(words).casefold()
    for language in languages().values():
        for phrases, reply in ((language.greetings, language.hello), (language.thanks, language.welcome)):
            if phrases and re.fullmatch(_one_of([*language.greetings, *phrases]), line):
                return reply
    return None


def _without_courtesies(text: str) -> str:
    """The text without greetings and thanks at its beginning, if something follows them."""
    for head in _BREAK.finditer(text):
        before = text[: head.start()]
        if not _WORD.search(before):
            continue
        if courtesy_reply(before) is None or not _WORD.search(text, head.end()):
            return text
        return _without_courtesies(text[head.end() :])
    return text


def _one_of(phrases: Iterable[str]) -> str:
    """A pattern for one or more of these phrases, separated by blanks."""
    alternatives = "|".join(sorted(phrases, key=len, reverse=True))
    return rf"(?:(?:{alternatives})(?: |$))+"


def _clauses(words: list[str], places: list[int], breaks: list[int], opening: frozenset[str]) -> Iterator[int]:
    """The number of each word's clause. A clause ends at a mark of punctuation and before a word that opens one."""
    number, waiting = 0, list(reversed(breaks))
    for word, place in zip(words, places, strict=True):
        passed = False
        while waiting and waiting[-1] < place:
            waiting.pop()
            passed = True
        number += passed or word in opening
        yield number
