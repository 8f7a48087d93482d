"""Rewordings of one question are one fact if the same answer stands at the same place of a document."""

from collections.abc import Sequence

import pytest

from bakeoff.questions.evidence.locate import locate_evidence
from bakeoff.questions.facts.facts import with_facts, with_same_places
from bakeoff.questions.splits.leaks import dev_notes, leaks
from bakeoff.records import Document, Question, SourceSpan

TEXT = """# Loans

A book is lent for 14 days. The fee for a late book is 2 euros a week. The fee for a lost card is 5 euros.

# Cards

A card is valid for 14 days until its address is confirmed. Model 2 and Model 3 are sold by Ada Berg.
"""
DOCUMENTS = [Document(id="a", text=TEXT, source="a.md"), Document(id="b", text=TEXT, source="b.md")]


def question(n: int, text: str, answer: str, source: str = "a.md", **more: object) -> Question:
    fields = {"id": f"q{n}", "text": text, "answers": answer.split(" | "), "fact": ""}
    return Question.model_validate({**fields, "source_spans": [SourceSpan(source=source)], **more})


def facts(questions: Sequence[Question]) -> list[str]:
    """The facts after all steps, by the order of the questions."""
    located, _ = locate_evidence(with_facts(questions)[0], DOCUMENTS)
    return [each.fact for each in with_same_places(located, DOCUMENTS)[0]]


def test_the_same_answer_at_the_only_place_is_one_fact() -> None:
    """However differently the question is asked. Numbers count too. A note counts the facts."""
    questions = [
        question(1, "What must I pay if I bring a book back too late?", "2 euros"),
        question(2, "late return charge??", "2 euros"),
        question(3, "My card is gone, how much is that?", "5 euros"),
    ]
    first, second, third = facts(questions)
    assert first == second != third
    located, _ = locate_evidence(with_facts(questions)[0], DOCUMENTS)
    (note,) = with_same_places(located, DOCUMENTS)[1]
    assert "3 answerable questions have no fact" in note
    assert "2 facts (grouped with another question that asks for the same: 1)" in note
    assert "bakeoff init --facts" in note


def test_of_several_places_the_question_must_clearly_mean_one() -> None:
    """14 days is the time of a loan and of a card."""
    loans = [question(1, "How long is a book lent?", "14 days"), question(2, "a book lent today, due when?", "14 days")]
    cards = [question(3, "How long is a card valid with an address not confirmed?", "14 days")]
    doubtful = [question(4, "How long is it?", "14 days")]
    got = facts([*loans, *cards, *doubtful])
    assert got[0] == got[1]
    assert len(set(got)) == 3


@pytest.mark.parametrize(
    ("answer", "more"),
    [("No", {}), ("2 euros", {"source": "b.md"}), ("two euros a week", {})],
)
def test_another_answer_or_document_is_another_fact(answer: str, more: dict[str, str]) -> None:
    """Yes and no stand everywhere; answers are compared word by word."""
    asked = [question(1, "Which charge for returning late?", "2 euros" if answer != "No" else "No")]
    got = facts([*asked, question(2, "What if I forget a book?", answer, **more)])
    assert got[0] != got[1]


def test_another_number_in_the_question_is_another_fact() -> None:
    """One sentence can answer for two models. 'model2' is Model 2."""
    texts = ["Who sells Model 2?", "seller of the model2", "From whom is Model 3?"]
    got = facts([question(n, text, "Ada Berg") for n, text in enumerate(texts)])
    assert got[0] == got[1] != got[2]


def test_a_short_quote_is_a_place() -> None:
    """Even if the answer does not stand in it. A quoted paragraph is not, as it answers several questions."""
    quote = {"evidence": "The fee for a late book is 2 euros a week."}
    texts = ["Which charge for returning late?", "What if I forget a book?"]
    first, second = facts([question(n, text, "about 100 euros a year", **quote) for n, text in enumerate(texts)])
    assert first == second
    whole = Document(id="c", text="Fees. " * 60 + TEXT, source="c.md")
    asked = [question(n, text, "14 days", "c.md", evidence=whole.text[:400]) for n, text in enumerate(texts)]
    located, _ = locate_evidence(with_facts(asked)[0], [whole])
    assert len({each.fact for each in with_same_places(located, [whole])[0]}) == 2


def test_facts_of_the_file_stay() -> None:
    """A question without one joins them; two facts of the file are never one."""
    texts = ["Which charge for returning late?", "What if I forget a book?", "fee when late?"]
    for given, expected in ((("late", "", ""), ["late"] * 3), (("x", "y", ""), ["x", "y"])):
        named = [question(n, text, "2 euros", fact=given[n]) for n, text in enumerate(texts)]
        assert facts(named)[: len(expected)] == expected


def test_one_accepted_answer_in_common_is_enough() -> None:
    """At one place, whatever else the two accept, and however the amount is spelled."""
    questions = [
        question(1, "What must I pay if I bring a book back too late?", "2 euros | 2 euros a week"),
        question(2, "late return charge??", "2 EUR"),
        question(3, "cost of a gone card", "5 euros | 2 dollars"),
    ]
    first, second, third = facts(questions)
    assert first == second != third


SHEET = """## Discounts

Level: Silver; Discount: 12.5%; Minimum order: 2,500.00
Level: Gold; Discount: 18.0%; Minimum order: 12.50

| Fee | Amount (EUR) |
| --- | --- |
| Reminder | 2.75 |
| Visit | 28 |
"""


@pytest.mark.parametrize(
    ("answers", "same"),
    [
        (("12.5%", "12.5 percent"), True),
        (("2.75 EUR (without VAT)", "2.75 EUR (without VAT)"), True),  # the heading of the table names the unit
        (("2.75 EUR", "€2.75"), True),
        (("12.5%", "12.5 EUR"), False),
        (("28 EUR (net)", "28 EUR (net)"), False),  # two digits occur by chance
    ],
)
def test_cells_of_tables_are_places(answers: tuple[str, str], same: bool) -> None:
    """A cell is one place in any spelling of its figure, with its unit or without."""
    texts = ["how much off do silver partners get", "Rebate or charge?"]
    sheet = Document(id="s", text=SHEET, source="s.md")
    asked = [question(n, text, answers[n], "s.md") for n, text in enumerate(texts)]
    located, _ = locate_evidence(with_facts(asked)[0], [sheet])
    assert (len({each.fact for each in with_same_places(located, [sheet])[0]}) == 1) is same


def test_two_facts_of_the_file_at_one_place_are_a_leak() -> None:
    """In test and training as a leak, in dev and another split as a note. With one fact it is neither."""
    texts = ["Which charge for returning late?", "What if I forget a book?", "fee when late?"]
    splits = ["test", "train", "dev"]
    for given, n_leaks in ((("x", "y", "z"), 1), (("x", "x", "x"), 0)):
        asked = [question(n, text, "2 euros", fact=given[n], split=splits[n]) for n, text in enumerate(texts)]
        located, _ = locate_evidence(asked, DOCUMENTS)
        pairs = [leak for leak in leaks(located, documents=DOCUMENTS) if not leak.excused]
        assert [(leak.test_id, leak.train_id) for leak in pairs] == [("q0", "q1")] * n_leaks
        notes = dev_notes(located, DOCUMENTS)
        assert len(notes) == n_leaks
        assert all("in dev" in note and "column 'fact'" in note for note in notes)
