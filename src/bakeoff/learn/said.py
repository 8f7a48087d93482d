"""What a text says at a place: its sentences, and the words around an answer.

Takes texts and places. Knows nothing about questions. A line ends a sentence: tables and lists have no full stops.
"""

import re
from functools import lru_cache

from bakeoff.questions.facts.same_answer import content_words

Place = tuple[int, int]
_END = re.compile(r"\n+|(?<=[.!?。！？])\s+(?=\S)")


@lru_cache(maxsize=256)
def sentences(text: str) -> tuple[Place, ...]:
    """The (start, end) of each sentence of the text that has a letter or digit, in order."""
    ends = [(match.start(), match.end()) for match in _END.finditer(text)]
    bounds = zip([0, *(after for _, after in ends)], [*(before for before, _ in ends), len(text)], strict=True)
    return tuple((start, end) for start, end in bounds if any(c.isalnum() for c in text[start:end]))


def sentence_at(text: str, place: Place) -> str:
    """The sentences that a place touches."""
    touched = [(start, end) for start, end in sentences(text) if start < place[1] and end > place[0]]
    return text[touched[0][0] : touched[-1][1]] if touched else text[place[0] : place[1]]


def heading_above(text: str, at: int) -> str:
    """The nearest heading above a position; empty if there is none."""
    heading = text.rfind("\n#", 0, at) + 1
    if not text.startswith("#", heading):
        return ""
    end = text.find("\n", heading)
    return text[heading : end if end >= 0 else len(text)]


def words_around(text: str, place: Place, title: str = "") -> frozenset[str]:
    """The content words of the sentences at a place, of the heading above and of the document's title."""
    return content_words(f"{sentence_at(text, place)} {heading_above(text, place[0])} {title}")
