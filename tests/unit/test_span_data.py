"""What the span reader is trained on: marked answers that stand where they are marked, and nothing that is held out."""

import importlib
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

RECIPES = Path(__file__).parents[2] / "recipes"
PAGE = (
    "Ada Lovelace was born in London in 1815. Her mother taught Ada Lovelace mathematics from an early age. "
    "In 1833 she met Charles Babbage, who showed her the difference engine. Charles Babbage called her a friend, and "
    "the difference engine stayed with Ada Lovelace all her life. "
) * 2
OTHER = "The river Corm dries up in summer. Boats on the river Corm are moored until autumn. " * 8


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The folders of both recipes on the path, and their modules out of the way afterwards."""
    before = set(sys.modules)
    for name in ("reader", "span_reader"):
        monkeypatch.syspath_prepend(str(RECIPES / name))
    yield importlib.import_module("cloze")
    for name in set(sys.modules) - before:
        if str(RECIPES) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def test_a_cloze_is_answered_by_what_was_left_out(recipe: ModuleType) -> None:
    """Every marked place says the same, which the question does not say where it was; the sentence is not shown."""
    made = list(recipe.clozes([("Ada", PAGE + OTHER)], random.Random(1)))
    assert any(question.places for question in made)
    for question in made:
        said = {question.passages[i].text[a:b] for i, a, b in question.places}
        assert len(said) <= 1
        assert len(question.text.split()) <= recipe.WORDS_ASKED + 4


def test_a_cloze_leaves_out_names_and_phrases(recipe: ModuleType) -> None:
    """Not what begins or ends with a common word, nor what crosses a mark."""
    found = set(recipe.spans("In 1833 she met Charles Babbage, who was kind."))
    assert {"1833", "Charles Babbage", "Babbage"} <= found
    assert not {"In 1833", "Babbage, who", "she", "kind"} & found


@pytest.mark.parametrize("seed", range(6))
def test_the_question_has_a_gap_or_a_word_that_asks(recipe: ModuleType, seed: int) -> None:
    """Never what was left out."""
    text = recipe.asked("Her mother taught Ada Lovelace mathematics.", "Ada Lovelace", random.Random(seed))
    assert "Lovelace" not in text
    assert "[MASK]" in text or any(word in text for word in ("who", "what", "which", "where"))


def test_nothing_that_is_held_out_is_trained_on(recipe: ModuleType, public_data: Path) -> None:
    """No question and no paragraph of the held-out articles, nor of an article left out to choose settings on."""
    pytest.importorskip("bm25s")
    marked, squad = (importlib.import_module(name) for name in ("marked", "squad"))
    articles = squad.articles(public_data)
    kept_back = (*squad.HELD_OUT, "Normans")
    hidden = {" ".join(qa["question"].split()) for title in kept_back for p in articles[title] for qa in p["qas"]}
    contexts = [paragraph["context"] for title in squad.HELD_OUT for paragraph in articles[title]]
    made = list(marked.of_squad(public_data, random.Random(1), ["Normans"]))
    assert len(made) > 2000 and not hidden & {question.text for question in made}
    assert not any(context in text for _, text in marked.texts(public_data) for context in contexts)
    for question in made:
        for number, start, end in question.places:
            assert 0 <= start < end <= len(question.passages[number].text)
            assert not question.passages[number].text[start:end].startswith(" ")
