"""The Python snippets of docs/python.md and docs/roadmap.md run as they stand, on small data."""

import csv
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

import bakeoff
from tests.end_to_end.small import REPOSITORY, make

SNIPPET = re.compile(r"```python\n(.*?)```", re.DOTALL)


def snippets(page: str) -> list[str]:
    text = (REPOSITORY / "docs" / page).read_text(encoding="utf-8")
    found = SNIPPET.findall(text)
    assert found, f"docs/{page} has no snippet"
    return found


@pytest.fixture
def pilot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration, a question file and a finished second run, as the page takes for granted."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(REPOSITORY)])
    monkeypatch.chdir(tmp_path)
    config = make(tmp_path / "data", name="support-desk")
    values = json.loads(config.read_text())
    values |= {"documents": ["data/docs"], "questions": ["data/questions.jsonl"]}
    (tmp_path / "bakeoff.yaml").write_text(json.dumps(values))
    (tmp_path / "second.yaml").write_text(json.dumps({**values, "name": "support-desk-2", "seed": 8}))
    bakeoff.run("second.yaml")
    rows = [json.loads(line) for line in (tmp_path / "data" / "questions.jsonl").read_text().splitlines()]
    with (tmp_path / "questions.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["id", "question", "answers", "fact", "kind"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows({**row, "answers": "|".join(row.get("answers", []))} for row in rows)
    return tmp_path


def test_the_snippets_of_the_python_page_run(pilot: Path) -> None:
    """All of them, one after the other with the same names, as a reader would type them."""
    names: dict[str, Any] = {}
    for code in snippets("python.md"):
        exec(compile(code, "python.md", "exec"), names)
    assert names["run"].contenders == ("base", "rag", "extract", "long-context")
    assert names["answer"].contender in names["run"].contenders
    assert len(names["table"]) > 10


def test_the_snippet_of_the_roadmap_page_runs() -> None:
    """It gives a plan with tasks."""
    names: dict[str, Any] = {}
    for code in snippets("roadmap.md"):
        exec(compile(code, "roadmap.md", "exec"), names)
    assert names["plan"]
