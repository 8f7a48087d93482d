"""`rag-tuned` in a pilot: its own index, what it says, what it refuses, and the same answers wherever it is opened."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from bakeoff.contenders import retrieval_tuning
from bakeoff.contenders.identity import identity_of
from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.rag_tuned import RagTuned
from bakeoff.contenders.recipe import Material, Recipe
from bakeoff.contenders.spec import Spec
from bakeoff.contenders.world import WorldFolder
from bakeoff.corpus.stores import fill_store
from bakeoff.errors import ConfigError, RunFolderError
from bakeoff.models.settings import LocalModel
from bakeoff.pilot.run import run
from bakeoff.questions.facts.near_copies import jaccard
from bakeoff.records import Document, Question, SourceSpan
from bakeoff.retrieval.settings import Retrieval
from bakeoff.runs.run import Run
from bakeoff.serve.deployment import deploy
from bakeoff.serve.documents.opening import documents_of
from bakeoff.serve.releases import remove_unused_indexes
from bakeoff.serve.sums import check_parts, sums_of
from bakeoff.tuning.retriever.folders import is_tuned_part, untuned_name
from bakeoff.tuning.retriever.pairs import FEWEST, Pair
from tests.end_to_end.small import PLANETS, make
from tests.unit.tiny_embedder import write_tiny_embedder

WORDS = (
    "How long is a year on ? In what time does circle its star orbital period What colour the noon sky of Which has "
)
WORDS += "on , look like ? The planet once in . at noon # days Who discovered"
FAST = {"epochs": 2, "candidates": 5, "negatives": 1, "learning_rate": 0.003}


def vocabulary() -> list[str]:
    return [WORDS, *(f"{name} {year} {colour}" for name, (year, colour) in PLANETS.items())]


def entry(name: str, **options: Any) -> dict[str, Any]:
    return {"name": name, "like": "rag-tuned", "options": {**FAST, **options}}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_embedder(tmp_path_factory.mktemp("models") / "tiny", vocabulary())


@pytest.fixture(scope="module")
def handed() -> dict[str, list[Pair]]:
    """The pairs that the finished pilot trained on, by part."""
    return {}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, tiny: Path, handed: dict[str, list[Pair]]) -> Iterator[Run]:
    """A pilot of `rag` and three that are tuned: both parts, one in any case, one that shares its training."""
    folder = tmp_path_factory.mktemp("pilot")
    models = {
        "generator": "tests.end_to_end.small.reader",
        "embedder": {"name": str(tiny), "engine": "transformers"},
    }
    contenders = [
        "rag",
        entry("both", keep="always"),
        entry("embedder-only", reranker=False, keep="always"),
        entry("fair"),
    ]
    config = make(folder, models=models, contenders=contenders, retrieval={"chunk_tokens": 32, "k": 2})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BAKEOFF_CACHE", str(folder / "cache"))
        for part, task in retrieval_tuning._TASKS.items():
            patch.setitem(retrieval_tuning._TASKS, part, partial(noting, part, task, handed))  # type: ignore[arg-type]
        yield run(config, runs=folder / "runs")


def noting(part: str, task: Any, handed: dict[str, list[Pair]], sources: Any, pairs: Any, chunks: Any) -> Any:
    """Makes the task of a part, and notes the pairs that it is given."""
    handed.setdefault(part, []).extend(pairs)
    return task(sources, pairs, chunks)


def world_of(finished: Run) -> WorldFolder:
    return WorldFolder(finished.folder.world, finished.folder.config().models)


def test_each_tuned_embedder_has_an_index_of_its_own_that_is_named_after_it(finished: Run) -> None:
    """Contenders with the same training share both; the untuned index stays that of `rag`."""
    world = world_of(finished)
    both, only, rag = (world.built(name).spec for name in ("both", "embedder-only", "rag"))
    assert both.retrieval.embedder == only.retrieval.embedder != rag.retrieval.embedder == "embedder"
    assert both.retrieval.embedder.startswith("embedder-tuned-") and both.reranker.startswith("reranker-tuned-")
    assert not only.reranker
    names = {path.name for path in (finished.folder.world / "indexes").iterdir()}
    assert {"embedder-32", f"{both.retrieval.embedder}-32"} <= names
    stages = [
        stage for stage in finished.folder.stages() if stage.stage == "train" and "embedder-training" in stage.part
    ]
    assert len({stage.part for stage in stages}) == len(stages) == 2, "one for keep: always, one for keep: better"
    assert all(stage.seconds > 0 and stage.tokens > 0 and "pairs" in stage.detail for stage in stages)


def test_the_vectors_of_the_index_are_those_of_the_tuned_model(finished: Run) -> None:
    """They differ from the untuned ones, and the answers carry no error."""
    world = world_of(finished)
    spec = world.built("both").spec
    tuned, untuned = world.embedder(spec.retrieval.embedder), world.embedder("embedder")
    assert np.abs(tuned.embed_queries(["Aldra"]) - untuned.embed_queries(["Aldra"])).max() > 1e-3
    assert not [one.error for name in ("both", "fair") for one in finished.answers(name) if one.error]


def test_what_tuning_did_not_improve_is_said_and_not_used(finished: Run) -> None:
    """`fair` uses a part only if its report says that it was better; the run's warnings name the others."""
    warnings = "\n".join(finished.folder.data().warnings)
    spec = world_of(finished).built("fair").spec
    for part, name in (("embedder", spec.retrieval.embedder), ("reranker", spec.reranker)):
        is_used = "-tuned-" in name
        assert is_used != (f"fair does not use a tuned {part}, since it is not better on dev" in warnings)
    reports = [json.loads(path.read_text()) for path in finished.folder.world.glob("adapters/*-training-*/report.json")]
    assert reports and all(len(report["measured"]) >= 2 for report in reports)


def test_a_contender_that_keeps_no_tuned_part_claims_none(finished: Run) -> None:
    """Before training it names what is to be tuned, afterwards what is in use."""
    world = world_of(finished)
    both, rag = (finished.comparison.entrant(name) for name in ("both", "rag"))
    assert both.shown == f"{rag.shown}, tuned embedder and reranker" and "tuned on the training" in both.summary
    spec = world.built("both").spec
    recipe = make_recipe(Spec(name="fair", recipe="rag-tuned", retrieval=world.built("rag").spec.retrieval))
    assert isinstance(recipe, RagTuned)
    assert recipe.entrant(world.models).shown.endswith("tuned embedder and reranker")
    recipe._trainings = ["embedder-training", "reranker-training"]
    nothing = recipe.entrant(world.models)
    assert nothing.shown == rag.shown and nothing.axes == rag.axes
    assert nothing.days == rag.days != both.days
    assert nothing.summary == "the same as rag; not in use, since not better on dev: a tuned embedder and reranker"
    recipe.spec = recipe.spec.model_copy(update={"reranker": spec.reranker})
    assert recipe.entrant(world.models).shown == f"{rag.shown}, tuned reranker"


def test_its_cost_counts_the_training_and_the_index_that_wrong_passages_come_from(finished: Run) -> None:
    """Both are parts of the contender, so their time is in its set-up."""
    entrant = finished.comparison.entrant("both")
    assert {"index:embedder-32", f"index:{world_of(finished).built('both').spec.retrieval.index}"} <= set(entrant.parts)
    assert sum(part.startswith("retriever:") for part in entrant.parts) == 2
    setup = finished.comparison.estimate("both", "setup_s").value or 0.0
    assert setup > (finished.comparison.estimate("rag", "setup_s").value or 0.0)


def test_sums_name_the_weights_of_both_parts(finished: Run, tmp_path: Path) -> None:
    """Other weights are another contender, and a folder whose weights are not those of its name is refused."""
    world = world_of(finished)
    both, rag = identity_of(world, "both"), identity_of(world, "rag")
    assert both.embedder != rag.embedder and both.reranker and not rag.reranker
    assert "reranker" in both.differences(identity_of(world, "embedder-only"))
    copy = tmp_path / "world"
    shutil.copytree(finished.folder.world, copy)
    other = WorldFolder(copy, world.models)
    spec = other.built("both").spec
    weights = other.adapter_folder(spec.reranker) / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(RunFolderError, match="are not those that were tuned"):
        identity_of(other, "both")
    shutil.rmtree(other.adapter_folder(spec.retrieval.embedder))
    with pytest.raises(RunFolderError, match="is missing"):
        other.embedder(spec.retrieval.embedder)


def test_what_is_served_answers_as_measured_and_follows_live_documents(finished: Run, tmp_path: Path) -> None:
    """From a deployment, with the sums that were measured; after a change its tuned index holds the new text."""
    deployment = deploy(finished, tmp_path / "deployment", ["both", "rag"])
    check_parts(deployment, sums_of(deployment))
    measured = {one.question_id: one for one in finished.answers("both")}
    asked = [one for one in finished.folder.questions() if one.split == "test"]
    served = deployment.world.open("both").answer(asked)
    for answer in served:
        same = measured[answer.question_id]
        assert (answer.text, [hit.chunk for hit in answer.citations]) == (
            same.text,
            [hit.chunk for hit in same.citations],
        )
        scores = [hit.score for hit in same.citations]  # asked in another batch, a processor may round the last bits
        assert [hit.score for hit in answer.citations] == pytest.approx(scores, abs=1e-5)
    with documents_of(deployment) as live:
        new = Document(id="zeta.md", source="zeta.md", text="The planet Zeta circles its star once in 31 days.")
        live.put(new)
        question = Question(id="q", fact="q", text="In what time does Zeta circle its star?")
        (answer,) = deployment.world.open("both").answer([question])
        (hits,) = deployment.world.index(deployment.world.built("both").spec.retrieval).search_bm25(["Zeta"], 1)
        assert hits[0].chunk.source == "zeta.md"
        fresh = WorldFolder(tmp_path / "fresh", deployment.world.models)
        shutil.copytree(deployment.world.root / "adapters", fresh.root / "adapters")
        shutil.copytree(deployment.world.root / "contenders", fresh.root / "contenders")
        fill_store(fresh.documents, [])
        fresh.store.upsert(list(live.store.documents()))
        fresh.index(deployment.world.built("both").spec.retrieval).sync(fresh.store)
        (again,) = fresh.open("both").answer([question])
        assert [hit.chunk.id for hit in again.citations] == [hit.chunk.id for hit in answer.citations]
    assert not remove_unused_indexes(deployment.root, [f"{world_of(finished).built('fair').spec.retrieval.index}"])


def test_a_round_of_learning_takes_what_is_served_with_its_index(
    finished: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is served answers in the round's world as before. Without new questions its training is not repeated."""
    from bakeoff.learn.live import Where, live_entry
    from bakeoff.pilot.build import Builder, Earlier

    deployment = deploy(finished, tmp_path / "deployment", ["both"])
    release = deployment.world
    where = live_entry("live", Where(release=str(release.root), contender="both"))
    served = make_recipe(Spec(name="live", recipe=where.like, options=where.options))
    again = make_recipe(
        Spec(**{**release.built("both").spec.model_dump(), "retrieval": Retrieval(chunk_tokens=32, k=2)})
    )
    again.spec = again.spec.model_copy(update={"reranker": ""})
    questions = finished.folder.questions()
    train, dev = (tuple(one for one in questions if one.split == split) for split in ("train", "dev"))
    world = WorldFolder(tmp_path / "round", release.models)
    fill_store(world.documents, [])
    world.store.upsert(list(release.store.documents()))
    builder = Builder(
        [served, again],
        Material(train=train, dev=dev),
        lambda *stage, **more: nullcontext({}),
        lambda *stage: lambda *done: None,
        Earlier(release, relearns=False),
    )
    monkeypatch.setattr("bakeoff.contenders.rag_tuned.tune", lambda *sources: pytest.fail("trained again"))
    builder._take_tuned_parts(world)
    builder._index(world, "index")
    builder._tune_retrieval(world)
    asked = [one for one in questions if one.split == "test"]
    texts = [(one.text, one.citations) for one in release.open("both").answer(asked)]
    fitted = release.built("both").fitted
    for recipe_ in (served, again):
        assert [(one.text, one.citations) for one in recipe_.open(world, fitted).answer(asked)] == texts
    assert again.spec == release.built("both").spec
    assert identity_of(release, "both").embedder and world.adapter_folder(again.spec.reranker).exists()


def test_no_dev_or_test_question_nor_a_near_copy_is_trained_on(finished: Run, handed: dict[str, list[Pair]]) -> None:
    """The pairs of the pilot's own trainings come from its training questions; none is worded like one of the tests."""
    questions = finished.folder.questions()
    train = {one.id: one.text for one in questions if one.split == "train"}
    others = [one for one in questions if one.split != "train"]
    assert set(handed) == {"embedder", "reranker"} and {one.split for one in others} >= {"dev", "test"}
    for pairs in handed.values():
        asked = {pair.question.id: pair.question.text for pair in pairs}
        assert len(asked) >= FEWEST and asked.items() <= train.items()
        assert max(jaccard(text, one.text) for text in asked.values() for one in others) < 0.9


@pytest.mark.parametrize("name", ["bge small", "BAAI/bge", "mine-tuned-0123456789ab"])
def test_an_embedder_may_have_any_name(finished: Run, tiny: Path, tmp_path: Path, name: str) -> None:
    """With a blank, a slash, or like a tuned part: it is tuned, indexed, opened, and taken into another world."""
    questions = finished.folder.questions()
    train, dev = (tuple(one for one in questions if one.split == split) for split in ("train", "dev"))
    given = Material(train=train, dev=dev)
    models = {**finished.folder.config().models, name: LocalModel(name=str(tiny), engine="transformers")}
    spec = Spec(
        name="mine",
        recipe="rag-tuned",
        retrieval=Retrieval(chunk_tokens=32, k=2, embedder=name),
        options={**FAST, "reranker": False, "keep": "always", "epochs": 1},
    )
    world = WorldFolder(tmp_path / "world", models)
    fill_store(world.documents, [])
    world.store.upsert(list(world_of(finished).store.documents()))
    world.index(spec.retrieval).sync(world.store)
    tuning = make_recipe(spec)
    assert tuning.obstacle(world, given) is None
    tuning.tune_retrieval("embedder", world, given, lambda done, total: None, None)
    tuned = tuning.spec.retrieval
    assert is_tuned_part(tuned.embedder, models) and untuned_name(tuned.embedder, models) == name
    assert world.part_settings(tuned.embedder).engine == "transformers", "as that of the untuned one"
    index = world.index(tuned)
    assert index.sync(world.store).n_added and index.search([dev[0].text], 2)[0]
    assert {path.name for path in (world.root / "indexes").iterdir()} == {
        one.index.replace("/", "-") for one in (spec.retrieval, tuned)
    }
    assert f"index:{spec.retrieval.index}" in make_recipe(tuning.spec).entrant(models).parts
    other = WorldFolder(tmp_path / "other", models)
    again = make_recipe(spec)
    again.tune_retrieval("embedder", other, given, lambda done, total: None, world.adapter_folder(""))
    assert again.spec.retrieval == tuned and other.embedder(tuned.embedder).dimension == 32


def material(n_train: int, n_dev: int) -> Material:
    spans = (SourceSpan(source="a.md", start=0, end=5),)
    made = [Question(id=f"q{i}", text=f"q {i}", answers=("x",), fact=f"f{i}", source_spans=spans) for i in range(60)]
    return Material(train=tuple(made[:n_train]), dev=tuple(made[n_train : n_train + n_dev]))


def recipe(**options: Any) -> Recipe:
    return make_recipe(Spec(name="mine", recipe="rag-tuned", options=options))


@pytest.mark.parametrize(
    ("options", "embedder", "n_train", "n_dev", "said"),
    [
        ({}, None, 19, 9, "19 training questions have an answer and evidence"),
        ({}, None, 40, 4, "4 dev questions have an answer and evidence"),
        ({}, "hash", 40, 9, "only a local model can be tuned"),
        (
            {"reranker_model": "cross-encoder/nowhere-to-be-found"},
            None,
            40,
            9,
            r"its reranker cannot be trained: .*'cross-encoder/nowhere-to-be-found' was not found. Tried: .*hub",
        ),
    ],
)
def test_what_stands_in_the_way_is_said(
    tmp_path: Path, tiny: Path, options: Any, embedder: str | None, n_train: int, n_dev: int, said: str
) -> None:
    """Few pairs, no dev questions, no weights, or a model that would have to be downloaded."""
    world = WorldFolder(tmp_path, {"embedder": LocalModel(name=embedder or str(tiny))})
    reason = recipe(**options).obstacle(world, material(n_train, n_dev))
    assert reason is not None
    assert __import__("re").search(said, reason), reason
    assert recipe().obstacle(WorldFolder(tmp_path, {"embedder": LocalModel(name=str(tiny))}), material(40, 9)) is None


def test_tuning_nothing_is_refused() -> None:
    """The error names the recipe to use."""
    with pytest.raises(ConfigError, match="use the recipe rag"):
        recipe(embedder=False, reranker=False)


CHILD = """
import os, signal, sys
from pathlib import Path
from bakeoff.tuning.retriever import training
from tests.unit.test_rag_tuned import tuned_in
stop_after = int(sys.argv[3])
step, done = training._Training._step, []
def counted(self):
    if len(done) == stop_after:
        os.kill(os.getpid(), signal.SIGKILL)
    step(self)
    done.append(1)
training._Training._step = counted
print(tuned_in(Path(sys.argv[1]), Path(sys.argv[2])))
"""


def tuned_in(world: Path, run_folder: Path) -> tuple[str, str]:
    """Tunes both parts in a copy of a world; gives their names, which follow from their weights."""
    from bakeoff.runs.folder import RunFolder

    folder = RunFolder(run_folder)
    questions = folder.questions()
    made = WorldFolder(world, folder.config().models)
    train, dev = (tuple(one for one in questions if one.split == split) for split in ("train", "dev"))
    spec = Spec(
        name="both", recipe="rag-tuned", retrieval=Retrieval(chunk_tokens=32, k=2), options={**FAST, "keep": "always"}
    )
    tuning = make_recipe(spec)
    for part in tuning.tuned_parts:
        tuning.tune_retrieval(part, made, Material(train=train, dev=dev), lambda done, total: None, None)
        made.index(tuning.spec.retrieval).sync(made.store)
    return tuning.spec.retrieval.embedder, tuning.spec.reranker


def test_a_killed_training_ends_with_the_same_weights(finished: Run, tmp_path: Path) -> None:
    """Killed in the first epoch and again in the second: the names, which are sums of the weights, are the same.

    With one thread in every process: how many are free decides about the last digits of sums.
    """

    def ended(name: str, *stops: int) -> str:
        world = tmp_path / name
        world.mkdir()
        shutil.copytree(finished.folder.world / "indexes" / "embedder-32", world / "indexes" / "embedder-32")
        shutil.copy(finished.folder.world / "store.sqlite", world)
        command = [sys.executable, "-c", CHILD, str(world), str(finished.folder.root)]
        one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
        for stop_after in stops:
            assert subprocess.run([*command, str(stop_after)], check=False, env=one_thread).returncode == -9
        done = subprocess.run([*command, "1000"], check=True, capture_output=True, text=True, env=one_thread)
        return done.stdout.strip()

    assert ended("killed", 1, 2) == ended("undisturbed") != ""
