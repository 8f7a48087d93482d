"""The contender that CONTRIBUTING.md works through is executed as it stands there."""

import re

import pytest

from bakeoff.pilot.run import run
from tests.end_to_end.small import REPOSITORY, make

TEXT = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A pilot with the contender in a file beside bakeoff.yaml."""
    folder = tmp_path_factory.mktemp("planets")
    contenders = ["base", "rag", {"name": "nearest", "like": "nearest_question.Nearest"}]
    config = make(folder, contenders=contenders)
    (folder / "nearest_question.py").write_text(code())
    return run(config, runs=folder / "runs")


def code() -> str:
    return re.search(r"```python\n(.*?)```", TEXT, re.DOTALL)[1]


def test_it_is_a_file_of_under_sixty_lines():
    """Adding a contender is little work."""
    assert len(code().splitlines()) < 60


def test_it_is_measured_like_any_other(finished):
    """Every test question is answered with what a training question was answered with."""
    questions = finished.folder.questions()
    known = {question.answers[0] for question in questions if question.split == "train" and question.answerable}
    answers = finished.answers("nearest")
    assert len(answers) == sum(question.split == "test" for question in questions)
    assert {answer.text for answer in answers} <= known
    assert finished.measure("nearest", "accuracy") is not None


def test_it_stands_in_the_report_with_its_title(finished):
    """Its words are its own."""
    assert "nearest" in (finished.folder.root / "report.md").read_text()


def test_it_can_be_opened_again(finished):
    """From the run folder, with the file beside the configuration."""
    questions = [question for question in finished.folder.questions() if question.split == "test"][:3]
    measured = {answer.question_id: answer.text for answer in finished.answers("nearest")}
    assert [answer.text for answer in finished.open("nearest").answer(questions)] == [
        measured[question.id] for question in questions
    ]
