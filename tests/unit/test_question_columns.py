"""Columns of question files with names that the user maps."""

import json
from pathlib import Path

import pytest

from bakeoff.errors import InputError
from bakeoff.questions import column_lines, read_questions, read_with_notes
from bakeoff.questions.rows import rows


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_every_field_can_be_read_from_a_column_of_any_name(tmp_path: Path) -> None:
    """All fields of docs/questions.md. The column's case, spaces and hyphens do not matter."""
    names = "Nr,Message,Reply,ticket group,Page,Cited,Times,Day,Sort,Part,Fold 2"
    row = "t1,How long?,24 months,warranty,a.md,lasts 24,7,2026-01-31,numeric,unseen,test"
    columns = {
        "id": "nr", "question": "MESSAGE", "answers": "Reply", "fact": "Ticket-Group", "source": "Page",
        "evidence": "Cited", "asked": "Times", "date": "Day", "kind": "Sort", "slice": "Part", "split": "fold_2",
    }  # fmt: skip
    (question,) = read_questions([write(tmp_path, "q.csv", f"{names}\n{row}\n")], columns)
    assert (question.id, question.text, question.answers) == ("t1", "How long?", ("24 months",))
    assert (question.fact, question.evidence, question.asked) == ("warranty", "lasts 24", 7)
    assert (question.kind, question.slice, question.split) == ("numeric", "unseen", "test")
    assert str(question.asked_on) == "2026-01-31"
    assert [span.source for span in question.source_spans] == ["a.md"]


@pytest.mark.parametrize(("field", "cell"), [("answerable", "no"), ("unanswerable", "yes")])
def test_the_marks_can_be_mapped_too(tmp_path: Path, field: str, cell: str) -> None:
    """Both marks, answerable and unanswerable, can be mapped."""
    path = write(tmp_path, "q.csv", f"question,answer,mark\nA?,x,\nB?,,{cell}\n")
    assert [one.answerable for one in read_questions([path], {field: "mark"})] == [True, False]


def test_a_mapped_column_is_read_as_nothing_else(tmp_path: Path) -> None:
    """A mapped 'text' column with answers is not read as the question, and wins over a column 'answer'."""
    path = write(tmp_path, "q.csv", "query,text,answer\nA?,right,wrong\n")
    (question,) = read_questions([path], {"answers": "text"})
    assert (question.text, question.answers) == ("A?", ("right",))


def test_several_columns_of_the_mapped_name_hold_answers(tmp_path: Path) -> None:
    """Several columns of the mapped name are all read, as with known names."""
    path = write(tmp_path, "q.csv", "question,Reply 1,Reply 2\nA?,b,c\n")
    assert read_questions([path], {"answers": "Reply"})[0].answers == ("b", "c")
    assert read_questions([path], {"answers": "reply 2"})[0].answers == ("c",)
    path = write(tmp_path, "q.csv", "question,Reply,Reply\nA?,b,c\n")
    assert read_questions([path], {"answers": "Reply"})[0].answers == ("b", "c")


def test_answers_can_be_mapped_to_several_columns(tmp_path: Path) -> None:
    """All of them are read, in the order of the mapping. They are not read as anything else."""
    path = write(tmp_path, "q.csv", "question,B,A,answer\nA?,b,a,wrong\nC?,d,,wrong\n")
    questions = read_questions([path], {"answers": ("A", "b")})
    assert [one.answers for one in questions] == [("a", "b"), ("d",)]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"question": ("A", "B")}, "question is given 2 columns: 'A', 'B'"),
        ({"answers": ("A", "a")}, "'a' is given twice for answers"),
        ({"answers": ()}, "answers is given 0 columns"),
        ({"answers": ("A", "B"), "source": "B"}, "'B' is given for both answers and source"),
        ({"answers": ("A", "X")}, "answers should be read from 'X'"),
    ],
)
def test_only_answers_can_have_several_columns(
    tmp_path: Path, columns: dict[str, str | tuple[str, ...]], message: str
) -> None:
    """Another field with two columns is an error, and so are a column given twice and one that no file has."""
    path = write(tmp_path, "q.csv", "question,A,B\nA?,a,b\n")
    with pytest.raises(InputError, match=message):
        read_questions([path], columns)


def test_a_file_without_the_mapped_column_is_read_by_the_usual_names(tmp_path: Path) -> None:
    """Two exports may have different columns, and so may two lines of a JSON lines file."""
    first = write(tmp_path, "a.csv", "Message,answer\nA?,1\n")
    lines = [{"Message": "B?", "answers": ["2"]}, {"question": "C?", "answers": ["3"]}]
    second = write(tmp_path, "b.jsonl", "\n".join(map(json.dumps, lines)))
    third = write(tmp_path, "c.csv", "question,answer\nD?,4\n")
    questions = read_questions([first, second, third], {"question": "Message"})
    assert [one.text for one in questions] == ["A?", "B?", "C?", "D?"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"questions": "Message"}, r"no field 'questions' \(did you mean 'question'\?\)"),
        ({"zzz": "Message"}, r"no field 'zzz'\.\n.*the fields are question, answers, id, fact"),
        ({"question": "Mesage"}, r"'Mesage', but no file has that column \(did you mean 'Message'\?\)"),
        ({"question": "Body"}, r"'Body', but no file has that column\.\n.*columns 'Message', 'answer'"),
        ({"question": "Message", "answers": "message"}, "'message' is given for both question and answers"),
        ({"question": " "}, "question has no column name"),
    ],
)
def test_a_wrong_mapping_is_refused(tmp_path: Path, columns: dict[str, str], message: str) -> None:
    """The error shows what exists."""
    with pytest.raises(InputError) as caught:
        read_questions([write(tmp_path, "q.csv", "Message,answer\nA?,1\n")], columns)
    assert caught.match(message)


def test_what_is_read_as_what_is_said_for_each_file(tmp_path: Path) -> None:
    """In the order of the fields, with the unused columns. JSON lines are shown with all their keys."""
    first = write(tmp_path, "a.csv", "agent,answer 2,answer 1,Message,,date\nAnn,2,1,A?,,2026-01-01\n")
    second = write(
        tmp_path, "b.jsonl", '{"question": "B?", "answers": ["1"]}\n{"question": "C?", "gold": 2, "user": 3}\n'
    )
    assert column_lines([first, second], {"question": "Message"}) == [
        "a.csv: question <- 'Message' (columns:), answers <- 'answer 2' and 'answer 1', date <- 'date'; "
        "not used: 'agent'",
        "b.jsonl: question <- 'question', answers <- 'answers' and 'gold'; not used: 'user'",
    ]


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("id,question,source\n1,How long is it?,a.md\n", "add a column answers or answer or expected; mark"),
        ("question,nr,agent,Resolution\nA?,7,Ann,it is two years\n", 'columns: {answers: "Resolution"} in'),
        ("id,answer,source\n1,two years,a.md\n", "(answers go under answers or answer or expected)"),
        ("nr,agent,Message\n7,Ann,How long is it?\n", '--columns question="Message" (bakeoff init, bakeoff advise)'),
    ],
)
def test_only_a_column_that_could_hold_the_field_is_proposed(tmp_path: Path, text: str, remedy: str) -> None:
    """One of the file that is read as nothing else and has the most words; without one, no mapping is proposed."""
    with pytest.raises(InputError, match=r"column") as caught:
        read_questions([write(tmp_path, "q.csv", text)])
    assert remedy in caught.value.remedy
    assert ("--columns" in caught.value.remedy) is ("columns" in remedy)


@pytest.mark.parametrize(
    ("text", "columns", "found"),
    [
        ("question|answer\nHow long?|two years\n", {}, "'|' stands between the names 'question|answer'"),
        ("Frage|Antwort\nHow long?|two years\n", {}, "'|' stands between the names 'Frage|Antwort'"),
        ("Frage|Antwort\nHow long?|two years\n", {"question": "Frage"}, "'|' stands between the names 'Frage|Antwort'"),
        ("question:answer\nHow long?:two years\n", {}, "':' stands between the names 'question:answer'"),
        ("question|notes, all\nHow long?|two years\n", {}, "'|' stands between the names 'question|notes'"),
    ],
)
def test_a_mark_that_separates_no_columns_is_named(
    tmp_path: Path, text: str, columns: dict[str, str], found: str
) -> None:
    """With those that do, and no mapping of a column whose name is that of two."""
    with pytest.raises(InputError) as caught:
        read_questions([write(tmp_path, "q.csv", text)], columns)
    assert found in str(caught.value) and "a comma, a semicolon or a tab" in str(caught.value)
    assert "columns: {" not in str(caught.value)


def test_a_name_with_a_mark_in_it_is_no_row_of_names(tmp_path: Path) -> None:
    """Such as one of another field, or of a product."""
    with pytest.raises(InputError, match="The columns are: Frage: Kunde, Antwort"):
        read_questions([write(tmp_path, "q.csv", "Frage: Kunde,Antwort\nHow long?,two years\n")])


@pytest.mark.parametrize(
    ("record", "column", "found"),
    [
        ({"question": ["a", "b"], "answers": ["c"]}, "'question'", "a list where one text belongs"),
        ({"question": {"en": "a"}, "answers": ["c"]}, "'question'", "a mapping where one text belongs"),
        ({"query": ["a"], "answers": ["c"]}, "'query', which is read as question,", "a list where one text belongs"),
        ({"question": "a", "answers": {"en": "c"}}, "'answers'", "a mapping where texts belong"),
        ({"question": "a", "answers": [["c", "d"]]}, "'answers'", "a list within a list where texts belong"),
        ({"question": "a", "answers": [{"en": "c"}]}, "'answers'", "a mapping within a list where texts belong"),
        *(
            ({"question": "a", "answers": "c", field: ["x", "y"]}, repr(field), "a list where one text belongs")
            for field in ("id", "fact", "kind", "slice", "split", "date", "asked", "answerable")
        ),
        *(
            ({"question": "a", "answers": "c", field: {"x": "y"}}, repr(field), "a mapping where texts belong")
            for field in ("source", "evidence", "key_points")
        ),
    ],
)
@pytest.mark.parametrize("kind", ["jsonl", "json", "yaml"])
def test_a_list_or_a_mapping_is_no_text(
    tmp_path: Path, kind: str, record: dict[str, object], column: str, found: str
) -> None:
    """The error names the place and the column. Read as a text, it was the words of a program: "['a', 'b']"."""
    good = {"question": "Who?", "answers": ["Ann"]}
    lines = "\n".join(map(json.dumps, (good, record)))
    text = lines if kind == "jsonl" else json.dumps([good, record])
    with pytest.raises(InputError) as caught:
        read_questions([write(tmp_path, f"q.{kind}", text)])
    unit = "line" if kind == "jsonl" else "item"
    assert f"q.{kind} {unit} 2: the column {column}" in caught.value.message and found in caught.value.message


def test_lists_of_texts_are_read_where_several_belong(tmp_path: Path) -> None:
    """Also as SQuAD writes them."""
    records = [
        {"question": "A?", "answers": ["1", 2], "source": ["a.md", "b.md"], "evidence": ["q", "r"]},
        {"question": "B?", "answers": {"text": ["3", "4"], "answer_start": [1, 2]}},
        {"question": "C?", "answers": [{"text": "5"}, {"text": "6"}]},
    ]
    path = write(tmp_path, "q.jsonl", "\n".join(map(json.dumps, records)))
    assert [one.answers for one in read_questions([path])] == [("1", "2"), ("3", "4"), ("5", "6")]


@pytest.mark.parametrize("kind", ["jsonl", "json"])
def test_true_and_false_as_answers_are_yes_and_no(tmp_path: Path, kind: str) -> None:
    """As they are in spreadsheets; they were "True" and "False"."""
    records = [
        {"question": "Is it?", "answers": True},
        {"question": "Was it?", "answer": False},
        {"question": "Will it?", "answers": [True, "of course"]},
    ]
    text = "\n".join(map(json.dumps, records)) if kind == "jsonl" else json.dumps(records)
    found = read_questions([write(tmp_path, f"q.{kind}", text)])
    assert [one.answers for one in found] == [("yes",), ("no",), ("yes", "of course")]


WRITTEN = [
    "12:30",
    "012",
    "3.10",
    "NO",
    "1_000",
    "0x10",
    "1e3",
    "2026-03-31",
    "yes",
    "true",
    "+49 30 1",
    "1,000",
    "0o7",
]


def test_scalars_of_yaml_are_read_as_they_are_written(tmp_path: Path) -> None:
    """As in CSV: YAML 1.1 reads 12:30 as 750, 012 as 10, NO as no and 3.10 as 3.1."""
    text = "".join(f"- question: What is {n}?\n  answer: {value}\n" for n, value in enumerate(WRITTEN))
    found = read_questions([write(tmp_path, "q.yaml", text)])
    assert [one.answers for one in found] == [(value,) for value in WRITTEN]
    listed = read_questions([write(tmp_path, "l.yaml", f"- question: Which?\n  answers: [{WRITTEN[0]}, {WRITTEN[1]}]")])
    assert listed[0].answers == ("12:30", "012")


def test_numbers_and_marks_of_yaml_are_read_from_the_text_as_in_csv(tmp_path: Path) -> None:
    """Counts, dates, ids and marks; what is none is the same error as in CSV."""
    text = (
        "- {id: 007, question: A is, answer: x, asked: 12, date: 2026-03-31, answerable: yes}\n"
        "- {id: 008, question: B is, answer: , answerable: no}\n"
    )
    first, second = read_questions([write(tmp_path, "q.yaml", text)])
    assert (first.id, first.asked, str(first.asked_on), first.answerable) == ("007", 12, "2026-03-31", True)
    assert (second.id, second.answers, second.answerable) == ("008", (), False)
    for wrong in ("asked: 1_0", "answerable: 2"):
        with pytest.raises(InputError, match=wrong.replace(": ", " is '")):
            read_questions([write(tmp_path, "w.yaml", f"- {{question: A is, answer: x, {wrong}}}\n")])


def test_a_tilde_is_no_answer_and_is_named(tmp_path: Path) -> None:
    text = "- {question: A is, answer: x}\n- {question: B is, answer: ~}\n- {question: C is, answer: y}\n"
    found, notes = read_with_notes([write(tmp_path, "q.yaml", text)])
    assert found[1].answers == () and any("item 2: '~'" in note for note in notes)


def test_decimals_of_json_are_read_as_they_are_written(tmp_path: Path) -> None:
    text = '[{"question": "Which version?", "answer": 3.10}, {"question": "Since?", "answers": [2.50, "2.5"]}]'
    found = read_questions([write(tmp_path, "q.json", text)])
    assert [one.answers for one in found] == [("3.10",), ("2.50", "2.5")]


def test_a_sheet_with_many_columns_and_no_question_is_refused_after_few_looks(tmp_path, monkeypatch):
    """Each column looked through all values for its own: 1,000 columns and rows took 13 minutes."""
    looks = []
    monkeypatch.setattr(rows, "_is_nested", lambda value: looks.append(value) or False)
    path = tmp_path / "wide.jsonl"
    line = json.dumps({f"column {number}": "words" for number in range(60)})
    path.write_text(f"{line}\n" * 50)
    with pytest.raises(InputError, match="no column holds the question"):
        read_questions([path])
    assert len(looks) <= 3 * 60 * 50
