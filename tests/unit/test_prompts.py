"""Prompt templates."""

from bakeoff.prompts import CLOSED_BOOK, GROUNDED, PromptTemplate


def test_braces_in_documents_and_questions_stay_as_they_are():
    """Texts that look like placeholders are not filled in."""
    prompt = GROUNDED.render("what is {passages}?", ["a {question} b"])
    assert prompt.messages[1].content == "a {question} b\n\nQuestion: what is {passages}?"


def test_passages_keep_their_order():
    """The best passage comes first, as retrieval gave them."""
    user = GROUNDED.render("q", ["first", "second"]).messages[1].content
    assert user.index("first") < user.index("second")


def test_the_fingerprint_changes_with_any_word():
    """A tuned model can tell its own template from another."""
    assert CLOSED_BOOK.fingerprint != GROUNDED.fingerprint
    assert CLOSED_BOOK.fingerprint == PromptTemplate(**CLOSED_BOOK.model_dump()).fingerprint
