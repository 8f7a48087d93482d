"""A uniformly random sample of distinct questions, in bounded memory, the same for the same questions in any order.

Takes questions with a key, gives at most `size` of them: those whose keyed hashes are the smallest. A question that is
asked again counts once, so that one person who asks a thousand times moves nothing. Knows no log.

Source: bottom-k sketches, Cohen and Kaplan 2007, doi:10.1145/1281100.1281133.
"""

import hashlib
import heapq
from collections.abc import Iterator
from dataclasses import dataclass

SIZE = 1000
"""Distinct questions of a week that are kept."""


@dataclass
class Asked:
    """A question as it was asked first. `score` is that of the best passage, None without passages.

    `text` is None where the log keeps no texts, or the question is too old to be shown.
    """

    score: float | None
    declined: bool
    text: str | None = None
    n: int = 1


class Sample:
    """At most `size` different questions, and how often each was asked: those whose words have the smallest hashes."""

    def __init__(self, size: int = SIZE) -> None:
        self._size = size
        self._kept: dict[int, Asked] = {}
        self._largest: list[int] = []  # a heap of negated hashes

    def add(self, key: str, asked: Asked) -> None:
        """Counts a question. The key is the same for the same words."""
        place = int.from_bytes(hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=8).digest(), "big")
        if place in self._kept:
            self._kept[place].n += 1
        elif len(self._kept) < self._size:
            self._kept[place] = asked
            heapq.heappush(self._largest, -place)
        elif place < -self._largest[0]:
            del self._kept[-heapq.heapreplace(self._largest, -place)]
            self._kept[place] = asked

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Asked]:
        """The questions, always in the same order."""
        return (self._kept[place] for place in sorted(self._kept))

    def forget_texts(self) -> None:
        for asked in self._kept.values():
            asked.text = None
