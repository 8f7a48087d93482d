"""Labels that files give: `labels` is `access`, and what is not understood is not read."""

import io
import re
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from bakeoff.corpus.sources.folders import Reading, documents_in, read_documents
from bakeoff.corpus.sources.labels import restricted

FRONT = "---\n{}\n---\nThe salary of the director is 90,000.\n"


@pytest.mark.parametrize(
    "front",
    [
        "labels: [hr]",
        "labels: hr",
        "Labels:\n  - hr",
        "access: hr",
        "access: [hr]\nlabels: hr",
        "labels: [hr]\naccess: []",
        "title: a: b\nlabels: [hr]",
        "\u200baccess: [hr]",
        "la\u00adbels\u200d: hr",
    ],
)
def test_labels_in_front_matter_are_access(front: str) -> None:
    """A confidential page does not become public because of the word; the metadata does not say it again."""
    (document,) = documents_in("pay.md", FRONT.format(front).encode()).documents
    assert document.access == ("hr",)
    assert not {"labels", "access"} & set(document.meta)


@pytest.mark.parametrize(
    ("front", "said"),
    [
        ("access: [hr]\nlabels: [legal]", "its access and its labels differ (hr and legal)"),
        ("access: [hr]\nlabels: [hr, legal]", "differ"),
        ("access: 5", "its access has '5', which is no name"),
        ("labels: true", "'true'"),
        ("access: null", "'null'"),
        ("access: [hr", "'[hr'"),
        ("labels: [hr", "'[hr'"),
        ("labels: {hr: yes}", "its labels are {'hr': 'yes'}, not a list of names"),
        ("labels: [[hr]]", "its labels are [['hr']]"),
        ("access: {hr: yes}", "its access is"),
    ],
)
def test_what_is_no_list_of_names_is_not_read(front: str, said: str) -> None:
    """The file is named, with the reason."""
    reading = documents_in("pay.md", FRONT.format(front).encode())
    assert not reading.documents
    assert said in reading.problems[0].reason and reading.problems[0].source == "pay.md"


@pytest.mark.parametrize("front", ["labels = 5", "labels = [1, 2]", 'labels = "[hr"'])
def test_the_same_of_front_matter_in_toml(front: str) -> None:
    """It has types."""
    assert not documents_in("pay.md", f"+++\n{front}\n+++\nThe salary is 90,000.\n".encode()).documents


@pytest.mark.parametrize(
    "front",
    [
        "access: hr\naccess: []",
        "access: []\nAccess: hr",
        "labels: hr\nlabels:\n  - legal",
        "base: &b {access: hr}\n<<: *b",
        "<<: {labels: [hr]}",
        "permissions:\n  access: hr",
        "permissions:\n  - access: hr",
        "base: &b {labels: hr}\n<<: [*b]",
        "base: &b {labels: hr}\nmore: &m {<<: *b}\n<<: *m",
        "{access: hr, access: []}",
        "? access\n: hr\n? access\n: []",
        "access:\n\t- hr",
        "title: a: b\naccess:\n\t- hr",
        "title: a: b\naccess: hr\naccess: []",
        "title: a: b\nmore:\n  access: hr",
        "title: a: b\nmore: {access: hr}",
        "access:",
        "labels:",
        "access: ''",
        "access: ','",
        "access: ['']",
        "title: a: b\naccess:",
        "access:hr",
        "title: x\naccess:hr",
        "access = hr",
        "Some words.\naccess: hr",
    ],
)
def test_what_is_not_said_plainly_is_not_made_public(front: str) -> None:
    """It was read as if everybody may see it, in silence."""
    reading = documents_in("pay.md", FRONT.format(front).encode())
    assert not reading.documents
    (problem,) = reading.problems
    assert (
        problem.source == "pay.md" and not problem.is_read and ("access" in problem.remedy or "list" in problem.remedy)
    )


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: Pay\naccess: [hr]\n\nThe salary is 90,000.\n",
        "---\naccess: hr\n--\nThe salary is 90,000.\n",
        "----\naccess: hr\n----\nThe salary is 90,000.\n",
        "+++\naccess = ['hr']\nThe salary is 90,000.\n",
        "+++\naccess = ['hr']\naccess = []\n+++\nThe salary is 90,000.\n",
        "+++\naccess = ''\n+++\nThe salary is 90,000.\n",
        "+++\n[more]\naccess = 'hr'\n+++\nThe salary is 90,000.\n",
        "---\n" + "note: x\n" * 4000 + "access: hr\n---\nThe salary is 90,000.\n",
        "---\nÜber: x\nsummary: " + "word " * 5000 + "\naccess: hr\n---\nThe salary is 90,000.\n",
        "---\nÜberschrift: Gehälter\naccess: [hr]\n\nThe salary is 90,000.\n",
        "----\n标题: x\naccess: [hr]\n----\nThe salary is 90,000.\n",
        "----\na/b: x\n@c: y\naccess: [hr]\n\nThe salary is 90,000.\n",
        "----\nPage exported by a wiki\naccess: [hr]\n----\nThe salary is 90,000.\n",
        "<!-- page --> <!-- more -->\n---\naccess: [hr]\n---\nThe salary is 90,000.\n",
        "%YAML 1.1\n---\naccess: [hr]\n---\nThe salary is 90,000.\n",
        '---json\n{"access": ["hr"]}\n---\nThe salary is 90,000.\n',
        ';;;\n{"title": "x", \n"labels":["hr"]}\n;;;\nThe salary is 90,000.\n',
        '{\n"title": "x",\n"access": ["hr"]\n}\n\nThe salary is 90,000.\n',
        "---\naccess： [hr]\n---\nThe salary is 90,000.\n",
        "---\ntitle: x\n---\naccess: [hr]\n---\nThe salary is 90,000.\n",
    ],
)
def test_front_matter_that_does_not_end_or_is_broken_is_not_made_public(text: str) -> None:
    """Its labels were read as a part of the text, and the text was public."""
    reading = documents_in("pay.md", text.encode())
    assert not reading.documents and re.search("access|labels", reading.problems[0].reason)


@pytest.mark.parametrize(
    "text",
    [
        "---\naccess: []\n---\nThe gate is open.\n",
        "---\nlabels: []\ntitle: a: b\n---\nThe gate is open.\n",
        "+++\naccess = []\n+++\nThe gate is open.\n",
        "---\nnote: |\n  Access: by the gate\n---\nThe gate is open.\n",
        "---\n\nThe gate is open.\n\nAccess: by bus.\n",
        "# Gate\n\nAccess: by bus.\n\n---\n\nLabels: none.\n",
        "---\nmetadata:\n  labels: {app: web}\n---\nThe gate is open.\n",
        "+++\n[extra]\nlabels = ['blog']\n+++\nThe gate is open.\n",
        "---\naccessible: yes\naccess level: low\n---\nThe gate is open.\n",
        "---\ntitle: Gate\n---\n\n# Gate\n\nAccess: by bus\n---\n",
        "---\ntitle: Gate\n---\nBy bus.\n\n---\n\naccess: by the gate\n\n---\n",
        "{% include map %}\n\naccess: by the gate\n",
        "<!-- never ends\naccess: [hr]\nThe gate is open.\n",
    ],
)
def test_what_is_for_everybody_stays_so(text: str) -> None:
    """An empty list says so; words of a text say nothing."""
    (document,) = documents_in("gate.md", text.encode()).documents
    assert document.access == ()


def test_a_row_or_a_table_that_says_twice_who_may_see_it_is_not_read() -> None:
    """The last one counted."""
    lines = b'{"id": "a", "text": "One.", "access": ["hr"], "access": []}\n' + (
        b'{"id": "b", "text": "Two.", "Access": "", "access": ["hr"]}\n{"id": "c", "text": "Three."}\n'
    )
    reading = documents_in("rows.jsonl", lines)
    assert [one.source for one in reading.documents] == ["rows.jsonl#c"]
    assert "2 times (1 more like it)" in reading.problems[0].reason
    for header in ("access,access", "Labels,labels"):
        reading = documents_in("rows.csv", f"id,text,{header}\n1,One is a long enough text.,hr,\n".encode())
        assert not reading.documents and "2 times" in reading.problems[0].reason


@pytest.mark.parametrize("labels", ["labels: {hr: yes}", "Labels: [[hr]]"])
def test_the_same_of_a_file_that_is_attached_to_a_mail(labels: str) -> None:
    """The mail is read, and the file is named."""
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "Salaries", "hr@example.com"
    mail.set_content("As attached.")
    mail.add_attachment(FRONT.format(labels), filename="pay.md")
    reading = documents_in("mail.eml", mail.as_bytes())
    assert not any("90,000" in one.text for one in reading.documents)
    assert any("not a list of names" in one.reason for one in reading.problems)


def test_rows_have_labels_too() -> None:
    """Only the row whose labels are not understood is left out."""
    lines = (
        '{"id": "a", "text": "One.", "labels": ["hr", "legal"]}\n'
        '{"id": "b", "text": "Two.", "labels": [{"name": "bug"}]}\n'
        '{"id": "c", "text": "Three.", "labels": ["hr"], "access": ["legal"]}\n'
        '{"id": "d", "text": "Four.", "access": ["5"]}\n'
        '{"id": "e", "text": "Five.", "tags": ["hr"]}\n'
    )
    reading = documents_in("rows.jsonl", lines.encode())
    read = {one.source: one.access for one in reading.documents}
    assert read == {"rows.jsonl#a": ("hr", "legal"), "rows.jsonl#d": ("5",), "rows.jsonl#e": ()}
    assert {one.source for one in reading.problems} == {"rows.jsonl#b", "rows.jsonl#c"}
    assert not any(one.is_read for one in reading.problems)
    csv = documents_in("rows.csv", b'id,text,Labels\n1,One is long enough.,"hr;legal"\n2,Two is public.,\n')
    assert [one.access for one in csv.documents] == [("hr", "legal"), ()]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("rows.csv", "id,text,access\n1,One is long enough.,hr\n2,Two is public.\n", "ends before its column access"),
        ("rows.jsonl", '{"id": "a", "text": "Two is public.", "metadata": {"access": ["hr"]}}\n', "within another"),
    ],
)
def test_a_row_that_does_not_say_it_plainly_is_not_read(name: str, content: str, said: str) -> None:
    reading = documents_in(name, content.encode())
    assert not any("public" in one.text for one in reading.documents)
    assert said in reading.problems[0].reason and reading.problems[0].withdraws


def test_names_of_columns_and_fields_may_have_signs_that_nobody_sees() -> None:
    for name, content in (
        ("rows.csv", "id,text,access\u200b\n1,One is long enough.,hr\n"),
        ("rows.jsonl", '{"id": "a", "text": "One is long enough.", "\u2060labels": ["hr"]}\n'),
    ):
        assert [one.access for one in documents_in(name, content.encode()).documents] == [("hr",)]


TEXT = "The salary of the director is 90,000 a year, and nobody else knows it."


def sheet(rows: list[list[object]], change: Callable[[Any], object] = lambda sheet: None) -> Reading:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    change(book.active)
    content = io.BytesIO()
    book.save(content)
    return documents_in("pay.xlsx", content.getvalue())


def hide_column(sheet: Any) -> None:
    sheet.column_dimensions["C"].hidden = True


def hide_row(sheet: Any) -> None:
    sheet.row_dimensions[2].hidden = True


def strike(sheet: Any) -> None:
    sheet["C2"].font = openpyxl.styles.Font(strike=True)


HEADER = ["id", "text", "access"]


@pytest.mark.parametrize(
    ("rows", "change", "said"),
    [
        ([HEADER, [1, TEXT, "hr"]], hide_column, "is hidden"),
        ([["id", "text", ""], ["", "", "access"], [1, TEXT, "hr"]], hide_row, "is hidden"),
        ([["id", "text", ""], ["", "", "labels"], [1, TEXT, "hr"]], lambda sheet: None, "not in the row"),
        ([HEADER, [1, TEXT, "hr"]], strike, "crossed out"),
        ([HEADER, [1, TEXT, '=CONCATENATE("h", "r")']], lambda sheet: None, "never calculated"),
    ],
)
def test_labels_of_a_sheet_that_nobody_sees_are_not_taken_for_none(
    rows: list[list[object]], change: Callable[[Any], object], said: str
) -> None:
    """What is hidden, crossed out or not calculated is left out. Of labels left out, the text became public."""
    reading = sheet(rows, change)
    assert not reading.documents and said in reading.problems[0].reason and reading.problems[0].withdraws


def test_other_hidden_columns_and_cells_about_access_do_not_matter() -> None:
    rows = [["id", "text", "note", "access"], [1, TEXT, "n", "hr"], ["access", TEXT + " Yes.", "n", ""]]
    assert [one.access for one in sheet(rows, hide_column).documents] == [("hr",), ()]


def test_it_is_said_how_many_documents_are_restricted(tmp_path: Path) -> None:
    """Whoever meant tags sees that they hide documents."""
    for name, front in {"a": "labels: [hr]", "b": "access: hr, legal", "c": "tags: hr"}.items():
        (tmp_path / f"{name}.md").write_text(FRONT.format(front), encoding="utf-8")
    documents = read_documents([tmp_path]).documents
    (said,) = restricted(documents)
    assert said.startswith("2 of 3 documents are restricted by labels (hr (2) and legal (1))")
    assert not list(restricted(documents[2:]))
