"""A report says that contenders were timed beside other work, and only then."""

import multiprocessing
import re
import time
from pathlib import Path
from typing import Any

import pytest

import bakeoff
from bakeoff.models import threads
from bakeoff.models.engines.scripted import ScriptedGenerator
from bakeoff.models.settings import ApiModel, LocalModel
from bakeoff.pilot import busy
from bakeoff.pilot.busy import BUSY, busy_warning, noting_other_work
from bakeoff.runs.folder import RunFolder, write_json
from tests.end_to_end.small import make, reader

LOCAL = {"generator": LocalModel(name="bakeoff-reader")}


def slow_reader() -> ScriptedGenerator:
    """The small reader, which takes a while."""
    one = reader()._script

    def script(message: str) -> str:
        time.sleep(0.15)
        return one(message)

    return ScriptedGenerator(script)


def _spin() -> None:
    while True:
        pass


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path)
    write_json(folder.environment_path, {"seed": 1})
    return folder


def noted(folder: RunFolder, models: Any, name: str, cores: float | None, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(busy.Watch, "cores", lambda self: cores)
    with noting_other_work(folder, models, name):
        pass
    return folder.read_json(folder.environment_path)


def test_the_larger_number_of_two_sessions_is_kept(folder, monkeypatch):
    assert noted(folder, LOCAL, "rag", 1.234, monkeypatch)[BUSY] == {"rag": 1.23}
    assert noted(folder, LOCAL, "rag", 0.1, monkeypatch)[BUSY] == {"rag": 1.23}
    assert noted(folder, LOCAL, "faq", 0.1, monkeypatch) == {"seed": 1, BUSY: {"rag": 1.23, "faq": 0.1}}


def test_nothing_is_noted_of_a_short_time_or_beside_a_server_that_answers(folder, monkeypatch):
    assert noted(folder, LOCAL, "rag", None, monkeypatch) == {"seed": 1}
    behind = {"generator": ApiModel(api="openai", base_url="http://127.0.0.1:9/v1", model="m")}
    assert noted(folder, behind, "rag", 1.5, monkeypatch) == {"seed": 1}


def test_little_other_work_gives_no_warning():
    assert busy_warning({}, 2) == busy_warning({"rag": 0.49}, 2) == []
    (said,) = busy_warning({"rag": 0.5, "faq": 1.9, "extract": 0.1}, 2)
    assert "latencies, and the costs of models that run here" in said and "an earlier run keep the seconds" in said
    assert "up to 1.9 of 2 processors" in said and "rag and faq were timed" in said and "extract" not in said


def test_a_report_of_a_pilot_beside_busy_neighbours_says_so(tmp_path, monkeypatch):
    """Measured on this machine, with a neighbour on each of its processors."""
    if threads._busy_seconds() is None:
        pytest.skip("this system has no /proc/stat")
    models = {"generator": "tests.unit.test_pilot_busy.slow_reader", "embedder": "hash"}
    config = make(
        tmp_path / "pilot", models=models, contenders=["base", "extract"], measuring={"latency_questions": 12}
    )
    neighbours = [multiprocessing.get_context("spawn").Process(target=_spin, daemon=True) for _ in threads._cpus()]
    for neighbour in neighbours:
        neighbour.start()
    try:
        for _ in range(100):  # until they have started
            if threads.busy_cores() >= 0.7 * len(neighbours):
                break
        run = bakeoff.run(config, runs=tmp_path / "runs")
    finally:
        for neighbour in neighbours:
            neighbour.kill()
            neighbour.join()
    said = (run.folder.root / "report.md").read_text()
    assert re.search(
        "processors busy while base (and extract were|was) timed", said
    )  # extract, too, if it took a second
