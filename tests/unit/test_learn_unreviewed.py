"""Which unreviewed synthetic questions a round goes on training on."""

from bakeoff.learn.reviewed import FROM_USE
from bakeoff.learn.unreviewed import still_trained
from bakeoff.records import Document, Question, Synthetic

DOCUMENTS = [
    Document(id=f"{name}.md", source=f"{name}.md", text=f"# {name}\n\nThe warranty of {name} lasts {years} years.\n")
    for name, years in (("Arga", "two"), ("Bolo", "five"))
]


def made(number: int, text: str, answer: str) -> Question:
    return Question(
        id=f"made{number}",
        text=text,
        answers=(answer,),
        fact=f"synthetic-made{number}",
        split="train",
        slice="seen",
        synthetic=Synthetic(method="rules"),
    )


def from_use(text: str, answer: str) -> Question:
    return Question(id=f"{FROM_USE}1", text=text, answers=(answer,), fact="f1", split="train", slice="seen")


def test_what_a_reviewed_question_contradicts_is_left_out() -> None:
    """In nearly the same words, with another answer; the note names both."""
    one = made(1, "How long does the warranty of Arga last?", "five years")
    kept, notes = still_trained([one], [from_use("How long does the warranty of Arga last", "two years")], DOCUMENTS)
    assert not kept and "a reviewed question has another answer: “How long" in notes[0]


def test_synthetic_questions_that_contradict_each_other_are_not_blamed_on_a_review() -> None:
    """What a person asked about something else says nothing about them: they stay, as without it."""
    two = [made(1, "How long does the warranty last?", "two years"), made(2, "How long does the warranty last", "5 km")]
    asked = [from_use("Which colour has the lid of Bolo?", "blue")]
    assert still_trained(two, [], DOCUMENTS)[0] == two
    kept, notes = still_trained(two, asked, DOCUMENTS)
    assert kept == two and not notes
