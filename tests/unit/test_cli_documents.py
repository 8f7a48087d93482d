"""`bakeoff documents`: over HTTP to a real server, or straight to a deployment; a folder is kept in step."""

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from typer.testing import CliRunner

from bakeoff.cli import documents as commands
from bakeoff.corpus.sources.folder_source import FolderSource
from bakeoff.corpus.sources.folders import document_id
from bakeoff.corpus.sources.opened import OpenSource
from bakeoff.corpus.sources.unread import kept
from bakeoff.corpus.sources.watch import SETTLED_S, FolderWatch
from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.errors import BakeoffError, InputError
from bakeoff.formats.part import Problem
from bakeoff.models.embed import HashEmbedder
from bakeoff.protocols import Changes
from bakeoff.records import Document
from bakeoff.retrieval.hybrid import HybridIndex
from bakeoff.serve.documents import folder_sync
from bakeoff.serve.documents.ends import Counts, ServerDocuments
from bakeoff.serve.documents.folder_sync import MOST_AT_ONCE, batches, difference, edits
from bakeoff.serve.documents.live import LiveDocuments
from bakeoff.serve.documents.routes import DocumentsApi
from bakeoff.serve.documents.source_states import SourceStates
from bakeoff.serve.documents.source_sync import sync_sources
from bakeoff.serve.guard.bearer import holder_of
from bakeoff.serve.guard.guarded import access_of, guarded
from bakeoff.serve.keys import KeyFile
from bakeoff.serve.openai.routes import exception_handlers


class Server:
    """Documents behind a real server with keys. `key` manages."""

    def __init__(self, folder: Path) -> None:
        self.keys = KeyFile(folder / "keys.jsonl")
        self.key = self.keys.add("manager", None, manages=True)
        index = HybridIndex.open(folder / "index", HashEmbedder(dimension=32), max_tokens=32)
        self.documents = LiveDocuments(SqliteStore(folder / "store.sqlite"), [index])
        self.url = ""

    @property
    def texts(self) -> dict[str, str]:
        return {one.source: one.text for one in self.documents.store.documents()}


@contextlib.contextmanager
def served(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    listener = socket.create_server(("127.0.0.1", 0))
    with server.documents:
        routes = DocumentsApi(server.documents, lambda request: holder_of(request.scope)).routes()
        app = guarded(
            Starlette(routes=routes, exception_handlers=exception_handlers()), access_of("127.0.0.1", server.keys)
        )
        running = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        server.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            yield server
        finally:
            running.should_exit = True
            thread.join(timeout=10)
            listener.close()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    (tmp_path / "server").mkdir()
    with served(tmp_path / "server") as made:
        monkeypatch.setenv("BAKEOFF_KEY", made.key)
        monkeypatch.setenv("BAKEOFF_URL", made.url)
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "handbook"
    (made / "sub").mkdir(parents=True)
    for name, text in {
        "a.md": "# A\n\nWalrus.",
        "sub/b.txt": "Seal.",
        "c.md": "---\naccess: staff\n---\nOtter.",
    }.items():
        (made / name).write_text(text)
    (made / ".hidden.md").write_text("hidden")
    return made


def run(*arguments: str) -> dict[str, object]:
    """What the command prints as JSON. Raises what it raises."""
    outcome = CliRunner().invoke(commands.app, [*arguments, "--json"], catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    return json.loads(outcome.stdout)


def counts(values: dict[str, object]) -> tuple[object, ...]:
    return tuple(values[f"n_{kind}"] for kind in ("added", "updated", "deleted", "unchanged"))


def test_a_folder_is_kept_in_step(server: Server, folder: Path) -> None:
    """Added, replaced, deleted; what did not change is not sent; file formats and labels as in a pilot."""
    assert counts(run("sync", str(folder))) == (3, 0, 0, 0)
    assert set(server.texts) == {"a.md", "sub/b.txt", "c.md"}
    assert server.documents.store.get_by_source("c.md").access == ("staff",)
    version = server.documents.version
    again = run("sync", str(folder))
    assert (counts(again), server.documents.version) == ((0, 0, 0, 3), version)
    assert [problem["source"] for problem in again["problems"]] == [".hidden.md"]
    (folder / "a.md").write_text("# A\n\nWalruses.")
    (folder / "sub" / "b.txt").unlink()
    (folder / "d.md").write_text("New.")
    assert counts(run("sync", str(folder))) == (1, 1, 1, 1)
    assert server.texts == {"a.md": "# A\n\nWalruses.", "c.md": "Otter.", "d.md": "New."}


def moved(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """Five files on the server whose folder is then renamed; requests take two documents or two deletions.

    The texts that are found after each request, as it happens.
    """
    for i in range(5):
        (folder / "sub" / f"{i}.md").write_text(f"Number {i}.")
    run("sync", str(folder))
    (folder / "sub").rename(folder / "other")
    monkeypatch.setattr(folder_sync, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(folder_sync, "MOST_DELETED_AT_ONCE", 2)
    texts, change = list[set[str]](), ServerDocuments.change

    def changing(*arguments: Any) -> Any:
        outcome = change(*arguments)
        texts.append(set(server.texts.values()))
        return outcome

    monkeypatch.setattr(ServerDocuments, "change", changing)
    return texts


def test_a_moved_document_is_never_in_neither_place(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many requests a sync needs: additions go first, deletions last."""
    texts = moved(server, folder, monkeypatch)
    before = set(server.texts.values())
    assert counts(run("sync", str(folder), "--yes")) == (6, 0, 6, 2)
    assert len(texts) > 3 and all(found == before for found in texts)
    assert {source.partition("/")[0] for source in server.texts} == {"a.md", "c.md", "other"}


@pytest.mark.parametrize("n_done", range(5))
def test_a_sync_that_was_interrupted_is_completed_by_the_next_one(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch, n_done: int
) -> None:
    """After any of its requests: nothing is missing then, and the next sync does the rest."""
    texts = moved(server, folder, monkeypatch)
    before, change = set(server.texts.values()), ServerDocuments.change

    def failing(*arguments: Any) -> Any:
        if len(texts) == n_done:
            raise BakeoffError("The connection is gone.")
        return change(*arguments)

    with monkeypatch.context() as broken, pytest.raises(BakeoffError, match="gone"):
        broken.setattr(ServerDocuments, "change", failing)
        run("sync", str(folder), "--yes")
    assert set(server.texts.values()) == before
    run("sync", str(folder), "--yes")
    assert set(server.texts.values()) == before and len(server.texts) == len(before)
    assert {source.partition("/")[0] for source in server.texts} == {"a.md", "c.md", "other"}


def test_an_id_that_a_new_document_takes_is_not_deleted(server: Server, folder: Path) -> None:
    """Its earlier document is replaced, whatever its source was."""
    run("sync", str(folder))
    id = server.documents.store.get_by_source("a.md").id
    server.documents.put(Document(id=id, text="Earlier.", source="earlier.md"))
    assert counts(run("sync", str(folder))) == (0, 1, 0, 2)
    assert set(server.texts) == {"a.md", "sub/b.txt", "c.md"}


def test_more_than_half_is_not_deleted_without_a_word(server: Server, folder: Path, tmp_path: Path) -> None:
    """The wrong folder would empty the server; --yes does it."""
    run("sync", str(folder))
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    (wrong / "x.md").write_text("Else.")
    with pytest.raises(InputError, match="3 of 3 documents"):
        run("sync", str(wrong))
    assert len(server.texts) == 3
    assert counts(run("sync", str(wrong), "--yes")) == (1, 0, 3, 0)
    with pytest.raises(InputError, match="is not a folder"):
        run("sync", str(tmp_path / "none"))


def test_a_prefix_leaves_other_documents_alone(server: Server, folder: Path) -> None:
    """Two folders can feed one server."""
    server.documents.put(Document(id="other", text="Stays.", source="wiki/a.md"))
    assert counts(run("sync", str(folder), "--prefix", "handbook/")) == (3, 0, 0, 0)
    (folder / "a.md").unlink()
    assert counts(run("sync", str(folder), "--prefix", "handbook/")) == (0, 0, 1, 2)
    assert set(server.texts) == {"wiki/a.md", "handbook/c.md", "handbook/sub/b.txt"}


def test_labels_on_the_server_are_kept_unless_others_are_given(server: Server, folder: Path) -> None:
    """A sync never shows a document to more people by accident."""
    run("sync", str(folder), "--labels", "board")
    assert {one.access for one in server.documents.store.documents()} == {("board",)}
    (folder / "a.md").write_text("Changed.")
    assert counts(run("sync", str(folder)))[1] == 2  # the text of a.md, and the labels that c.md itself has
    assert {one.source: one.access for one in server.documents.store.documents()} == {
        "a.md": ("board",), "sub/b.txt": ("board",), "c.md": ("staff",),
    }  # fmt: skip


def test_a_file_that_cannot_be_read_now_does_not_delete_its_document(server: Server, folder: Path) -> None:
    """It may be half written, or broken by accident."""
    run("sync", str(folder))
    (folder / "a.md").write_bytes(b"")
    report = run("sync", str(folder))
    assert counts(report) == (0, 0, 0, 2)
    assert "a.md" in {problem["source"] for problem in report["problems"]} and "a.md" in server.texts


def test_documents_are_added_listed_and_removed(server: Server, folder: Path) -> None:
    """Files and folders by add; sources or ids by remove; unknown names remove nothing."""
    assert counts(run("add", str(folder / "a.md"), "--labels", "x,y")) == (1, 0, 0, 0)
    assert counts(run("add", str(folder))) == (2, 0, 0, 1)
    assert [one["source"] for one in run("list")] == ["a.md", "c.md", "sub/b.txt"]
    assert [one["labels"] for one in run("list", "A.MD")] == [["x", "y"]]
    with pytest.raises(InputError, match="'nothing'"):
        run("remove", "a.md", "nothing")
    assert counts(run("remove", "a.md", server.documents.store.get_by_source("c.md").id)) == (0, 0, 2, 0)
    assert list(server.texts) == ["sub/b.txt"]
    shown = CliRunner().invoke(commands.app, ["list"], catch_exceptions=False)
    assert "sub/b.txt" in shown.stdout


def test_metadata_of_any_kind_are_sent(server: Server, tmp_path: Path) -> None:
    """Lists, numbers and dates of front matter, as a pilot reads them; a source is named that is refused."""
    text = "---\ntags: [a, b]\nsince: 2026-02-03\nratio: 1.5\nnote:\n---\n# A\n\nWalrus."
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "a.md").write_text(text)
    assert counts(run("add", str(pages / "a.md"))) == (1, 0, 0, 0)
    assert server.documents.store.get_by_source("a.md").meta["tags"] == ["a", "b"]
    assert counts(run("sync", str(pages))) == (0, 0, 0, 1)
    (pages / "b.md").write_text(f"---\ntitle: {'x' * 1001}\n---\nOtter.")
    with pytest.raises(BakeoffError, match=r"The document: 'b\.md'"):
        run("add", str(pages / "b.md"))


def test_a_new_document_beside_one_of_the_same_name_is_told(server: Server, folder: Path, tmp_path: Path) -> None:
    """With the command that replaces it; not if it replaces one, nor for another name."""
    run("add", str(folder))
    (tmp_path / "b.txt").write_text("A new seal.")

    def said(*arguments: str) -> str:
        return CliRunner().invoke(commands.app, ["add", *arguments], catch_exceptions=False).output

    shown = " ".join(said(str(tmp_path / "b.txt")).split())
    assert "b.txt is a new document beside sub/b.txt, which is still there." in shown and "--prefix sub/" in shown
    assert "beside" not in said(str(tmp_path / "b.txt"), "--prefix", "sub/")
    assert server.texts["sub/b.txt"] == "A new seal."
    (tmp_path / "other.txt").write_text("Other.")
    assert "beside" not in said(str(tmp_path / "other.txt"))


def test_documents_are_erased_by_source_or_if_they_were_removed_by_id(
    server: Server, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("add", str(folder / "a.md"), str(folder / "c.md"))
    ids = [server.documents.store.get_by_source(name).id for name in ("a.md", "c.md")]
    shown = CliRunner().invoke(commands.app, ["remove", "a.md"], catch_exceptions=False)
    assert f"bakeoff documents remove --erase {ids[0]}" in shown.output
    assert run("remove", "--erase", ids[0], "c.md") == {"n_erased": 2}
    assert not server.texts
    assert [one.document for id in ids for one in server.documents.store.history(id)] == 4 * [None]
    run("add", str(folder / "a.md"))
    with pytest.raises(BakeoffError, match="There is no document 'never'"):
        run("remove", "--erase", "a.md", "never")
    assert list(server.texts) == ["a.md"]


def test_commands_name_the_server_or_the_folder_that_was_given(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both in what is printed and in errors."""
    run("add", str(folder / "a.md"))
    monkeypatch.delenv("BAKEOFF_URL")
    shown = CliRunner().invoke(commands.app, ["remove", "a.md", "--url", server.url], catch_exceptions=False)
    assert f"bakeoff documents remove --url {server.url} --erase " in shown.output
    with pytest.raises(BakeoffError) as error:
        run("remove", "never", "--url", server.url)
    assert f"bakeoff documents list --url {server.url}" in error.value.remedy


@pytest.mark.parametrize("form", [["--json"], []])
def test_a_file_that_cannot_be_read_is_named_and_the_exit_code_is_1(server: Server, tmp_path: Path, form) -> None:
    """What can be read is added all the same."""
    (tmp_path / "good.txt").write_text("Otter.")
    (tmp_path / "broken.docx").write_bytes(b"PK no document")
    (tmp_path / "empty.md").write_text("")
    (tmp_path / "picture.xyz").write_text("x")
    good, *others = (str(tmp_path / name) for name in ("good.txt", "broken.docx", "empty.md", "picture.xyz"))
    for bad in ([others[0]], [others[1]], [others[2]], others):
        outcome = CliRunner().invoke(commands.app, ["add", good, *bad, *form], catch_exceptions=False)
        assert outcome.exit_code == 1 and list(server.texts) == ["good.txt"]
        assert all(Path(name).name in outcome.output for name in bad)
    assert CliRunner().invoke(commands.app, ["add", good, *form], catch_exceptions=False).exit_code == 0


def test_a_server_that_refuses_or_is_not_there_is_an_error(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its words, and what to do."""
    monkeypatch.setenv("BAKEOFF_KEY", "wrong")
    with pytest.raises(BakeoffError, match=r"refused \(401\)"):
        run("sync", str(folder))
    monkeypatch.setenv("BAKEOFF_KEY", server.keys.add("reader", None))
    with pytest.raises(BakeoffError, match=r"refused \(403\): This key may not change"):
        run("add", str(folder))
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(BakeoffError, match="No server answers"):
        run("list", "--url", address)
    with pytest.raises(BakeoffError, match="not the address"):
        run("list", "--url", "localhost:1")


def test_watching_takes_changes_when_they_have_settled(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first pass, then a change; an error in between is shown once and does not end it."""
    monkeypatch.setattr(commands, "POLL_S", 0.01)
    monkeypatch.setattr("bakeoff.corpus.sources.watch.SETTLED_S", 0.1)
    thread = threading.Thread(
        target=CliRunner().invoke, args=[commands.app, ["sync", str(folder), "--watch"]], daemon=True
    )
    thread.start()
    _until(lambda: len(server.texts) == 3)
    (folder / "new.md").write_text("New.")
    _until(lambda: server.texts.get("new.md") == "New.")
    server.documents.delete(server.documents.store.get_by_source("a.md").id)
    for name in ("a.md", "c.md", "new.md"):
        (folder / name).unlink()
    time.sleep(0.5)
    assert "new.md" in server.texts  # two of three would go
    (folder / "c.md").write_text("Back.")
    _until(lambda: server.texts == {"c.md": "Back.", "sub/b.txt": "Seal."})


def _until(holds) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_folder_is_due_when_it_has_been_still(folder: Path) -> None:
    """A file that grows is not taken; what was taken is not due again; a deletion is."""
    now = [0.0]
    watch = FolderWatch(folder, lambda: now[0])
    assert not watch.is_due()
    now[0] += SETTLED_S
    assert watch.is_due()
    watch.taken(watch.look())
    assert not watch.is_due()
    for size in range(1, 5):
        (folder / "big.md").write_text("x" * size)
        now[0] += SETTLED_S / 2
        assert not watch.is_due()
    now[0] += SETTLED_S
    assert watch.is_due()
    watch.taken(watch.look())
    os.unlink(folder / "big.md")  # noqa: PTH108
    assert not watch.is_due()
    now[0] += SETTLED_S
    assert watch.is_due()


def test_rows_of_a_table_that_cannot_be_read_are_kept() -> None:
    """Their sources begin with the file's."""
    from bakeoff.serve.documents.views import Listed

    row = Listed(
        id="r", title="", source="t.csv#1", updated_at="2026-01-01", version=1, labels=(), n_characters=1, sha256=""
    )
    assert difference([], [row]).deleted == ("r",)
    assert difference([], [row], [Problem(source="t.csv", reason="broken")]).deleted == ()


@pytest.mark.parametrize("broken", [b"\x00\xff" * 40, b""])
def test_rows_with_sources_of_their_own_stay_while_their_table_cannot_be_read(
    server: Server, folder: Path, broken: bytes
) -> None:
    """Nothing says in which file they were; also when a source of files is read in full."""
    rows = "id,source,text\n1,faq/one,Walruses are large.\n2,faq/two,Seals are not.\n"
    (folder / "faq.csv").write_text(rows)
    run("sync", str(folder))
    assert {"faq/one", "faq/two"} <= server.texts.keys()
    (folder / "faq.csv").write_bytes(broken)
    run("sync", str(folder))
    assert {"faq/one", "faq/two"} <= server.texts.keys()
    assert kept(["faq/one"], FolderSource([folder]).changes_since("").problems) == ["faq/one"]
    (folder / "faq.csv").write_text(rows.replace("2,faq/two,Seals are not.\n", ""))
    run("sync", str(folder))
    assert "faq/one" in server.texts and "faq/two" not in server.texts


def test_batches_are_small_enough_for_a_request() -> None:
    """By number and by characters; a document that is larger goes alone."""
    small = [Document(id=str(i), text="x", source=str(i)) for i in range(MOST_AT_ONCE + 1)]
    large = [Document(id=f"l{i}", text="x" * 300_000, source=f"l{i}") for i in range(3)]
    assert [len(batch) for batch in batches([*small, *large])] == [MOST_AT_ONCE, 2, 1, 1]


def test_changes_are_one_edit_if_they_fit_into_one_request() -> None:
    """And deletions never come before additions."""
    few, many = ([Document(id=str(i), text="x", source=str(i)) for i in range(n)] for n in (2, MOST_AT_ONCE + 1))
    ids = [f"d{i}" for i in range(folder_sync.MOST_DELETED_AT_ONCE + 1)]
    assert [tuple(map(len, edit)) for edit in edits(few, ids[:3])] == [(2, 3)]
    assert [tuple(map(len, edit)) for edit in edits(many, ids)] == [(MOST_AT_ONCE, 0), (1, len(ids) - 1), (0, 1)]
    assert [tuple(map(len, edit)) for edit in edits([], ids[:1])] == [(0, 1)]
    assert edits([], []) == []


def test_a_failure_says_what_was_stored_before_it(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large folders go in several requests; the same command does the rest."""
    monkeypatch.setattr(folder_sync, "MOST_AT_ONCE", 2)
    whole, n_changes = ServerDocuments.change, list[int]()

    def change(self: ServerDocuments, *edit: Any) -> Counts:
        n_changes.append(1)
        if len(n_changes) == 2:
            raise InputError("The disk is full.", "free some space")
        return whole(self, *edit)

    monkeypatch.setattr(ServerDocuments, "change", change)
    with pytest.raises(BakeoffError) as error:
        run("add", str(folder))
    assert "Stored before: 2 added, 0 updated, 0 deleted." in error.value.message
    assert error.value.remedy == "free some space; give the command again for the rest"
    assert counts(run("add", str(folder))) == (1, 0, 0, 2)


class Odd:
    """A source whose documents have names and texts that no file has. `asked` are the cursors it was given."""

    NAMES = ("site.example/", "site.example/a//b/", "x\\y.md", "C:/z.md", "e\u0301.md", "./q", "long/" + "l" * 2000)

    def __init__(self) -> None:
        self.asked: list[str] = []

    def changes_since(self, cursor: str) -> Changes:
        self.asked.append(cursor)
        texts = {name: f"# Name\r\n\r\nThis is {name!a}.\x07 \n" for name in self.NAMES} | {"blank": " \x07\n"}
        documents = (Document(id=document_id(name), source=name, text=text) for name, text in texts.items())
        return Changes(documents=() if cursor else tuple(documents), cursor="all")


def test_documents_of_sources_go_through_a_server_unchanged(server: Server, tmp_path: Path) -> None:
    """Else each sync would find others than it sent, read everything again and take what is there for gone."""
    odd = Odd()
    with ServerDocuments(server.url, server.key) as there:
        counts = [
            sync_sources(there, [OpenSource("k", "odd", odd)], SourceStates(tmp_path / "states")).counts for _ in "123"
        ]
    assert sorted(server.texts) == sorted(Odd.NAMES) and odd.asked == ["", "all", "all"]
    assert [(one.n_added, one.n_updated, one.n_deleted, one.n_unchanged) for one in counts] == [
        (7, 0, 0, 0),
        (0, 0, 0, 7),
        (0, 0, 0, 7),
    ]


def test_each_command_says_which_key_it_needs(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Listing needs any key, changing one that manages."""
    monkeypatch.delenv("BAKEOFF_KEY")
    with pytest.raises(BakeoffError, match="refused") as error:
        run("list")
    assert error.value.remedy.startswith("set BAKEOFF_KEY to any key") and "manages" not in error.value.remedy
    monkeypatch.setenv("BAKEOFF_KEY", server.keys.add("reader", None))
    assert run("list") == []
    with pytest.raises(BakeoffError, match="refused") as error:
        run("add", str(folder))
    assert error.value.remedy == "set BAKEOFF_KEY to a key that manages"


def test_documents_that_searches_do_not_find_yet_are_said_to_be_stored(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server did not refuse them."""

    def refused(*_: object, **__: object) -> None:
        raise BakeoffError("The index cannot be written.", "make it writable")

    monkeypatch.setattr(server.documents._indexes[0], "sync", refused)
    with pytest.raises(BakeoffError, match=r"answered \(503\): The change is stored as version 1, but searches"):
        run("add", str(folder))
    assert len(run("list")) == 3
