"""What changed among files with stamps: what is read, what is kept, and which of two documents counts."""

import json
from collections.abc import Mapping
from pathlib import Path

import openpyxl
import pytest

from bakeoff.corpus.sources.by_file import Content, File, changes_by_file, known_files, nothing_new
from bakeoff.corpus.sources.folder_source import FolderSource
from bakeoff.corpus.sources.named import read_named
from bakeoff.corpus.sources.opened import read_sources
from bakeoff.errors import InputError
from bakeoff.formats.part import UnreadableError
from bakeoff.protocols import Changes
from bakeoff.records import Problem

ROWS = "id,source,text\n{}"
LONG = "The kettle may be returned within sixty days if it was not used by anybody at all."


def changes(cursor: str, files: Mapping[str, str | UnreadableError], **more: object) -> tuple[Changes, list[str]]:
    """The changes where the stamp of a file is its text, and the names of the files that were read."""
    read: list[str] = []

    def reading(wanted: list[File]) -> list[Content]:
        read.extend(file.name for file in wanted)
        contents = {name: text.encode() if isinstance(text, str) else text for name, text in files.items()}
        return [Content(file.name, contents[file.name]) for file in wanted]

    stamped = [File(name, text if isinstance(text, str) else "unread") for name, text in files.items()]
    return changes_by_file(cursor, stamped, reading, **more), read  # type: ignore[arg-type]


def test_only_files_with_a_new_stamp_are_read() -> None:
    """Rows that are gone from a file are deleted; rows that stay are not given again."""
    first, read = changes("", {"a.md": "Walrus.", "t.csv": ROWS.format(f"1,,{LONG}\n2,,{LONG} Yes.\n")})
    assert read == ["a.md", "t.csv"] and [one.source for one in first.documents] == ["a.md", "t.csv#1", "t.csv#2"]
    second, read = changes(first.cursor, {"a.md": "Walrus.", "t.csv": ROWS.format(f"2,,{LONG} Yes.\n3,,{LONG} No.\n")})
    assert read == ["t.csv"] and [one.source for one in second.documents] == ["t.csv#3"]
    assert second.deleted == ("t.csv#1",)


def test_a_file_that_cannot_be_read_keeps_its_rows_whatever_they_are_called() -> None:
    """Also rows with sources of their own; it is read again the next time, though its stamp is the same."""
    table = ROWS.format(f"1,own/a.md,{LONG}\n2,own/b.md,{LONG} Yes.\n")
    first, _ = changes("", {"t.csv": table})
    assert [one.source for one in first.documents] == ["own/a.md", "own/b.md"]
    broken, _ = changes(first.cursor, {"t.csv": UnreadableError("it is locked")})
    assert (broken.documents, broken.deleted) == ((), ()) and broken.problems[0].reason == "it is locked"
    binary, _ = changes(broken.cursor, {"t.csv": "\0\0\0"})
    assert binary.deleted == () and "binary" in binary.problems[0].reason
    again, read = changes(broken.cursor, {"t.csv": table})
    assert read == ["t.csv"] and (again.documents, again.deleted) == ((), ())
    gone, _ = changes(binary.cursor, {})
    assert set(gone.deleted) == {"own/a.md", "own/b.md"}


@pytest.mark.parametrize("broken", [f'{{"id": "b", "text": "{LONG}', '["b"]', '{"id": "b", "text": 3'])
@pytest.mark.parametrize("own", ["", '"source": "own/b.md", '])
def test_a_row_that_cannot_be_understood_keeps_its_document(broken: str, own: str) -> None:
    """A line that is still being written. A row without a text is one that says nothing."""
    line = '{{"id": "{}", {}"text": "{}"}}\n'
    a, b = line.format("a", "", LONG), line.format("b", own, f"{LONG} Yes.")
    source = "own/b.md" if own else "t.jsonl#b"
    first, _ = changes("", {"t.jsonl": a + b})
    assert [one.source for one in first.documents] == ["t.jsonl#a", source]
    second, _ = changes(first.cursor, {"t.jsonl": a + broken.replace('"text"', f'{own}"text"')})
    assert (second.documents, second.deleted) == ((), ()) and "line 2" in second.problems[0].source
    assert changes(second.cursor, {"t.jsonl": a + b})[0].documents == ()
    emptied, _ = changes(second.cursor, {"t.jsonl": a + '{"id": "b", "text": ""}'})
    assert emptied.deleted == (source,) == changes(second.cursor, {"t.jsonl": a})[0].deleted


@pytest.mark.parametrize("own", ["", '"source": "own/b.md", '])
def test_a_row_whose_labels_are_not_understood_keeps_nothing(own: str) -> None:
    """Nobody knows who may see it: what was read before may be meant for fewer people now."""
    line = f'{{"id": "b", {own}"text": "{LONG}"}}'
    source = "own/b.md" if own else "t.jsonl#b"
    first, _ = changes("", {"t.jsonl": line})
    assert [one.source for one in first.documents] == [source]
    second, _ = changes(first.cursor, {"t.jsonl": line.replace('"text"', '"access": 3, "text"')})
    assert (second.documents, second.deleted) == ((), (source,)) and second.problems[0].withdraws
    assert [one.source for one in changes(second.cursor, {"t.jsonl": line})[0].documents] == [source]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("pay.md", "---\ntitle: Pay\n---\nIt is 90.\n", "---\ntitle: Pay\naccess:\n---\nIt is 90.\n"),
        ("pay.md", "It is 90.\n", "---\nmeta:\n  access: [hr]\n---\nIt is 90.\n"),
        ("pay.csv", f"id,text\n1,{LONG}\n", f"id,text,access,labels,Access\n1,{LONG},hr,hr,it\n"),
    ],
)
def test_a_file_whose_labels_are_not_understood_keeps_nothing(name: str, before: str, after: str) -> None:
    first, _ = changes("", {name: before})
    second, _ = changes(first.cursor, {name: after})
    assert len(first.documents) == 1 and second.deleted == (first.documents[0].source,)


def test_a_note_about_a_file_that_was_read_keeps_no_row_that_is_gone(tmp_path: Path) -> None:
    """A workbook with a hidden row is noted, and its deleted rows are deleted."""
    book = openpyxl.Workbook()
    for row in (["id", "text"], *([key, f"{LONG} {key}"] for key in "abcd")):
        book.active.append(row)
    book.active.row_dimensions[3].hidden = True
    book.save(tmp_path / "t.xlsx")
    first = FolderSource([tmp_path]).changes_since("")
    assert [one.source for one in first.documents] == ["t.xlsx#a", "t.xlsx#c", "t.xlsx#d"]
    assert [one.line for one in first.problems] == ["check: t.xlsx: 1 hidden row left out"]
    book.active.delete_rows(5)
    book.save(tmp_path / "t.xlsx")
    assert FolderSource([tmp_path]).changes_since(first.cursor).deleted == ("t.xlsx#d",)


def test_problems_of_files_that_did_not_change_are_reported_again() -> None:
    """They are still there."""
    first, _ = changes("", {"a.md": "", "b.md": "Seal."})
    second, read = changes(first.cursor, {"a.md": "", "b.md": "Seal."})
    assert read == [] and second.problems == first.problems and second.problems[0].source == "a.md"


def test_of_two_documents_with_one_source_the_other_comes_when_it_is_free() -> None:
    """It is not lost, although its own file did not change."""
    one, two = ROWS.format(f"1,own.md,{LONG} One.\n"), ROWS.format(f"1,own.md,{LONG} Two.\n")
    first, _ = changes("", {"a.csv": one, "b.csv": two})
    assert [one.text.split()[-1] for one in first.documents] == ["One."]
    assert "an earlier document has the same source" in first.problems[0].reason
    second, _ = changes(first.cursor, {"b.csv": two})
    assert [one.text.split()[-1] for one in second.documents] == ["Two."] and second.deleted == ()


def test_what_is_not_listed_is_gone_unless_a_problem_is_about_it() -> None:
    """Such as a folder that cannot be opened."""
    first, _ = changes("", {"hr/a.md": "Walrus.", "it/b.md": "Seal."})
    locked, _ = changes(first.cursor, {}, problems=[Problem(source="hr", reason="it cannot be opened")])
    assert locked.deleted == ("it/b.md",)
    assert changes(locked.cursor, {})[0].deleted == ("hr/a.md",)
    unlisted = Problem(source="disk", reason="it cannot be opened", also=("",))
    assert changes(first.cursor, {}, problems=[unlisted])[0].deleted == ()


def test_a_folder_that_cannot_be_listed_keeps_its_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though the other folder of the source can be: documents are named below it, without its own name."""
    for name in ("hr", "it"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.md").write_text(f"# {name}\n\n{LONG}")
    source = FolderSource([tmp_path / "hr", tmp_path / "it"])
    cursor, listed = source.changes_since("").cursor, Path.iterdir

    def refusing(self: Path) -> object:
        if self.name == "hr":
            raise PermissionError(13, "Permission denied")
        return listed(self)

    with monkeypatch.context() as broken:
        broken.setattr(Path, "iterdir", refusing)
        found = source.changes_since(cursor)
    assert found.deleted == () and "Permission denied" in found.problems[0].reason
    (tmp_path / "hr" / "hr.md").unlink()
    assert source.changes_since(found.cursor).deleted == ("hr.md",)


def test_a_state_that_was_read_whole_needs_no_look(tmp_path: Path) -> None:
    """Unless a file has to be tried again, or the state is another one."""
    whole, _ = changes("", {"a.md": "Walrus."}, at="commit")
    assert nothing_new(whole.cursor, "commit") == Changes(cursor=whole.cursor)
    assert nothing_new(whole.cursor, "other") is None and nothing_new("", "") is None
    partly, _ = changes("", {"a.md": UnreadableError("it is locked")}, at="commit")
    assert nothing_new(partly.cursor, "commit") is None


@pytest.mark.parametrize("cursor", ["yesterday", "[]", "{}", '{"at": ""}', "3"])
def test_a_foreign_cursor_is_refused(cursor: str) -> None:
    """With what was found."""
    with pytest.raises(InputError, match="is not a cursor of a source of files"):
        known_files(cursor)


def test_two_folders_with_one_name_are_a_problem(tmp_path: Path) -> None:
    """As in a run: the first one counts, also when it is synced."""
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.md").write_text(f"Text of {folder}.")
    found = FolderSource([tmp_path / "one", tmp_path / "two"]).changes_since("")
    assert [one.text for one in found.documents] == ["Text of one."]
    assert "the one in" in found.problems[0].reason and "two" in found.problems[0].reason


def test_a_folder_that_became_empty_has_lost_all(tmp_path: Path) -> None:
    """As a table or a site that has nothing: a sync asks before it deletes so much. A run ends with an error."""
    (tmp_path / "a.md").write_text("Walrus.")
    source = FolderSource([tmp_path])
    cursor = source.changes_since("").cursor
    assert json.loads(cursor)["files"]["a.md"][1].keys() == {"a.md"}
    (tmp_path / "a.md").unlink()
    assert source.changes_since(cursor).deleted == ("a.md",)
    with pytest.raises(InputError, match="No document could be read"):
        read_sources([str(tmp_path)])


def test_a_command_may_name_a_configuration(tmp_path: Path) -> None:
    """In place of its documents."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("Walrus.")
    (tmp_path / "bakeoff.yaml").write_text("name: p\nquestions: q.csv\ndocuments: {files: docs, prefix: hr/}\n")
    assert [one.source for one in read_named([tmp_path / "bakeoff.yaml"]).documents] == ["hr/a.md"]
    assert [one.source for one in read_named([tmp_path / "docs"]).documents] == ["a.md"]
