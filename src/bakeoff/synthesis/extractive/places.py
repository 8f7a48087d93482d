"""The sentences of a passage, and where it stands: what a question must name so that it is clear on its own.

Takes chunks, gives sentences and drafts. Knows no rule by which questions are made.
"""

import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

from bakeoff.questions.facts.same_answer import content_words
from bakeoff.records import Chunk
from bakeoff.synthesis.drafts import Draft, plain
from bakeoff.writing.sentence_ends import sentence_ends

_ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)])\s+|^\s*>\s*|^\s*#+\s+")
_RUN_IN = re.compile(r"^(\*\*|__)[^*_]{1,60}[.:]\1:?\s+")
"""A heading at the beginning of a paragraph: '**Boost.** ...'."""
NAME = re.compile(r"\b[A-Z][\w-]*(?: (?:[A-Z][\w-]*|\d+(?:\.\d+)?))*")
"""A name: words with capital letters and figures behind them, such as 'Hearth 3' or 'Care Plus'."""


class Asked(NamedTuple):
    """A question with the answer that stands in the text, by the name of the rule that made it."""

    question: str
    answer: str
    method: str
    kind: str = ""


class Place(NamedTuple):
    """The document and the section of a passage."""

    source: str
    title: str
    heading: str

    def draft(self, asked: Asked, quote: str) -> Draft:
        """The draft of a question, with the document's title where the question does not say what it is about."""
        return Draft(
            question=self.clear(asked.question),
            answers=(asked.answer,),
            quote=quote,
            source=self.source,
            method=f"rule:{asked.method}",
            kind=asked.kind,
        )

    def clear(self, question: str) -> str:
        """The question as it is if it names what the title names, else with the title in front."""
        if not self.title or f'"{self.title}"' in question or _names(question) & _names(self.title):
            return question
        if content_words(self.title) <= content_words(question):
            return question
        return f'According to "{self.title}", {question[0].lower()}{question[1:]}'


def place_of(passage: Chunk, title: str) -> Place:
    """The place of a passage: its document's title, and the last heading above it that is not the title."""
    parts = [part.strip() for part in passage.heading.split(" > ") if part.strip()]
    title = title or (parts[0] if parts else "")
    heading = next((part for part in reversed(parts) if part != title and len(part) <= 80), "")
    return Place(passage.source, plain(title), plain(heading))


def _names(text: str) -> set[str]:
    """The names in a text that a title and a question can share: with a figure, or of two words."""
    return {name.lower() for name in NAME.findall(text) if re.search(r"\d| ", name)}


def sentences(text: str) -> Iterator[str]:
    """The sentences of a passage without the marks of lists and emphasis. Tables and code are left out."""
    is_code = False
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            is_code = not is_code
        elif not is_code and not line.lstrip().startswith(("|", "#")) and line.strip():
            words = plain(_RUN_IN.sub("", _ITEM.sub("", line)))
            starts = [0, *sentence_ends(words), len(words)]
            yield from filter(None, (words[a:b].strip() for a, b in itertools.pairwise(starts)))
