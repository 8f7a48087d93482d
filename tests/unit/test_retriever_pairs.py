"""Pairs for tuning retrieval: the right passage of a question, and wrong ones that never hold its answer."""

import random

import pytest

from bakeoff.records import Chunk, SourceSpan
from bakeoff.tuning.retriever.pairs import answers, mined
from bakeoff.tuning.withheld import holds_answer
from tests.unit.fakes import FakeRetriever, chunk, question

WORDS = [
    "the",
    "kettle",
    "boils",
    "for",
    "minutes",
    "while",
    "its",
    "lid",
    "and",
    "base",
    "stay",
    "cool",
    "under",
    "steam",
]


def passages(draw: random.Random) -> list[Chunk]:
    """Thirty passages of random words; each states a number of minutes from 1 to 6, some in words."""
    spelled = ("one", "two", "three", "four", "five", "six")
    made = []
    for i in range(30):
        minutes = draw.randint(1, 6)
        number = spelled[minutes - 1] if draw.random() < 0.5 else str(minutes)
        made.append(chunk(f"d{i}.md", " ".join([*draw.choices(WORDS, k=8), number, "minutes"])))
    return made


@pytest.mark.parametrize("seed", range(20))
def test_a_negative_never_holds_the_answer_or_the_evidence(seed):
    """Whatever is retrieved, in figures or in words; and there are negatives, in the order of the hits."""
    draw = random.Random(seed)
    found = passages(draw)
    spans = (SourceSpan(source="d0.md", start=0, end=20),)
    asked = question("q", "How long does it boil?", [f"{draw.randint(1, 6)} minutes"], source_spans=spans)
    (pair,) = mined([asked], FakeRetriever(found), lambda source: [one for one in found if one.source == source], 4)
    assert pair.positive.source == "d0.md"
    assert len(pair.negatives) == 4
    for negative in pair.negatives:
        assert not holds_answer(asked, negative)
        assert negative.source != "d0.md"
    places = [found.index(negative) for negative in pair.negatives]
    assert places == sorted(places)
    assert all(answers(asked, found[i]) for i in range(places[-1]) if i not in places)


def test_the_right_passage_is_the_one_with_most_of_the_evidence():
    """A passage that holds a few letters of it comes second, whether or not retrieval found it."""
    document = [chunk("a.md", "x" * 50), chunk("a.md", "y" * 50, start=50)]
    asked = question("q", "What?", ["y"], source_spans=(SourceSpan(source="a.md", start=45, end=80),))
    (pair,) = mined([asked], FakeRetriever([document[0]]), lambda _: document, 1)
    assert pair.positive == document[1]


def test_of_a_whole_document_only_a_passage_with_the_answer_is_right():
    """Another passage of that document need not answer; without one that does there is no pair."""
    document = [chunk("a.md", "It is made of steel."), chunk("a.md", "It boils for nine minutes.", start=30)]
    whole = (SourceSpan(source="a.md"),)
    asked = question("q", "How long?", ["nine minutes"], source_spans=whole)
    (pair,) = mined([asked], FakeRetriever(document), lambda _: document, 1)
    assert pair.positive == document[1] and not pair.negatives
    other = question("p", "How long?", ["four minutes"], source_spans=whole)
    assert not mined([other], FakeRetriever(document), lambda _: document, 1)


def test_questions_without_answer_or_evidence_give_no_pair():
    """Nothing is known of what answers them."""
    asked = [question("q", answers=()), question("p")]
    assert not mined(asked, FakeRetriever([chunk("a.md")]), lambda _: [chunk("a.md")], 1)
