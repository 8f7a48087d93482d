"""A run folder and a deployment of somebody else name code, which no command imports unless the user names it too."""

import json
import shutil
from pathlib import Path

import pytest

from tests.end_to_end.small import bakeoff, make

CODE = """
from pathlib import Path
from tests.end_to_end.small import reader

Path(__file__).with_name("imported").touch()


def answering():
    return reader()
"""


@pytest.fixture(autouse=True)
def _nothing_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other tests trust all."""
    monkeypatch.delenv("BAKEOFF_TRUST", raising=False)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their project: code beside bakeoff.yaml, a finished run, and a deployment of it."""
    folder = tmp_path_factory.mktemp("theirs")
    make(folder, contenders=["base", "rag"], models={"generator": "their_code.answering", "embedder": "hash"})
    (folder / "their_code.py").write_text(CODE)
    done = bakeoff("run", "bakeoff.yaml", cwd=folder)
    assert done.returncode == 0, done.stderr
    (folder / "imported").unlink()
    return folder


@pytest.mark.parametrize(
    "command",
    [
        ["ask", "RUN", "How long is a year on Aldra?"],
        ["judge", "RUN", "--model", "generator"],
        ["serve", "RUN", "--port", "8461"],
        ["export", "RUN", "deployment", "--out", "out"],
    ],
    ids=lambda command: command[0],
)
def test_no_command_imports_it(theirs: Path, tmp_path: Path, command: list[str]) -> None:
    run = str(theirs / "runs" / "planets")
    done = bakeoff(*(run if word == "RUN" else word for word in command), cwd=tmp_path)
    said = done.stdout + done.stderr
    assert not (theirs / "imported").exists(), said
    assert "Traceback" not in said
    if command[0] in ("ask", "serve"):
        assert done.returncode != 0 and "their_code.answering" in said and "BAKEOFF_TRUST=1" in said, said


def test_in_their_own_folder_it_works(theirs: Path) -> None:
    """There bakeoff.yaml names it."""
    done = bakeoff("ask", "planets", "How long is a year on Aldra?", cwd=theirs)
    assert done.returncode == 0 and "314 days" in done.stdout, done.stderr
    (theirs / "imported").unlink()


def test_whoever_trusts_the_folder_says_so(theirs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEOFF_TRUST", "1")
    done = bakeoff("ask", str(theirs / "runs" / "planets"), "How long is a year on Aldra?", cwd=tmp_path)
    assert done.returncode == 0 and "314 days" in done.stdout, done.stderr
    (theirs / "imported").unlink()


def test_a_configuration_of_ones_own_with_the_same_name_is_enough(theirs: Path, tmp_path: Path) -> None:
    """The module is then looked for where it may be: in the current folder, not in theirs."""
    shutil.copy(theirs / "their_code.py", tmp_path / "their_code.py")
    (tmp_path / "bakeoff.yaml").write_text(json.dumps({"models": {"generator": "their_code.answering"}}))
    done = bakeoff("ask", str(theirs / "runs" / "planets"), "How long is a year on Aldra?", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "imported").exists() and not (theirs / "imported").exists()
