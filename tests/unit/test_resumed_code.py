"""A run goes on only with the code that its answers are from."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import bakeoff
from bakeoff.errors import RunFolderError
from bakeoff.pilot.run import run
from bakeoff.runs.run import Run
from tests.end_to_end.small import make

MODEL = """
from bakeoff.models.engines.scripted import ScriptedGenerator


def reader():
    return ScriptedGenerator(lambda message: "{answer}")
"""


@pytest.fixture
def pilot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """A pilot with a model of one's own beside its configuration."""
    models = {"generator": "own_reader_of_resumed.reader", "embedder": "hash"}
    config = make(tmp_path / "pilot", contenders=["base", "extract"], models=models)
    (tmp_path / "pilot" / "own_reader_of_resumed.py").write_text(MODEL.format(answer="42"))
    return lambda **more: run(config, runs=tmp_path / "runs", **more)


def test_a_run_with_answers_of_other_code_is_not_resumed(pilot: Callable[..., Run], tmp_path: Path) -> None:
    finished = pilot()
    file = tmp_path / "pilot" / "own_reader_of_resumed.py"
    assert set(json.loads(finished.folder.environment_path.read_text())["code"]) == {"base"}
    file.write_text(MODEL.format(answer="43"))
    with pytest.raises(RunFolderError, match="The code of base is not the one") as caught:
        pilot(resume=True)
    assert "leave out --resume" in caught.value.remedy
    for path in (finished.folder.root / "answers").glob("base*"):
        path.unlink()
    again = pilot(resume=True)  # nothing is mixed
    code = json.loads(again.folder.environment_path.read_text())["code"]
    file.write_text(MODEL.format(answer="42"))
    with pytest.raises(RunFolderError, match="The code of base"):
        pilot(resume=True)
    file.write_text(MODEL.format(answer="43"))
    assert json.loads(pilot(resume=True).folder.environment_path.read_text())["code"] == code


def test_a_run_of_an_older_version_noted_no_code_and_is_resumed(pilot: Callable[..., Run], tmp_path: Path) -> None:
    folder = pilot().folder
    environment = json.loads(folder.environment_path.read_text())
    del environment["code"]
    folder.environment_path.write_text(json.dumps(environment))
    (tmp_path / "pilot" / "own_reader_of_resumed.py").write_text(MODEL.format(answer="43"))
    assert pilot(resume=True).folder.root == folder.root


def test_a_run_that_another_version_goes_on_with_says_so(
    pilot: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once for each version, in the report and in the files."""
    began = bakeoff.__version__
    folder = pilot().folder
    report = folder.root / "report.md"
    assert "begun by Bakeoff" not in report.read_text()
    for version in ("0.9.0", "0.9.0", "0.9.1"):
        monkeypatch.setattr(bakeoff, "__version__", version)
        pilot(resume=True)
    assert json.loads(folder.environment_path.read_text())["versions"] == [began, "0.9.0", "0.9.1"]
    assert f"begun by Bakeoff {began} and continued by 0.9.0 and 0.9.1" in report.read_text()
