"""One suite over every source of documents: everything at first, then only what changed."""

from pathlib import Path

import pytest

from bakeoff.corpus.sources.folder_source import FolderSource
from bakeoff.errors import InputError
from bakeoff.protocols import Source


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three documents."""
    for name in ("aldra", "borun", "cetis"):
        (tmp_path / f"{name}.md").write_text(f"# {name}\n\nA year lasts {len(name)} days.\n")
    return tmp_path


@pytest.fixture
def source(folder: Path) -> Source:
    return FolderSource([folder])


def test_an_empty_cursor_gives_everything(source: Source) -> None:
    """The first look at a source."""
    assert [document.source for document in source.changes_since("").documents] == ["aldra.md", "borun.md", "cetis.md"]


def test_the_cursor_of_a_result_gives_nothing_where_nothing_changed(source: Source) -> None:
    """Reading again costs nothing later."""
    changes = source.changes_since(source.changes_since("").cursor)
    assert not changes.documents and not changes.deleted


def test_only_what_changed_is_given(source: Source, folder: Path) -> None:
    """A new document, a changed one and one that is gone."""
    cursor = source.changes_since("").cursor
    (folder / "aldra.md").write_text("# aldra\n\nA year lasts 300 days.\n")
    (folder / "borun.md").unlink()
    (folder / "dorva.md").write_text("# dorva\n\nA year lasts 512 days.\n")
    changes = source.changes_since(cursor)
    assert [document.source for document in changes.documents] == ["aldra.md", "dorva.md"]
    assert changes.deleted == ("borun.md",)
    assert not source.changes_since(changes.cursor).documents


def test_a_cursor_of_another_kind_is_refused(source: Source) -> None:
    """What was found is named."""
    with pytest.raises(InputError, match="'yesterday' is not a cursor"):
        source.changes_since("yesterday")
