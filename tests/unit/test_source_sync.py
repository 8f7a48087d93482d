"""Documents of a server are kept in step with sources: cursors, failures, names that two sources have, the commands."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bakeoff.cli import documents as commands
from bakeoff.cli.document_sources import CURSORS, sync_named
from bakeoff.corpus.sources.folders import document_id
from bakeoff.corpus.sources.opened import OpenSource
from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.errors import BakeoffError, CursorError, InputError
from bakeoff.models.embed import HashEmbedder
from bakeoff.protocols import Changes
from bakeoff.records import Document, Problem
from bakeoff.retrieval.hybrid import HybridIndex
from bakeoff.serve.documents.ends import Counts, FolderDocuments
from bakeoff.serve.documents.live import LiveDocuments
from bakeoff.serve.documents.source_states import SourceStates
from bakeoff.serve.documents.source_sync import Synced, sync_sources


class Shelf:
    """A source of texts by name. `locked` names cannot be read now; `error` is raised if it is set."""

    def __init__(self, **texts: str) -> None:
        self.texts = texts
        self.locked: set[str] = set()
        self.error: BakeoffError | None = None
        self.asked: list[str] = []

    def changes_since(self, cursor: str) -> Changes:
        self.asked.append(cursor)
        if self.error:
            raise self.error
        before = dict(json.loads(cursor)) if cursor else {}
        now = {name: text for name, text in self.texts.items() if name not in self.locked}
        now |= {name: text for name, text in before.items() if name in self.locked}
        changed = {name: text for name, text in now.items() if before.get(name) != text}
        return Changes(
            documents=tuple(Document(id=document_id(name), text=text, source=name) for name, text in changed.items()),
            deleted=tuple(name for name in before if name not in now),
            problems=tuple(Problem(source=name, reason="it is locked") for name in sorted(self.locked)),
            cursor=json.dumps(now),
        )


class Room:
    """Live documents, with their states."""

    def __init__(self, root: Path) -> None:
        self.states = SourceStates(root / "sources")
        self.live = LiveDocuments(
            SqliteStore(root / "store.sqlite"),
            [HybridIndex.open(root / "index", HashEmbedder(dimension=16), max_tokens=32)],
        )

    def sync(self, yes: bool = True, keep: bool = False, **shelves: Shelf) -> Synced:
        opened = [OpenSource(key, f"shelf {key}", shelf) for key, shelf in shelves.items()]
        return sync_sources(FolderDocuments(self.live), opened, self.states, yes, keep)

    @property
    def texts(self) -> dict[str, str]:
        return {one.source: one.text for one in self.live.store.documents()}


@pytest.fixture
def room(tmp_path: Path) -> Any:
    made = Room(tmp_path)
    with made.live:
        yield made


def numbers(counts: Counts) -> tuple[int, ...]:
    return (counts.n_added, counts.n_updated, counts.n_deleted, counts.n_unchanged)


def test_only_changes_are_asked_for_and_applied(room: Room) -> None:
    """The cursor of the last sync is given to the source; what did not change is not sent."""
    shelf = Shelf(a="Walrus.", b="Seal.", c="Otter.")
    assert numbers(room.sync(one=shelf).counts) == (3, 0, 0, 0)
    shelf.texts = {"a": "Walruses.", "c": "Otter.", "d": "Seal."}
    version = room.live.version
    assert numbers(room.sync(one=shelf).counts) == (1, 1, 1, 1)
    assert room.texts == shelf.texts and room.live.version == version + 1
    assert numbers(room.sync(one=shelf).counts) == (0, 0, 0, 3)
    assert [bool(cursor) for cursor in shelf.asked] == [False, True, True]


def test_what_cannot_be_read_stays_until_it_is_gone(room: Room) -> None:
    """Also when everything is read again, and when its first reading failed."""
    shelf = Shelf(a="Walrus.", b="Seal.", c="Otter.")
    room.sync(one=shelf)
    shelf.locked = {"a"}
    assert room.sync(one=shelf).problems[0].source == "a" and "a" in room.texts
    room.live.delete(document_id("b"))  # by hand: everything is read again
    assert numbers(room.sync(one=shelf).counts) == (1, 0, 0, 2)
    assert shelf.asked[-1] == "" and set(room.texts) == {"a", "b", "c"}
    shelf.locked = set()
    del shelf.texts["a"]
    room.sync(one=shelf)
    assert set(room.texts) == {"b", "c"}


@pytest.mark.parametrize(
    "problem", [Problem(source="a", reason="x", also=("b",)), Problem(source="disk", reason="x", also=("",))]
)
def test_what_a_problem_is_also_about_stays_when_all_is_read_again(room: Room, problem: Problem) -> None:
    """One problem may be about many documents, or about everything in the place."""
    room.sync(one=Shelf(a="Walrus.", b="Seal."))

    class Locked:
        def changes_since(self, cursor: str) -> Changes:
            if cursor:
                raise CursorError("an old cursor", "read in full")
            return Changes(problems=(problem,))

    room.sync(one=Locked())  # type: ignore[arg-type]
    assert room.texts == {"a": "Walrus.", "b": "Seal."}


def test_a_source_that_fails_keeps_its_documents_and_the_others_go_on(room: Room) -> None:
    """With or without a state; the error is raised at the end."""
    one, two = Shelf(a="Walrus.", b="Seal."), Shelf(c="Otter.")
    room.sync(one=one, two=two)
    one.error = BakeoffError("The key was revoked.", "make a new one")
    two.texts = {"c": "Otters.", "d": "New."}
    synced = room.sync(one=one, two=two)
    assert room.texts == {"a": "Walrus.", "b": "Seal.", "c": "Otters.", "d": "New."}
    with pytest.raises(BakeoffError, match=r"shelf one was not synced; its documents stay. The key was revoked."):
        synced.check()
    fresh = Shelf()
    fresh.error = one.error
    failed = room.sync(fresh=fresh, one=one, two=two)
    assert set(room.texts) == {"a", "b", "c", "d"}
    with pytest.raises(BakeoffError, match=r"2 sources were not synced"):
        failed.check()


@pytest.mark.parametrize("keep", [True, False])
def test_a_source_whose_settings_changed_keeps_its_documents_while_it_cannot_be_read(room: Room, keep: bool) -> None:
    """Wholly or in part, though it is a new source by its key; once it is read, what is gone is gone."""
    shelf, other = Shelf(a="Walrus.", b="Seal."), Shelf(c="Otter.", d="Orca.", e="Gull.")
    room.sync(old=shelf, other=other)
    shelf.error = BakeoffError("The disk is missing.")
    for yes in (True, False):
        assert len(room.sync(new=shelf, other=other, keep=keep, yes=yes).failures) == 1
    assert set(room.texts) == {"a", "b", "c", "d", "e"}
    shelf.error, shelf.locked = None, {"a"}
    room.sync(new=shelf, other=other, keep=keep)
    assert set(room.texts) == {"a", "b", "c", "d", "e"}
    shelf.locked, shelf.texts = set(), {"b": "Seal."}
    room.sync(new=shelf, other=other, keep=keep)
    assert set(room.texts) == {"b", "c", "d", "e"}


def test_a_source_that_refuses_is_not_read_as_if_it_were_new(room: Room) -> None:
    """Such as a site that redirects most pages to one: without what is known of it, that one page would be all."""
    shelf = Shelf(a="Walrus.", b="Seal.", c="Otter.")
    room.sync(one=shelf)
    read = shelf.changes_since

    def behind_a_login(cursor: str) -> Changes:
        if cursor:
            raise InputError("2 of 3 pages redirect to /login now.")
        return read(cursor)

    shelf.changes_since, shelf.texts = behind_a_login, {"login": "Your name, please."}  # type: ignore[method-assign]
    assert len(room.sync(one=shelf).failures) == 1 and set(room.texts) == {"a", "b", "c"}


def test_an_error_in_the_code_of_a_source_costs_that_source_alone(room: Room) -> None:
    """Whatever it raises, it is named, and its documents stay."""
    one, two = Shelf(a="Walrus."), Shelf(b="Seal.")
    room.sync(one=one, two=two)
    one.error = KeyError("page")  # type: ignore[assignment]
    two.texts["c"] = "Otter."
    synced = room.sync(one=one, two=two)
    assert set(room.texts) == {"a", "b", "c"}
    with pytest.raises(BakeoffError, match="shelf one raised KeyError: 'page'"):
        synced.check()


def test_two_sources_that_use_the_same_ids_keep_their_documents(room: Room) -> None:
    """An id stands for a source; a team's own source may number its documents from 1."""

    class Numbered(Shelf):
        def changes_since(self, cursor: str) -> Changes:
            found = super().changes_since(cursor)
            numbered = (one.model_copy(update={"id": str(n)}) for n, one in enumerate(found.documents, 1))
            return found.model_copy(update={"documents": tuple(numbered)})

    one, two = Numbered(a="Walrus.", b="Seal."), Numbered(c="Otter.", d="Orca.")
    assert numbers(room.sync(one=one, two=two).counts) == (4, 0, 0, 0)
    assert room.texts == one.texts | two.texts
    one.texts["e"] = "New."
    assert numbers(room.sync(one=one, two=two).counts) == (1, 0, 0, 4)


def test_documents_from_the_run_stay_while_an_unknown_source_fails(room: Room) -> None:
    """They may be its own."""
    room.live.put(Document(id="run", text="From the run.", source="run.md"))
    broken = Shelf()
    broken.error = BakeoffError("Gone.")
    room.sync(one=broken, two=Shelf(a="Walrus."))
    assert set(room.texts) == {"run.md", "a"}
    broken.error = None
    room.sync(one=broken, two=Shelf(a="Walrus."))
    assert set(room.texts) == {"a"}


def test_documents_of_no_source_are_deleted_or_kept(room: Room) -> None:
    """As with a folder; --keep-others leaves what no source ever had."""
    room.live.put(Document(id="hand", text="By hand.", source="hand.md"))
    shelf = Shelf(a="Walrus.", b="Seal.")
    room.sync(one=shelf, keep=True)
    del shelf.texts["b"]
    room.sync(one=shelf, keep=True)
    assert set(room.texts) == {"a", "hand.md"}
    room.sync(one=shelf)
    assert set(room.texts) == {"a"}


def test_more_than_half_is_not_deleted_without_a_word(room: Room) -> None:
    """Nothing of the source is changed then, the others go on, and the next sync finds the same."""
    shelf, other = Shelf(a="Walrus.", b="Seal.", c="Otter."), Shelf(d="Orca.", e="Gull.", f="Tern.")
    room.sync(one=shelf, two=other)
    shelf.texts, other.texts["g"] = {"a": "Walruses."}, "Auk."
    for _ in range(2):
        synced = room.sync(one=shelf, two=other, yes=False)
        with pytest.raises(BakeoffError, match=r"shelf one was not synced.*2 of 3 documents would be deleted"):
            synced.check()
    assert room.texts["a"] == "Walrus." and len(room.texts) == 7
    assert numbers(room.sync(one=shelf, two=other).counts) == (0, 1, 2, 4)


def test_documents_of_no_source_are_not_deleted_if_they_are_more_than_half(room: Room) -> None:
    """Nothing is changed then."""
    for name in "abc":
        room.live.put(Document(id=name, text="By hand.", source=name))
    for _ in range(2):
        with pytest.raises(InputError, match="3 of 3 documents are not in the sources and would be deleted"):
            room.sync(one=Shelf(d="Orca."), yes=False)
    assert len(room.texts) == 3


@pytest.mark.parametrize("texts", [{}, {"a": "Walrus."}])
def test_a_source_that_suddenly_has_little_or_nothing_needs_a_yes(room: Room, texts: dict[str, str]) -> None:
    """Also with changed settings, as a new source by its key; what others have is not counted."""
    shelf, other = Shelf(a="Walrus.", b="Seal.", c="Otter."), Shelf(d="Orca.", e="Gull.", f="Tern.", g="Auk.")
    room.sync(old=shelf, other=other)
    shelf.texts = texts
    for key in ("old", "new", "new"):
        synced = room.sync(**{key: shelf, "other": other}, yes=False)
        assert synced.failures and set(room.texts) == set("abcdefg"), key
    other.texts |= {"b": "Seal.", "c": "Otter."}  # moved to another source
    if texts:
        assert not room.sync(new=shelf, other=other, yes=False).failures
    room.sync(new=shelf, other=other)
    assert room.texts == shelf.texts | other.texts


def test_a_new_source_without_documents_needs_a_yes(room: Room) -> None:
    """As when its paths are mistyped. Once it is known to be empty, it may be."""
    other = Shelf(a="Walrus.")
    with pytest.raises(BakeoffError, match=r"shelf new was not synced.*No document could be read"):
        room.sync(new=Shelf(), other=other, yes=False).check()
    room.sync(new=Shelf(), other=other)
    room.sync(new=Shelf(), other=other, yes=False).check()


def test_what_a_source_only_may_have_is_that_of_the_source_that_gives_it(room: Room) -> None:
    """A site of which a page fails keeps what nobody has; the documents of the others are kept up to date."""

    class Site:
        def changes_since(self, cursor: str) -> Changes:
            home = Document(id="home", text="Home.", source="home")
            return Changes(documents=(home,), problems=(Problem(source="hub", reason="500", also=("",)),))

    for name, text in (("lost", "Behind the hub."), ("a", "From the run.")):
        room.live.put(Document(id=document_id(name), text=text, source=name))
    shelf = Shelf(a="Walrus.", b="Seal.")
    for text in ("Walrus.", "Walruses.", "All walruses."):
        shelf.texts["a"] = text
        room.sync(site=Site(), shelf=shelf)  # type: ignore[arg-type]
        assert room.texts == {"home": "Home.", "lost": "Behind the hub.", "a": text, "b": "Seal."}
        shelf.error = BakeoffError("It is down.")
        room.sync(site=Site(), shelf=shelf)  # type: ignore[arg-type]
        shelf.error = None


def test_documents_are_counted_once(room: Room) -> None:
    """What stays of a source that failed counts only while it is there."""
    one, two = Shelf(a="Walrus.", b="Seal."), Shelf(c="Otter.")
    room.sync(one=one, two=two)
    room.live.delete(document_id("a"))
    one.error = BakeoffError("It is down.")
    assert numbers(room.sync(one=one, two=two).counts) == (0, 0, 0, 2)


def test_a_source_that_is_no_longer_named_takes_its_documents_along(room: Room) -> None:
    """And its state."""
    one, two = Shelf(a="Walrus."), Shelf(c="Otter.")
    room.sync(one=one, two=two)
    room.sync(one=one)
    assert set(room.texts) == {"a"} and set(room.states.read()) == {"one"}


def test_of_two_sources_with_one_name_the_first_has_it(room: Room) -> None:
    """The other one gets it when the name is free."""
    one, two = Shelf(a="First.", b="Seal."), Shelf(a="Second.", c="Otter.")
    synced = room.sync(one=one, two=two)
    assert room.texts == {"a": "First.", "b": "Seal.", "c": "Otter."}
    assert [(problem.source, "shelf two" in problem.reason) for problem in synced.problems] == [("a", True)]
    del one.texts["a"]
    assert room.sync(one=one, two=two).problems == () and room.texts["a"] == "Second."
    one.texts["a"] = "First again."
    room.sync(one=one, two=two)
    assert room.texts["a"] == "First again."


def test_documents_changed_by_hand_become_those_of_the_source(room: Room) -> None:
    """Labels that were given by hand stay, as with a folder."""
    shelf = Shelf(a="Walrus.", b="Seal.")
    room.sync(one=shelf)
    room.live.put(Document(id=document_id("a"), text="Edited.", source="a", access=("hr",)))
    room.sync(one=shelf)
    assert room.texts["a"] == "Walrus." and room.live.store.get_by_source("a").access == ("hr",)  # type: ignore[union-attr]
    room.sync(one=shelf)
    assert [bool(cursor) for cursor in shelf.asked] == [False, False, True]


@pytest.mark.parametrize("broken", ["{", '{"format": 0, "where": "x"}', "[]"])
def test_a_broken_state_costs_a_full_reading_only(room: Room, tmp_path: Path, broken: str) -> None:
    """It is written again."""
    shelf = Shelf(a="Walrus.")
    room.sync(one=shelf)
    (tmp_path / "sources" / "one.json").write_text(broken)
    version = room.live.version
    assert numbers(room.sync(one=shelf).counts) == (0, 0, 0, 1) and room.live.version == version
    room.sync(one=shelf)
    assert [bool(cursor) for cursor in shelf.asked] == [False, False, True]


def test_what_an_older_bakeoff_read_is_read_again(room: Room, tmp_path: Path) -> None:
    """It may have taken a page with labels that it did not know for a public one."""
    shelf = Shelf(a="Walrus.", b="Seal.")
    room.sync(one=shelf)
    path = tmp_path / "sources" / "one.json"
    path.write_text(json.dumps({key: value for key, value in json.loads(path.read_text()).items() if key != "reading"}))
    shelf.changes_since, plain = (lambda cursor: labelled_now(plain(cursor))), shelf.changes_since  # type: ignore
    assert numbers(room.sync(one=shelf).counts) == (0, 1, 0, 1)
    assert [one.access for one in room.live.store.documents()] == [("hr",), ()]
    assert numbers(room.sync(one=shelf).counts) == (0, 0, 0, 2)
    assert [bool(cursor) for cursor in shelf.asked] == [False, False, True]


def labelled_now(changes: Changes) -> Changes:
    """The page `a` is read with a label now."""
    documents = [one.model_copy(update={"access": ("hr",)} if one.source == "a" else {}) for one in changes.documents]
    return changes.model_copy(update={"documents": tuple(documents)})


def test_a_cursor_that_is_no_longer_understood_is_read_in_full(room: Room) -> None:
    """After an update of the source, for example."""
    shelf = Shelf(a="Walrus.")
    room.sync(one=shelf)
    refuse = shelf.changes_since

    def newer(cursor: str) -> Changes:
        if cursor:
            raise CursorError("not a cursor")
        return refuse(cursor)

    shelf.changes_since = newer  # type: ignore[method-assign]
    shelf.texts["b"] = "Seal."
    assert room.sync(one=shelf).failures == () and set(room.texts) == {"a", "b"}


def test_the_command_takes_the_sources_of_a_configuration(room: Room, tmp_path: Path, monkeypatch: Any) -> None:
    """Its paths, prefixes and labels; the cursors are kept beside the documents, or in the cache for a server."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("Walrus.")
    config = tmp_path / "bakeoff.yaml"
    config.write_text("name: p\nquestions: q.csv\ndocuments:\n- docs\n- {files: docs, prefix: hr/, labels: hr}\n")
    there = FolderDocuments(room.live)
    synced = sync_named(there, config, tmp_path / "deployment", "", True, False)
    assert numbers(synced.counts) == (2, 0, 0, 0)
    assert {one.source: one.access for one in room.live.store.documents()} == {"a.md": (), "hr/a.md": ("hr",)}
    assert len(list((tmp_path / "deployment" / CURSORS).iterdir())) == 2
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))
    assert numbers(sync_named(there, config, None, "http://h:1/", True, False).counts) == (0, 0, 0, 2)
    assert len(list((tmp_path / "cache" / CURSORS).glob("*/*.json"))) == 2


def test_sources_are_followed_and_a_failure_is_said_once(
    room: Room, monkeypatch: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A round in which nothing changed says nothing, and after a failure the next one goes on."""
    one, two = Shelf(a="Walrus."), Shelf(b="Seal.")

    class StopError(Exception):
        pass

    def rounds() -> Iterator[None]:
        yield
        one.error = BakeoffError("The key was revoked.")
        two.texts["c"] = "Otter."
        yield
        yield
        one.error, one.texts = None, {"a": "Walruses."}
        yield
        raise StopError

    passing, sleep = rounds(), time.sleep  # threads of other tests sleep for other times
    monkeypatch.setattr(commands.time, "sleep", lambda s: next(passing) if s == 5 else sleep(s))
    with pytest.raises(StopError):
        commands._follow(lambda: room.sync(one=one, two=two), 5, False)
    assert room.texts == {"a": "Walruses.", "b": "Seal.", "c": "Otter."}
    said = capsys.readouterr()
    assert [line[:18] for line in said.out.splitlines()] == [
        "2 added, 0 updated",
        "1 added, 0 updated",
        "0 added, 1 updated",
    ]
    assert said.err.count("The key was revoked.") == 1 and "every 5 seconds" in said.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sync"], "There is nothing to compare with"),
        (["sync", "docs", "--sources", "bakeoff.yaml"], "--sources cannot be used with a folder"),
        (["sync", "--sources", "bakeoff.yaml", "--prefix", "hr/"], "--sources cannot be used with a folder"),
        (["sync", "docs", "--keep-others"], "--keep-others needs --sources"),
        (["sync", "--sources", "none.yaml"], "none.yaml"),
    ],
)
def test_what_does_not_fit_together_is_refused(arguments: list[str], message: str) -> None:
    """Before a server is asked."""
    with pytest.raises(BakeoffError, match=message):
        CliRunner().invoke(commands.app, arguments, catch_exceptions=False)
