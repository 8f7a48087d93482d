"""The tutorial works as it stands: every command of it, in order, with the real models on the bundled example."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.server_process import free_port
from tests.end_to_end.small import REPOSITORY

pytestmark = [pytest.mark.models, pytest.mark.slow]

PAGE = (REPOSITORY / "docs" / "tutorial.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```(sh|yaml)\n(.*?)```", re.DOTALL)
PORT = "8123"
FILE = re.compile(r"# (\S+\.yaml)\n")
"""The first line of a YAML block names its file."""


def script(port: int) -> str:
    """The page's commands and files as one shell script that ends at the first failure."""
    parts = ["set -e"]
    for language, text in BLOCK.findall(PAGE):
        if language == "sh":
            parts.append(text)
        else:
            name = FILE.match(text)
            assert name, f"the block does not say its file: {text}"
            parts.append(f"cat > {name[1]} <<'END'\n{text}END")
    return "\n".join([*parts, "kill %1"]).replace(PORT, str(port))


def test_the_whole_tutorial_runs(tmp_path: Path) -> None:
    """From `mkdir` to the labels; the answers that it promises are given."""
    (tmp_path / "examples").symlink_to(REPOSITORY / "examples")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(REPOSITORY / "src"), "COLUMNS": "200"}
    done = subprocess.run(
        ["bash", "-c", script(free_port())], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=1500
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "5 years" in done.stdout
    assert "Amiralsgatan 12" in done.stdout
    assert (tmp_path / "first" / "runs" / "first-pilot" / "report.html").exists()
    assert len((tmp_path / "first" / "labels.csv").read_text(encoding="utf-8").splitlines()) > 20
