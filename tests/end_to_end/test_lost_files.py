"""Files of a run or a deployment that somebody deleted are made again or named, and never taken for empty ones."""

import shutil
from pathlib import Path

import pytest

import bakeoff
from bakeoff.corpus.stores import has_store, open_store
from bakeoff.errors import RunFolderError
from bakeoff.records import Document
from bakeoff.serve.deployment import deploy, open_deployment
from bakeoff.serve.documents.opening import documents_of
from bakeoff.serve.releases import add_release, current, history, make_current, release_folder, rollback
from tests.end_to_end.small import make

ASKED, ANSWER = "How long is a year on Golth?", "63 days"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planets")
    make(folder, contenders=["base", "rag", "long-context"])
    bakeoff.run(folder / "bakeoff.yaml", runs=folder / "runs")
    return folder


@pytest.fixture
def folder(finished, tmp_path):
    """A copy of it that a test may change."""
    return shutil.copytree(finished, tmp_path / "copy")


@pytest.fixture
def run(folder):
    return bakeoff.open_run(folder / "runs" / "planets")


@pytest.fixture
def root(folder, run):
    """A deployment whose documents have changed since it was made: a planet is gone, another is new."""
    root = folder / "deployments" / "planets"
    with documents_of(deploy(run, root)) as documents:
        documents.delete(next(one.id for one in documents.store.documents() if "Golth" in one.text))
        documents.put(Document(id="yak", text="The planet Yak circles its star once in 3 days.", source="yak.md"))
    return root


@pytest.fixture
def resumed(finished, folder):
    return lambda: bakeoff.run(finished / "bakeoff.yaml", runs=folder / "runs", resume=True)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def texts(root) -> str:
    with open_store(root) as store:
        return " ".join(document.text for document in store.documents())


@pytest.mark.parametrize("lost", ["indexes", "indexes/*/index.json"])
def test_a_run_without_its_index_says_so_and_a_resume_makes_it_again(run, resumed, lost):
    """It answered "I don't know" to everything."""
    (path,) = run.folder.world.glob(lost)
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(RunFolderError, match=r"index '.*' .* does not hold its documents") as caught:
        run.ask(ASKED, "rag")
    assert "--resume" in caught.value.remedy
    assert ANSWER in resumed().ask(ASKED, "rag").text


@pytest.mark.parametrize("lose", [Path.unlink, emptied])
@pytest.mark.parametrize(("contender", "answer"), [("rag", ANSWER), ("long-context", "314 days")])
def test_a_run_without_its_documents_says_so_and_a_resume_reads_them_again(run, resumed, contender, answer, lose):
    lose(run.folder.world / "store.sqlite")
    with pytest.raises(RunFolderError, match=r"documents of .* are gone: it has no store\.sqlite"):
        run.ask(ASKED, contender)
    assert not has_store(run.folder.world)
    assert answer in resumed().ask(ASKED, contender).text  # in all documents, the model takes the first one's


def test_questions_that_were_lost_are_written_again(run, resumed):
    """A resume said that another process was working on the run, for good."""
    path = run.folder.splits_path
    before = path.read_text()
    path.unlink()
    assert resumed().folder.splits_path.read_text() == before


def test_corrected_questions_that_were_lost_are_not_replaced_by_the_first_ones(run, resumed):
    run.folder.splits_path.rename(run.folder.splits_path.with_name("splits.1.jsonl"))
    with pytest.raises(RunFolderError, match="with what 'bakeoff regrade' wrote into it"):
        resumed()


def test_without_its_pointer_a_deployment_serves_its_only_release_with_its_own_documents(root, run):
    """The documents of the run came back, among them what somebody had deleted."""
    (root / "current").unlink()
    again = deploy(run, root)
    assert again.release.number == current(root) == 1
    assert "Yak" in texts(root) and "Golth" not in texts(root)


@pytest.mark.parametrize("content", [None, b"", b"\0\0"])
def test_without_its_pointer_a_deployment_of_several_releases_asks_which_one_to_serve(root, run, content):
    make_current(root, add_release(root, run, ["base"], "a second one").number)
    (root / "current").unlink() if content is None else (root / "current").write_bytes(content)
    for look in (lambda: current(root), lambda: deploy(run, root), lambda: rollback(root)):
        with pytest.raises(RunFolderError, match="It is lost which release of") as caught:
            look()
        assert "--to 2" in caught.value.remedy
    assert rollback(root, to=1).number == current(root) == 1
    assert "Golth" not in texts(root)


@pytest.mark.parametrize("lose", [Path.unlink, emptied])
def test_without_its_documents_a_deployment_is_refused(root, run, lose):
    lose(root / "store.sqlite")
    for look in (lambda: open_deployment(root), lambda: deploy(run, root)):
        with pytest.raises(RunFolderError, match=r"documents of .* are gone: it has no store\.sqlite") as caught:
            look()
        assert "restore that file" in caught.value.remedy
    assert not has_store(root)


def test_a_live_release_that_is_gone_is_made_again_from_its_run(root, run, caplog):
    shutil.rmtree(release_folder(root, 1))
    assert deploy(run, root).release.number == current(root) == 2
    assert [(change.before, change.number) for change in history(root)] == [(None, 1), (1, 2)]
    assert "Yak" in texts(root) and f"missing: release 2 of {run.folder.root} is now" in caplog.text
