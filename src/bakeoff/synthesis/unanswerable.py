"""Questions without an answer by rule: a question about one thing, asked about a similar thing of another passage.

Takes drafts with answers and all passages, gives drafts without answers. Knows no model: `checks` asks a reader whether
any retrieved passage answers them.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from bakeoff.questions.facts.same_answer import content_words
from bakeoff.records import Chunk
from bakeoff.synthesis.drafts import Draft, plain
from bakeoff.synthesis.extractive.places import NAME

LEAST_PASSAGES = 2
"""A name must be in so many passages to be one that users ask about."""
ANSWERED_SHARE = 0.7
"""A passage that names the other thing and has this share of the question's other words may answer it."""


class Swaps:
    """The names in the documents that can stand for one another, such as 'Hearth 2' and 'Hearth 3'."""

    def __init__(self, passages: Sequence[Chunk]) -> None:
        self._passages = [(plain(passage.passage), content_words(passage.passage)) for passage in passages]
        counts: dict[str, int] = defaultdict(int)
        for text, _ in self._passages:
            for name in {name for name in NAME.findall(text) if _is_one_thing(name)}:
                counts[name] += 1
        self._alike = _by_first_word([name for name, n in counts.items() if n >= LEAST_PASSAGES])

    def drafts(self, draft: Draft) -> list[Draft]:
        """The question about each similar thing for which no passage seems to answer it, the best known things first.

        Empty if the question names nothing that has a similar thing, names two things, or names its document.
        """
        found = [name for name in self._alike if re.search(rf"\b{re.escape(name)}(?!\w)", draft.question)]
        if len(found) != 1 or draft.question.startswith("According to") or not draft.answers:
            return []
        (name,) = found
        asked = [(other, draft.question.replace(name, other)) for other in self._alike[name]]
        return [
            Draft(question=text, source=draft.source, method="rule:other-name")
            for other, text in asked
            if not self._may_be_answered(other, text)
        ]

    def _may_be_answered(self, name: str, question: str) -> bool:
        asked = content_words(question) - content_words(name)
        return any(
            name in text and len(asked & words_there) >= ANSWERED_SHARE * len(asked)
            for text, words_there in self._passages
        )


def _is_one_thing(name: str) -> bool:
    """Whether a name is of two or three words or has a figure, so that a similar one can be told from it."""
    return 2 <= len(name.split()) <= 3


def _by_first_word(names: Sequence[str]) -> Mapping[str, list[str]]:
    """For each name the others of as many words that begin with the same word and differ in the last."""
    return {
        name: others
        for name in sorted(names)
        if (others := [other for other in sorted(names) if other != name and _is_similar(name, other)])
    }


def _is_similar(a: str, b: str) -> bool:
    first, second = a.split(), b.split()
    return len(first) == len(second) and first[:-1] == second[:-1]
