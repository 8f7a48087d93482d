"""Contenders that answer with labels: built from few examples, opened from their folder, left out with a reason."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from bakeoff.catalogue import CLASSIFYING
from bakeoff.contenders import nearest_label
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
from bakeoff.runs.config import load_config
from bakeoff.tuning.checkpoint import Position
from tests.unit.test_sentence_model import write_model
from tests.unit.tiny_model import write_tiny_model

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
    assert answer.text == "refund" and 0 < answer.confidence < 1 and answer.is_chance


@pytest.mark.parametrize("name", CLASSIFYING)
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


# --- heads


def test_a_head_on_an_untuned_embedder_needs_no_language_model(tmp_path):
    """It works with any embedder, one that is only hashed words too; the head is safetensors."""
    contender = built(tmp_path, material(), "label-head", options={"tune": False})
    near, far = contender.answer([ask("where is my parcel 7"), ask("a poem about autumn leaves")])
    assert near.text == "delivery" and 0 < far.confidence < near.confidence < 1
    assert (tmp_path / "contenders" / "c" / "head.safetensors").exists()


def test_what_has_no_weights_is_not_tuned(tmp_path):
    """The reason says how to go on without tuning."""
    assert "tune: false" in reason(material(), "label-head", tmp_path=tmp_path)


def test_one_example_of_each_label_leaves_nothing_to_compare(tmp_path):
    """Contrastive tuning needs two of one label. Without tuning the head is fitted."""
    models = {**MODELS, "embedder": LocalModel(name="some/embedder")}
    found = reason(material(n=1), "label-head", models, tmp_path)
    assert found.startswith("every label has one training example") and "tune: false" in found
    contender = built(tmp_path, material(n=1, n_dev=1), "label-head", options={"tune": False})
    assert contender.answer([ask("money back please")])[0].text == "refund"


def test_a_tuned_embedder_is_opened_from_the_contenders_folder(tmp_path, monkeypatch):
    """The run's own embedder could be gone."""
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))
    source = write_model(tmp_path / "source", {"pooling_mode_mean_tokens": True})
    models = {**MODELS, "embedder": LocalModel(name=str(source), engine="transformers")}
    of = material(labels=("refund", "log in"))
    texts = {"refund": "how do i pay", "log in": "an invoice or bank"}
    train = tuple(one.model_copy(update={"text": f"{texts[one.answers[0]]} {'card' * (i % 2)}"})
                  for i, one in enumerate(of.train))  # fmt: skip
    contender = built(tmp_path / "w", of.model_copy(update={"train": train}), "label-head", models=models,
                      options={"epochs": 4, "tune": True})  # fmt: skip
    assert contender.answer([ask("how do i pay")])[0].text == "refund"
    files = {path.name for path in (tmp_path / "w" / "contenders" / "c").rglob("*") if path.is_file()}
    assert {"head.safetensors", "model.safetensors", "labels.json", "curve.json"} <= files
    assert not any(name.endswith((".bin", ".pkl", ".pt", ".joblib")) for name in files)


def test_a_tuned_embedder_that_is_no_better_on_dev_is_not_used(tmp_path, monkeypatch):
    """One that makes all texts alike is worse than the embedder as it comes, which is then opened."""

    def spoil(source, sentence, texts, classes, settings, target, checkpoint, on_step):
        trainings.append(len(texts))
        shutil.copytree(source, target)
        tensors = load_file(target / "model.safetensors")
        save_file({name: tensor * 0 for name, tensor in tensors.items()}, target / "model.safetensors")
        return Position(step=1)

    trainings = []
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("bakeoff.contenders.label_head.tune_embedder", spoil)
    source = write_model(tmp_path / "source", {"pooling_mode": "cls"})
    models = {**MODELS, "embedder": LocalModel(name=str(source), engine="transformers")}
    texts = {"refund": "how do i pay by card", "log in": "an invoice or bank", "delivery": "query passage : pay"}

    def spoken(questions):
        return tuple(one.model_copy(update={"text": f"{texts[one.answers[0]]} {'card' * (i % 2)}"})
                     for i, one in enumerate(questions))  # fmt: skip

    of = material()
    of = of.model_copy(update={"train": spoken(of.train), "dev": spoken(of.dev)})
    contender = built(tmp_path / "w", of, "label-head", models=models)
    assert [answer.text for answer in contender.answer([ask(text) for text in texts.values()])] == list(texts)
    assert not (tmp_path / "w" / "contenders" / "c" / "embedder").exists()
    built(tmp_path / "w", of, "label-head", models=models)
    assert trainings == [len(of.train)] and not (tmp_path / "w" / "contenders" / "c" / "embedder").exists()


def test_a_tuning_that_is_finished_is_not_repeated(tmp_path, monkeypatch):
    """Nor is one whose process was killed before the head was fitted. Other examples or other settings are tuned on."""
    trainings = []

    def noted(source, sentence, texts, classes, settings, target, checkpoint, on_step):
        trainings.append(len(texts))
        shutil.copytree(source, target)
        return Position(step=4, n_tokens=90, seconds=7.0)

    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("bakeoff.contenders.label_head.tune_embedder", noted)
    source = write_model(tmp_path / "source", {"pooling_mode_mean_tokens": True})
    models = {**MODELS, "embedder": LocalModel(name=str(source), engine="transformers")}
    folder = tmp_path / "w" / "contenders" / "c"

    def make(of, **options):
        recipe = make_recipe(Spec(name="c", recipe="label-head", options={"tune": True, **options}))
        return recipe.make(WorldFolder(tmp_path / "w", models), of, lambda done, total: None).took

    took = make(material())
    assert took.tokens == 90 and took.seconds >= 7 and "4 steps" in took.detail
    assert make(material()) is None and len(trainings) == 1 and (folder / "embedder").exists()
    (folder / "training" / "report.json").unlink()
    (folder / "head.safetensors").unlink()
    assert make(material()) is not None and len(trainings) == 1 and (folder / "head.safetensors").exists()
    assert make(material(n=5)) is not None and len(trainings) == 2
    assert make(material(n=5), epochs=3) is not None and len(trainings) == 3
    assert make(material(n=5), tune=False) is None and not (folder / "embedder").exists()


# --- language models


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Models with a random language model of a few thousand parameters."""
    folder = write_tiny_model(tmp_path_factory.mktemp("tiny") / "model")
    return {**MODELS, "generator": LocalModel(name=str(folder))}


@pytest.mark.parametrize("name", ["generator-labels", "generator-label-head"])
def test_a_language_model_answers_with_a_label_and_a_chance(tmp_path, tiny, name):
    """The same label from its folder again; a message that does not fit is an error, the others are answered."""
    contender = built(tmp_path, material(n=3, n_dev=8), name, models=tiny)
    answers = contender.answer([ask("where is my parcel"), ask("long " * 400)])
    assert answers[0].text in WORDS and 0 < answers[0].confidence < 1 and answers[0].usage.prompt_tokens > 0
    assert answers[1].error.startswith("The question does not fit") and answers[1].text == ""
    again = WorldFolder(tmp_path, tiny).open("c").answer([ask("where is my parcel")])[0]
    assert (again.text, again.confidence) == (answers[0].text, pytest.approx(answers[0].confidence))


def test_a_head_on_states_learns_what_its_examples_show(tmp_path, tiny):
    """Even a random model's states tell these messages apart."""
    contender = built(tmp_path, material(n=6, n_dev=8), "generator-label-head", models=tiny)
    asked = [ask(f"{text} 55") for text in WORDS.values()]
    assert [answer.text for answer in contender.answer(asked)] == list(WORDS)


@pytest.mark.parametrize("name", ["generator-labels", "generator-label-head"])
def test_a_model_whose_states_cannot_be_read_is_left_out(tmp_path, name):
    """Such as one behind a server."""
    assert "only those of a local model can be read" in reason(material(), name, tmp_path=tmp_path)


def test_thousands_of_labels_do_not_fit_into_a_prompt(tmp_path, tiny):
    """The reason says how many tokens they would take; a head takes them."""
    train = tuple(
        Question(id=f"q{i}", text=f"text {i}", answers=(f"label number {i}",), kind="label", fact=f"f{i}")
        for i in range(3000)
    )
    found = reason(Material(train=train), "generator-labels", tiny, tmp_path)
    assert "a prompt with 3,000 labels and a message has" in found and "1,024" in found
    assert reason(Material(train=train), "generator-label-head", tiny, tmp_path) is None


def test_votes_in_portions_of_rows_are_those_in_one_piece(monkeypatch):
    """Each example is left out of its own row, also in a later portion; no row at all is one empty portion."""
    rng = np.random.default_rng(2)
    vectors, numbers = rng.normal(size=(40, 8)), rng.integers(4, size=40)
    own = np.array([*range(0, 40, 2), -1])
    asked = np.concatenate([vectors[own[:-1]], rng.normal(size=(1, 8))])
    whole = asked @ vectors.T
    whole[np.arange(20), own[:-1]] = -np.inf
    monkeypatch.setattr(nearest_label, "MOST_CELLS", 120)
    parts = list(nearest_label.cosines(asked, vectors, own))
    assert [len(part) for part in parts] == [3] * 7
    assert np.concatenate(parts) == pytest.approx(whole)
    for found, expected in zip(nearest_label.voted(iter(parts), numbers, 5), vote(whole, numbers, 5), strict=True):
        assert found == pytest.approx(expected)
    assert [len(column) for column in nearest_label.voted(nearest_label.cosines(asked[:0], vectors), numbers, 5)] == [
        0,
        0,
    ]


def test_a_contender_that_searches_needs_documents(tmp_path: Path) -> None:
    """A run that classifies has none, so retrieval is refused before anything is read."""
    file = tmp_path / "bakeoff.yaml"
    file.write_text("name: x\ntask: classify\nquestions: [q.csv]\ncontenders: [nearest-label, rag]\n")
    with pytest.raises(ConfigError, match="'rag' searches documents, and the configuration names none") as refused:
        load_config(file)
    assert "label-head" in refused.value.remedy
    file.write_text("name: x\ntask: classify\nquestions: [q.csv]\ncontenders: [nearest-label, faq]\n")
    assert len(load_config(file).specs) == 2
