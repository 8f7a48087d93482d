"""A contender that a run left out, and that a resumed run can build, is measured as if it had been there from the
first: in the test, after the update, and by those that choose between others.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from bakeoff.contenders.world import WorldFolder
from bakeoff.pilot.build import NO_LOGPROBS
from bakeoff.pilot.run import run
from bakeoff.retrieval.hybrid import HybridIndex
from bakeoff.runs.run import Run
from tests.end_to_end.small import make
from tests.unit.tiny_model import write_tiny_model


def updated(folder: Path, planets: tuple[str, ...] = ("Aldra",), **more: Any) -> Path:
    """A pilot with an update about one document, whose questions are tests."""
    (folder / "new").mkdir(parents=True)
    rows = []
    for name in planets:
        text = f"# {name}\n\nThe planet {name} circles its star once in 999 days.\n"
        (folder / "new" / f"{name.lower()}.md").write_text(text)
        asked = {"id": f"new-{name}", "question": f"How long is a year on {name} now?", "answers": ["999 days"]}
        rows.append({**asked, "fact": f"{name}-year", "source": f"{name.lower()}.md", "evidence": "999 days"})
    (folder / "changed.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return make(folder, updates={"documents": ["new"], "questions": ["changed.jsonl"]}, **more)


def failing(monkeypatch: pytest.MonkeyPatch, owner: Any, method: str, fails: Any) -> None:
    """Replaces a method, which now fails for the arguments that `fails` says."""
    before = getattr(owner, method)

    def now(self: Any, *given: Any, **more: Any) -> Any:
        if fails(self, *given, **more):
            raise ImportError("cannot import name 'BLOCK_TOKENS'")
        return before(self, *given, **more)

    monkeypatch.setattr(owner, method, now)


def asked_after_update(finished: Run, name: str) -> list[str]:
    """The texts after the update. Fails if one of them is an error."""
    answers = finished.folder.answers(name, "updated")
    assert not [answer.error for answer in answers if answer.error]
    return [answer.text for answer in answers]


def test_a_tuned_model_that_recovers_is_asked_after_the_update(tmp_path: Path, monkeypatch: Any) -> None:
    model = {"name": str(write_tiny_model(tmp_path / "model")), "engine": "transformers"}
    path = updated(
        tmp_path / "pilot",
        models={"generator": model, "embedder": "hash"},
        contenders=["base", "extract", "tuned"],
        tuning={"epochs": 1},
        generation={"max_new_tokens": 1},
    )
    with monkeypatch.context() as broken:
        failing(broken, WorldFolder, "generator", lambda *_given, **_more: True)
        first = run(path, runs=tmp_path / "runs")
    assert set(first.comparison.skipped) == {"base", "tuned"}
    left = first.folder.updated_world / "adapters" / "tuned-half"
    left.mkdir(parents=True)  # of a training that failed: nobody asks for it
    finished = run(path, runs=tmp_path / "runs", resume=True)
    assert set(finished.comparison.names) == {"base", "extract", "tuned"} and not finished.comparison.skipped
    assert len(asked_after_update(finished, "tuned")) == 1
    freshness = finished.comparison.measures["tuned"]["freshness"]
    assert freshness.n == 1


def test_what_an_earlier_session_copied_of_a_failed_training_gives_way(tmp_path: Path) -> None:
    """Half a folder of a tuned model in the updated world is replaced by the whole one."""
    model = {"name": str(write_tiny_model(tmp_path / "model")), "engine": "transformers"}
    path = updated(
        tmp_path / "pilot",
        models={"generator": model, "embedder": "hash"},
        contenders=["tuned"],
        tuning={"epochs": 1},
        generation={"max_new_tokens": 1},
    )
    first = run(path, runs=tmp_path / "runs")
    (adapter,) = (first.folder.updated_world / "adapters").iterdir()
    (adapter / "template.txt").unlink()
    first.folder.answers_path("tuned", "updated").unlink()
    first.folder.verdict_path.unlink()
    finished = run(path, runs=tmp_path / "runs", resume=True)
    assert len(asked_after_update(finished, "tuned")) == 1


def test_an_index_that_recovers_costs_its_update_what_changed(tmp_path: Path, monkeypatch: Any) -> None:
    """It is brought up to date from what it held before the update, not made anew: that is what an update costs."""
    other = {"name": "extract-short", "like": "extract", "retrieval": {"chunk_tokens": 64}}
    path = updated(tmp_path, contenders=["extract", other])
    with monkeypatch.context() as broken:
        failing(broken, HybridIndex, "sync", lambda index, *_given, **_more: "64" in index._folder.name)
        first = run(path, runs=tmp_path / "runs")
    assert set(first.comparison.skipped) == {"extract-short"}
    before = asked_after_update(first, "extract")
    finished = run(path, runs=tmp_path / "runs", resume=True)
    assert set(finished.comparison.names) == {"extract", "extract-short"}
    tokens = {stage.part: stage.tokens for stage in finished.folder.stages() if stage.stage == "update-index"}
    assert tokens["index:embedder-64"] == tokens["index:embedder-128"] > 0
    assert asked_after_update(finished, "extract") == before
    assert asked_after_update(finished, "extract-short") == before


def test_those_that_choose_between_others_choose_among_all(tmp_path: Path, monkeypatch: Any) -> None:
    """A cascade that was calibrated while one of its levels was left out is calibrated again, and asked again."""
    levels = {"parts": {"levels": ["faq", "rag", "extract"]}}
    path = updated(tmp_path, contenders=["faq", "extract", "rag", {"like": "cascade", "name": "cascade", **levels}])
    with monkeypatch.context() as broken:
        failing(broken, WorldFolder, "generator", lambda *_given, **_more: True)
        first = run(path, runs=tmp_path / "runs")
    world = WorldFolder(first.folder.world, {})
    assert set(world.built("cascade").chosen_among) == {"faq", "extract"}
    finished = run(path, runs=tmp_path / "runs", resume=True)
    assert set(world.built("cascade").chosen_among) == {"faq", "extract", "rag"}
    assert not finished.comparison.skipped


def test_no_contender_keeps_a_threshold_that_a_silent_model_takes_from_all(tmp_path: Path, monkeypatch: Any) -> None:
    """Whether the model without log-probabilities was left out first, or is left out now."""
    models = {
        "generator": "tests.end_to_end.small.reader",
        "embedder": "hash",
        "other": "tests.end_to_end.small.silent",
    }
    entry = {"name": "silent", "like": "rag", "model": "other"}
    path = make(tmp_path, models=models, contenders=["extract", "rag", entry])

    def reasons(finished: Run) -> set[bool]:
        world = WorldFolder(finished.folder.world, {})
        return {world.built(name).fitted.declining.reason == NO_LOGPROBS for name in finished.comparison.names}

    def without(broken: pytest.MonkeyPatch) -> None:
        failing(broken, WorldFolder, "generator", lambda _world, name, *_given, **_more: name == "other")

    with monkeypatch.context() as broken:
        without(broken)
        first = run(path, runs=tmp_path / "runs")
        assert set(first.comparison.skipped) == {"silent"} and reasons(first) == {False}
    second = run(path, runs=tmp_path / "runs", resume=True)
    assert not second.comparison.skipped and reasons(second) == {True}
    with monkeypatch.context() as broken:
        without(broken)
        assert reasons(run(path, runs=tmp_path / "runs", resume=True)) == {False}
    shutil.rmtree(tmp_path / "runs")
