"""Trainings by workers, side by side: the same weights as one after another, and what fails costs its contender."""

from pathlib import Path
from typing import Any

import pytest

from bakeoff.pilot.stages import run
from bakeoff.runs.config import load_config
from bakeoff.runs.folder import RunFolder
from tests.end_to_end.small import make
from tests.unit.tiny_model import write_tiny_model

pytest.importorskip("peft")
FEW = {"epochs": 1, "examples": 6}


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
    return {file.parent.name: file.read_bytes() for file in folder.root.glob("adapters/*/*.safetensors")}


def test_trainings_side_by_side_end_with_the_same_weights(tmp_path: Path) -> None:
    one, _ = tuned_run(tmp_path / "one")
    two, _ = tuned_run(tmp_path / "two", executor={"workers": 2})
    names = [file.name for file in sorted((two.root / "adapters").iterdir()) if file.is_dir()]
    assert len(names) == 3 and set(weights_of(two)) == set(names)
    # the models are in two folders, so the trainings of the two runs have names of their own
    assert sorted(weights_of(one).values()) == sorted(weights_of(two).values())
    assert {stage.part.split(":")[1] for stage in two.stages() if stage.stage == "train"} == set(names)
    for name in ("tuned", "smaller", "hybrid"):
        texts = [[answer.text for answer in folder.answers(name)] for folder in (one, two)]
        assert texts[0] == texts[1] and texts[0]
