"""Evidence of questions without a quote: the place of the accepted answer, or the whole document."""

import random

import pytest

from bakeoff.questions import locate_evidence
from bakeoff.questions.evidence.answer_place import answer_spans
from bakeoff.questions.evidence.evidence import evidence_hit, is_document_level
from bakeoff.questions.evidence.quotes import Locator
from bakeoff.records import Chunk, Document, Question, SourceSpan

TEXT = """# Filters

Open the sidebar first. To save a filter, click the **Filter** button, choose the fields to filter by,
and then press Save at the bottom right of the page.

The warranty lasts 24 months. Velden designed it.
"""


def question(*answers: str, sources: tuple[str, ...] = ("a.md",), **more: object) -> Question:
    spans = tuple(SourceSpan(source=source) for source in sources)
    fields = {"id": "q", "text": "?", "answers": answers, "fact": "f", "source_spans": spans}
    return Question.model_validate(fields | more)


def places(text: str, *answers: str, kind: str = "") -> list[str]:
    return [text[start:end] for start, end in answer_spans(question(*answers, kind=kind), Locator(text))]


def test_an_answer_is_found_word_for_word() -> None:
    """Every accepted answer is found, whatever its case, whitespace and markup."""
    assert places(TEXT, "24 Months") == ["24 months"]
    assert places(TEXT, "click the filter button") == ["click the **Filter** button"]
    assert places(TEXT, "24 months", "two years", "Velden") == ["24 months", "Velden"]


@pytest.mark.parametrize(
    ("text", "answer", "kind"),
    [
        ("Yes, it is.", "Yes", ""),
        ("It is not sold.", "not sold", "yesno"),
        ("Step 24 of it.", "24", ""),
        ("Ada and Ada and Ada and Ada.", "Ada", ""),
        ("Nothing here.", "24 months", ""),
        ("Nothing here.", "", ""),
        ("", "24 months", ""),
    ],
)
def test_what_stands_in_a_text_by_chance_is_no_evidence(text: str, answer: str, kind: str) -> None:
    """Yes and no, two digits, and answers in more than three places are not searched."""
    assert places(text, answer, kind=kind) == []


def test_a_long_answer_is_found_by_most_of_its_words() -> None:
    """It is found in the shortest passage with most of its words, even if the wording differs."""
    (place,) = places(TEXT, "Click the Filter button, choose fields to filter by, then press Save at the bottom right.")
    assert place == "click the **Filter** button, choose the fields to filter by,\nand then press Save"
    assert places(TEXT, "Click the red button, wait until the lamp blinks, and pull the lever twice.") == []


def test_the_words_of_a_long_answer_must_stand_together() -> None:
    """If its words are spread over the document, it is not found."""
    answer = "Click the Filter button, choose fields, and press Save at the bottom right."
    spread = " filler ".join(f"{word} {'lorem ipsum dolor ' * 4}" for word in answer.split())
    assert places(spread, answer) == []


def test_the_narrowest_passage_is_what_brute_force_finds() -> None:
    """Compared with a brute-force search over random texts of few words."""
    draw = random.Random(5)
    vocabulary = "amber birch cedar dune ember fjord grove heath inlet jetty knoll loch marsh notch".split()  # noqa: SIM905
    n_found = 0
    for _ in range(60):
        words = draw.choices(vocabulary, k=60)
        wanted = draw.sample(vocabulary, 8)
        widths = [
            j - i
            for i in range(60)
            for j in range(i + 1, min(i + 16, 60) + 1)
            if len(set(words[i:j]) & set(wanted)) >= 6
        ]
        passages = places(" ".join(words), " ".join(wanted))
        assert len(passages) == bool(widths)
        if widths:
            n_found += 1
            assert len(passages[0].split()) == min(widths)
    assert n_found > 10


def located(given: Question, *documents: tuple[str, str]) -> tuple[Question, list[str]]:
    made = [Document(id=source, text=text, source=source) for source, text in documents]
    (located_question,), notes = locate_evidence([given], made)
    return located_question, notes


def test_the_answer_s_place_is_the_evidence_of_a_question_without_a_quote() -> None:
    """Retrieval is then judged by passage: another passage of the right document is not a hit."""
    located_question, notes = located(question("24 months"), ("a.md", TEXT))
    start = TEXT.index("24 months")
    assert located_question.source_spans == (SourceSpan(source="a.md", start=start, end=start + 9),)
    assert not is_document_level(located_question)
    assert notes == []
    first = Chunk(id="1", document_id="1", source="a.md", text=TEXT[:50], start=0, end=50)
    last = Chunk(id="2", document_id="1", source="a.md", text=TEXT[start - 5 :], start=start - 5, end=len(TEXT))
    assert (evidence_hit(located_question, [first]), evidence_hit(located_question, [first, last])) == (False, True)


def test_where_the_answer_is_not_found_the_evidence_is_the_document() -> None:
    """The evidence is document-level, and a note says so."""
    located_question, notes = located(question("Yes", kind="yesno"), ("a.md", TEXT))
    assert located_question.source_spans == (SourceSpan(source="a.md"),)
    assert is_document_level(located_question)
    assert "For 1 of 1 answerable questions with a source, only the document" in notes[0]


def test_of_several_documents_those_that_hold_the_answer_are_the_evidence() -> None:
    """If none does, all are evidence as a whole. Without a source nothing is document-level."""
    two = question("24 months", sources=("a.md", "b.md"))
    assert {span.source for span in located(two, ("a.md", TEXT), ("b.md", "No."))[0].source_spans} == {"a.md"}
    assert is_document_level(located(two, ("a.md", "It."), ("b.md", "No."))[0])
    assert not is_document_level(question("x", sources=()))


def test_a_quote_comes_before_the_answer() -> None:
    """A quote decides which place of the answer is meant. If it is not found, the document is the evidence."""
    text = "Lamps: 24 months. Ovens have 24 months too."
    located_question, _ = located(question("24 months", evidence="Ovens have 24 months"), ("a.md", text))
    assert [text[span.start : span.end] for span in located_question.source_spans] == ["Ovens have 24 months"]
    assert is_document_level(located(question("24 months", evidence="no such words"), ("a.md", text))[0])
