"""Buckets as sources, on obstore's own stores in memory and on the disk: only objects with a new ETag are read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bakeoff.corpus.sources import bucket as module
from bakeoff.corpus.sources.bucket import BucketSettings, BucketSource, said
from bakeoff.corpus.sources.kinds import settings_of
from bakeoff.errors import BakeoffError, ConfigError, WorkerError
from bakeoff.pilot.executors.parts import PartStore

stores = pytest.importorskip("obstore.store")


class Watched:
    """A store that counts what is read of it, and refuses what it is told to."""

    def __init__(self) -> None:
        self.inner = stores.MemoryStore()
        self.read: list[str] = []
        self.refuses: Any = lambda path: False
        self.cannot_list = False

    def put(self, **objects: str) -> None:
        for name, text in objects.items():
            self.inner.put(name.replace("__", "/") + ".md", text.encode())

    def list(self, chunk_size: int) -> Iterator[Any]:
        if self.cannot_list:
            raise PermissionError("The operation lacked the necessary privileges: https://s3.example/b?X-Signature=abc")
        return iter(self.inner.list(chunk_size=chunk_size))

    def get(self, path: str) -> Any:
        self.read.append(path)
        if self.refuses(path):
            raise PermissionError("Access denied")
        return self.inner.get(path)


@pytest.fixture
def store() -> Watched:
    made = Watched()
    made.put(hr__a="Walrus.", hr__b="Seal.", c="Otter.")
    return made


def test_only_objects_that_changed_are_read(store: Watched) -> None:
    """New, changed, moved and deleted ones."""
    source = BucketSource(store, "s3://handbook")  # type: ignore[arg-type]
    first = source.changes_since("")
    assert {one.source: one.text for one in first.documents} == {
        "c.md": "Otter.", "hr/a.md": "Walrus.", "hr/b.md": "Seal.",
    }  # fmt: skip
    store.read.clear()
    assert source.changes_since(first.cursor).documents == () and store.read == []
    store.put(hr__a="Walruses.")
    store.inner.rename("hr/b.md", "hr/d.md")
    store.inner.delete("c.md")
    changes = source.changes_since(first.cursor)
    assert [one.source for one in changes.documents] == ["hr/a.md", "hr/d.md"] == sorted(store.read)
    assert set(changes.deleted) == {"hr/b.md", "c.md"}


def test_very_many_empty_objects_are_one_note(store: Watched) -> None:
    """And none of them is read, nor kept in the cursor."""
    for i in range(100_000):
        store.inner.put(f"empty/{i:06}.md", b"")
    changes = BucketSource(store, "s3://handbook").changes_since("")  # type: ignore[arg-type]
    assert [one.line for one in changes.problems] == [
        "not read: empty objects: 100,000 objects are empty, such as empty/000000.md"
    ]
    assert len(store.read) == 3 and len(changes.cursor) < 1000


def test_credentials_that_are_revoked_change_nothing(store: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is listed, or in the middle of reading: an error, and no object counts as deleted."""
    monkeypatch.setattr(module, "AT_ONCE", 2)
    source = BucketSource(store, "s3://handbook")  # type: ignore[arg-type]
    cursor = source.changes_since("").cursor
    store.put(**{f"n{i:02}": f"Number {i}." for i in range(40)})
    store.refuses = lambda path: path > "n05.md"
    with pytest.raises(BakeoffError, match=r"can no longer be read: after 16 of 40 .* 10 in a row .*Access denied"):
        source.changes_since(cursor)
    assert len(store.read) < 30
    store.cannot_list = True
    with pytest.raises(BakeoffError, match=r"cannot be listed: The operation lacked.*Nothing was changed") as caught:
        source.changes_since(cursor)
    assert "abc" not in str(caught.value)


def test_one_object_that_may_not_be_read_keeps_its_document(store: Watched) -> None:
    """It is asked for again the next time."""
    source = BucketSource(store, "s3://handbook")  # type: ignore[arg-type]
    cursor = source.changes_since("").cursor
    store.put(hr__a="Walruses.", hr__b="Seals.")
    store.refuses = lambda path: path == "hr/a.md"
    changes = source.changes_since(cursor)
    assert [one.source for one in changes.documents] == ["hr/b.md"] and changes.deleted == ()
    assert [one.source for one in changes.problems] == ["hr/a.md"]
    store.refuses = lambda path: False
    assert [one.text for one in source.changes_since(changes.cursor).documents] == ["Walruses."]


def test_names_that_no_document_may_have_are_named(store: Watched) -> None:
    """Keys of a bucket can be any text."""
    listed = [{"path": "a//b.md"}, {"path": "folder/"}, {"path": "x\x07.md"}]
    from bakeoff.corpus.sources.endings import clean_names

    named, problems = clean_names(listed, key=lambda one: one["path"])
    assert named == {} and [one.source for one in problems] == ["'a//b.md'", "'x\\x07.md'"]


def test_a_folder_on_a_disk_is_a_bucket(tmp_path: Path) -> None:
    """By the address file:///."""
    (tmp_path / "a.md").write_text("Walrus.")
    source = BucketSettings(bucket=f"file://{tmp_path}").open()
    assert [one.source for one in source.changes_since("").documents] == ["a.md"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"bucket": "handbook"}, "is not the address of a bucket: write s3://NAME/PREFIX"),
        ({"bucket": "s3://"}, "is not the address of a bucket"),
        ({"bucket": "s3://key:secret@name"}, "has no user and no query"),
        ({"bucket": "az://name/x?sig=secret"}, "has no user and no query"),
        ({"bucket": "s3://name", "endpoint": "minio:9000"}, "is not an address that begins with https"),
        ({"bucket": "s3://name", "endpoint": "https://a:secret@host"}, "holds a password"),
        (
            {"bucket": "gs://name", "key_env": "K"},
            r"'key_env' has no meaning for gs:// \(.*: secret_env\)",
        ),
        ({"bucket": "s3://name", "secret": "secret"}, r"unknown key 'secret' \(did you mean 'secret_env'\?\)"),
    ],
)
def test_what_is_wrong_is_said_without_secrets(values: dict[str, str], message: str) -> None:
    """When the configuration is read."""
    with pytest.raises(ValueError, match=message) as caught:
        settings_of(values)
    assert ":secret@" not in str(caught.value) and "sig=" not in str(caught.value)


def test_a_credential_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the key of the configuration."""
    monkeypatch.delenv("HANDBOOK_KEY", raising=False)
    with pytest.raises(ConfigError, match=r"the environment variable HANDBOOK_KEY \(key_env\) is not set"):
        BucketSettings(bucket="s3://handbook", key_env="HANDBOOK_KEY").open()


def test_a_server_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what the library says stays on one line."""
    monkeypatch.setenv("HANDBOOK_KEY", "hunter2")
    settings = BucketSettings(
        bucket="s3://handbook", endpoint="http://127.0.0.1:9", key_env="HANDBOOK_KEY", secret_env="HANDBOOK_KEY",
        region="x", timeout_s=1,
    )  # fmt: skip
    with pytest.raises(BakeoffError, match="cannot be listed: ") as caught:
        settings.open().changes_since("")
    assert "hunter2" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 2
    assert said(ValueError("GET https://h/b?sig=abc failed\n\nDebug source: abc")) == "GET https://h/b failed"


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in the environment, and a machine without a metadata service."""
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "WEB_IDENTITY_TOKEN_FILE", "ENDPOINT_URL"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    for name in ("ACCOUNT_NAME", "ACCOUNT_KEY"):
        monkeypatch.delenv(f"AZURE_STORAGE_{name}", raising=False)
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9")


@pytest.mark.usefixtures("no_credentials")
def test_credentials_that_are_nowhere_are_missed_by_name() -> None:
    """Not the address of a metadata service, which nobody wrote down: where credentials are looked for."""
    with pytest.raises(BakeoffError, match="no credentials were found") as caught:
        BucketSettings(bucket="s3://handbook", region="x", timeout_s=1).open().changes_since("")
    assert "AWS_ACCESS_KEY_ID" in str(caught.value) and "127.0.0.1" not in str(caught.value)
    with pytest.raises(WorkerError, match=r"executor.share: .* no credentials were found .*AWS_ACCESS_KEY_ID"):
        PartStore("s3://handbook").check()
    with pytest.raises(ConfigError, match=r"no credentials were found .*AZURE_STORAGE_ACCOUNT_NAME"):
        BucketSettings(bucket="az://handbook").open()


def test_links_that_lead_out_of_a_bucket_on_a_disk_are_named_and_not_followed(tmp_path: Path) -> None:
    """Whoever may write there could show any file of this machine. A link within the bucket is followed."""
    folder, outside = tmp_path / "bucket # 1", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (outside / "secret.md").write_text("The SENTINEL is 42.")
    (folder / "a #1.md").write_text("The planet Aldra has a moon.")
    (folder / "leak #2.md").symlink_to(outside / "secret.md")
    (folder / "further").symlink_to(outside, target_is_directory=True)
    (folder / "within.md").symlink_to(folder / "a #1.md")
    source = BucketSettings(bucket=f"file://{tmp_path}/bucket%20%23%201").open()
    changes = source.changes_since("")
    assert not any("SENTINEL" in one.text for one in changes.documents)
    assert sum("Aldra" in one.text for one in changes.documents) == 2
    found = {one.source for one in changes.problems if one.reason == "a link that leads out of the folder"}
    assert any("leak" in name for name in found) and any("further" in name for name in found)
