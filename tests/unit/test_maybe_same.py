"""A note names test questions that may ask for the fact of a training question in other words."""

import pytest

from bakeoff.questions.facts.facts import with_facts
from bakeoff.questions.splits.maybe_same import maybe_same_notes
from bakeoff.records import Question


def note(*rows, fact=""):
    """The note on questions of these (split, text, answer), beside ten about other things."""
    others = [("train", f"Where does river {name} begin?", f"in {name}land") for name in "ABCDEFGHIJ"]
    questions = [
        Question(id=f"q{n}", text=text, answers=(answer,), split=split, fact=fact and f"{fact}-{n}")
        for n, (split, text, answer) in enumerate((*rows, *others))
    ]
    return " ".join(maybe_same_notes(with_facts(questions)[0]))


@pytest.mark.parametrize(
    ("test", "train", "answer"),
    [
        ("Who administers the 401(k)?", "401k provider?", "Human Interest"),
        ("paternity leave how many weeks", "How long is the leave of a parent?", "16 weeks"),
        ("Which day are commissions paid?", "commissions on what day of the month", "the 15th"),
    ],
)
def test_a_rare_answer_with_a_telling_word_or_a_name_is_shown(test, train, answer):
    """Only a person can say whether it is one fact."""
    told = note(("test", test, answer), ("train", train, answer))
    assert told.startswith("1 test question has the same answer") and "q0 and q1" in told


def test_what_shows_nothing_is_not_shown():
    """Yes and no, figures without a word in common, other answers, two training questions, and facts of the file."""
    assert not note(("test", "Is lunch paid?", "yes"), ("train", "Is lunch for guests paid?", "yes"))
    assert not note(("test", "How much for a desk?", "$50"), ("train", "What does a present cost?", "$50"))
    assert not note(("test", "How much for a desk?", "$50"), ("train", "How much is a new desk?", "$60"))
    assert not note(("train", "401k provider?", "Acme"), ("train", "Who administers the 401(k)?", "Acme"))
    assert not note(("test", "401k provider?", "Acme"), ("train", "Who administers the 401(k)?", "Acme"), fact="named")


def test_an_answer_of_many_questions_is_not_shown():
    """Then it is a label or a common figure."""
    rows = [("train", f"Who maintains the {name} service?", "Platform") for name in ("mail", "chat", "disk", "log")]
    assert not note(("test", "Who looks after the wiki service?", "Platform"), *rows, ("train", "w?", "Platform"))
