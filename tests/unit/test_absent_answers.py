"""A warning before a run if many answers stand in none of the documents."""

from bakeoff.questions.evidence.absent import absent_answers
from bakeoff.records import Document
from tests.unit.fakes import question

DOCUMENTS = [
    Document(id="a", text="The valve has a warranty of **24 months**, from the day of sale.", source="a.md"),
    Document(id="b", text="Call Anna Berg in Malmö.", source="b.md"),
]


def test_answers_that_no_document_holds_are_named():
    """Word for word: case, markup and punctuation do not count, and an amount is found in another spelling."""
    said = ("anna berg", "24 months", "2 years", "Malmö")
    there = [question(f"t{i}", "Who?", [text]) for i, text in enumerate(said)]
    gone = [question(f"g{i}", f"Which pump is number {i}?", [f"Pump {i}"]) for i in range(3)]
    (warning,) = absent_answers([*there, *gone], DOCUMENTS)
    assert warning.startswith("The answers to 3 of 7 questions stand word for word in none of the documents: g0")
    assert "add the documents" in warning


def test_few_absent_answers_are_usual_and_other_kinds_are_not_searched():
    """Neither yes and no, nor whole sentences, nor questions without an answer; nothing without documents."""
    there = [question(f"t{i}", "Who?", ["Anna Berg"]) for i in range(12)]
    gone = [question(f"g{i}", "Which?", ["Pump"]) for i in range(3)]
    assert absent_answers([*there, *gone], DOCUMENTS) == []
    other = [
        *(question(f"y{i}", "May I?", ["yes"], kind="yesno") for i in range(4)),
        *(question(f"u{i}", "Why?", []) for i in range(4)),
        *(question(f"l{i}", "How?", ["Open the cover, turn the screw to the left, and pull it out"]) for i in range(4)),
    ]
    assert absent_answers(other, DOCUMENTS) == [] == absent_answers(gone, [])
