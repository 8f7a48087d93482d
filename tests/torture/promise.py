"""A promise, and a trial of it: what is promised, the figure, and the function that tries it.

A trial gets a folder of its own, a seed and whether it is the short form. It gives what it saw, kept or not. It raises
only if it could not be carried out.
"""

import random
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class Trial(NamedTuple):
    """How a promise is tried: where, with which seed, and in full or in short."""

    folder: Path
    seed: int
    is_short: bool

    def times(self, full: int, short: int) -> int:
        """How often something is done."""
        return short if self.is_short else full

    def chance(self) -> random.Random:
        return random.Random(self.seed)


class Seen(NamedTuple):
    """What a trial saw: in words, with the figures; each way in which the promise was broken; and what of it could not
    be tried here, with the reason. What was not tried was not kept, either.
    """

    figures: str
    broken: tuple[str, ...] = ()
    untried: str = ""

    @property
    def kept(self) -> str:
        """In a word, for the table."""
        return "**no**" if self.broken else "not tried in whole" if self.untried else "yes"


class Promise(NamedTuple):
    """One of the promises, by its number."""

    number: int
    promised: str
    figure: str
    trial: Callable[[Trial], Seen]
