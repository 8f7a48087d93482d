"""RAFT's options of `hybrid`: bad values, the name of the tuned model, labels in reports, and what is trained on."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.recipe import Material
from bakeoff.contenders.spec import Spec
from bakeoff.errors import ConfigError
from bakeoff.records import Question
from bakeoff.retrieval.settings import Retrieval
from tests.unit.labelled_world import MODELS, labelled_world


def hybrid(**options: Any) -> Any:
    return make_recipe(Spec(name="h", recipe="hybrid", retrieval=Retrieval(k=2, chunk_tokens=64), options=options))


def name_without_options(recipe: Any) -> str:
    """The name of the tuned model as it was before there were options."""
    spec = recipe.spec
    depends_on = {**spec.model_dump(mode="json", include={"recipe", "model", "tuning"}), "options": {}}
    depends_on |= {"template": recipe.template.fingerprint, "tuning": spec.tuning.identity()}
    depends_on |= {"retrieval": spec.retrieval.model_dump(), "max_new_tokens": spec.generation.max_new_tokens}
    depends_on |= {"presentation": spec.presentation.model_dump()}
    return f"hybrid-{hashlib.sha256(json.dumps(depends_on, sort_keys=True).encode()).hexdigest()[:8]}"


def test_defaults_and_ways_to_search_keep_the_tuned_model() -> None:
    """Its name changes only with what it is trained on, so that it is trained once for all ways to search."""
    plain = hybrid().adapter
    assert plain == name_without_options(hybrid())
    for same in ({"golden": 1.0}, {"distractors": None}, {"rewrite": "hyde"}, {"iterations": 3, "golden": 1}):
        assert hybrid(**same).adapter == plain
    others = {hybrid(**changed).adapter for changed in ({"golden": 0.8}, {"distractors": 4}, {"distractors": 2})}
    assert len(others) == 3 and plain not in others
    assert hybrid(golden=0.8, rewrite="hyde").adapter == hybrid(golden=0.8).adapter


def test_reports_name_the_options() -> None:
    """As part of how it is tuned and of what it is shown, so that effects compare the right contenders."""
    axes = hybrid(golden=0.8, distractors=4, rewrite="multi-query").entrant(MODELS).axes
    usual = hybrid().entrant(MODELS).axes
    assert axes and usual and axes.tuning == f"{usual.tuning}, right passage in 80 %, 4 distractors"
    assert axes.knowledge == f"{usual.knowledge}, 3 rewordings"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"golden": 0}, "options.golden: Input should be greater than 0"),
        ({"golden": 80}, "options.golden: Input should be less than or equal to 1"),
        ({"distractors": -1}, "options.distractors: Input should be greater than or equal to 0"),
        ({"oracle": 0.8}, "unknown option 'oracle' .*golden, distractors"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], words: str) -> None:
    """With what is allowed."""
    with pytest.raises(ConfigError, match=words):
        hybrid(**options)


def test_training_follows_the_options_and_dev_does_not(tmp_path: Path) -> None:
    """Three passages in each training example; dev examples show as many as in use."""
    world = labelled_world(tmp_path)
    asked = [Question(id=f"{i}", text=f"kettle office {i}?", answers=("nine",), fact=f"{i}") for i in range(4)]
    lesson = hybrid(distractors=2).lesson(world, Material(train=tuple(asked), dev=tuple(asked)))

    def n_passages(example: Any) -> int:
        return len(example.prompt.messages[-1].content.split("\n\n")) - 1

    assert {n_passages(one) for one in lesson.examples} == {3} and {n_passages(one) for one in lesson.dev} == {2}
