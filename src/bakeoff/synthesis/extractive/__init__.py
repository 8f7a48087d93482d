"""Questions by rules from the text alone: what a sentence, a table, a row or a list says, asked for.

Takes a passage, gives drafts whose answers stand in it word by word. English only. Knows no model. High precision is
wanted, not coverage: a sentence that no rule fits gives nothing.
"""

from collections.abc import Iterator

from bakeoff.records import Chunk
from bakeoff.synthesis.drafts import Draft
from bakeoff.synthesis.extractive.clauses import asked_of_sentence
from bakeoff.synthesis.extractive.places import place_of, sentences
from bakeoff.synthesis.extractive.prose import asked_of_prose
from bakeoff.synthesis.extractive.tables import asked_of_rows, asked_of_tables, first_steps

__all__ = ["NO_PROSE", "NO_RULE", "UNCLEAR", "extracted", "why_none"]

NO_PROSE = "no full sentence, table, row of values or numbered step"
NO_RULE = "no sentence that a rule can turn into a question"
UNCLEAR = "questions that nobody would understand: neither they nor the document's title say what they are about"


def extracted(passage: Chunk, title: str) -> list[Draft]:
    """All drafts of a passage, in the order of its text, each question once. `title` is that of its document."""
    drafts = {draft.question: draft for draft in _all(passage, title) if draft}
    return list(drafts.values())


def why_none(passage: Chunk, title: str) -> str:
    """Why a passage gives no draft, in words that follow 'it has'; empty if it gives one."""
    drafts = list(_all(passage, title))
    if any(drafts):
        return ""
    if drafts:
        return UNCLEAR
    has_prose = any(sentence[-1:] in ".!?" and len(sentence.split()) >= 4 for sentence in sentences(passage.shown))
    return NO_RULE if has_prose else NO_PROSE


def _all(passage: Chunk, title: str) -> Iterator[Draft | None]:
    """What the rules make of a passage; None for a question that would not be clear on its own."""
    place = place_of(passage, title)
    for sentence in sentences(passage.shown):
        for asked in (*asked_of_sentence(sentence), *asked_of_prose(sentence)):
            yield place.draft(asked, sentence)
    for rule in (asked_of_tables, asked_of_rows, first_steps):
        for asked, quote in rule(passage.shown, place):
            yield place.draft(asked, quote)
