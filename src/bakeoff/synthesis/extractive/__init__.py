"""Questions by rules from the text alone: what a sentence, a table, a row or a list says, asked for.

Takes a passage, gives drafts whose answers stand in it word by word. English only. Knows no model. High precision is
wanted, not coverage: a sentence that no rule fits gives nothing.
"""

from collections.abc import Iterator

from bakeoff.records import Chunk
from bakeoff.synthesis.drafts import Draft
from bakeoff.synthesis.extractive.clauses import asked_of_sentence
from bakeoff.synthesis.extractive.places import Place, place_of, sentences
from bakeoff.synthesis.extractive.tables import asked_of_rows, asked_of_tables, first_steps

__all__ = ["extracted"]


def extracted(passage: Chunk, title: str) -> list[Draft]:
    """All drafts of a passage, in the order of its text, each question once. `title` is that of its document."""
    place = place_of(passage, title)
    drafts = {draft.question: draft for draft in _all(passage, place)}
    return list(drafts.values())


def _all(passage: Chunk, place: Place) -> Iterator[Draft]:
    for sentence in sentences(passage.shown):
        for asked in asked_of_sentence(sentence):
            yield place.draft(asked, sentence)
    for rule in (asked_of_tables, asked_of_rows, first_steps):
        for asked, quote in rule(passage.shown, place):
            yield place.draft(asked, quote)
