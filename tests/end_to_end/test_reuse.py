"""A run after an edit does the difference: what nothing has changed for is taken from the runs beside it."""

import csv
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bakeoff.contenders import kept_models
from bakeoff.contenders.access import learned_with
from bakeoff.contenders.identities import Identities
from bakeoff.models.embed import HashEmbedder
from bakeoff.pilot.prepare import prepare
from bakeoff.pilot.run import run
from bakeoff.pilot.stage_times import Event
from bakeoff.runs.config import load_config
from bakeoff.runs.earlier import TAKEN
from bakeoff.runs.run import Run
from tests.end_to_end.paid_pilot import paid_pilot, reader
from tests.end_to_end.small import make
from tests.fake_api import FakeApi
from tests.unit.tiny_model import write_tiny_model

LATENCY = 3
"""Questions of the small pilot whose time is measured, with the one that warms up."""


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi(reply=reader) as server:
        yield server


def edited(path: Path, **changes: Any) -> Path:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    return path


def measured(path: Path, api: FakeApi, **more: Any) -> tuple[Run, int]:
    """A run, and the chats that it sent."""
    before = len([one for one in api.requests if one.path.endswith("chat/completions")])
    finished = run(load_config(path), runs=path.parent / "runs", **more)
    return finished, len([one for one in api.requests if one.path.endswith("chat/completions")]) - before


def taken(finished: Run) -> dict[str, list[int]]:
    return dict(finished.folder.read_json(finished.folder.environment_path).get(TAKEN, {}))


def training_pilot(folder: Path, tuning: dict[str, int]) -> Path:
    """A pilot with one contender that is tuned, with this tuning."""
    model = {"name": str(write_tiny_model(folder / "model")), "engine": "transformers"}
    return make(
        folder,
        models={"generator": model, "embedder": "hash"},
        contenders=["tuned"],
        tuning=tuning,
        generation={"max_new_tokens": 1},
    )


def texts(finished: Run, contender: str) -> dict[str, str]:
    return {answer.question_id: answer.text for answer in finished.folder.answers(contender)}


def test_only_what_an_edit_changes_is_asked_and_paid_again(tmp_path: Path, api: FakeApi) -> None:
    path = paid_pilot(tmp_path, api, presentation="fixed")
    first, n_first = measured(path, api)
    assert taken(first) == {}
    again, n_again = measured(path, api)
    contenders = [*again.comparison.entrants]
    most_for_latency = 2 * LATENCY * len(contenders) + 3  # a reworded question is two calls; each model is tested once
    assert n_again <= most_for_latency < n_first / 3
    got, needed = taken(again)["answers"]
    assert got == needed
    for report in ("report.html", "report.md"):
        assert "From earlier runs" not in (first.folder.root / report).read_text()
        assert f"From earlier runs: {got:,} of {needed:,} answers" in (again.folder.root / report).read_text()
    for entrant in contenders:
        assert texts(again, entrant.name) == texts(first, entrant.name)
    assert again.spending.total.usd < first.spending.total.usd / 3

    base = {"like": "base"}
    more = edited(path, contenders=[base, {"like": "rag", "retrieval": {"k": 1}}])
    changed, _ = measured(more, api)
    got, needed = taken(changed)["answers"]
    assert 0 < got < needed, "the prompts of rag changed, those of base did not"
    assert taken(changed)["vectors"][0] == taken(changed)["vectors"][1]


def test_fresh_takes_nothing(tmp_path: Path, api: FakeApi) -> None:
    path = paid_pilot(tmp_path, api, presentation="fixed")
    _, n_first = measured(path, api)
    anew, n_anew = measured(path, api, reuse=False)
    assert n_anew >= n_first - LATENCY * 6
    assert taken(anew) == {}


def test_latency_and_time_are_those_of_a_run_of_its_own(tmp_path: Path) -> None:
    with FakeApi(reply=reader, delay_s=0.05) as api:
        path = paid_pilot(tmp_path, api, presentation="fixed")
        runs = [measured(path, api)[0] for _ in range(2)]
    for entrant in runs[0].comparison.entrants:
        for finished in runs:
            assert all(answer.latency_ms > 50 for answer in finished.folder.answers(entrant.name, "latency"))
        of_both = [sum(answer.usage.seconds for answer in one.folder.answers(entrant.name)) for one in runs]
        assert of_both[1] == pytest.approx(of_both[0], rel=0.3)


def test_cost_lines_are_those_of_a_run_that_makes_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those of `extract`, which asks no model to write, only the embedder.

    Of a run that takes nothing, one that has nothing to take but what it makes itself, and one that takes everything.
    """
    slow, quick = 0.01, HashEmbedder.embed_passages

    def embed(embedder: HashEmbedder, texts: Sequence[str]) -> np.ndarray:
        time.sleep(slow * len(texts))
        return quick(embedder, texts)

    monkeypatch.setattr(HashEmbedder, "embed_passages", embed)
    monkeypatch.setattr(HashEmbedder, "embed_queries", quick)
    monkeypatch.setattr(kept_models, "_can_be_kept", lambda settings: settings.name == HashEmbedder.name)
    config = load_config(make(tmp_path, contenders=["extract"]))
    runs = [run(config, runs=tmp_path / "runs", reuse=reuse) for reuse in (False, True, True)]
    assert taken(runs[2])["vectors"][0] == taken(runs[2])["vectors"][1] > 0
    anew, first, again = (
        next(
            float(row["formula"].split(" s / ")[0])
            for row in csv.DictReader((one.folder.root / "tables" / "cost_lines.csv").open(encoding="utf-8"))
            if (row["contender"], row["line"]) == ("extract", "retrieval")
        )
        for one in runs
    )
    assert anew > slow, "at least a sentence a question"
    assert first == pytest.approx(anew, rel=0.25)
    assert again == pytest.approx(anew, rel=0.25)


def test_an_equal_training_is_taken_and_another_one_is_not(tmp_path: Path) -> None:
    few = {"epochs": 1, "examples": 6}
    path = training_pilot(tmp_path, few)
    first, again = (run(load_config(path), runs=tmp_path / "runs") for _ in range(2))
    assert taken(again)["trainings"] == [1, 1]
    trainings = [[stage for stage in one.folder.stages() if stage.stage == "train"] for one in (first, again)]
    assert trainings[0] == trainings[1], "it counts with the time that it took"
    sums = [one.folder.record(one.folder.identities_path, Identities).contenders[0] for one in (first, again)]
    assert sums[0] == sums[1]
    other = run(load_config(edited(path, tuning={**few, "epochs": 2})), runs=tmp_path / "runs")
    assert taken(other).get("trainings", [0, 1]) == [0, 1]


def test_a_run_that_was_stopped_in_a_training_takes_what_another_has_finished_since(tmp_path: Path) -> None:
    """Its own half of the training is given up for the whole one."""
    path = training_pilot(tmp_path, {"epochs": 2, "examples": 6})
    config, steps = load_config(path), list[int]()

    def stop(event: Event) -> None:
        if event.stage == "train" and event.done:
            raise KeyboardInterrupt

    def count(event: Event) -> None:
        steps.extend([event.done] if event.stage == "train" and event.done and event.note != "done" else [])

    with pytest.raises(KeyboardInterrupt):
        run(config, runs=tmp_path / "runs", listener=stop)
    (half,) = (tmp_path / "runs").glob("*/adapters/*")
    assert half.is_dir() and not (half / "trained.json").exists()
    other = run(config, runs=tmp_path / "runs", listener=count)
    assert steps and other.folder.root != half.parents[1]
    steps.clear()
    resumed = run(config, runs=tmp_path / "runs", resume=True, listener=count)
    assert not steps and taken(resumed)["trainings"] == [1, 1] and resumed.folder.root == half.parents[1]
    sums = [one.folder.record(one.folder.identities_path, Identities).contenders[0] for one in (other, resumed)]
    assert sums[0] == sums[1] and not list(half.glob("checkpoint*"))


def test_a_training_that_is_taken_knows_the_labels_of_the_documents_here(tmp_path: Path) -> None:
    path = training_pilot(tmp_path, {"epochs": 1, "examples": 6})
    config = load_config(path)
    prepared = prepare(config)
    run(config, runs=tmp_path / "runs", prepared=prepared)
    labelled = tuple(document.model_copy(update={"access": ("staff",)}) for document in prepared.documents)
    again = run(config, runs=tmp_path / "runs", prepared=prepared.model_copy(update={"documents": labelled}))
    assert taken(again)["trainings"] == [1, 1]
    (tuned,) = again.folder.root.glob("adapters/*/trained.json")
    assert learned_with(tuned.parent) == {("staff",)}
