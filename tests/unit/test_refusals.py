"""Refusals and short answers in 21 languages: reference/refusals.csv, batches first met unseen."""

import csv
from pathlib import Path

import pytest

from bakeoff.grading.abstention import is_abstention
from bakeoff.grading.languages import FOLDER

CASES = list(csv.DictReader((Path(__file__).parents[1] / "reference" / "refusals.csv").open(encoding="utf-8")))
LANGUAGES = sorted({case["language"] for case in CASES})
TAKEN = ("Unbekannt verzogen",)
"""Known faults: answers that are taken for refusals."""


def test_every_language_has_cases() -> None:
    """A language file without a refusal and an answer to try it on is not tested."""
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(LANGUAGES)
    assert all({case["declines"] for case in CASES if case["language"] == one} == {"yes", "no"} for one in LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_refusals_are_recognised(language: str) -> None:
    """In the words of assistants and of people."""
    refusals = [case["text"] for case in CASES if case["language"] == language and case["declines"] == "yes"]
    assert [text for text in refusals if not is_abstention(text)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_short_answers_are_no_refusals(language: str) -> None:
    """No, none, not covered, free of charge: these are answers."""
    answers = [case["text"] for case in CASES if case["language"] == language and case["declines"] == "no"]
    assert [text for text in answers if is_abstention(text) and text not in TAKEN] == []


def test_a_refusal_after_an_apology_is_one() -> None:
    """'Sorry, but I do not know' in any language; an answer after the contrast is an answer."""
    assert is_abstention("Je suis désolé, mais je ne dispose pas de cette information.")
    assert not is_abstention("Das weiß ich nicht, aber vermutlich drei Jahre.")
