"""Labels that read like refusals ('unknown') are read, given, graded and passed on as labels."""

from pathlib import Path

import numpy as np
import pytest

from bakeoff.contenders.cascading import Cascaded, is_sure
from bakeoff.contenders.label_answers import Chosen, LabelAnswers, known_labels, write_labels
from bakeoff.contenders.outcomes import outcomes
from bakeoff.errors import InputError
from bakeoff.grading.grade import grade
from bakeoff.measure.score import rightness, score_answers
from bakeoff.measure.threshold import dev_answers
from bakeoff.measure.units import units_of
from bakeoff.questions.facts.labels import label_keys
from bakeoff.questions.read import read_with_notes
from bakeoff.records import Answer, Question

REFUSING = ("unknown", "unclear", "not_found", "No information", "N/A", "-")


def asked(number: int, *labels: str) -> Question:
    kind, name = ("label", "seen") if labels else ("", "unanswerable")
    return Question(
        id=f"q{number}", text=f"text {number}", answers=labels, fact=f"f{number}", kind=kind, slice=name, split="test"
    )


IN_SCOPE, OUT_OF_SCOPE, OTHER = asked(1, "unknown"), asked(2), asked(3, "card")
QUESTIONS = [IN_SCOPE, OUT_OF_SCOPE, OTHER]


def said(text: str, confidence: float = 0.9) -> list[Answer]:
    return [Answer(question_id=one.id, contender="c", text=text, confidence=confidence) for one in QUESTIONS]


def written(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(rows) + "\n")
    return path


def test_they_are_read_as_labels_and_noted(tmp_path: Path) -> None:
    """Only an empty cell puts a row out of scope where no row is marked."""
    labels = [*REFUSING, "card", "card", "card", "card", "card"]
    rows = [f"message {i} says {'abcdefghijklmnop'[i]},{label}" for i, label in enumerate([*labels, ""])]
    questions, notes = read_with_notes([written(tmp_path / "q.csv", "question,answer", *rows)], are_labels=True)
    assert [question.answers for question in questions] == [*((label,) for label in labels), ()]
    assert any("read as written" in note and "unknown" in note for note in notes)


def test_the_mark_puts_a_row_with_a_placeholder_out_of_scope(tmp_path: Path) -> None:
    """A label in such a row is an error, as everywhere."""
    head = "question,answer,kind"
    path = written(tmp_path / "q.csv", head, "one,card,", "two,unknown,", "three,N/A,unanswerable")
    questions, _ = read_with_notes([path], are_labels=True)
    assert [question.answers for question in questions] == [("card",), ("unknown",), ()]
    with pytest.raises(InputError, match="marked unanswerable but have answers"):
        read_with_notes([written(path, head, "one,card,", "two,b,", "three,c,unanswerable")], are_labels=True)


def test_a_label_is_declined_by_its_confidence_only() -> None:
    contender = LabelAnswers("c", ["unknown"], lambda texts: Chosen(np.array([0, 0]), np.array([0.9, 0.2])), 0.5)
    assert [answer.abstained for answer in contender.answer([IN_SCOPE, OTHER])] == [False, True]


def test_the_label_is_no_refusal_of_a_question_out_of_scope() -> None:
    """A refusal in other words still is."""
    labels = label_keys(QUESTIONS)
    assert labels == {"unknown", "card"}
    assert grade("unknown", []).verdict == "right" and grade("Label: Unknown", [], "", labels).verdict == "wrong"
    assert grade("I don't know.", [], "", labels).verdict == "right"
    values = {
        score.question_id: score.value
        for score in score_answers(QUESTIONS, said("unknown"))
        if score.measure == "correct"
    }
    assert values == {"q1": 1.0, "q2": 0.0, "q3": 0.0}
    found = outcomes(QUESTIONS, said("unknown"), 1.0)
    assert [(one.value, one.confidence) for one in found.values()] == [(1.0, 0.9), (-1.0, 0.9), (-1.0, 0.9)]


def test_a_threshold_is_fitted_on_them_too() -> None:
    assert len(dev_answers(QUESTIONS, said("unknown"), rightness, 1.0).gains) == 3
    assert len(dev_answers(QUESTIONS, said("I don't know"), rightness, 1.0).gains) == 0


def test_people_label_them() -> None:
    assert len(units_of(QUESTIONS, {"c": said("unknown")})) == len(units_of(QUESTIONS, {"c": said("card")})) > 0
    assert not units_of(QUESTIONS, {"c": said("no idea")})


def test_a_cascade_does_not_pass_them_on(tmp_path: Path) -> None:
    """The labels are those of the folders of its levels."""
    answer = said("unknown")[0]
    assert not is_sure(answer, 0.5) and is_sure(answer, 0.5, {"unknown"}) and not is_sure(answer, 0.95, {"unknown"})

    class Level:
        def __init__(self, text: str) -> None:
            self.name = text

        def answer(self, questions: list[Question]) -> list[Answer]:
            return [Answer(question_id=one.id, contender="c", text=self.name, confidence=0.9) for one in questions]

    levels = [Level("unknown"), Level("card")]
    assert Cascaded("c", levels, [0.5], {"unknown"}).answer([IN_SCOPE])[0].route == "unknown"
    assert Cascaded("c", levels, [0.5]).answer([IN_SCOPE])[0].route == "card"
    write_labels(tmp_path / "a", ["unknown"])
    assert known_labels(tmp_path / "a") == ("unknown",) and known_labels(tmp_path / "b") == ()
