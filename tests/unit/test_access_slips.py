"""A slip of the pen in the name that says who may see a text makes nothing public."""

from pathlib import Path

import pytest

from bakeoff.corpus.sources.folders import read_documents

FILES = {
    "a.md": "---\nacess: [hr]\n---\n# A\n\nSecret 5.\n",
    "toml.md": '+++\naccses = ["hr"]\n+++\n# A\n\nSecret 5.\n',
    "rows.csv": "question,text,acess\nq,Secret 5.,hr\n",
    "table.csv": "team,extension,Lables\nBilling,4711,hr\n",
    "lines.jsonl": '{"text": "Secret 5.", "acceess": ["hr"]}\n',
}


@pytest.mark.parametrize("name", FILES)
def test_what_is_nearly_access_leaves_a_text_unread(tmp_path: Path, name: str) -> None:
    """By name, with what to do, and withdrawing what was read before."""
    (tmp_path / name).write_text(FILES[name])
    (tmp_path / "other.md").write_text("# Open\n\nFrom nine.\n")
    reading = read_documents([str(tmp_path)])
    assert [document.source for document in reading.documents] == ["other.md"]
    (problem,) = reading.problems
    assert "which is nearly" in problem.reason and "rename it if not" in problem.remedy and problem.withdraws


@pytest.mark.parametrize("key", ["label", "accessed", "assess", "excess", "level", "access_count", "process"])
def test_other_words_are_metadata(tmp_path: Path, key: str) -> None:
    """Names of their own, however near."""
    (tmp_path / "a.md").write_text(f"---\n{key}: 7\n---\n# A\n\nOpen.\n")
    (document,) = read_documents([str(tmp_path)]).documents
    assert document.access == () and str(document.meta[key]) == "7"
