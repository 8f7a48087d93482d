"""The documents of a deployment, changed by the real command while no server uses it."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

import bakeoff
from bakeoff.errors import BakeoffError
from bakeoff.records import ask
from bakeoff.runs.run import open_run
from bakeoff.serve.deployment import deploy, open_deployment
from bakeoff.serve.documents.opening import documents_of
from bakeoff.serve.sums import sums_of
from tests.end_to_end.server_process import Server
from tests.end_to_end.small import bakeoff as command
from tests.end_to_end.small import make


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one finished run with a deployment."""
    folder = tmp_path_factory.mktemp("planets")
    bakeoff.run(make(folder), runs=folder / "runs")
    deploy(open_run("planets", folder / "runs"), folder / "deployments" / "planets")
    return folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished, tmp_path / "copy")


def documents(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return command("documents", *arguments, "--deployment", "deployments/planets", "--json", cwd=folder)


def test_a_deployment_is_kept_in_step_with_the_folder_it_was_made_from(folder: Path) -> None:
    """At first nothing differs from what was measured; then one file changes, and every contender answers from it."""
    same = json.loads(documents(folder, "sync", "docs").stdout)
    assert (same["n_unchanged"], same["n_added"], same["n_updated"], same["n_deleted"]) == (12, 0, 0, 0)
    (folder / "docs" / "aldra.md").write_text("# Aldra\n\nThe planet Aldra circles its star once in 999 days.\n")
    changed = json.loads(documents(folder, "sync", "docs").stdout)
    assert (changed["n_unchanged"], changed["n_updated"]) == (11, 1)
    deployment = open_deployment(folder / "deployments" / "planets")
    for name in ("rag", "extract", "long-context"):
        (answer,) = deployment.world.open(name).answer([ask("How long is a year on Aldra?")])
        assert "999 days" in answer.text, name
    listed = json.loads(documents(folder, "list", "aldra").stdout)
    assert [one["source"] for one in listed] == ["aldra.md"]


def _lost(root: Path, what: str) -> None:
    """Damages the indexes of a deployment as a power failure may."""
    states = sorted((root / "indexes").glob("*/index.json"))
    assert states
    for state in states:
        words = [*state.parent.glob("*.lance/_indices/*/*.lance")]
        rows = [*state.parent.glob("*.lance/data/*.lance")]
        assert words and rows
        if what == "table":
            for table in state.parent.glob("*.lance"):
                shutil.rmtree(table)
        else:
            for path in {"state": [state], "words": words, "rows": rows}[what]:
                path.write_bytes(bytes(path.stat().st_size) if what != "state" else b"{")


@pytest.mark.parametrize("what", ["table", "state", "words", "rows"])
def test_a_damaged_index_is_made_again_from_the_documents(folder: Path, what: str) -> None:
    """With a warning, by a command or a server that opens the documents: then it holds what it held."""
    root = folder / "deployments" / "planets"
    before = sums_of(open_deployment(root))
    _lost(root, what)
    said = documents(folder, "sync", "docs")
    assert json.loads(said.stdout)["n_unchanged"] == 12, said.stderr
    assert "made again from the documents" in said.stderr
    deployment = open_deployment(root)
    assert sums_of(deployment) == before
    (answer,) = deployment.world.open("rag").answer([ask("How long is a year on Aldra?")])
    assert answer.text and answer.citations
    assert "made again" not in documents(folder, "sync", "docs").stderr


def test_a_server_starts_with_a_damaged_index_and_makes_it_again(folder: Path) -> None:
    """It says so, and what it serves is what was measured."""
    _lost(folder / "deployments" / "planets", "rows")
    server = Server(folder).wait()
    try:
        assert server.get("/health")["same"] is True
        assert "314 days" in server.ask("How long is a year on Aldra?", "rag")["bakeoff"]["answer"]
    finally:
        server.stop()


def test_an_index_is_not_removed_while_another_process_has_the_documents(folder: Path) -> None:
    root = folder / "deployments" / "planets"
    with documents_of(open_deployment(root)):
        _lost(root, "state")
        refused = documents(folder, "sync", "docs")
        assert refused.returncode == 1 and "another process" in refused.stderr
        assert [path.read_bytes() for path in (root / "indexes").glob("*/index.json")] == [b"{"] * len(
            [*(root / "indexes").iterdir()]
        )


def test_only_its_owner_can_enter_a_deployment(folder: Path, tmp_path: Path) -> None:
    """A new one, whatever the mask for new files says, and an older one as soon as it is opened."""
    root = folder / "deployments" / "planets"
    assert root.stat().st_mode & 0o777 == 0o700
    for opened in (lambda: open_deployment(root), lambda: deploy(open_run("planets", folder / "runs"), root)):
        root.chmod(0o755)
        opened()
        assert root.stat().st_mode & 0o777 == 0o700
    (tmp_path / "new").mkdir(mode=0o755)
    deploy(open_run("planets", folder / "runs"), tmp_path / "new")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_the_command_is_refused_while_another_process_changes_the_documents(folder: Path) -> None:
    """It says what to do instead; the documents stay as they are."""
    with documents_of(open_deployment(folder / "deployments" / "planets")) as live:
        refused = documents(folder, "remove", "aldra.md")
        assert refused.returncode == 1 and "another process" in refused.stderr and "--url" in refused.stderr
        assert live.store.get_by_source("aldra.md") is not None
    assert documents(folder, "remove", "aldra.md").returncode == 0
    with pytest.raises(BakeoffError):
        open_deployment(folder / "deployments" / "none")


def test_what_stays_of_an_erased_document_is_where_it_is_said_to_stay(tmp_path: Path) -> None:
    """Every file that still holds its words, in the deployment and beside it, is of a place that the command names."""
    bakeoff.run(make(tmp_path, contenders=["rag", "faq"]), runs=tmp_path / "runs")
    root = tmp_path / "deployments" / "planets"
    deploy(open_run("planets", tmp_path / "runs"), root)
    done = command("documents", "remove", "--erase", "borun.md", "--deployment", str(root), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    holding = {
        path.relative_to(tmp_path).as_posix()
        for place in (root, tmp_path / "runs")
        for path in place.rglob("*")
        if path.is_file() and b"Borun" in path.read_bytes()
    }
    named = {
        "deployments/planets/releases/1/evidence/": "releases/*/evidence/",
        "deployments/planets/releases/1/contenders/": "releases/*/contenders/",
        "deployments/planets/indexes/": "the parts of the index",
        "runs/planets/": "of the run, its documents, indexes, questions, answers, tables and report",
        "runs/.kept/": "runs/.kept",
    }
    assert {path for path in holding if not path.startswith(tuple(named))} == set()
    for place in ("evidence/", "contenders/"):
        assert any(path.startswith(f"deployments/planets/releases/1/{place}") for path in holding), place
    assert all(words in done.stderr for words in named.values())
