"""Every document store, in SQLite and in PostgreSQL, keeps its versions and loses nothing, whoever else writes."""

import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bakeoff.corpus.old_versions import LEAST_TEXTS
from bakeoff.corpus.store import SqlStore
from bakeoff.corpus.stores import open_store
from bakeoff.errors import BakeoffError, InputError, RunFolderError
from bakeoff.records import Document

ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["replace", "upsert", "delete"]),
        st.dictionaries(st.sampled_from("abcd"), st.sampled_from("xyz"), max_size=4),
    ),
    max_size=7,
)


def document(name: str, text: str = "text", **more: object) -> Document:
    return Document(id=name, source=f"{name}.md", text=text, **more)


@pytest.fixture
def folder(keeping: Callable[[str], Path]) -> Path:
    return keeping("documents")


@pytest.fixture
def store(folder: Path) -> SqlStore:
    return open_store(folder)


def ids(store: SqlStore) -> list[str]:
    return [stored.id for stored in store.documents()]


def in_a_process(code: str, *arguments: object) -> subprocess.Popen[str]:
    preamble = (
        "import sys\nfrom pathlib import Path\nfrom bakeoff.corpus.stores import open_store\n"
        "from bakeoff.records import Document\n"
        "def document(name, text='text'): return Document(id=name, source=name + '.md', text=text)\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", preamble + textwrap.dedent(code), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_new_store_is_empty_at_version_zero(store):
    """A new store is empty at version zero."""
    assert store.version == 0
    assert list(store.documents()) == []
    assert store.get("a") is None
    assert not store.changes_since(0).any


def test_documents_come_back_whole_and_ordered_by_source(store):
    """Documents come back whole and ordered by source."""
    full = document(
        "b",
        "Größe\n\n€ 日本",
        title="T",
        access=("x", "y"),
        meta={"n": 1, "deep": {"a": [1.5, None]}},
        updated_at=datetime(2025, 1, 2, 3, 4, 5, 678, tzinfo=UTC),
    )
    store.replace_all([full, document("a")])
    assert list(store.documents()) == [document("a"), full]
    assert store.get("b") == store.get_by_source("b.md") == full
    assert store.get("b.md") is None


def test_replace_all_says_what_was_added_updated_deleted_and_left(store):
    """`replace_all` reports what was added, updated, deleted and left unchanged."""
    store.replace_all([document("a"), document("b"), document("c")])
    changes = store.replace_all([document("a"), document("b", "new"), document("d")])
    assert (changes.added, changes.updated, changes.deleted, changes.unchanged) == (("d",), ("b",), ("c",), 1)
    assert changes.version == store.version == 2
    assert ids(store) == ["a", "b", "d"]


@pytest.mark.parametrize("field", [{"text": "x"}, {"title": "x"}, {"access": ("x",)}, {"meta": {"x": 1}}])
def test_a_change_of_text_title_access_or_meta_is_a_change(store, field):
    """A change of text title access or meta is a change."""
    store.upsert([document("a")])
    assert store.upsert([document("a").model_copy(update=field)]).updated == ("a",)


def test_upsert_leaves_the_others_alone(store):
    """Upsert leaves the others alone."""
    store.replace_all([document("a"), document("b")])
    changes = store.upsert([document("b", "new"), document("c")])
    assert (changes.added, changes.updated, changes.deleted) == (("c",), ("b",), ())
    assert ids(store) == ["a", "b", "c"]


def test_delete_passes_over_what_is_not_there(store):
    """Deleting an unknown id does nothing."""
    store.replace_all([document("a"), document("b")])
    changes = store.delete(["a", "a", "never"])
    assert (changes.deleted, changes.unchanged, store.version) == (("a",), 1, 2)
    assert not store.delete(["a"]).any
    assert store.version == 2


def test_old_texts_and_deletions_stay_in_the_history(store):
    """Old texts and deletions stay in the history."""
    store.upsert([document("a", "one")])
    store.upsert([document("b")])
    store.upsert([document("a", "two")])
    store.delete(["a"])
    store.upsert([document("a", "three")])
    history = store.history("a")
    assert [(entry.version, entry.kind, entry.document and entry.document.text) for entry in history] == [
        (1, "added", "one"),
        (3, "updated", "two"),
        (4, "deleted", None),
        (5, "added", "three"),
    ]
    assert store.history("never") == []


def test_an_erased_document_has_no_text_in_any_version_and_what_is_live_stays(store):
    """In a bucket, objects are never written again: there it is refused."""
    store.upsert([document("a", "The code is QUOKKA."), document("b", "Other.")])
    store.upsert([document("a", "The code is WOMBAT."), document("b", "Another.")])
    store.delete(["a"])
    if type(store).__name__ == "BucketStore":
        with pytest.raises(BakeoffError, match="no text can be erased"):
            store.erase("a")
        return
    assert (store.erase("a"), store.erase("a"), store.erase("none")) == (2, 0, 0)
    assert [version.document for version in store.history("a")] == [None, None, None]
    assert [version.document.text for version in store.history("b")] == ["Other.", "Another."]
    assert store.erase("b") == 1 and store.get("b").text == "Another."
    if store.folder and (store.folder / "store.sqlite").exists():
        assert b"QUOKKA" not in (store.folder / "store.sqlite").read_bytes()


def test_as_many_old_texts_as_documents_are_kept_those_that_were_replaced_last(store):
    """What changed and when stays of every version; the text that was replaced first goes first."""
    names = [f"d{i:03}" for i in range(LEAST_TEXTS + 20)]
    for number in range(4):
        store.upsert([document(name, f"{name}, text {number}") for name in reversed(names)])
    store.delete(names[:16])
    kept = [entry for name in names for entry in store.history(name) if entry.version < 4 and entry.document]
    n_live = len(names) - 16
    assert len(kept) <= n_live * 1.25
    assert {entry.version for entry in kept} == {3}
    assert all(store.history(name)[3].document.text == f"{name}, text 3" for name in names)
    oldest = store.history(names[20])[0]
    assert (oldest.version, oldest.kind, oldest.document) == (1, "added", None)


def test_changes_are_known_also_of_versions_whose_texts_are_gone(store):
    """An index that is far behind still learns what was added, updated and deleted."""
    store.upsert([document("gone", "one"), document("kept", "same"), document("new", "one")])
    for number in range(3 * LEAST_TEXTS):
        store.upsert([document("gone", f"text {number}"), document("new", f"text {number}")])
    assert store.history("gone")[0].document is None
    store.delete(["gone"])
    store.upsert([document("later", "text")])
    changes = store.changes_since(1)
    assert (changes.added, changes.updated, changes.deleted) == (("later",), ("new",), ("gone",))


def test_changes_since_a_version_are_the_difference_and_nothing_more(store):
    """`changes_since` returns the differences only."""
    store.replace_all([document("a", "one"), document("b"), document("c")])
    store.upsert([document("a", "two"), document("d")])
    store.delete(["c", "d"])
    changes = store.changes_since(1)
    assert (changes.added, changes.updated, changes.deleted, changes.unchanged) == ((), ("a",), ("c",), 1)
    store.upsert([document("a", "one"), document("c")])
    assert not store.changes_since(1).any
    assert store.changes_since(0).added == ("a", "b", "c")
    assert not store.changes_since(store.version).any


@pytest.mark.parametrize("version", [-1, 1, 99])
def test_a_version_the_store_never_reached_is_refused(store, version):
    """A version the store never reached is refused."""
    with pytest.raises(RunFolderError, match=f"never had version {version}"):
        store.changes_since(version)


def test_each_store_has_an_identity_that_stays(keeping, folder, store):
    """Each store has an identity that stays."""
    assert store.identity == open_store(folder).identity
    assert store.identity != open_store(keeping("other")).identity


@pytest.mark.parametrize(
    "documents",
    [
        [document("a"), document("a", "other")],
        [document("a"), Document(id="b", source="a.md", text="x")],
    ],
)
def test_two_documents_with_one_id_or_source_are_refused_and_nothing_changes(store, documents):
    """Two documents with one id or source are refused and nothing changes."""
    store.upsert([document("old")])
    with pytest.raises(InputError, match="have the same"):
        store.replace_all(documents)
    assert (ids(store), store.version) == (["old"], 1)


def test_another_id_at_a_source_that_is_taken_is_refused_and_nothing_changes(store):
    """Another id at a source that is taken is refused and nothing changes."""
    store.upsert([document("a")])
    with pytest.raises(InputError, match="have the same source"):
        store.upsert([document("c"), Document(id="b", source="a.md", text="x")])
    assert (ids(store), store.version) == (["a"], 1)


def test_sources_can_be_exchanged_between_documents(store):
    """Sources can be exchanged between documents."""
    store.replace_all([document("a"), document("b")])
    swapped = [Document(id="a", source="b.md", text="text"), Document(id="b", source="a.md", text="text")]
    assert store.replace_all(swapped).updated == ("a", "b")
    assert store.get_by_source("a.md").id == "b"


def test_half_a_character_is_refused_and_nothing_changes(store):
    """Half a character is refused and nothing changes."""
    with pytest.raises(InputError, match="lone surrogate"):
        store.upsert([document("a"), document("b", "half \ud800")])
    assert ids(store) == []


def test_documents_that_fail_on_their_way_in_change_nothing(store):
    """An error in the iterable of documents changes nothing."""

    def failing():
        yield document("a")
        raise KeyError("upstream")

    with pytest.raises(KeyError):
        store.replace_all(failing())
    assert store.version == 0


def test_the_documents_can_be_changed_while_they_are_walked(store):
    """The documents can be changed while they are iterated over."""
    store.replace_all([document(f"{i:04}") for i in range(1200)])
    seen = []
    for stored in store.documents():
        seen.append(stored.text)
        if len(seen) == 1:
            store.change([document("1100", "new")], [f"{i:04}" for i in range(1150, 1200)])
    assert seen == ["text"] * 1200
    assert len(ids(store)) == 1150


def test_what_is_replaced_by_the_hundred_while_it_is_walked_comes_as_it_is_now(store):
    """Of 1,199 deleted documents and one that changed, 100 old texts are kept; the others are gone."""
    store.replace_all([document(f"{i:04}") for i in range(1200)])
    seen = {}
    for stored in store.documents():
        seen[stored.id] = stored.text
        if len(seen) == 1:
            store.replace_all([document("1100", "new")])
    assert 500 <= len(seen) <= 500 + LEAST_TEXTS + 1
    assert {text for id, text in seen.items() if id != "1100"} == {"text"} and seen["1100"] in ("text", "new")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=ACTIONS)
def test_the_store_agrees_with_a_plain_dictionary_at_every_version(keeping, actions):
    """After any sequence of calls, its contents and changes equal those of a dictionary."""
    store = open_store(keeping("random"))
    states: list[dict[str, str]] = [{}]
    for action, texts in actions:
        now = dict(states[-1])
        if action == "delete":
            now = {name: text for name, text in now.items() if name not in texts}
            store.delete(texts)
        else:
            now = dict(texts) if action == "replace" else {**now, **texts}
            documents = [document(name, text) for name, text in texts.items()]
            (store.replace_all if action == "replace" else store.upsert)(documents)
        if now != states[-1]:
            states.append(now)
        assert store.version == len(states) - 1
        assert {stored.id: stored.text for stored in store.documents()} == now
    now = states[-1]
    for version, then in enumerate(states):
        changes = store.changes_since(version)
        assert set(changes.added) == set(now) - set(then)
        assert set(changes.deleted) == set(then) - set(now)
        assert set(changes.updated) == {name for name in set(then) & set(now) if then[name] != now[name]}
        assert changes.unchanged + len(changes.added) + len(changes.updated) == len(now)


def test_a_kill_in_the_middle_of_writing_loses_nothing_and_leaves_no_half(store, folder):
    """The writer is killed at different moments. The store is in one of its complete states afterwards."""
    store.replace_all([document(f"{i:03}", "old " * 500) for i in range(300)])
    for delay in (0.0, 0.01, 0.03, 0.06, 0.1):
        writer = in_a_process(
            """
            store = open_store(Path(sys.argv[1]))
            print("ready", flush=True)
            for round in range(10_000):
                store.replace_all([document(f"{i:03}", f"round {round} " * 500) for i in range(300)])
            """,
            folder,
        )
        assert writer.stdout.readline() == "ready\n"
        time.sleep(delay)
        writer.kill()
        writer.communicate()
        again = open_store(folder)
        texts = {stored.text for stored in again.documents()}
        assert len(texts) == 1
        assert len(ids(again)) == 300
        assert again.upsert([document("after")]).version == again.version
        again.delete(["after"])


def test_many_threads_and_processes_write_and_read_at_once(store, folder):
    """No change is lost, and no reader sees half a change."""
    counts: list[int] = []

    def work(number: int) -> None:
        for round_ in range(10):
            store.upsert([document(f"t{number}-{round_}-{half}") for half in "ab"])
            counts.append(len(ids(store)))

    others = [
        in_a_process(
            """
        store = open_store(Path(sys.argv[1]))
        for round in range(10):
            store.upsert([document(f"p{sys.argv[2]}-{round}-{half}") for half in "ab"])
        """,
            folder,
            number,
        )
        for number in range(2)
    ]
    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        assert other.wait() == 0, other.stderr.read()
        other.communicate()
    assert len(counts) == 40
    assert all(count % 2 == 0 for count in counts)
    assert len(ids(store)) == 120
    assert store.version == 60


def test_a_store_can_be_used_in_a_with_statement(store):
    """A store can be used in a with statement."""
    with store as same:
        same.upsert([document("a")])
    assert ids(store) == ["a"]
