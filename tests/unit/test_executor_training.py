"""Trainings by workers, side by side: the same weights as one after another, and what fails costs its contender."""

import json
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from bakeoff.pilot import fitting
from bakeoff.pilot.executors import opening, sharing
from bakeoff.pilot.executors.jobs import outcome_of
from bakeoff.pilot.executors.parts import Part, PartStore
from bakeoff.pilot.executors.sharing import Reached
from bakeoff.pilot.run import run
from bakeoff.protocols import Job, Outcome
from bakeoff.records import Message, Prompt
from bakeoff.runs.config import load_config
from bakeoff.runs.folder import RunFolder
from bakeoff.tuning.checkpoint import Schedule
from bakeoff.tuning.lora import TrainingSettings, train_adapter
from bakeoff.tuning.packing import Example
from bakeoff.tuning.report import Progress
from tests.end_to_end.small import make
from tests.unit.tiny_model import write_tiny_model

pytest.importorskip("peft")
FEW = {"epochs": 1, "examples": 6}


def write_update(folder: Path) -> dict[str, Any]:
    """A document that changes, and a question about it. Gives the setting."""
    (folder / "new").mkdir(parents=True)
    (folder / "new" / "aldra.md").write_text("# Aldra\n\nThe planet Aldra circles its star once in 300 days.\n")
    row = {"question": "How long is a year on Aldra?", "answers": ["300 days"], "source": "aldra.md"}
    rows = [{**row, "id": f"new-{i}", "fact": "Aldra-year", "evidence": "300 days"} for i in range(4)]
    (folder / "changed.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    return {"updates": {"documents": ["new"], "questions": ["changed.jsonl"]}}


def tuned_run(folder: Path, **more: Any) -> tuple[RunFolder, list[str]]:
    notes: list[str] = []
    model = write_tiny_model(folder / "model", max_position_embeddings=1024)
    path = make(
        folder,
        models={"generator": {"name": str(model), "engine": "transformers"}, "embedder": "hash"},
        contenders=["tuned", {"like": "tuned", "name": "smaller", "tuning": {"rank": 2}}, "hybrid"],
        retrieval={"k": 2, "chunk_tokens": 64},
        generation={"max_new_tokens": 1},
        tuning=FEW,
        threads=1,
        **more,
    )
    finished = run(load_config(path), runs=folder / "runs", listener=lambda event: notes.append(event.note))
    return finished.folder, notes


def weights_of(folder: RunFolder) -> dict[str, bytes]:
    """By the folders of the models, those after the update too."""
    files = folder.root.glob("**/adapters/*/*.safetensors")
    return {str(file.parent.relative_to(folder.root)): file.read_bytes() for file in files}


def test_trainings_side_by_side_end_with_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before workers train, the main process gives up the GPU that a vLLM server of its own may have."""
    one, _ = tuned_run(tmp_path / "one")
    made_room: list[str] = []
    monkeypatch.setattr(fitting, "make_room_to_train", lambda: made_room.append("once"))
    two, _ = tuned_run(tmp_path / "two", executor={"workers": 2})
    names = [file.name for file in sorted((two.root / "adapters").iterdir()) if file.is_dir()]
    assert made_room == ["once"]
    assert len(names) == 3 and set(weights_of(two)) == {f"adapters/{name}" for name in names}
    # the models are in two folders, so the trainings of the two runs have names of their own
    assert sorted(weights_of(one).values()) == sorted(weights_of(two).values())
    assert {stage.part.split(":")[1] for stage in two.stages() if stage.stage == "train"} == set(names)
    for name in ("tuned", "smaller", "hybrid"):
        texts = [[answer.text for answer in folder.answers(name)] for folder in (one, two)]
        assert texts[0] == texts[1] and texts[0]


def test_workers_without_the_folder_train_and_the_models_come_back(tmp_path: Path, monkeypatch: Any) -> None:
    """All by object storage: the same weights in the run's folder, and nothing is left in the store."""
    pytest.importorskip("obstore")
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))
    one, _ = tuned_run(tmp_path / "one", **write_update(tmp_path / "one"))
    share = {"share": f"file://{tmp_path}/bucket"}
    two, _ = tuned_run(tmp_path / "two", **write_update(tmp_path / "two"), executor={"workers": 2, **share})
    assert sorted(weights_of(one).values()) == sorted(weights_of(two).values()) and len(weights_of(two)) > 3
    for name, phase in product(("tuned", "smaller", "hybrid"), ("", "updated")):
        texts = [[answer.text for answer in folder.answers(name, phase)] for folder in (one, two)]
        assert texts[0] == texts[1] and texts[0]
    assert list((tmp_path / "cache" / "shared" / "parts").iterdir()), "workers have fetched"
    assert not list((tmp_path / "cache" / "shared" / "trainings").glob("*/*/*"))
    assert not [path for path in (tmp_path / "bucket").rglob("*") if path.is_file()]


class Inline:
    """An executor that does the jobs in this process, one after another."""

    label, workers, threads = "this process", 1, 1

    def __init__(self, *_: object) -> None:
        pass

    def outcomes(self, given: Sequence[Job]) -> Iterator[tuple[int, Outcome]]:
        yield from ((i, outcome_of(job)) for i, job in enumerate(given))

    def close(self) -> None:
        pass


def test_what_a_long_training_has_reached_is_not_that_of_the_training_after_the_update(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both tune the same model of a run. As if each had taken longer than CHECKPOINT_S."""
    pytest.importorskip("obstore")
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(opening, "LocalExecutor", Inline)
    monkeypatch.setattr(sharing, "CHECKPOINT_S", 0.0)
    monkeypatch.setattr(Schedule, "is_due", lambda self: True)
    monkeypatch.setitem(FEW, "epochs", 3)
    noted: list[str] = []
    note = PartStore.note

    def noting(self: PartStore, name: str, part: Part) -> None:
        noted.append(name)
        note(self, name, part)

    monkeypatch.setattr(PartStore, "note", noting)
    executor = {"executor": {"workers": 1, "share": f"file://{tmp_path}/bucket"}}
    folder, notes = tuned_run(tmp_path / "run", **write_update(tmp_path / "run"), **executor)
    assert noted, "a checkpoint was put"
    assert not [line for line in notes if "left out" in line]
    assert {name.split("/")[0] for name in weights_of(folder)} == {"adapters", "update"}


def test_another_machine_goes_on_where_a_training_has_come(tmp_path: Path) -> None:
    """Stopped in the middle and gone: in another folder, the training begins at its checkpoint, with the same end."""
    pytest.importorskip("obstore")
    model = write_tiny_model(tmp_path / "model")
    prompts = [Prompt(messages=(Message(role="user", content=f"Question {i}?"),)) for i in range(12)]
    examples = [Example(prompt=prompt, completion=f"Answer {i}.") for i, prompt in enumerate(prompts)]
    loop = TrainingSettings(max_epochs=2, examples_per_batch=2, checkpoint_every_s=0.0)
    address = f"file://{tmp_path}/bucket"
    whole, seen = tmp_path / "whole" / "adapter", list[int]()
    train_adapter(model, examples, [], loop, whole)

    first = Reached(address, tmp_path / "first" / "adapter", "sum", every_s=0.0)

    def dies(at: Progress) -> None:
        first.keep(at)
        if at.step == 7:
            raise RuntimeError("the machine is gone")

    first.take()
    with pytest.raises(RuntimeError, match="gone"):
        train_adapter(model, examples, [], loop, tmp_path / "first" / "adapter", dies)
    second = Reached(address, tmp_path / "second" / "adapter", "sum")
    second.take()
    train_adapter(model, examples, [], loop, tmp_path / "second" / "adapter", lambda at: seen.append(at.step))
    assert 5 < seen[0] <= 8, "it does not begin anew"
    weights = [(folder / "adapter_model.safetensors").read_bytes() for folder in (whole, tmp_path / "second/adapter")]
    assert weights[0] == weights[1]
    assert len(list((tmp_path / "bucket").glob("*.tar"))) == 1, "only the last one is kept"
