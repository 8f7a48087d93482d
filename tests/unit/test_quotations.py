"""Answers stored without the text that they quote. The documents are made here."""

import pytest
from benchmarks.quotations import Quotations
from hypothesis import given
from hypothesis import strategies as st

LAMP = "# The lamp\n\nThe lamp of the north pier was lit in 1874, and it has burned\nevery night since then. It is red."
KEEPER = "Its keeper lives in the tower; he rows to the town once a week for bread and oil."
DOCUMENTS = {"lamp.md": LAMP, "keeper (2).md": KEEPER}
WORDS = sorted({*LAMP.split(), *KEEPER.split(), "perhaps", "{{x:1-2}}"})


@pytest.fixture(scope="module")
def quotations() -> Quotations:
    return Quotations(DOCUMENTS)


def test_a_sentence_of_a_document_becomes_a_reference(quotations: Quotations) -> None:
    """The rest of the answer stays as it is."""
    answer = "As I read: the lamp of the north pier was lit in 1874, I think."
    shortened = quotations.shorten(answer)
    start = LAMP.index("lamp of the north")
    assert shortened == f"As I read: the ⟦lamp.md:{start}-{LAMP.index(', and')}⟧, I think."
    assert quotations.rebuild(shortened) == answer


def test_fewer_than_eight_words_stay(quotations: Quotations) -> None:
    """Seven words of a document are no quotation, eight are."""
    seven = "keeper lives in the tower; he rows"
    assert quotations.shorten(seven) == seven
    assert quotations.shorten(f"{seven} to").startswith("⟦keeper (2).md:")


@pytest.mark.parametrize(
    "answer",
    [
        "It has burned every night since then. IT IS RED.",
        "it has burned  every\nnight, since - then. It is red.",
        "Once a week for bread and oil, its keeper lives in the tower; he rows to the town once a week for bread.",
        f"{LAMP} {KEEPER}",
        "",
    ],
)
def test_what_differs_within_a_quotation_is_kept(quotations: Quotations, answer: str) -> None:
    """Other capitals, blanks and punctuation come back exactly; no eight words of a document stay."""
    shortened = quotations.shorten(answer)
    assert quotations.copied(shortened) == []
    assert quotations.rebuild(shortened) == answer


@given(st.lists(st.sampled_from(WORDS), max_size=40), st.integers(0, 90), st.integers(0, 90))
def test_every_answer_comes_back(words: list[str], start: int, length: int) -> None:
    """Any words, with a piece of a document in their midst."""
    quotations = Quotations(DOCUMENTS)
    middle = len(words) // 2
    answer = " ".join([*words[:middle], LAMP[start : start + length], *words[middle:]])
    shortened = quotations.shorten(answer)
    assert quotations.rebuild(shortened) == answer
    assert quotations.copied(shortened) == []


def test_copied_names_what_still_stands_there(quotations: Quotations) -> None:
    """A text that nobody shortened."""
    assert quotations.copied("So: the lamp of the North pier was lit in 1874.") == [
        "the lamp of the North pier was lit in 1874"
    ]


def test_the_brackets_of_references_are_refused(quotations: Quotations) -> None:
    """An answer that has them could not be rebuilt."""
    with pytest.raises(ValueError, match="brackets of a reference"):
        quotations.shorten("⟦lamp.md:0-5⟧")
