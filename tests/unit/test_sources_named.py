"""What `documents:` may name: paths and sources of every kind, checked with clear errors, written without secrets."""

import sys
from email.message import EmailMessage
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest
import yaml

from bakeoff.corpus.sources import kinds
from bakeoff.corpus.sources.files import FileSettings
from bakeoff.corpus.sources.folder_source import FolderSource
from bakeoff.corpus.sources.folders import document_id, documents_in
from bakeoff.corpus.sources.opened import open_sources, read_sources
from bakeoff.corpus.sources.own import OwnSettings
from bakeoff.corpus.sources.settings import SourceSettings, without_password
from bakeoff.corpus.sources.unread import kept
from bakeoff.errors import ConfigError, InputError
from bakeoff.protocols import Changes
from bakeoff.records import Document, Problem
from bakeoff.runs.config import load_config, validate
from bakeoff.runs.schema import config_schema


def config_of(documents: Any) -> Any:
    return validate({"name": "pilot", "documents": documents, "questions": "q.csv"})


class Notes:
    """A team's own source: as many notes as its option says."""

    def __init__(self, n: int = 2) -> None:
        self.n = n

    def changes_since(self, cursor: str) -> Changes:
        texts = [f"Note {i} is short." for i in range(int(cursor or 0), self.n)]
        documents = [Document(id=document_id(text), text=text, source=f"{i}.md") for i, text in enumerate(texts)]
        return Changes(documents=tuple(documents), cursor=str(self.n), problems=(Problem(source="x", reason="odd"),))


@pytest.fixture
def team(monkeypatch: pytest.MonkeyPatch) -> str:
    """The module `team`, which has the class Notes."""
    module = ModuleType("team")
    module.Notes = Notes  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "team", module)
    return "team.Notes"


def test_paths_and_sources_stand_in_one_list(tmp_path: Path) -> None:
    """Relative paths of both are resolved against the folder of the file."""
    file = tmp_path / "bakeoff.yaml"
    file.write_text("name: pilot\nquestions: q.csv\ndocuments:\n- docs\n- {files: [hr/**, ~/x], labels: hr}\n")
    path, source = load_config(file).documents
    assert path == str(tmp_path / "docs")
    assert isinstance(source, FileSettings) and source.labels == ("hr",)
    assert source.files == (str(tmp_path / "hr/**"), str(Path("~/x").expanduser()))


def test_a_configuration_that_is_written_is_read_again(team: str) -> None:
    """The kind stays the first key, and defaults are left out."""
    config = config_of(["docs", {"source": team, "prefix": "notes/", "options": {"n": 3}}])
    written = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)
    assert "documents:\n- docs\n- source: team.Notes\n  prefix: notes/\n  options:\n    n: 3\n" in written
    assert validate(yaml.safe_load(written)) == config
    assert validate(yaml.safe_load(yaml.safe_dump(config.model_dump(mode="json"), sort_keys=True))) == config


LEAST: dict[str, dict[str, Any]] = {
    "files": {"files": "docs"},
    "git": {"git": "handbook"},
    "mail": {"mail": "box.mbox"},
    "bucket": {"bucket": "s3://handbook/de"},
    "sql": {"sql": "sqlite:///help.db", "query": "SELECT 1", "key": "id", "text": "body"},
    "web": {"web": "https://docs.example.com/", "crawl": True},
    "source": {"source": "team.Notes"},
}
"""What has to be given of each kind."""


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", [*kinds.KINDS, "plugin"])
def test_a_source_with_all_defaults_is_written_without_a_warning(kind: str) -> None:
    """Alone and beside a path: a default is of its field's type."""
    one = PluginSettings(plugin="here") if kind == "plugin" else kinds.settings_of(LEAST[kind])
    config = config_of(["docs", one])
    _, written = config.model_dump(mode="json")["documents"]
    assert list(written) == list(LEAST.get(kind, {"plugin": "here"}))
    assert config.model_dump() and config.model_dump_json()


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        ([{"flies": "x"}], "unknown kind of source 'flies' (did you mean 'files'?)"),
        ([{"quux": "x"}], "unknown kind of source 'quux'; the first key says the kind: files,"),
        ([{"files": "x", "lables": "hr"}], "files: unknown key 'lables' (did you mean 'labels'?)"),
        ([{"files": []}], "files: 'files': "),
        ([{"files": "x", "prefix": "/hr"}], "'/hr' is not a relative path"),
        ([{}], "an entry is empty"),
        ([3], "write a path, or a mapping"),
        ([], "give at least one"),
        (["https://me:abc@example.org/a.git"], "an address needs its kind, such as {git: ADDRESS}"),
        ([{"source": "team.Notes", "options": {"a": {"api_key": "abc"}}}], "'api_key' looks like a secret"),
    ],
)
def test_what_is_wrong_is_named(documents: Any, message: str) -> None:
    """With what was probably meant; a secret is not shown."""
    with pytest.raises(ConfigError) as caught:
        config_of(documents)
    assert message in str(caught.value) and "abc" not in str(caught.value)


def test_an_address_without_a_kind_is_refused_in_a_file_too(tmp_path: Path) -> None:
    """It is not taken for a path below the folder, and not shown: it may hold a password."""
    (tmp_path / "bakeoff.yaml").write_text("name: p\nquestions: q.csv\ndocuments: https://me:hunter2@example.org/a\n")
    with pytest.raises(ConfigError, match="an address needs its kind") as caught:
        load_config(tmp_path / "bakeoff.yaml")
    assert "hunter2" not in str(caught.value)


def test_updates_may_come_from_sources(tmp_path: Path) -> None:
    """By the same rules."""
    (tmp_path / "bakeoff.yaml").write_text(
        "name: p\nquestions: q.csv\ndocuments: docs\nupdates: {documents: [{files: new}], questions: u.csv}\n"
    )
    config = load_config(tmp_path / "bakeoff.yaml")
    assert config.updates and config.updates.documents == (FileSettings(files=(str(tmp_path / "new"),)),)


def test_a_password_in_an_address_is_refused() -> None:
    """And not shown."""
    assert without_password("https://git@git.example/a.git") == "https://git@git.example/a.git"
    with pytest.raises(ValueError, match=r"git\.example holds a password") as caught:
        without_password("https://me:hunter2@git.example/a.git")
    assert "hunter2" not in str(caught.value)


def test_the_schema_knows_the_kinds() -> None:
    """Editors complete their keys; one text is still enough."""
    described = config_schema()["properties"]["documents"]["anyOf"]
    entries = described[0]["items"]["anyOf"]
    assert described[0]["minItems"] == 1 and {"type": "string"} in described and {"type": "string"} in entries
    assert [entry["required"][0] for entry in entries[1:]] == list(kinds.KINDS)


def test_everything_is_read_through_one_function(tmp_path: Path, team: str) -> None:
    """Labels where a document has none, a prefix before its source, problems of every source, one document per name."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "0.md").write_text("---\naccess: [board]\n---\nBoard meetings are on Mondays.\n")
    (tmp_path / "docs" / "plan.md").write_text("The plan is secret.\n")
    named = config_of([{"files": str(tmp_path / "docs"), "labels": "hr"}, {"source": team}, str(tmp_path / "docs")])
    reading = read_sources(named.documents)
    assert {one.source: one.access for one in reading.documents} == {
        "0.md": ("board",),
        "plan.md": ("hr",),
        "1.md": (),
    }
    reasons = [one.source for one in reading.problems if "another source has a document of this name" in one.reason]
    assert sorted(reasons) == ["0.md", "0.md", "plan.md"] and "x" in [one.source for one in reading.problems]
    placed = read_sources([OwnSettings(source=team, prefix="notes/", labels=("a",))])
    assert [(one.source, one.id, one.access) for one in placed.documents] == [
        (f"notes/{i}.md", document_id(f"notes/{i}.md"), ("a",)) for i in range(2)
    ]
    assert [one.source for one in placed.problems] == ["notes/x"]


def test_a_source_is_known_by_its_settings(team: str) -> None:
    """The same settings have the same key; other options another one."""
    first, same, other = (open_sources([OwnSettings(source=team, options={"n": n})])[0].key for n in (1, 1, 2))
    assert first == same != other


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (OwnSettings(source="team.Nothing"), "'team.Nothing' cannot be imported"),
        (OwnSettings(source="team.Notes", options={"size": 1}), "cannot be made with these options"),
        (OwnSettings(source="builtins.dict"), "has no method changes_since"),
    ],
)
def test_a_class_that_is_no_source_is_refused(team: str, settings: OwnSettings, message: str) -> None:
    """When it is opened, before anything is read."""
    with pytest.raises(ConfigError, match=message):
        open_sources([settings])


def test_nothing_to_read_is_an_error(team: str) -> None:
    """With the problems."""
    with pytest.raises(InputError, match=r"No document could be read from source team\.Notes \(x: odd\)"):
        read_sources([OwnSettings(source=team, options={"n": 0})])


class PluginSettings(SourceSettings):
    """A kind of an installed package."""

    kind: ClassVar[str] = "plugin"
    plugin: str
    timeout_s: float = 60

    def open(self, folder: Path | None = None) -> Notes:
        return Notes(1)


class _Entry:
    """An entry point as `importlib.metadata` gives it."""

    name, value, dist = "plugin", "pack:Settings", None

    def __init__(self, found: Any) -> None:
        self._found = found

    def load(self) -> Any:
        if isinstance(self._found, Exception):
            raise self._found
        return self._found


@pytest.fixture
def fresh() -> Any:
    """The kinds as they are looked up the first time."""
    for looked_up in (kinds._installed, kinds.settings_class):
        looked_up.cache_clear()
    yield
    for looked_up in (kinds._installed, kinds.settings_class):
        looked_up.cache_clear()


def test_an_installed_package_adds_a_kind(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the entry-point group bakeoff.sources."""
    asked = []
    monkeypatch.setattr(kinds, "entry_points", lambda group: asked.append(group) or [_Entry(PluginSettings)])
    settings = config_of([{"plugin": "here", "labels": ["a"]}]).documents[0]
    assert settings == PluginSettings(plugin="here", labels=("a",)) and asked == ["bakeoff.sources"]
    assert [one.access for one in read_sources([settings]).documents] == [("a",)]


@pytest.mark.parametrize("found", [dict, FileSettings, RuntimeError("broken")])
def test_a_broken_package_is_named(fresh: None, monkeypatch: pytest.MonkeyPatch, found: Any) -> None:
    """With its entry point."""
    monkeypatch.setattr(kinds, "entry_points", lambda group: [_Entry(found)])
    with pytest.raises(ConfigError, match=r"the source 'plugin' of an installed package \(pack:Settings\)"):
        config_of([{"plugin": "here"}])


def test_what_could_not_be_read_is_kept() -> None:
    """A file, a row of it, an attachment, everything below a folder; not what only needs a check."""
    gone = ["hr/pay.md", "hr/leave.md", "hr.csv#1", "mail.eml#map.pdf", "mail.eml#list.csv#3", "mail.eml"]
    assert kept(gone, []) == []
    assert kept(gone, [Problem(source="hr", reason="it cannot be opened")]) == gone[:2]
    assert kept(gone, [Problem(source="hr.csv", reason="it cannot be opened")]) == gone[2:3]
    assert kept(gone, [Problem(source="mail.eml, list.csv", reason="broken")]) == gone[4:5]
    assert kept(gone, [Problem(source="hr.csv", reason="a guess", is_read=True)]) == []


def test_a_broken_row_of_an_attachment_is_about_that_attachment() -> None:
    """Its rows stay; what else is gone from the message is gone."""
    table = '{"id": "1", "text": "A kettle may be returned within sixty days."}\n{"id"'
    message = EmailMessage()
    message["From"], message["Subject"] = "ada@example.org", "The list"
    message.set_content("See the list.")
    message.add_attachment(table.encode(), maintype="application", subtype="jsonl", filename="list.jsonl")
    reading = documents_in("mail.eml", message.as_bytes())
    assert [one.source for one in reading.documents] == ["mail.eml", "mail.eml#list.jsonl#1"]
    gone = ["mail.eml#list.jsonl#2", "mail.eml#map.pdf"]
    assert kept(gone, reading.problems) == gone[:1]


def test_a_folder_source_does_not_delete_what_it_cannot_read(tmp_path: Path) -> None:
    """The document stays in the cursor, and is deleted only when its file is gone."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.md").write_text(f"The text of {name}.\n")
    source = FolderSource([tmp_path])
    cursor = source.changes_since("").cursor
    (tmp_path / "a.md").write_bytes(b"\x00\x01 binary")
    broken = source.changes_since(cursor)
    assert (broken.documents, broken.deleted) == ((), ()) and [one.source for one in broken.problems] == ["a.md"]
    (tmp_path / "a.md").unlink()
    assert source.changes_since(broken.cursor).deleted == ("a.md",)


def test_labels_that_change_are_a_change(tmp_path: Path) -> None:
    """A document that is hidden from some is given again, though its text stays."""
    (tmp_path / "a.md").write_text("Pay is monthly.\n")
    source = FolderSource([tmp_path])
    cursor = source.changes_since("").cursor
    (tmp_path / "a.md").write_text("---\naccess: [hr]\n---\nPay is monthly.\n")
    assert [one.access for one in source.changes_since(cursor).documents] == [("hr",)]
