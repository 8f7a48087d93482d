"""What is forgotten of old versions changes neither who may see what, nor what an index learns of its past."""

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bakeoff.corpus import old_versions
from bakeoff.corpus.buckets.store import BucketStore
from bakeoff.corpus.store import SqlStore
from bakeoff.corpus.stores import open_store
from bakeoff.errors import ForgottenError
from bakeoff.models.embed import HashEmbedder
from bakeoff.records import Document
from bakeoff.retrieval.opening import open_index
from bakeoff.serve.documents.views import Views

Contents = dict[str, tuple[str, tuple[str, ...]]]
"""The text and the labels of each document."""

CHANGES = st.lists(
    st.dictionaries(
        st.sampled_from("abc"),
        st.none() | st.tuples(st.sampled_from("xyz"), st.sampled_from([(), ("hr",), ("it",), ("hr", "it")])),
        min_size=1,
        max_size=3,
    ),
    max_size=25,
)
HELD = (("hr",), ("it",), ("none",))


def document(name: str, text: str = "text", access: tuple[str, ...] = ()) -> Document:
    return Document(id=name, source=f"{name}.md", title=f"Title {name}", text=text, access=access)


def carry_out(store: SqlStore, change: dict[str, tuple[str, tuple[str, ...]] | None]) -> None:
    """Adds or replaces the documents with a text, and deletes the others, as one change."""
    written = [document(name, *value) for name, value in change.items() if value is not None]
    store.change(written, [name for name, value in change.items() if value is None])


def forgotten_until(store: SqlStore, mark: str = old_versions.FORGOTTEN_UNTIL) -> int:
    with store.reading() as state:
        return int(state.select(f"SELECT {mark}")[0][0])


def rows_of(store: SqlStore) -> int:
    with store.reading() as state:
        return int(state.select("SELECT COUNT(*) FROM versions")[0][0])


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(old_versions, "LEAST_TEXTS", 2)
    monkeypatch.setattr(old_versions, "LEAST_VERSIONS", 2)
    monkeypatch.setattr(old_versions, "LOOKED_FOR_EVERY", 1)
    monkeypatch.setattr(old_versions, "KEPT_CHANGES", 2)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES)
def test_who_may_see_what_stays_as_if_nothing_had_been_forgotten(keeping, forgetful, changes):
    """Each document as of each version, and the last version at which something was hidden. What was forgotten whole is
    hidden.
    """
    store, states, hidden = open_store(keeping("random")), list[Contents]([{}]), list[set[str]]()
    labels_of: dict[str, list[tuple[int, tuple[str, ...]]]] = {}
    for change in changes:
        carry_out(store, change)
        now = {name: value for name, value in (states[-1] | change).items() if value is not None}
        if now != states[-1]:
            states.append(now)
            for name, value in now.items():
                if value != states[-2].get(name):
                    labels_of.setdefault(name, []).append((len(states) - 1, value[1]))
    assert store.version == len(states) - 1
    views, until = Views(store), forgotten_until(store)
    with_labels = forgotten_until(store, old_versions.LABELLED_UNTIL)
    kept = {name: [one for one in store.history(name) if one.kind != "deleted"] for name in labels_of}
    for held in HELD:
        for version in range(1, len(states)):
            hidden = views.hidden([(name, version) for name in labels_of], held)
            for name, labelled in labels_of.items():
                as_of = [labels for since, labels in labelled if since <= version]
                visible = [not labels or set(held) & set(labels) for labels in (*as_of[-1:], labelled[-1][1])]
                is_forgotten = until and all(one.version > version for one in kept[name])
                assert ((name, version) in hidden) == bool(is_forgotten or not all(visible))
        narrowed = [
            since
            for name, labelled in labels_of.items()
            for (_, before), (since, labels) in pairwise(labelled)
            if (not before or set(held) & set(before)) and labels and not set(held) & set(labels)
            if any(one.version < since for one in kept[name])  # else it was deleted before, and forgotten
        ]
        assert views.narrowed(held) == max([with_labels, *narrowed])
    assert with_labels or not any(labels for name, past in labels_of.items() if not kept[name] for _, labels in past)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES)
def test_an_index_of_any_version_learns_all_that_it_lacks(keeping, forgetful, changes):
    """It may be told of a document that is as it was, never of too few. Or it is told to be made again, but not for the
    newest changes.
    """
    store, states = open_store(keeping("random")), list[Contents]([{}])
    for change in changes:
        carry_out(store, change)
        now = {name: value for name, value in (states[-1] | change).items() if value is not None}
        if now != states[-1]:
            states.append(now)
    now, until = states[-1], forgotten_until(store)
    assert until <= max(0, store.version - old_versions.KEPT_CHANGES)
    for version, then in enumerate(states):
        if 0 < version < until:
            with pytest.raises(ForgottenError, match="build it again"):
                store.changes_since(version)
            continue
        told = store.changes_since(version)
        held = {name: value for name, value in then.items() if name not in (*told.deleted, *told.updated, *told.added)}
        assert held | {name: now[name] for name in (*told.updated, *told.added)} == now
        assert not set(told.added) & set(then)
        assert told.unchanged + len(told.added) + len(told.updated) == len(now)
        assert version != len(states) - 1 or not told.any


def test_versions_do_not_grow_for_ever_and_the_first_of_each_labels_stay(keeping, forgetful):
    store = open_store(keeping("many"))
    for number in range(60):
        carry_out(store, {"a": (f"text {number}", ("hr",) if number < 20 else ()), "b": (f"text {number}", ())})
        carry_out(store, {"b": None} if number % 2 else {})
    assert [version.kind for version in store.history("a")][:1] == ["added"]
    n_versions = [len(store.history(name)) for name in "ab"]
    assert sum(n_versions) < 15
    assert Views(store).hidden([("a", 5), ("a", store.version), ("b", 5)], ("it",)) == {("a", 5)}
    newest = Views(store).changes(None, 2)
    assert newest[0].version == store.version and len(newest) == 2


def test_deleted_documents_do_not_grow_for_ever(keeping, forgetful):
    """Each change deletes one and adds one of a new id. The newest of the deleted stay."""
    store = open_store(keeping("churn"))
    store.upsert([document(f"d{number}", access=("hr",)) for number in range(4)])
    for number in range(60):
        store.change([document(f"d{number + 4}")], [f"d{number}"])
    assert rows_of(store) <= 4 + 4 * 1.25 + 2 * old_versions.KEPT_CHANGES + 4 * 1.25 + 2
    assert not store.history("d0") and store.history("d59")[-1].kind == "deleted"
    assert store.changes_since(0).added == ("d60", "d61", "d62", "d63")
    assert store.changes_since(store.version - 2).deleted == ("d58", "d59")
    views, then = Views(store), [("d0", 1), ("d0", None)]
    assert views.hidden(then, ("hr",)) == views.erased(then) == set(then)
    assert 1 in views.erased_when() and 20 in views.erased_when() and store.version not in views.erased_when()
    assert Views(store).hidden([("d0", id) for id in (1,)], None) == set()
    assert views.ids_of(["d0.md", "d63.md"]).keys() == {"d0.md", "d63.md"}
    assert views.hidden([(id, 1) for id in views.ids_of(["d0.md"])["d0.md"]], ("hr",))
    store.upsert([document("d0", "again")])
    assert ("d0", 1) in views.hidden([("d0", 1), ("d0", store.version)], ("it",))
    assert views.hidden([("d0", store.version)], ("it",)) == set()


def test_public_documents_that_are_forgotten_hide_no_answer(keeping, forgetful):
    """An answer of `long-context` names no passages: it was hidden as soon as any deleted document was forgotten."""
    store = open_store(keeping("public"))
    store.upsert([document(f"d{number}") for number in range(4)])
    for number in range(30):
        store.change([document(f"d{number + 4}")], [f"d{number}"])
    assert forgotten_until(store) and Views(store).narrowed(("hr",)) == 0
    store.upsert([document("secret", access=("hr",))])
    store.delete(["secret"])
    deleted = store.version
    for number in range(30, 60):
        store.change([document(f"d{number + 4}")], [f"d{number}"])
    assert Views(store).narrowed(("it",)) == deleted < forgotten_until(store)
    assert Views(store).narrowed(None) == 0


def test_that_a_document_was_erased_is_known_when_it_is_forgotten(keeping, forgetful):
    """No answer that may have read it is shown again: also not to who sees every document."""
    store, labels = open_store(keeping("erased")), (("hr",), (), None)
    if isinstance(store, BucketStore):
        pytest.skip("an object is never written again")
    store.upsert([document("d0"), document("kept"), document("of hr", access=("hr",))])
    for name in ("d0", "of hr"):
        store.delete([name])
        assert [Views(store).narrowed(held) for held in labels] == ([0, 0, 0] if name == "d0" else [2, 2, 2])
        store.erase(name)
    assert [Views(store).narrowed(held) for held in labels] == [3, 2, 3]
    for number in range(40):
        store.change([document(f"e{number + 1}")], [f"e{number}"] if number else [])
    assert not store.history("d0") and not store.history("of hr")
    assert [Views(store).narrowed(held) for held in labels] == [3, 3, 3]


def test_one_change_that_deletes_many_is_learned_by_an_index_before_they_are_forgotten(keeping, forgetful):
    store = open_store(keeping("many"))
    store.upsert([document(f"d{number:02}") for number in range(40)])
    store.upsert([document("d39", "new")])
    before = store.version
    store.delete([f"d{number:02}" for number in range(38)])
    assert len(store.changes_since(before).deleted) == 38
    for number in range(4):
        store.upsert([document("d39", f"text {number}")])
    assert rows_of(store) < 20


def test_an_index_that_is_too_old_is_made_again(keeping, forgetful):
    folder = keeping("behind")
    store = open_store(folder)
    store.upsert([document(f"d{number}", f"quokka {number}") for number in range(4)])
    index = open_index(folder, "plain", HashEmbedder(), 256)
    index.sync(store)
    for number in range(30):
        store.change([document(f"d{number + 4}", f"quokka {number + 4}")], [f"d{number}"])
    with pytest.raises(ForgottenError):
        store.changes_since(1)
    assert isinstance(index.doubts(store), tuple)
    index.sync(store)
    assert {hit.chunk.document_id for hit in index.search(["quokka"], 20)[0]} == {"d30", "d31", "d32", "d33"}
    assert index.version == store.version and index.doubts(store) == ()
    store.delete(["d30"])
    assert index.sync(store).n_written == 1


def test_titles_of_versions_without_a_text_are_erased_too(keeping, forgetful):
    """Their texts had gone before."""
    store = open_store(keeping("titles"))
    if isinstance(store, BucketStore):
        pytest.skip("in a bucket no text can be erased")
    for number in range(6):
        store.upsert([document("a", f"text {number}").model_copy(update={"title": f"QUOKKA {number}"})])
    store.upsert([document("a", "new")])
    assert store.erase("a") == 2
    with store.reading() as state:
        titles = {title for (title,) in state.select("SELECT title FROM versions WHERE id = 'a'")}
    assert titles == {"", "Title a"}
