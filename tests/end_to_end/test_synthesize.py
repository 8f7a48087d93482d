"""Synthetic questions with the models that come with Bakeoff: the reduced form, on two small documents."""

import json
from pathlib import Path

import pytest

from bakeoff.questions import read_questions
from tests.unit.test_cli import parsed

pytestmark = [pytest.mark.models, pytest.mark.slow]

DOCUMENTS = {
    "kettle.md": "# Kite 2 kettle\n\nThe Kite 2 kettle can hold up to 5 litres of water. The lid is made of steel.\n\n"
    "The warranty of the Kite 2 kettle lasts 24 months.\n",
    "prices.csv": "item,price_gbp,colour\nKite 2 kettle,35.00,red\nKite 3 kettle,49.00,blue\n",
}
ASKED = {
    "id": "a1",
    "question": "How long does the warranty of the Kite 2 kettle last?",
    "answers": ["24 months", "two years"],
    "source": "kettle.md",
    "split": "train",
}


def test_rules_and_the_reading_model_make_questions_that_stand_in_the_documents(tmp_path: Path) -> None:
    """Offline. Every answer stands in its document, and some wordings keep the answer by the round trip."""
    (tmp_path / "docs").mkdir()
    for name, text in DOCUMENTS.items():
        (tmp_path / "docs" / name).write_text(text)
    (tmp_path / "q.jsonl").write_text(json.dumps(ASKED) + "\n")
    out = tmp_path / "out"
    said = parsed("synthesize", tmp_path / "docs", "--paraphrase", tmp_path / "q.jsonl", "-o", out, "--json")
    made = read_questions([out / "questions.jsonl"])
    assert said["left"] == 0 and len(made) == sum(said["kept"].values()) >= 4
    wordings = [one for one in made if one.synthetic and one.synthetic.paraphrase_of]
    assert wordings and all(one.answers == ("24 months", "two years") for one in wordings)
    whole = "\n".join(DOCUMENTS.values())
    others = [one for one in made if one.answerable and one not in wordings]
    assert others and all(one.answers[0] in whole for one in others)
    assert all(one.is_unreviewed for one in made)
