"""Chance that depends on a seed and on names only, so that a question added later moves few others."""

import hashlib
from collections.abc import Iterable


class Draw:
    """Orders of chance from one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def order(self, names: Iterable[str], purpose: str) -> list[str]:
        """The names in an order of chance; the same for the same purpose, whatever order they come in."""
        return sorted(names, key=lambda name: hashlib.sha256(f"{self._seed}/{purpose}/{name}".encode()).digest())
