"""Prompt templates."""

import pytest

from bakeoff.errors import ConfigError
from bakeoff.models.prompts import CLOSED_BOOK, GROUNDED, PromptTemplate, check_placeholders


def test_braces_in_documents_and_questions_stay_as_they_are():
    """Texts that look like placeholders are not filled in."""
    prompt = GROUNDED.render("what is {passages}?", ["a {question} b"])
    assert prompt.messages[1].content == "a {question} b\n\nQuestion: what is {passages}?"


def test_passages_keep_their_order():
    """The best passage comes first, as retrieval gave them."""
    user = GROUNDED.render("q", ["first", "second"]).messages[1].content
    assert user.index("first") < user.index("second")


def test_the_fingerprint_changes_with_any_word():
    """A tuned model recognises its own template."""
    assert CLOSED_BOOK.fingerprint != GROUNDED.fingerprint
    assert CLOSED_BOOK.fingerprint == PromptTemplate(**CLOSED_BOOK.model_dump()).fingerprint


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("closed_book", {"user": "Answer: {Question}"}, r"closed_book\.user lacks {question}"),
        ("grounded", {"user": "Question: {question}"}, r"grounded\.user lacks {passages}"),
        ("grounded", {"user": "Hello"}, r"lacks {question} and {passages} \(found 'Hello'\)"),
        ("grounded", {"passage": "[{rank}]"}, r"grounded\.passage lacks {passage}"),
    ],
)
def test_a_prompt_that_leaves_out_the_question_or_the_passages_is_refused(name, change, told):
    """Every answer would be to no question, and would still be measured."""
    templates = {"closed_book": CLOSED_BOOK, "grounded": GROUNDED}
    check_placeholders(**templates)
    with pytest.raises(ConfigError, match=told):
        check_placeholders(**templates | {name: templates[name].model_copy(update=change)})
