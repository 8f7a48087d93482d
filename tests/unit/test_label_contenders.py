"""Contenders that answer with labels: built from few examples, opened from their folder, left out with a reason."""

import numpy as np
import pytest

from bakeoff.contenders.built import Built, Fitted
from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.nearest_label import vote
from bakeoff.contenders.recipe import Material
from bakeoff.contenders.spec import Spec
from bakeoff.contenders.world import WorldFolder
from bakeoff.errors import ConfigError, RunFolderError
from bakeoff.measure.comparison import Declining
from bakeoff.models.settings import LocalModel
from bakeoff.records import Question, ask

MODELS = {"generator": LocalModel(name="scripted"), "embedder": LocalModel(name="hash")}
WORDS = {"refund": "money back please", "delivery": "where is my parcel", "log in": "cannot sign in to my account"}


def example(label, number, split="train"):
    text = f"{WORDS[label]} {number} {'again' * (number % 3)}"
    return Question(
        id=f"{split}-{label}-{number}", text=text, answers=(label,), kind="label", fact=f"{split}{label}{number}",
        slice="seen", split=split,
    )  # fmt: skip


def material(n=8, labels=tuple(WORDS), n_dev=8, **more):
    train = tuple(example(label, i) for label in labels for i in range(n))
    dev = tuple(example(label, 100 + i, "dev") for label in labels for i in range(n_dev))
    return Material(train=train, dev=dev, **more)


def built(tmp_path, of, name="nearest-label", declining=None, models=MODELS, **spec):
    """The contender, prepared and opened from its folder."""
    world = WorldFolder(tmp_path, models)
    recipe = make_recipe(Spec(name="c", recipe=name, **spec))
    assert recipe.obstacle(world, of) is None
    fitted = recipe.prepare(world, of).model_copy(update={"declining": declining})
    world.save(Built(spec=recipe.spec, entrant=recipe.entrant(models), fitted=fitted, calibrated=True))
    return WorldFolder(tmp_path, models).open("c")


def reason(of, name="nearest-label", models=MODELS, tmp_path=None):
    return make_recipe(Spec(name="c", recipe=name)).obstacle(WorldFolder(tmp_path, models), of)


def test_the_nearest_examples_give_the_label(tmp_path):
    """With a chance that is higher for a text that is like the examples than for one that is not."""
    contender = built(tmp_path, material())
    near, far = contender.answer([ask("where is my parcel 7"), ask("a poem about autumn leaves")])
    assert (near.text, near.abstained) == ("delivery", False)
    assert 0 < far.confidence < near.confidence < 1


def test_below_its_threshold_a_contender_declines(tmp_path):
    """The label stays as what was withheld."""
    contender = built(tmp_path, material(), declining=Declining(below=0.999))
    (answer,) = contender.answer([ask("a poem about autumn leaves")])
    assert answer.abstained and answer.text in WORDS


def test_one_example_of_each_label_is_enough_to_vote(tmp_path):
    """Nobody can be left out, and dev is too small to fit the curve on."""
    contender = built(tmp_path, material(n=1, n_dev=1))
    (answer,) = contender.answer([ask("money back please")])
    assert answer.text == "refund" and 0 < answer.confidence < 1


@pytest.mark.parametrize("name", ["nearest-label"])
def test_what_cannot_be_learned_is_left_out_with_a_reason(tmp_path, name):
    """No labels, one label, answers that are no labels."""
    alone = material(labels=("refund",))
    assert "all training questions have the label 'refund'" in reason(alone, name, tmp_path=tmp_path)
    assert "no training questions with a label" in reason(Material(), name, tmp_path=tmp_path)
    free = Material(train=(Question(id="a", text="How much?", answers=("90 EUR",), fact="a"),))
    assert "set task: classify" in reason(free, name, tmp_path=tmp_path)


def test_votes_are_weighed_by_cosine():
    """Two examples of one label that are a little less near outweigh one of another; k = 1 takes the nearest."""
    cosines = np.array([[0.90, 0.89, 0.88, 0.1]])
    numbers = np.array([0, 1, 1, 2])
    winners, features = vote(cosines, numbers, 3)
    weights = np.exp(20 * (cosines[0, :3] - 0.9))
    assert winners.tolist() == [1]
    assert features[0] == pytest.approx([weights[1:].sum() / weights.sum(), 0.89])
    assert vote(cosines, numbers, 1)[0].tolist() == [0]


def test_k_must_be_a_number_from_one_on():
    """Without it, the training examples decide."""
    with pytest.raises(ConfigError, match=r"options\.k: Input should be greater than or equal to 1"):
        make_recipe(Spec(name="c", recipe="nearest-label", options={"k": 0}))
    assert make_recipe(Spec(name="c", recipe="nearest-label", options={"k": 3})).options.k == 3


def test_a_damaged_folder_is_an_error_with_a_remedy(tmp_path):
    """The labels are gone."""
    built(tmp_path, material())
    (tmp_path / "contenders" / "c" / "labels.json").unlink()
    with pytest.raises(RunFolderError, match=r"labels\.json"):
        make_recipe(Spec(name="c", recipe="nearest-label")).open(WorldFolder(tmp_path, MODELS), Fitted())
