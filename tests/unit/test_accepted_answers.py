"""What a question file's cells mean as accepted answers, as kinds, and as answers that contradict each other."""

import json
from pathlib import Path

import pytest

from bakeoff.errors import InputError
from bakeoff.questions import read_questions, read_with_notes


def csv_file(folder: Path, text: str, name: str = "q.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


def answers_of(folder: Path, text: str) -> list[tuple[str, ...]]:
    return [question.answers for question in read_questions([csv_file(folder, text)])]


def note(notes: list[str], words: str) -> str:
    (only,) = [text for text in notes if words in text]
    return only


@pytest.mark.parametrize(
    "text",
    [
        *("N/A", "nan", "NULL", "—", "?", "not applicable", "tbd", "I don't know.", "N / A", "idk"),
        *("Not in the documents.", "The answer is not in the context"),
        *("#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA", "Err:502"),
        *("#BEZUG!", "#WERT!", "#ZAHL!", "#NV", "#NOM?", "#¡REF!", "#¿NOMBRE?", "#N/D", "#ССЫЛКА!"),
    ],
)
def test_placeholders_and_refusals_are_no_answers(tmp_path: Path, text: str) -> None:
    """The question becomes unanswerable, and a note names its line and the text."""
    path = csv_file(tmp_path, f"question,answer\nWho?,{text}\nWhere?,Bergen\nWhen?,1901\n")
    questions, notes = read_with_notes([path])
    assert [question.answers for question in questions] == [(), ("Bergen",), ("1901",)]
    assert f"(line 2: {text!r})" in note(notes, "in place of an answer: treated as unanswerable")


def test_a_missing_value_of_json_is_no_answer(tmp_path: Path) -> None:
    """pandas writes NaN without quotes where a value is missing."""
    lines = '{"question": "Who?", "answer": NaN, "asked": NaN}\n{"question": "Where?", "answer": "Bergen"}\n'
    questions, notes = read_with_notes([csv_file(tmp_path, lines, "q.jsonl")])
    assert [question.answers for question in questions] == [(), ("Bergen",)]
    assert note(notes, "1 question has no answer: treated as unanswerable")


def test_placeholders_beside_answers_are_left_out(tmp_path: Path) -> None:
    """Someone filled the second of two columns with N/A; a note says so. Words that can be a wording stay."""
    path = csv_file(tmp_path, "question,answer,answer 2\nWho?,Ada,N/A\nIs it sold?,not sold,not available\n")
    (question, other), notes = read_with_notes([path])
    assert question.answers == ("Ada",)
    assert other.answers == ("not sold", "not available")
    assert "line 2: 'N/A'" in note(notes, "were left out")


def test_a_word_that_can_be_an_answer_is_kept_and_noted(tmp_path: Path) -> None:
    """'None' answers "Which fees apply?", but it may also be a missing value."""
    (question,), notes = read_with_notes([csv_file(tmp_path, "question,answer\nWhich fees apply?,None\n")])
    assert question.answers == ("None",)
    assert "Which fees apply?" in note(notes, "can also stand for a missing one")


def test_mostly_placeholders_are_an_unfinished_file(tmp_path: Path) -> None:
    """As with empty cells, more rows without an answer than with one are an error if some are empty."""
    with pytest.raises(InputError, match="only 1 of 4 rows have one"):
        answers_of(tmp_path, "question,answer\na,N/A\nb,n/a\nc,\nd,1\n")


def test_a_row_marked_answerable_needs_an_answer(tmp_path: Path) -> None:
    """A placeholder contradicts the mark."""
    with pytest.raises(InputError, match=r"Marked answerable, but the answer is none: q.csv line 2"):
        answers_of(tmp_path, "question,answer,answerable\nWho?,N/A,yes\nWhere?,Bergen,yes\n")


@pytest.mark.parametrize(
    "text",
    [
        "ps aux | grep nginx",
        "sort names.txt | uniq -c | sort -rn",
        "kubectl get pods | grep api",
        "Get-Service | Where-Object Status",
        "{{ title | upper }}",
        "`a | b`",
        "(colou?r|tint)",
        "|x|",
        "a || b",
        "xs |> sum",
    ],
)
def test_a_bar_in_code_is_part_of_one_answer(tmp_path: Path, text: str) -> None:
    """Pipelines, templates, code in backticks, alternatives in brackets, bars around a value."""
    assert answers_of(tmp_path, f"question,answer\nHow?,{text}\n") == [(text,)]


def test_a_pipeline_is_noted(tmp_path: Path) -> None:
    """The note says how to give several answers."""
    _, notes = read_with_notes([csv_file(tmp_path, "question,answer\nHow?,ps aux | grep nginx\n")])
    assert 'a list: ["...", "..."]' in note(notes, "line 2: 'ps aux | grep nginx'")


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("the boss | head of the team", ("the boss", "head of the team")),
        ("ls -a | ls --all", ("ls -a", "ls --all")),
        ("jq '.a | .b' x.json", ("jq '.a | .b' x.json",)),
        ("it's 5|five o'clock", ("it's 5", "five o'clock")),
        ("int | None", ("int", "None")),
        ("230|>= 230", ("230", ">= 230")),
        ("5|>5|>-1.5", ("5", ">5", ">-1.5")),
        (r"a \| b | c", ("a | b", "c")),
        ('"[""a | b"", ""c""]"', ("a | b", "c")),
        ("\"['a', 'it''s']\"", ("['a', 'it''s']",)),
        ("\"['two years' '24 months']\"", ("two years", "24 months")),
    ],
)
def test_a_bar_between_wordings_separates_them(tmp_path: Path, text: str, answers: tuple[str, ...]) -> None:
    """Two ways to write one thing are two answers; an escaped bar and lists in a cell leave no doubt."""
    assert answers_of(tmp_path, f"question,answer\nHow?,{text}\n") == [answers]


def test_a_bar_that_is_no_separator_is_noted(tmp_path: Path) -> None:
    """As an operator it is a part of the answer; the note says how to write two answers."""
    _, notes = read_with_notes([csv_file(tmp_path, "question,answer\nHow?,xs |> sum\nWhich?,a|b\n")])
    assert 'a list: ["...", "..."]' in note(notes, "line 2: 'xs |> sum'")
    assert not any("line 3" in one for one in notes)


def test_code_that_is_split_is_noted(tmp_path: Path) -> None:
    """A type such as `int | None` could be one answer."""
    _, notes = read_with_notes([csv_file(tmp_path, "question,answer\nWhich type?,int | None\n")])
    assert "write it as \\|" in note(notes, "line 2: 'int | None'")


@pytest.mark.parametrize(
    "header",
    [
        "question,answer,answer_2",
        "question,answer,answer2",
        "question,Answer,Answer 2",
        "question,gold,aliases",
        "question,answer,answer (2)",
        "question,answers[0],answers[1]",
        "question,answers/0,answers/1",
    ],
)
def test_all_columns_of_answers_are_accepted(tmp_path: Path, header: str) -> None:
    """A numbered column beside the plain one, and a column of aliases."""
    assert answers_of(tmp_path, f"{header}\nWho?,Ada,Ada Lovelace\n") == [("Ada", "Ada Lovelace")]


@pytest.mark.parametrize("gold", ["ground_truth", "expected", "Correct answer", "expectedAnswer", "golden_answer"])
def test_beside_a_gold_answer_a_column_answer_is_what_a_model_said(tmp_path: Path, gold: str) -> None:
    """Tables of evaluations have both. A note names the column that is read and how to choose the other."""
    path = csv_file(tmp_path, f"question,answer,{gold}\nWho?,Bob,Ada\n")
    (question,), notes = read_with_notes([path])
    assert question.answers == ("Ada",)
    assert "columns: {answers: answer}" in note(notes, f"read from '{gold}', not from 'answer'")


def test_a_column_of_addresses_holds_no_answers(tmp_path: Path) -> None:
    """Addresses of pages or files say where an answer is. Mapped by name, they are read."""
    text = "question,gold,reference\nWho?,Ada,https://shop.example/who\nWhere?,Bergen,docs/where.md\n"
    path = csv_file(tmp_path, text)
    questions, notes = read_with_notes([path])
    assert [question.answers for question in questions] == [("Ada",), ("Bergen",)]
    assert note(notes, "the column 'reference' holds only addresses")
    mapped = read_questions([path], {"answers": "reference"})
    assert mapped[1].answers == ("docs/where.md",)
    with pytest.raises(InputError, match="has no column for answers"):
        answers_of(tmp_path, text.replace(",gold", ",person"))
    assert answers_of(tmp_path, "question,answer\nWhich site?,https://a.example\nWho?,Ada\n")[0] == (
        "https://a.example",
    )


@pytest.mark.parametrize(("name", "end"), [("q.csv", "\r"), ("q.csv", "\r\n"), ("q.jsonl", "\r")])
def test_line_ends_of_any_system_are_read(tmp_path: Path, name: str, end: str) -> None:
    """Also those of old Macs, which Excel still writes as 'CSV (Macintosh)'."""
    rows = ["question,answer", "How long?,24 months", "How wide?,3 m"]
    if name.endswith("l"):
        rows = [json.dumps({"question": row.split(",")[0], "answer": row.split(",")[1]}) for row in rows[1:]]
    questions = read_questions([csv_file(tmp_path, end.join([*rows, ""]), name)])
    assert [question.answers for question in questions] == [("24 months",), ("3 m",)]


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        *(("number", "numeric"), ("Integer", "numeric"), ("datetime", "date"), ("yes/no", "yesno")),
        *(("Boolean", "yesno"), ("person", "name"), ("span", "phrase"), ("enumeration", "list")),
        *(("short answer", ""), ("label", "label")),
    ],
)
def test_other_words_for_kinds_are_understood(tmp_path: Path, word: str, kind: str) -> None:
    """Where it is obvious which kind is meant."""
    assert read_questions([csv_file(tmp_path, f"question,answer,kind\nHow many?,24,{word}\n")])[0].kind == kind


def test_unanswerable_has_other_words_too(tmp_path: Path) -> None:
    """They are marks, so empty answers elsewhere are not taken for unanswerable."""
    rows = "question,answer,kind\nWho?,,out of scope\nWhere?,Bergen,\n"
    assert answers_of(tmp_path, rows) == [(), ("Bergen",)]


def test_an_unknown_kind_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    """In a column that is called kind, or mapped to it."""
    for header, columns in (("kind", {}), ("sort", {"kind": "sort"})):
        path = csv_file(tmp_path, f"question,answer,{header}\nWho?,Ada,bridge\n")
        with pytest.raises(InputError) as caught:
            read_questions([path], columns)
        assert f"q.csv line 2: {header} is 'bridge'" in str(caught.value)
        assert "numeric, date, name, phrase, yesno, list, label, unanswerable" in caught.value.remedy


def test_a_column_type_may_mean_something_else(tmp_path: Path) -> None:
    """Its words that are kinds count, the others are noted and not used."""
    path = csv_file(tmp_path, "question,answer,type\nWho?,Ada,bridge\nHow many?,3,number\nWhy?,,unanswerable\n")
    questions, notes = read_with_notes([path])
    assert [question.kind for question in questions] == ["", "numeric", "unanswerable"]
    assert note(notes, "'bridge' in the column 'type' is not a kind")


def test_one_question_with_two_answers_is_noted_with_both(tmp_path: Path) -> None:
    """The places and the answers are named. The same answer in other words is no contradiction."""
    rows = [
        "1,How long is it valid?,24 months",
        "2,How long is it valid ?,36 months",
        "3,How long is it valid?,2 years",
    ]
    path = csv_file(tmp_path, "\n".join(["id,question,answer", *rows[:2]]))
    _, notes = read_with_notes([path])
    shown = note(notes, "The same question has different answers")
    assert "q.csv line 2: '24 months'; q.csv line 3: '36 months'" in shown
    _, notes = read_with_notes([csv_file(tmp_path, "\n".join(["id,question,answer", rows[0], rows[2]]))])
    assert not [text for text in notes if "different answers" in text]


def test_one_question_with_and_without_an_answer_is_noted(tmp_path: Path) -> None:
    """Whichever way it is answered, one of the two is graded as wrong."""
    path = csv_file(tmp_path, "question,answer,kind\nWho leads it?,Ada,\nwho leads it,,unanswerable\n")
    _, notes = read_with_notes([path])
    assert "line 2: 'Ada'; q.csv line 3: no answer" in note(notes, "answerable and unanswerable")


def test_without_ids_contradicting_rows_are_refused(tmp_path: Path) -> None:
    """They would have the same id. The message names both answers."""
    with pytest.raises(
        InputError, match=r"different answers: 'How long\?' \(q.csv line 2: '1 day'; q.csv line 3: '2 days'\)"
    ):
        answers_of(tmp_path, "question,answer\nHow long?,1 day\nHow long?,2 days\n")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        *(("2.1", "2.10"), ("F#", "F"), ("AB+", "AB-"), ("> 5 kg", "< 5 kg"), ("10 MB", "10 Mb")),
        *(("before 2024", "2024"), ("がき", "かき"), ("दिल्ली", "दिल्ला"), ("-v", "v")),
    ],
)
def test_answers_that_differ_in_a_sign_are_other_facts(tmp_path: Path, first: str, second: str) -> None:
    """Questions in close words about one document: only the answers tell that they ask for different things."""
    rows = (
        f"1,What is the value of the oldest one?,{first},a.md\n2,What is the value of the newest one?,{second},a.md\n"
    )
    questions = read_questions([csv_file(tmp_path, f"id,question,answer,source\n{rows}")])
    assert questions[0].fact != questions[1].fact


@pytest.mark.parametrize("text", ["#1", "#help", "REF", "#null pointer!", "Err:", "#general"])
def test_signs_of_other_kinds_are_answers(tmp_path: Path, text: str) -> None:
    """Channels, numbers and words are no error values."""
    assert answers_of(tmp_path, f"question,answer\nWho?,{text}\nWhere?,Bergen\n")[0] == (text,)
