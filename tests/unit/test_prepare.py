"""A configuration to all of its data: what updates replace, and what is told before any work is done."""

import json
from pathlib import Path

import pytest

from bakeoff.errors import InputError
from bakeoff.pilot.prepare import Prepared, prepare
from bakeoff.runs.config import load_config
from tests.end_to_end.small import make


def prepared(folder: Path, *paths: str) -> Prepared:
    """The planets with an update whose documents lie at these paths; its question names the first."""
    for path in paths:
        file = folder / "updates" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# {path}\n\nA year lasts 300 days.\n")
    question = {"id": "u", "question": "How long is a year?", "answers": ["300 days"], "fact": "u", "source": paths[0]}
    config = make(folder, updates={"documents": ["updates"], "questions": ["changed.jsonl"]})
    (folder / "changed.jsonl").write_text(json.dumps(question))
    return prepare(load_config(config))


def test_an_update_replaces_documents_at_the_same_path(tmp_path: Path) -> None:
    """There is nothing to note then."""
    assert prepared(tmp_path, "aldra.md").notes == ()


def test_documents_of_an_update_that_replace_none_are_noted(tmp_path: Path) -> None:
    """They may be new ones."""
    (note,) = prepared(tmp_path, "aldra.md", "new/zorin.md").notes
    assert note == "Documents of the update that replace none are added beside the others: new/zorin.md."


def test_an_update_that_replaces_nothing_is_refused(tmp_path: Path) -> None:
    """Its folder is one level off; the path that is meant is told."""
    with pytest.raises(InputError, match=r"their paths are docs/aldra\.md, docs/borun\.md\.") as caught:
        prepared(tmp_path, "docs/aldra.md", "docs/borun.md")
    assert "docs/aldra.md as aldra.md" in caught.value.remedy


def test_excused_copies_are_counted(tmp_path: Path) -> None:
    """Another phrasing of a trained fact is meant to be there, and is told all the same."""
    path = make(tmp_path)
    rows = [
        {"id": f"{i}{k}", "question": f"How long is a year {k} {name}?", "answers": [f"{i} days"], "fact": name}
        for i, name in enumerate("Aldra Borun Cetis Dorva Elian Fenra".split())  # noqa: SIM905
        for k in ("on", "upon")
    ]
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = prepare(load_config(path))
    n = sum(one.excused for one in found.leaks)
    assert n > 0
    assert any(line.startswith(f"note: {n} test questions resemble") for line in found.lines())
