"""Amounts and dates are found in documents that write them in another way."""

import pytest

from bakeoff.questions import locate_evidence
from bakeoff.questions.evidence.number_place import number_places
from bakeoff.questions.facts.facts import with_facts, with_same_places
from bakeoff.records import Document, Question, SourceSpan

TEXT = """# Kettle

The warranty lasts **24 months**, the lid 12 months.

It boils in seven minutes. Made on 3 March 2024."""


def document(text: str) -> Document:
    return Document(id="kettle", source="kettle.md", text=text)


def question(number: int, text: str, answer: str) -> Question:
    return Question(
        id=f"q{number}", text=text, answers=(answer,), fact="", source_spans=(SourceSpan(source="kettle.md"),)
    )


@pytest.mark.parametrize(
    ("answer", "stated"),
    [
        ("two years", ["24 months"]),
        ("1 year", ["12 months"]),
        ("7 min", ["seven minutes"]),
        ("2024-03-03", ["3 March 2024"]),
        ("3 years", []),
        ("24", []),
        ("kettle", []),
    ],
)
def test_an_amount_is_found_in_another_spelling(answer: str, stated: list[str]) -> None:
    """With its unit, without the words around it. Bare numbers and words are not searched."""
    assert [TEXT[start:end].strip("*") for start, end in number_places(answer, TEXT)] == stated


def test_evidence_is_the_place_of_the_amount() -> None:
    """Not the whole document, and no note says that the answer was not found."""
    (located,), notes = locate_evidence([question(1, "How long is the warranty?", "two years")], [document(TEXT)])
    (span,) = located.source_spans
    assert TEXT[span.start : span.end].strip("*") == "24 months"
    assert notes == []


def test_questions_whose_answers_are_one_amount_at_one_place_are_one_fact() -> None:
    """However the amount is written. The same amount at another place is another fact."""
    text = f"{TEXT}\n\n# Oven\n\nThe oven's guarantee is 36 months, spare parts are kept for 12 years."
    asked = [
        question(1, "How long is the warranty?", "24 months"),
        question(2, "Until when may I complain about faults?", "two years"),
        question(3, "What guarantee has the oven?", "three years"),
    ]
    located, _ = locate_evidence(asked, [document(text)])
    complete, _ = with_same_places(with_facts(located)[0], [document(text)])
    assert complete[0].fact == complete[1].fact != complete[2].fact
