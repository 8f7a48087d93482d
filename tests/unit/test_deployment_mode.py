"""In the folder of a deployment others lose their rights and its owner keeps theirs; to list changes nothing."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bakeoff.cli.main import app
from bakeoff.errors import RunFolderError
from bakeoff.runs.run import Run
from bakeoff.serve.deployment import deploy, open_deployment
from bakeoff.serve.documents.order import only_writer
from tests.unit.released import released_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run."""
    return released_run(tmp_path_factory.mktemp("runs") / "planets")


@pytest.fixture
def root(run: Run, tmp_path: Path) -> Path:
    """A deployment of it."""
    return deploy(run, tmp_path / "planets").root


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize(("before", "after"), [(0o755, 0o700), (0o750, 0o700), (0o555, 0o500), (0o500, 0o500)])
def test_others_lose_their_rights_and_the_owner_gets_none(run: Run, root: Path, before: int, after: int) -> None:
    """A folder that its owner had made read-only was made writable."""
    try:
        for opened in (lambda: open_deployment(root), lambda: deploy(run, root)):
            root.chmod(before)
            opened()
            assert mode(root) == after
    finally:
        root.chmod(0o700)


def test_to_list_documents_changes_nothing(root: Path) -> None:
    """Neither a mode nor a file; and a server may have the documents."""
    (root / "indexes" / "embedder-64" / "index.json").write_text("{")  # nothing is repaired to be listed
    root.chmod(0o555)
    before = {path: (path.stat().st_mode, path.stat().st_mtime_ns) for path in (root, *root.rglob("*"))}
    listed = CliRunner().invoke(app, ["documents", "list", "--deployment", str(root), "--json"])
    assert listed.exit_code == 0 and json.loads(listed.stdout), listed.output
    assert {path: (path.stat().st_mode, path.stat().st_mtime_ns) for path in (root, *root.rglob("*"))} == before
    root.chmod(0o700)
    with only_writer(root):
        assert CliRunner().invoke(app, ["documents", "list", "--deployment", str(root)]).exit_code == 0


def test_what_is_no_deployment_or_has_lost_its_documents_is_not_listed(root: Path, tmp_path: Path) -> None:
    """Nor is a store made."""
    (tmp_path / "none").mkdir()
    (root / "store.sqlite").unlink()
    for place in (tmp_path / "none", root):
        ended = CliRunner().invoke(app, ["documents", "list", "--deployment", str(place)])
        assert isinstance(ended.exception, RunFolderError) and not (place / "store.sqlite").exists()
