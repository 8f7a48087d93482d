"""Folders, files and globs become documents. Everything left out is listed with its reason."""

import hashlib
import os
import sys
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bakeoff.corpus.sources.folders import (
    READING,
    Reading,
    content_of,
    distinct_files,
    document_id,
    documents_in,
    read_documents,
)
from bakeoff.errors import InputError
from bakeoff.formats.part import UnreadableError


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    """Files by their path below the folder."""
    for name, content in files.items():
        path = folder / name
        assert path.is_relative_to(folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def sources(reading: Reading) -> list[str]:
    return [document.source for document in reading.documents]


def reasons(reading: Reading) -> dict[str, str]:
    return {problem.source: problem.reason for problem in reading.problems}


def test_a_folder_is_read_with_all_below_it_in_order(tmp_path):
    """A folder is read with all its subfolders, in order."""
    write(tmp_path, {"b.md": "B", "a/z.txt": "Z", "a/b.html": "<p>x</p>", "a.md": "A"})
    reading = read_documents([tmp_path])
    assert sources(reading) == ["a/b.html", "a/z.txt", "a.md", "b.md"]
    assert reading == read_documents([str(tmp_path)])
    assert reading.problems == ()


def test_a_single_file_is_known_by_its_name(tmp_path):
    """The source of a single file is its name."""
    write(tmp_path, {"deep/down/a.md": "A"})
    assert sources(read_documents([tmp_path / "deep" / "down" / "a.md"])) == ["a.md"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.md", ["a.md"]),
        ("**/*.md", ["a.md", "x/b.md", "x/y/c.md"]),
        ("x/**", ["b.md", "n.txt", "y/c.md"]),
        ("x/*", ["b.md", "n.txt", "y/c.md"]),
        ("[a-w]*", ["a.md"]),
        ("?/y/*.md", ["x/y/c.md"]),
    ],
)
def test_a_glob_is_read_with_sources_below_its_fixed_part(tmp_path, pattern, expected):
    """A glob is read with sources below its fixed part."""
    write(tmp_path, {"a.md": "A", "x/b.md": "B", "x/y/c.md": "C", "x/n.txt": "N"})
    assert sources(read_documents([str(tmp_path / pattern)])) == expected


def test_a_file_whose_name_looks_like_a_glob_is_read_as_the_file(tmp_path):
    """A file whose name looks like a glob is read as the file."""
    (tmp_path / "a[1].md").write_text("A")
    assert sources(read_documents([tmp_path / "a[1].md"])) == ["a[1].md"]


def test_an_id_follows_from_the_source_alone(tmp_path):
    """An id depends on the source only."""
    write(tmp_path, {"one/a.md": "A", "two/a.md": "changed"})
    first, second = (read_documents([tmp_path / name]).documents[0] for name in ("one", "two"))
    assert first.id == second.id == document_id("a.md")
    assert document_id("b.md") != document_id("a.md")


def test_rows_are_known_by_their_file_and_id_or_by_their_own_source(tmp_path):
    """The source of a row is its file and id, or its own source."""
    write(tmp_path, {"kb.csv": "id,text,source\n7,Seven.,\n,Eight.,\n9,Nine.,own/nine\n10,Ten.,two\n11,Eleven.,two\n"})
    assert sources(read_documents([tmp_path])) == ["kb.csv#7", "kb.csv#2", "own/nine", "two#10", "two#11"]


def test_the_time_of_a_document_is_its_own_or_else_the_files(tmp_path):
    """The time of a document is its own, or else the time of its file."""
    write(tmp_path, {"a.md": "A", "b.md": "---\nupdated: 2024-05-06\n---\nB"})
    os.utime(tmp_path / "a.md", (86400, 86400))
    assert [document.updated_at for document in read_documents([tmp_path]).documents] == [
        datetime(1970, 1, 2, tzinfo=UTC),
        datetime(2024, 5, 6, tzinfo=UTC),
    ]


def test_what_cannot_be_read_is_named_and_the_rest_is_read(tmp_path):
    """Files that cannot be read are listed, and the rest is read."""
    write(
        tmp_path,
        {
            "good.md": "Fine.",
            "empty.md": "",
            "fake.txt": b"%PDF-1.7",
            "broken.pdf": b"%PDF-1.7 broken",
            "zeros.txt": b"a\0b",
            "broken.docx": b"PK\x03\x04 broken",
            "large.txt": "x" * 2000,
            "picture.png": b"\x89PNG",
            ".hidden.md": "x",
            "~$lock.docx": "x",
        },
    )
    reading = read_documents([tmp_path], max_bytes=1000)
    assert sources(reading) == ["good.md"]
    assert reasons(reading) == {
        ".hidden.md": "hidden",
        "~$lock.docx": "hidden",
        "empty.md": "the file is empty",
        "fake.txt": "named .txt, but it is a PDF",
        "broken.pdf": "the PDF is broken",
        "zeros.txt": "named .txt, but it is binary",
        "broken.docx": "the Word document is broken (BadZipFile)",
        "large.txt": "it is larger than 1,000 bytes",
        "picture.png": "files ending in '.png' are not read",
    }
    assert all(problem.remedy for problem in reading.problems)


def test_a_hidden_folder_is_named_once_and_not_entered(tmp_path):
    """A hidden folder is listed once and not read."""
    write(tmp_path, {"a.md": "A"})
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.md").write_text("x")
    assert reasons(read_documents([tmp_path])) == {".git": "hidden"}


def test_two_roots_with_the_same_path_give_a_problem_and_the_first_is_kept(tmp_path):
    """Two roots with the same path give a problem and the first is kept."""
    write(tmp_path, {"one/a.md": "first", "two/a.md": "second"})
    reading = read_documents([tmp_path / "one", tmp_path / "two"])
    assert [document.text for document in reading.documents] == ["first"]
    assert "an earlier document has the same source" in reasons(reading)["a.md"]


def test_rows_with_the_same_id_give_a_problem(tmp_path):
    """Rows with the same id give a problem."""
    write(tmp_path, {"kb.jsonl": '{"id": 1, "text": "a"}\n{"id": 1, "text": "b"}'})
    reading = read_documents([tmp_path])
    assert [document.text for document in reading.documents] == ["a"]
    assert "an earlier document has the same source" in reasons(reading)["kb.jsonl#1"]


def test_a_file_reached_twice_is_read_once(tmp_path):
    """A file reached twice is read once."""
    write(tmp_path, {"x/a.md": "A"})
    assert reasons(read_documents([tmp_path, tmp_path])) == {}
    reading = read_documents([tmp_path, tmp_path / "x"])
    assert sources(reading) == ["x/a.md"]
    assert reasons(reading) == {"a.md": "the same file as x/a.md"}


@pytest.mark.skipif(os.name == "nt", reason="links need a permission there")
@pytest.mark.parametrize("named", ["", "**/*.md", "*"])
def test_a_link_that_leads_out_of_the_folder_is_named_and_not_followed(tmp_path, named):
    """A file and a folder, by a plain and a winding path; one within is read, and so is one that somebody names."""
    outside, folder = tmp_path / "outside", tmp_path / "docs"
    (folder / "below").mkdir(parents=True)
    outside.mkdir()
    (outside / "secret.md").write_text("A secret.")
    (folder / "below" / "own.md").write_text("Its own.")
    (folder / "file.md").symlink_to(outside / "secret.md")
    (folder / "winding.md").symlink_to(folder / "below" / ".." / ".." / "outside" / "secret.md")
    (folder / "folder.md").symlink_to(outside)
    (folder / "within.md").symlink_to(folder / "below" / "own.md")
    reading = read_documents([folder / named])
    assert {document.text for document in reading.documents} == {"Its own."}
    out = {problem.source for problem in reading.problems if "leads out" in problem.reason and problem.remedy}
    assert out == {"file.md", "winding.md", "folder.md"}
    (by_name,) = read_documents([folder / "file.md"]).documents
    assert by_name.text == "A secret."


@pytest.mark.skipif(os.name == "nt", reason="links need a permission there")
def test_a_link_put_in_the_place_of_a_file_that_was_found_is_not_followed(tmp_path):
    """Between the walk and the reading; so is a folder above it that became a link."""
    folder, outside = tmp_path / "docs", tmp_path / "outside"
    for made in (folder / "below", outside):
        made.mkdir(parents=True)
        (made / "a.md").write_text(f"In {made.name}.")
    (found,) = distinct_files([folder], [])
    assert content_of(found.path, 99, found.root)[0] == b"In below."
    (folder / "below" / "a.md").unlink()
    (folder / "below" / "a.md").symlink_to(outside / "a.md")
    with pytest.raises(UnreadableError, match="leads out"):
        content_of(found.path, 99, found.root)
    (folder / "below" / "a.md").unlink()
    (folder / "below").rmdir()
    (folder / "below").symlink_to(outside)
    with pytest.raises(UnreadableError, match="leads out"):
        content_of(found.path, 99, found.root)


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links and pipes need POSIX")
def test_links_that_loop_dangle_or_lead_to_pipes_do_not_hang(tmp_path):
    """Links that loop, dangle or lead to pipes do not hang the reader."""
    write(tmp_path, {"x/a.md": "A"})
    (tmp_path / "x" / "loop").symlink_to(tmp_path)
    (tmp_path / "x" / "again").symlink_to(tmp_path / "x")
    (tmp_path / "self.md").symlink_to(tmp_path / "self.md")
    (tmp_path / "gone.md").symlink_to(tmp_path / "nowhere.md")
    os.mkfifo(tmp_path / "pipe.md")
    for source in (tmp_path, f"{tmp_path}/**/*", f"{tmp_path}/**"):
        reading = read_documents([source])
        assert sources(reading) == ["x/a.md"]
        assert reasons(reading)["pipe.md"] == "it is not a regular file"
        assert {"self.md", "gone.md", "x/loop", "x/again"} <= set(reasons(reading))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a name be no Unicode")
def test_a_name_that_is_no_unicode_is_named(tmp_path):
    """A name that is not valid Unicode is reported."""
    write(tmp_path, {"a.md": "A"})
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.md"))).write_text("x")
    reading = read_documents([tmp_path])
    assert reasons(reading) == {"\ufffd.md": "its name is not UTF-8"}
    reading.model_dump_json()


def test_sources_are_in_composed_unicode_whatever_the_file_system_says(tmp_path):
    """Sources are in composed unicode whatever the file system says."""
    (tmp_path / unicodedata.normalize("NFD", "é.md")).write_text("A")
    assert sources(read_documents([tmp_path])) == ["é.md"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("missing", "There is no file or folder at"),
        ("missing/*.md", "Nothing matches"),
        ("*.md", "Nothing matches"),
        ("", "No document could be read"),
        ("bad\0name", "There is no file or folder at"),
    ],
)
def test_a_source_that_finds_nothing_is_an_error_with_a_remedy(tmp_path, source, message):
    """A source that matches nothing raises an error with a remedy."""
    with pytest.raises(InputError, match=message) as caught:
        read_documents([f"{tmp_path}/{source}"])
    assert caught.value.remedy


def test_nothing_readable_at_all_is_an_error_that_names_the_reasons(tmp_path):
    """If nothing can be read, the error gives the reasons."""
    write(tmp_path, {"a.md": "", "b.png": "x"})
    with pytest.raises(InputError, match=r"a\.md: the file is empty"):
        read_documents([tmp_path])
    with pytest.raises(InputError, match="no source was given"):
        read_documents([])


def test_bytes_can_be_read_without_a_folder():
    """Bytes can be read without a folder."""
    reading = documents_in("upload/a.md", b"# Title\n\nText.")
    assert [(document.source, document.title) for document in reading.documents] == [("upload/a.md", "Title")]
    assert documents_in("a.md", b"").problems[0].reason == "the file is empty"


@pytest.mark.parametrize("name", ["oven [2024]", "a[b]", "what?", "all*"])
def test_a_folder_whose_name_has_the_signs_of_a_glob_is_that_folder(tmp_path, name):
    """Globs below it work, and sources are named as below any folder."""
    folder = tmp_path / name / "docs"
    folder.mkdir(parents=True)
    (folder / "a.md").write_text("Seven.", encoding="utf-8")
    for pattern in ("docs/*.md", "docs/**/*.md", "d*/a.md", "*/a.md"):
        (document,) = read_documents([tmp_path / name / pattern]).documents
        assert document.text == "Seven." and document.source.endswith("a.md")


FILES = {
    "a.md": "---\ntitle: A\naccess: [hr]\nupdated: 2026-01-02\nkind: memo\n---\n"
    "# One\n\nWords [here](b.md).\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
    "b.md": "---\nlabels: hr, law\n---\nUnder\n=====\n\n* one\n* two\n\n```sh\nmake\n```\n<!-- gone -->\n",
    "c.html": "<html><head><title>T</title></head><body><nav>x</nav><main><h1>H</h1><p>A<br>b &amp; <b>c</b></p>"
    "<table><tr><th>k<th>v<tr><td>1<td>2</table><ol><li>i</ol></main></body></html>",
    "d.csv": "id,text,labels\n1,First text,hr\n2,Second text,\n",
    "e.jsonl": '{"id": "x", "text": "A text.", "access": ["hr"]}\n{"id": "y", "text": "Another.", "n": 3}\n',
    "f.json": '{"limits": {"days": 30, "who": ["a", "b"]}}',
    "g.eml": "From: a@example.org\nSubject: Fees\nDate: Mon, 1 Jun 2026 10:00:00 +0000\n\nThe fee is 5.\n\n> old\n",
    "h.rst": "Title\n=====\n\n.. note:: Mind *this*.\n\n- a\n",
    "j.md": "---\naccess: hr\naccess: []\n---\nTwice.\n",
    "k.md": "---\naccess:\n---\nEmpty.\n",
    "i.txt": "Caf\u00e9\r\n\tone\u00a0two\n",
}
"""One of each kind that is written by hand, with what has changed its reading before."""


def test_a_file_that_is_read_in_another_way_has_another_number_of_reading():
    """If this fails, raise READING and write the new sum: sources skip files that did not change."""
    read = "\n".join(documents_in(name, text.encode()).model_dump_json() for name, text in FILES.items())
    sums = hashlib.sha256(read.encode()).hexdigest()[:16]
    assert (READING, sums) == (6, "c5bb373bd43cea64")
