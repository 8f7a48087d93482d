"""`bakeoff show` prints a file of the corpus as it was read, or says clearly why it cannot."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bakeoff.cli.main import app
from bakeoff.errors import InputError


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A folder with a page, a table of texts, two files of one name, and some that cannot be read."""
    files = {
        "care/oven.md": "---\ntitle: Oven: care\naccess: hr\nowner: ann\n---\nNot covered:\n\n"
        + "".join(f"- the {n} lid with its ring and knob\n" for n in "abcdefgh"),
        "faq.csv": "id,text\n7,The oven is warm.\n8,The pan is cold.\n",
        "a/x.md": "one",
        "b/x.md": "two",
        "empty.md": "",
        "plan.odt": "PK",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "old.txt").write_bytes("Größe".encode("cp1252"))
    return tmp_path


def call(*arguments: object) -> str:
    """What the command prints to stdout."""
    result = CliRunner().invoke(app, ["show", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("name", ["care/oven.md", "oven.md"])
def test_a_file_is_shown_with_its_title_labels_and_text(corpus: Path, name: str) -> None:
    """By its path, or the end of it."""
    shown = call(corpus, name)
    for line in (
        "source:  care/oven.md",
        "title:   Oven: care",
        "labels:  hr",
        "owner: ann",
        "- the h lid with its ring",
    ):
        assert line in shown
    assert "access:" not in shown


def test_its_passages_are_shown_with_what_goes_with_them(corpus: Path) -> None:
    """Headings and the sentence before a list."""
    shown = call(corpus, "care/oven.md", "--chunks", "--tokens", 40, "--embedder", "hash")
    assert "--- passage 1 of " in shown and "under Oven: care > Not covered:\n- the " in shown


def test_one_row_of_a_table_is_shown_by_its_id(corpus: Path) -> None:
    """Without an id, all of them."""
    assert "The pan is cold." in call(corpus, "faq.csv#8") and "warm" not in call(corpus, "faq.csv#8")
    assert "warm" in call(corpus, "faq.csv") and "cold" in call(corpus, "faq.csv")


def test_what_to_check_goes_to_stderr_and_into_the_json(corpus: Path) -> None:
    """stdout holds only what was read."""
    result = CliRunner().invoke(app, ["show", str(corpus), "old.txt"], catch_exceptions=False)
    assert "Größe" in result.stdout and "guess" not in result.stdout and "check: old.txt" in result.stderr
    printed = json.loads(call(corpus, "old.txt", "--json", "--chunks", "--embedder", "hash"))
    (document,) = printed["documents"]
    assert document["text"] == "Größe" and document["chunks"][0]["text"] == "Größe"
    assert printed["problems"][0]["is_read"] is True


@pytest.mark.parametrize(
    ("name", "message", "remedy"),
    [
        ("ovn.md", "There is no file 'ovn.md'", "care/oven.md"),
        ("x.md", "2 files", "a/x.md, b/x.md"),
        ("empty.md", "the file is empty", "fill it"),
        ("plan.odt", "files ending in '.odt' are not read", "convert it"),
        ("faq.csv#9", "has no row '9'", "7, 8"),
        ("oven.md#2", "oven.md is read as one document", "leave #2 out"),
        ("A/X.MD", "There is no file", "did you mean a/x.md"),
        ("../secret.md", "There is no file", "did you mean"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_one_message(corpus: Path, name: str, message: str, remedy: str) -> None:
    """It says what is there instead."""
    (corpus.parent / "secret.md").write_text("secret", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        CliRunner().invoke(app, ["show", str(corpus), name], catch_exceptions=False)
    assert message in str(caught.value) and remedy in str(caught.value)


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    """As by every command that reads documents."""
    with pytest.raises(InputError, match="no file or folder"):
        CliRunner().invoke(app, ["show", str(tmp_path / "no"), "a.md"], catch_exceptions=False)
