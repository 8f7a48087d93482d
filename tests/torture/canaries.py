"""Documents with secret words and labels, and the one who knows who may see which word.

A document has a secret word in its text, one in its title and one in its address, and a topic that is not secret, by
which questions find it. What somebody said (a question, a right answer) is theirs in the same way.
"""

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from bakeoff.corpus.access import may_see
from bakeoff.models.engines.scripted import ScriptedGenerator
from bakeoff.records import Labels

LETTERS = "bcdfghjk"
N_LETTERS = 20
WORD = re.compile(rf"zq[{LETTERS}]{{8,{N_LETTERS}}}")
"""A secret word, or the beginning of one that was cut off."""
N_FIRST = 20


def repeating() -> ScriptedGenerator:
    """A model that says how what it was shown begins, and all secret words in it."""
    return ScriptedGenerator(lambda message: " ".join([*message.split()[:N_FIRST], *WORD.findall(message)]))


class Kept(NamedTuple):
    """A document as it is now."""

    id: str
    topic: str
    labels: tuple[str, ...]
    words: tuple[str, ...]
    file: tuple[str, str] = ("", "")
    """Source and text of a document of the pilot."""

    @property
    def title(self) -> str:
        return "" if self.file[1] else f"Topic {self.topic} {self.words[1]}"

    @property
    def text(self) -> str:
        return (
            self.file[1]
            or f"# {self.title}\n\nThe secret of {self.topic} is {self.words[0]} since the year of {self.topic}.\n"
        )

    @property
    def source(self) -> str:
        return self.file[0] or f"{self.id}.md"


class _Of(NamedTuple):
    """Where a word stands: in which document, and the labels of each version that has the word."""

    document: str
    labels: list[tuple[str, ...]]


@dataclass
class Vault:
    """All words, and who may see them."""

    chance: random.Random
    documents: dict[str, Kept] = field(default_factory=dict)
    _words: dict[str, _Of] = field(default_factory=dict)
    _labels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Of each document as it is now; of a deleted one, the last."""

    @property
    def n_words(self) -> int:
        return len(self._words)

    def said(self, label: str) -> str:
        """A new word that somebody says: only who holds this label may see it."""
        (word,) = words = self._new(1)
        self._own(words, label, (label,))
        return word

    def document(self, labels: Iterable[str], before: Kept | None = None) -> Kept:
        """A new document with new words, or a new version of one: its address stays, and the rest is new."""
        words, topic = self._new(3), before.topic if before else f"topic{len(self._labels):05}"
        if before:
            words = (words[0], words[1], before.words[2])
        id = before.id if before else f"vault/{topic}-{words[2]}"
        made = Kept(id, topic, tuple(labels), words, (before.source if before else "", ""))
        self._own(words, id, made.labels)
        self.documents[id] = made
        return made

    def _new(self, n: int) -> tuple[str, ...]:
        return tuple("zq" + "".join(self.chance.choices(LETTERS, k=N_LETTERS)) for _ in range(n))

    def _own(self, words: Iterable[str], of: str, labels: tuple[str, ...]) -> None:
        for word in words:
            before = self._words.get(word)
            versions = before.labels if before and before.document == of else []
            self._words[word] = _Of(of, [*versions, labels])
        self._labels[of] = labels

    def adopt(self, one: Kept, id: str, file: tuple[str, str] = ("", "")) -> None:
        """A document that was read from a file, by the address that it got."""
        del self.documents[one.id]
        self._own(one.words, id, one.labels)
        self.documents[id] = one._replace(id=id, file=(file[0] or one.source, file[1]))

    def relabel(self, id: str, labels: Iterable[str]) -> Kept:
        """The same words with other labels, which count from now on."""
        made = self.documents[id]._replace(labels=tuple(labels))
        self.documents[id] = made
        self._own(made.words, id, made.labels)
        return made

    def delete(self, id: str) -> None:
        del self.documents[id]

    def hidden(self, text: str, held: Labels) -> set[str]:
        """The words in a text that somebody who holds these labels may not see."""
        found = set(WORD.findall(text))
        return {word for word in found if not self._may_see(word, held)}

    def shown(self, text: str) -> int:
        """How many of the words are in a text."""
        return len(self._words.keys() & WORD.findall(text))

    def _may_see(self, found: str, held: Labels) -> bool:
        """By the labels that its document has now, or had last, and by those of a version that has the word."""
        word = found if found in self._words else next((one for one in self._words if one.startswith(found)), "")
        if not word:
            return True
        of = self._words[word]
        return may_see(held, self._labels[of.document]) and any(may_see(held, one) for one in of.labels)
