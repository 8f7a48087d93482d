"""Random orders that depend only on a seed and on names, so that adding a question later moves few others."""

import hashlib
from collections.abc import Iterable


class Draw:
    """Random orders from one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def order(self, names: Iterable[str], purpose: str) -> list[str]:
        """The names in a random order. It is the same for the same purpose, whatever order they are given in."""
        return sorted(names, key=lambda name: hashlib.sha256(f"{self._seed}/{purpose}/{name}".encode()).digest())
