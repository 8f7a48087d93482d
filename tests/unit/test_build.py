"""Contenders are built, or left out with the reason. Unusable training data is reported before any training."""

import json
from pathlib import Path

import pytest

from bakeoff.contenders.access import learned_with
from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.errors import InputError
from bakeoff.pilot.run import run
from bakeoff.records import Document
from tests.end_to_end.small import make
from tests.unit.shapes import write_shape
from tests.unit.tiny_model import write_tiny_model

pytest.importorskip("peft")

FEW = {"epochs": 1, "examples": 6}


def pilot(folder: Path, context_tokens: int, **more) -> Path:
    """A pilot with a tiny model over documents of some two thousand characters."""
    model = write_tiny_model(folder / "model", max_position_embeddings=context_tokens)
    models = {"generator": {"name": str(model), "engine": "transformers"}, "embedder": "hash"}
    config = make(folder, models=models, generation={"max_new_tokens": 1}, tuning=FEW, **more)
    for path in (folder / "docs").iterdir():
        path.write_text(path.read_text() + "\nA line about nothing in particular." * 40)
    return config


@pytest.mark.parametrize("context_tokens", [pytest.param(8192, marks=pytest.mark.slow), 1024])
def test_the_hybrid_is_trained_with_passages_of_any_size(tmp_path, context_tokens):
    """Eight passages exceed the batch limit, and with the short context also the model's limit."""
    config = pilot(tmp_path, context_tokens, contenders=["hybrid"], retrieval={"k": 8, "chunk_tokens": 64})
    finished = run(config, runs=tmp_path / "runs")
    (report,) = (finished.folder.root / "adapters").glob("hybrid-*/report.json")
    trained = json.loads(report.read_text())
    assert trained["n_examples"] == 6
    assert (trained["n_tokens"] > 6 * 2048) == (context_tokens > 2048)
    assert not [answer.error for answer in finished.answers("hybrid") if answer.error]
    assert learned_with(finished.folder.root / "adapters" / report.parent.name) == {()}


@pytest.mark.parametrize(
    ("grounded", "told"),
    [
        (
            {"system": "", "user": "{passages} {question}", "passage": "{passage}" + "x" * 2000},
            r"has \d+ tokens; the model takes 1024",
        ),
        (
            {"system": "x" * 2000, "user": "{passages} {question}"},
            "did not find the right passage for any training question",
        ),
    ],
)
def test_what_the_hybrid_cannot_be_trained_on_is_told_before_any_training(tmp_path, grounded, told):
    """Prompts that exceed the context with or without a passage: the tuned model is not trained first."""
    config = pilot(tmp_path, 1024, contenders=["tuned", "hybrid"], prompts={"grounded": grounded})
    with pytest.raises(InputError, match=f"{told}(?s:.*)retrieval\\.k"):
        run(config, runs=tmp_path / "runs")
    assert not list(tmp_path.rglob("adapters/*"))


def test_a_model_without_weights_is_not_tuned(tmp_path):
    """Contenders that need training are left out with the reason. The others are measured."""
    every = ["base", "rag", "tuned", "hybrid", "extract", "router", "long-context"]
    finished = run(make(tmp_path, contenders=every), runs=tmp_path / "runs")
    assert set(finished.comparison.names) == {"base", "rag", "extract", "long-context"}
    skipped = finished.comparison.skipped
    assert set(skipped) == {"tuned", "hybrid", "router"}
    assert "only a local model can be tuned" in skipped["hybrid"] and "which it sends questions to" in skipped["router"]


def test_a_model_that_cannot_be_tuned_is_measured_untuned_and_a_slower_engine_is_named(tmp_path, monkeypatch):
    """A shape that training does not support costs only the contenders that are tuned. Both are in the report."""
    monkeypatch.setattr("bakeoff.models.engines.optimum_export.installed_version", lambda: None)
    monkeypatch.setattr("bakeoff.models.load.has_gpu", lambda: False)
    models = {"generator": str(write_shape("gemma2", tmp_path / "model")), "embedder": "hash"}
    config = make(tmp_path, models=models, contenders=["base", "tuned"], generation={"max_new_tokens": 1})
    finished = run(config, runs=tmp_path / "runs")
    assert set(finished.comparison.names) == {"base"}
    assert "caps the scores" in finished.comparison.skipped["tuned"]
    report = (finished.folder.root / "report.md").read_text()
    assert report.count("It runs on transformers, which is slower on a CPU.") == 1


def reasons(finished) -> dict[str, str]:
    """Why each contender has no threshold."""
    contenders = finished.folder.root / "contenders"
    built = {folder.name: json.loads((folder / "contender.json").read_text()) for folder in contenders.iterdir()}
    return {name: contender["fitted"]["declining"]["reason"] for name, contender in built.items()}


@pytest.mark.parametrize("generator", ["reader", "silent"])
def test_all_contenders_have_the_same_chance_to_decline(tmp_path, generator):
    """If the generator gives no confidence, the contender that needs none gets no threshold either.

    The report says so.
    """
    models = {"generator": f"tests.end_to_end.small.{generator}", "embedder": "hash"}
    finished = run(make(tmp_path, contenders=["extract", "rag", "base"], models=models), runs=tmp_path / "runs")
    told = "no log-probabilities (rag, base), so the common rule gives no contender a threshold"
    assert (told in (finished.folder.root / "report.md").read_text()) == (generator == "silent")
    assert ("no log-probabilities" in reasons(finished)["extract"]) == (generator == "silent")


def test_what_was_calibrated_stays_when_the_run_is_resumed(tmp_path):
    """Answers rest on it: other dev answers on the disk, or other ones asked anew, change no threshold."""
    config = make(tmp_path, contenders=["rag", "base", "extract"])
    first = run(config, runs=tmp_path / "runs")
    before = {path: path.read_bytes() for path in first.folder.root.glob("contenders/*/contender.json")}
    for name in ("rag", "base", "extract"):
        first.folder.answers_path(name, "dev").unlink()
    again = run(config, runs=tmp_path / "runs", resume=True)
    assert {path: path.read_bytes() for path in again.folder.root.glob("contenders/*/contender.json")} == before
    assert len(before) == 3 and not list(again.folder.root.glob("answers/*.dev.jsonl"))


def test_resume_takes_the_unfinished_run_and_a_new_one_points_to_it(tmp_path):
    """A run that was begun by mistake beside a half-written one does not hide it."""
    config = make(tmp_path, contenders=["base", "extract"])
    first = run(config, runs=tmp_path / "runs")
    first.folder.verdict_path.unlink()
    notes: list[str] = []
    second = run(config, runs=tmp_path / "runs", listener=lambda event: notes.append(event.note))
    assert second.folder.root.name == "planets-2"
    assert any(f"{first.folder.root} is not finished. This run begins beside it" in note for note in notes)
    assert run(config, runs=tmp_path / "runs", resume=True).folder.root == first.folder.root
    assert first.folder.verdict_path.exists()


def test_what_learns_without_tuning_leaves_other_tuned_models_alone(tmp_path, monkeypatch):
    """The world after the update keeps the adapters of all contenders that are not tuned further."""
    from bakeoff.pilot.updated_world import bring_up_to_date

    world = tmp_path / "world"
    for name in ("hybrid-1", "tuned-1"):
        (world / "adapters" / name).mkdir(parents=True)
        (world / "adapters" / name / "report.json").write_text("{}")
    with SqliteStore(world / "store.sqlite") as store:
        store.replace_all([Document(id="a", text="Words.", source="a")])
    bring_up_to_date(world, tmp_path / "copy", without=["tuned-1"], is_indexed=False)
    assert [path.name for path in (tmp_path / "copy" / "adapters").iterdir()] == ["hybrid-1"]
    (tmp_path / "tables.py").write_text(
        "from bakeoff.contenders.base import Base\nclass Table(Base):\n    learns_facts = True\n"
    )
    from bakeoff.contenders.load import make_recipes
    from bakeoff.contenders.recipe import Material
    from bakeoff.contenders.spec import Spec
    from bakeoff.pilot.build import Builder
    from tests.unit.fakes import question

    recipes = make_recipes([Spec(name="table", recipe="tables.Table")], tmp_path)
    builder = Builder(recipes, Material(changed=(question("a"),)), None, None)
    assert builder.relearning() == []


def test_the_first_error_of_answers_that_failed_is_told(tmp_path):
    """It is reported once for all contenders that had it."""
    models = {"generator": "tests.end_to_end.small.broken", "embedder": "hash"}
    finished = run(make(tmp_path, contenders=["base", "rag", "extract"], models=models), runs=tmp_path / "runs")
    told = "The first failed answer of base, rag has this error: ConnectionError: nobody answers"
    assert (finished.folder.root / "report.md").read_text().count(told) == 1


def test_one_model_without_log_probabilities_takes_the_threshold_from_all(tmp_path):
    """Whatever the order: a contender on a model that gives them must not decline by a rule the other lacks."""
    models = {
        "generator": "tests.end_to_end.small.reader",
        "quiet": "tests.end_to_end.small.silent",
        "embedder": "hash",
    }
    contenders = ["base", "rag", {"name": "rag-quiet", "like": "rag", "model": "quiet"}, "extract"]
    finished = run(make(tmp_path, models=models, contenders=contenders), runs=tmp_path / "runs")
    assert set(reasons(finished).values()) == {"a model of this run gives no log-probabilities"}
    told = "no log-probabilities (rag-quiet), so the common rule gives no contender a threshold"
    assert told in (finished.folder.root / "report.md").read_text()
