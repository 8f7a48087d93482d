"""Buckets over HTTP, on a server that speaks S3: what changed, wrong names, revoked credentials, many steps."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bakeoff.corpus.sources import bucket as module
from bakeoff.corpus.sources.bucket import BucketSettings
from bakeoff.errors import BakeoffError
from bakeoff.protocols import Source
from tests.unit.s3_server import KEY, SECRET, Bucket, s3_server
from tests.unit.test_sources_random import check_random_steps


@pytest.fixture(scope="module")
def server() -> Iterator[Bucket]:
    with s3_server() as running:
        yield running


@pytest.fixture
def handbook(server: Bucket, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """The bucket without objects, and credentials in the environment that count."""
    monkeypatch.setenv("HANDBOOK_KEY", KEY)
    monkeypatch.setenv("HANDBOOK_SECRET", SECRET)
    server.accept(1_000_000)
    for page in server.store.list():
        server.store.delete([one["path"] for one in page])
    return server


def source(server: Bucket, address: str = "s3://handbook/hr", **more: Any) -> Source:
    given = {"key_env": "HANDBOOK_KEY", "secret_env": "HANDBOOK_SECRET", "region": "us-east-1", **more}
    return BucketSettings(bucket=address, endpoint=server.address, **given).open()


def test_only_objects_that_changed_are_read(handbook: Bucket) -> None:
    """New, changed, moved and deleted ones, below the prefix, over more than one page of the list."""
    for number in range(1100):
        handbook.store.put(f"hr/n{number:04}.md", f"Text {number}.".encode())
    handbook.store.put("it/secret.md", b"Not below it.")
    first = source(handbook).changes_since("")
    assert [one.source for one in first.documents] == [f"n{number:04}.md" for number in range(1100)]
    unchanged = source(handbook).changes_since(first.cursor)
    assert (unchanged.documents, unchanged.deleted, unchanged.problems) == ((), (), ())
    handbook.store.put("hr/n0001.md", b"New.")
    handbook.store.delete("hr/n0002.md")
    handbook.store.rename("hr/n0003.md", "hr/m.md")
    changes = source(handbook).changes_since(first.cursor)
    assert [(one.source, one.text) for one in changes.documents] == [("m.md", "Text 3."), ("n0001.md", "New.")]
    assert set(changes.deleted) == {"n0002.md", "n0003.md"}


def test_very_many_empty_objects_are_one_note(handbook: Bucket) -> None:
    """None of them is read."""
    for number in range(1200):
        handbook.store.put(f"hr/empty/{number:04}.md", b"")
    handbook.store.put("hr/a.md", b"Walrus.")
    changes = source(handbook).changes_since("")
    assert [one.source for one in changes.documents] == ["a.md"]
    assert [one.line for one in changes.problems] == [
        "not read: empty objects: 1,200 objects are empty, such as empty/0000.md"
    ]


def test_a_bucket_that_is_not_there_is_named(handbook: Bucket) -> None:
    """In the server's words."""
    with pytest.raises(BakeoffError, match=r"s3://nothing/x cannot be listed: .*404 Not Found: NoSuchBucket: The spec"):
        source(handbook, "s3://nothing/x").changes_since("")


@pytest.mark.parametrize("n_accepted", [0, 9])
def test_credentials_that_are_revoked_change_nothing(
    handbook: Bucket, n_accepted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the list, or in the middle of reading; the message says so, and holds no key."""
    monkeypatch.setattr(module, "AT_ONCE", 2)
    handbook.store.put("hr/a.md", b"Walrus.")
    cursor = source(handbook).changes_since("").cursor
    for number in range(40):
        handbook.store.put(f"hr/n{number:02}.md", f"Text {number}.".encode())
    handbook.accept(n_accepted)
    with pytest.raises(BakeoffError, match=r"InvalidAccessKeyId.*Nothing was changed") as caught:
        source(handbook).changes_since(cursor)
    assert ("can no longer be read" in str(caught.value)) == bool(n_accepted)
    assert KEY not in str(caught.value) and SECRET not in str(caught.value)
    handbook.accept(1_000_000)
    again = source(handbook).changes_since(cursor)
    assert len(again.documents) == 40 and not again.deleted


class S3Place:
    """Objects on the server."""

    def __init__(self, server: Bucket) -> None:
        self.server = server

    def write(self, name: str, text: str) -> None:
        self.server.store.put(f"hr/{name}", text.encode())

    def delete(self, name: str) -> None:
        self.server.store.delete(f"hr/{name}")

    def rename(self, old: str, new: str) -> None:
        self.server.store.rename(f"hr/{old}", f"hr/{new}")

    def done(self) -> None:
        pass

    def source(self) -> Source:
        return source(self.server)

    def source_of(self, name: str) -> str:
        return name


@pytest.mark.slow
def test_store_and_index_equal_the_bucket_whatever_happens(
    handbook: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for the other kinds of sources, with crashes; over HTTP."""
    check_random_steps(S3Place(handbook), tmp_path, monkeypatch)
