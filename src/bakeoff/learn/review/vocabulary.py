"""Which documents hold which words, to see whether any document says what a user claims.

Takes a document store, gives yes or no. Read again when the documents have changed. Threads can share it.
"""

import re
import threading
from collections import defaultdict

from bakeoff.protocols import DocumentStore
from bakeoff.questions.facts.near_copies import words
from bakeoff.questions.facts.same_answer import content_words

_SCHEME = re.compile(r"^(?:https?://)?(?:www\.)?")
_SEPARATORS = re.compile(r"[\s()./-]")


class Vocabulary:
    """The words of all documents of a store."""

    def __init__(self, store: DocumentStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._version = -1
        self._holders: dict[str, set[int]] = {}
        self._texts: list[str] = []

    def says(self, text: str) -> bool:
        """Whether one document holds all content words of the text (all its words, if it has no content words).

        A text without any words is said by none.
        """
        wanted = content_words(text) or frozenset(words(text))
        return bool(wanted) and bool(self._holding(wanted))

    def holds(self, address: str) -> bool:
        """Whether a document holds this address, in whatever case, a telephone number in whatever groups."""
        self._update()
        if not any(c.isalpha() for c in address):
            digits = _digits(address)
            return any(digits in _digits(text) for text in self._texts)
        bare = _SCHEME.sub("", address.casefold()).rstrip("/")
        holding = self._holding(frozenset(words(bare)))
        return any(bare in self._texts[place].casefold() for place in holding)

    def _holding(self, wanted: frozenset[str]) -> set[int]:
        """The documents that hold all these words."""
        self._update()
        smallest = sorted((self._holders.get(word, set()) for word in wanted), key=len)
        return set.intersection(*smallest) if smallest else set()

    def _update(self) -> None:
        with self._lock:
            version = self._store.version
            if version == self._version:
                return
            holders: dict[str, set[int]] = defaultdict(set)
            texts = []
            for place, document in enumerate(self._store.documents()):
                text = f"{document.title}\n{document.text}"
                texts.append(text)
                for word in {*words(text), *content_words(text)}:
                    holders[word].add(place)
            self._holders, self._texts, self._version = dict(holders), texts, version


def _digits(text: str) -> str:
    """The text without what separates the groups of a number."""
    return _SEPARATORS.sub("", text)
