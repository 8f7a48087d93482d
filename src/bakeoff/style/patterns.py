"""Regular expressions whose time is bounded: steps are at most the length of the text times that of the pattern.

Takes a pattern, gives whether a text holds a match. Python's `re` can take years for `(a+)+b`; here all ways to match
are followed at once. So what refers to an earlier match, or looks ahead or behind, is not possible and is refused.
Knows nothing about rules.
Source: Thompson 1968, Regular Expression Search Algorithm; Pike's virtual machine as described by Cox 2009,
https://swtch.com/~rsc/regexp/regexp2.html.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

LONGEST, DEEPEST, MOST_STEPS = 300, 20, 1000
"""The most characters of a pattern, groups within one another, and steps it is translated to."""
_COUNT = re.compile(r"\{(\d{1,4})(?:(,)(\d{1,4})?)?\}")
_ONE_CHARACTER = frozenset("dDwWsS")
_SIGNS = {"n": "\n", "t": "\t", "r": "\r"}

Kind = Literal["character", "either", "at", "matched"]


class PatternError(ValueError):
    """A pattern that is broken, too large, or holds what is not possible here."""


@dataclass
class _Step:
    """One step of a translated pattern. `either` goes on at both of `to`; `at` goes on if the place is of this kind."""

    kind: Kind
    character: Callable[[str], object] | None = None
    at: str = ""
    to: list[int] = field(default_factory=list)


Part = Callable[["_Program"], None]
"""Appends the steps of one part of a pattern to a program."""


class _Program:
    def __init__(self) -> None:
        self.steps: list[_Step] = []

    def add(self, step: _Step) -> _Step:
        if len(self.steps) >= MOST_STEPS:
            raise PatternError(f"it is too large (more than {MOST_STEPS} steps): write smaller counts")
        self.steps.append(step)
        return step

    @property
    def end(self) -> int:
        return len(self.steps)


class Pattern:
    """A translated pattern. Raises PatternError if it is broken, too large, or not possible here.

    >>> Pattern(r"\\[\\d+\\]").found_in("24 months [1]"), Pattern("(a+)+b").found_in("a" * 500)
    (True, False)
    """

    def __init__(self, source: str, case: bool = True) -> None:
        if len(source) > LONGEST:
            raise PatternError(f"it has {len(source)} characters: at most {LONGEST} are allowed")
        program = _Program()
        _Reader(source, re.NOFLAG if case else re.IGNORECASE).whole()(program)
        program.add(_Step("matched"))
        self._steps = program.steps

    def found_in(self, text: str) -> bool:
        """Whether any part of the text matches."""
        reached: set[int] = set()
        for place in range(len(text) + 1):
            if self._follow(0, reached, text, place):
                return True
            reached = self._after(reached, text, place) if place < len(text) else set()
            if reached is _FOUND:
                return True
        return False

    def _after(self, reached: set[int], text: str, place: int) -> set[int]:
        """The steps reached once this character is read; `_FOUND` if the last one is among them."""
        following: set[int] = set()
        for number in reached:
            test = self._steps[number].character
            if test is not None and test(text[place]) and self._follow(number + 1, following, text, place + 1):
                return _FOUND
        return following

    def _follow(self, number: int, reached: set[int], text: str, place: int) -> bool:
        """Adds this step, and those that it leads to without reading a character. Whether the last one is reached."""
        pending = [number]
        while pending:
            number = pending.pop()
            if number in reached:
                continue
            reached.add(number)
            step = self._steps[number]
            if step.kind == "matched":
                return True
            if step.kind == "either":
                pending += step.to
            elif step.kind == "at" and _is_at(step.at, text, place):
                pending.append(number + 1)
        return False


_FOUND: set[int] = set()


def _is_at(kind: str, text: str, place: int) -> bool:
    if kind == "^":
        return place == 0
    if kind == "$":
        return place == len(text) or (place == len(text) - 1 and text[place] == "\n")
    before = place > 0 and _is_of_word(text[place - 1])
    after = place < len(text) and _is_of_word(text[place])
    return (before != after) == (kind == "b")


def _is_of_word(character: str) -> bool:
    return character.isalnum() or character == "_"


class _Reader:
    """Reads a pattern from left to right. Single characters and sets of them are left to `re`."""

    def __init__(self, source: str, flags: re.RegexFlag) -> None:
        self._source, self._flags = source, flags
        self._place = self._depth = 0

    def whole(self) -> Part:
        part = self._choice()
        if self._place < len(self._source):
            raise PatternError(f"')' at character {self._place + 1} closes no group")
        return part

    def _peek(self) -> str:
        return self._source[self._place : self._place + 1]

    def _choice(self) -> Part:
        parts = [self._sequence()]
        while self._peek() == "|":
            self._place += 1
            parts.append(self._sequence())
        return _one_of(parts)

    def _sequence(self) -> Part:
        parts = []
        while self._peek() and self._peek() not in "|)":
            parts.append(self._repeated())
        return _in_turn(parts)

    def _repeated(self) -> Part:
        part, counts = self._single(), self._counts()
        if counts is None:
            return part
        if self._peek() == "?":  # the shortest match: whether there is one is the same
            self._place += 1
        if (self._peek() and self._peek() in "*+") or self._counts():
            raise PatternError(f"two counts follow one another at character {self._place}")
        return _times(part, *counts)

    def _counts(self) -> tuple[int, int | None] | None:
        sign, simple = self._peek(), {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if sign in simple:
            self._place += 1
            return simple[sign]
        match = _COUNT.match(self._source, self._place)
        if match is None:
            return None
        self._place = match.end()
        least = int(match[1])
        most = least if not match[2] else int(match[3]) if match[3] else None
        if most is not None and most < least:
            raise PatternError(f"'{match[0]}' counts from {least} to {most}")
        return least, most

    def _single(self) -> Part:
        start, sign = self._place, self._peek()
        self._place += 1
        if sign == "(":
            return self._group()
        if sign in "*+?":
            raise PatternError(f"'{sign}' at character {start + 1} repeats nothing")
        if sign in "^$":
            return _at(sign)
        if sign == "\\":
            return self._escaped()
        if sign == "[":
            return self._set(start)
        return self._character("." if sign == "." else re.escape(sign))

    def _group(self) -> Part:
        if self._peek() == "?" and not self._source.startswith("?:", self._place):
            raise PatternError(
                f"'({self._source[self._place : self._place + 3]}' is not possible: only (...) and (?:...)"
            )
        self._place += 2 if self._peek() == "?" else 0
        self._depth += 1
        if self._depth > DEEPEST:
            raise PatternError(f"more than {DEEPEST} groups are within one another")
        part = self._choice()
        if self._peek() != ")":
            raise PatternError("a group '(' is not closed")
        self._place += 1
        self._depth -= 1
        return part

    def _escaped(self) -> Part:
        sign = self._peek()
        self._place += 1
        if not sign:
            raise PatternError("it ends with a single backslash")
        if sign in "bB":
            return _at(sign)
        if sign in _ONE_CHARACTER:
            return self._character(f"\\{sign}")
        if sign in _SIGNS:
            return self._character(re.escape(_SIGNS[sign]))
        if sign.isascii() and sign.isalnum():
            raise PatternError(
                f"'\\{sign}' is not possible: only \\d \\w \\s \\b, their opposites, \\n \\t \\r and signs"
            )
        return self._character(re.escape(sign))

    def _set(self, start: int) -> Part:
        """A set of characters such as [a-z]; a ']' that stands first belongs to it."""
        self._place += self._peek() == "^"
        self._place += self._peek() == "]"
        while self._peek() and self._peek() != "]":
            self._place += 2 if self._peek() == "\\" else 1
        if not self._peek():
            raise PatternError(f"'[' at character {start + 1} is not closed")
        self._place += 1
        return self._character(self._source[start : self._place])

    def _character(self, source: str) -> Part:
        try:
            test = re.compile(source, self._flags).fullmatch
        except re.error as error:
            raise PatternError(f"'{source}' is broken: {error.msg}") from error

        def part(program: _Program) -> None:
            program.add(_Step("character", character=test))

        return part


def _at(kind: str) -> Part:
    def part(program: _Program) -> None:
        program.add(_Step("at", at=kind))

    return part


def _in_turn(parts: list[Part]) -> Part:
    def part(program: _Program) -> None:
        for inner in parts:
            inner(program)

    return part


def _one_of(parts: list[Part]) -> Part:
    if len(parts) == 1:
        return parts[0]

    def part(program: _Program) -> None:
        leaving = []
        for inner in parts[:-1]:
            split = program.add(_Step("either"))
            split.to.append(program.end)
            inner(program)
            leaving.append(program.add(_Step("either")))
            split.to.append(program.end)
        parts[-1](program)
        for step in leaving:
            step.to.append(program.end)

    return part


def _times(inner: Part, least: int, most: int | None) -> Part:
    def part(program: _Program) -> None:
        for _ in range(least):
            before = program.end
            inner(program)
            if program.end == before:  # an empty group, however often it is repeated
                return
        if most is None:
            split = program.add(_Step("either"))
            at = program.end - 1
            split.to.append(program.end)
            inner(program)
            program.add(_Step("either", to=[at]))
            split.to.append(program.end)
            return
        splits = []
        for _ in range(most - least):
            split = program.add(_Step("either"))
            split.to.append(program.end)
            splits.append(split)
            inner(program)
        for split in splits:
            split.to.append(program.end)

    return part
