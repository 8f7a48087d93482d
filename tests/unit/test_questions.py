"""Question files: what is read from them, what is refused, and the error messages."""

import csv
import json
import time
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from bakeoff.errors import InputError
from bakeoff.formats.part import Problem
from bakeoff.questions import locate_evidence, monthly_volume, read_questions, read_with_notes
from bakeoff.questions.naming import made_id
from bakeoff.questions.rows.dates import days_of
from bakeoff.records import Document, Question, SourceSpan


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def jsonl(folder: Path, *items: dict[str, object]) -> Path:
    return write(folder, "q.jsonl", "".join(json.dumps(item) + "\n" for item in items))


def refusal(*paths: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_questions(paths)
    assert caught.value.remedy
    return str(caught.value)


def test_csv_columns_and_aliases(tmp_path: Path) -> None:
    """All columns of the bundled example's layout. Aliases are split at '|'."""
    header = "id,question,answers,fact,source,evidence,asked,kind\n"
    row = 'a1,How long?,24 months | two years,long,a.md,"lasts 24 months, always","1,200",Numeric\n'
    path = write(tmp_path, "q.csv", header + row)
    (question,) = read_questions([path])
    assert question.answers == ("24 months", "two years")
    assert (question.id, question.fact, question.asked, question.kind) == ("a1", "long", 1200, "numeric")
    assert [span.source for span in question.source_spans] == ["a.md"]
    assert question.evidence == "lasts 24 months, always"


def test_dates_and_counts_tell_the_volume_of_a_month(tmp_path: Path) -> None:
    """61 days with 12 + 49 questions are one per day. Undated rows and less than four weeks give no volume.

    It says from how many rows it comes, and is not known if fewer than half have a date.
    """
    rows = ["a,1,12,2026-01-01", "b,2,49,2026-03-02T10:00:00Z", "c,3,1000,"]
    questions = read_questions([write(tmp_path, "q.csv", "\n".join(["question,answer,asked,date", *rows]))])
    assert questions[1].asked_on == date(2026, 3, 2)
    volume = monthly_volume(questions)
    assert volume is not None
    assert (volume.asked, volume.n_dated, volume.n, volume.is_known) == (30, 2, 3, True)
    assert "2 of 3 questions" in volume.basis
    assert monthly_volume(questions[1:]) is None
    assert monthly_volume(questions[2:]) is None
    few = monthly_volume([*questions, *questions[2:] * 2])
    assert few is not None
    assert not few.is_known
    assert "too few to put it into the profile" in few.basis


@pytest.mark.parametrize(
    "header", ["Query,Ground Truth", "PROMPT;Expected", "text\treference", "\ufeffQuestion,Answer"]
)
def test_synonyms_case_and_delimiters(tmp_path: Path, header: str) -> None:
    """Column names with synonyms, in any case, separated by comma, semicolon or tab, with a byte order mark."""
    delimiter = next(mark for mark in ",;\t" if mark in header)
    (question,) = read_questions([write(tmp_path, "q.csv", f"{header}\nWho?{delimiter}Ada\n")])
    assert (question.text, question.answers) == ("Who?", ("Ada",))


@pytest.mark.parametrize("answers", [["a", "b"], {"text": ["a", "b", "a"]}, [{"text": "a"}, {"text": "b"}], "a | b"])
def test_json_answers_in_their_usual_shapes(tmp_path: Path, answers: object) -> None:
    """A list, SQuAD's object, a list of objects, or aliases in one text. Duplicates are removed."""
    (question,) = read_questions([jsonl(tmp_path, {"question": "q", "answers": answers})])
    assert question.answers == ("a", "b")


@pytest.mark.parametrize(
    "mark", [{"kind": "unanswerable"}, {"is_impossible": True}, {"answerable": "false"}, {"slice": "unanswerable"}]
)
def test_unanswerable_is_marked_in_four_ways(tmp_path: Path, mark: dict[str, object]) -> None:
    """Each mark allows empty answers. Together with answers, each is a contradiction."""
    (question,) = read_questions([jsonl(tmp_path, {"question": "q", "answers": [], **mark})])
    assert not question.answerable
    assert "marked unanswerable" in refusal(jsonl(tmp_path, {"question": "q", "answers": ["x"], **mark}))


def test_missing_answers_name_the_lines_and_the_mark(tmp_path: Path) -> None:
    """An error if most answers are missing. Blank lines count in the line numbers."""
    message = refusal(write(tmp_path, "q.csv", "question,answer\none,1\n\ntwo,\nthree,\n"))
    assert "only 1 of 3 rows have one: q.csv line 4, q.csv line 5" in message
    assert "kind=unanswerable" in message


def test_an_empty_answer_means_unanswerable_where_no_row_is_marked(tmp_path: Path) -> None:
    """A note counts the empty answers of each file."""
    first = write(tmp_path, "one.csv", "question,answer\none,1\ntwo,\nthree,3\nfour,\n")
    second = jsonl(tmp_path, {"question": "five", "answers": ["5"]}, {"question": "six", "answers": None})
    questions, notes = read_with_notes([first, second])
    assert [one.answerable for one in questions] == [True, False, True, False, True, False]
    assert "one.csv: 2 questions have no answer: treated as unanswerable." in notes
    assert "q.jsonl: 1 question has no answer: treated as unanswerable." in notes


@pytest.mark.parametrize(
    "marks", [("kind", "unanswerable", ""), ("is_impossible", "true", ""), ("answerable", "true", "")]
)
def test_an_empty_answer_is_refused_where_other_rows_are_marked(tmp_path: Path, marks: tuple[str, str, str]) -> None:
    """A forgotten answer must not become 'unanswerable'. Marks in another file do not matter."""
    column, mark, none = marks
    marked = f"one,{'1' if column == 'answerable' else ''},{mark}"
    text = f"question,answer,{column}\n{marked}\ntwo,2,{none}\nthree,,{none}\nfour,4,{none}\n"
    message = refusal(write(tmp_path, "q.csv", text))
    assert "other rows of the file say whether they can be answered: q.csv line 4." in message
    other = write(tmp_path, "other.csv", "question,answer\nfive,5\nsix,\n")
    filled = write(tmp_path, "q.csv", text.replace("three,,", "three,3,"))
    assert [one.text for one in read_questions([filled, other]) if not one.answerable][-1] == "six"


def test_a_file_without_any_answer_is_refused_whatever_others_hold(tmp_path: Path) -> None:
    """Its answers may be in a column with another name; the message says how to name it."""
    good = write(tmp_path, "good.csv", "question,answer\none,1\n")
    message = refusal(good, write(tmp_path, "log.csv", "question,Resolution\ntwo,2\n"))
    assert "log.csv has no column for answers" in message
    assert "columns are: question, Resolution" in message
    assert "columns: {answers:" in message


def test_duplicate_ids_name_both_places_across_files(tmp_path: Path) -> None:
    """The same id in two files is refused, with both places."""
    first = write(tmp_path, "one.csv", "id,question,answer\nx,a,1\n")
    second = write(tmp_path, "two.csv", "id,question,answer\ny,b,1\nx,c,1\n")
    assert "x (one.csv line 2, two.csv line 3)" in refusal(first, second)


def test_missing_ids_come_from_the_text(tmp_path: Path) -> None:
    """The same text has the same id, whatever the order of rows. The same text of two kinds is an error."""
    forward = read_questions([write(tmp_path, "a.csv", "question,answer\none,1\ntwo,2\n")])
    backward = read_questions([write(tmp_path, "b.csv", "question,answer\ntwo,2\none,1\n")])
    assert {one.text: one.id for one in forward} == {one.text: one.id for one in backward}
    assert "add up asked" in refusal(write(tmp_path, "c.csv", "question,answer,source\none,1,a.md\none,1,b.md\n"))


def test_rows_that_repeat_another_are_one_question_that_is_asked_more_often(tmp_path: Path) -> None:
    """As in a log. Its days are the first and the last one, so that the period of the log stays as long as it is."""
    first = "question,answer,date,asked\none,1,2026-02-05,2\ntwo,2,2026-02-01,\none,1,2026-01-01,\none,1,2026-03-31,4\n"
    second = "question,answer\ntwo,2\nthree,3\n"
    paths = [write(tmp_path, "log.csv", first), write(tmp_path, "more.csv", second)]
    questions, notes = read_with_notes(paths)
    assert [(one.text, one.asked) for one in questions] == [("one", 7), ("two", 2), ("three", 1)]
    assert (questions[0].asked_on, questions[0].asked_until) == (date(2026, 1, 1), date(2026, 3, 31))
    (note,) = [note for note in notes if "repeat" in note]
    assert note.startswith("3 rows repeat an earlier one word for word (log.csv line 2, log.csv line 3): ")
    volume = monthly_volume(questions)
    assert volume is not None and volume.asked == round(9 / 90 * 30.4)


def test_rows_with_an_id_are_no_repeats(tmp_path: Path) -> None:
    """Two ids are two questions, and an id that stands twice is refused: one of the two may be a mistake."""
    kept = read_questions([write(tmp_path, "a.csv", "id,question,answer\nx,one,1\ny,one,1\n")])
    assert [(one.id, one.asked) for one in kept] == [("x", 1), ("y", 1)]
    assert "x (b.csv line 2, b.csv line 3)" in refusal(
        write(tmp_path, "b.csv", "id,question,answer\nx,one,1\nx,one,1\n")
    )


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("q.csv", "", "no questions"),
        ("q.csv", "question,answer\n", "no questions"),
        ("q.csv", "title,answer\nx,1\n", "The columns are: title, answer"),
        ("q.csv", "question,answer\nx,1,2\n", "line 2: 3 cells under 2 columns"),
        ("q.csv", "question,answer,asked\nx,1,often\n", "asked is 'often'"),
        ("q.csv", "question,answer,asked\nx,1,-3\n", "asked is '-3'"),
        ("q.csv", "question,answer,slice\nx,1,new\n", "slice is 'new'"),
        ("q.csv", "question,agent answer\nx,1\n", "no column for answers"),
        ("q.csv", "question,answer,answerable\nx,1,maybe\n", "answerable is 'maybe'"),
        ("q.csv", "question,answer\n,1\n", "No question text: q.csv line 2."),
        ("q.jsonl", '{"question": "a", "answer": "1"}\n{"question": \n', "line 2: not valid JSON"),
        ("q.jsonl", "[1]\n", "line 1: a list instead of an object"),
        ("q.txt", "x", ".csv and .jsonl"),
        ("q.csv", 'question,answer\nA?,"b\nC?,d\nE?,f\n', "line 2 is not valid CSV (a quote is never closed)"),
        ("q.csv", 'question,answer\nWhat pipe?,"12 inch" pipe\n', "line 2 is not valid CSV"),
        (
            "q.csv",
            'question,answer\nA?,"b\nC?,d\nE?,f"\n',
            "line 2: one cell holds 2 lines that look like rows: 'C?,d'",
        ),
        ("q.csv", "PK\x03\x04", "it is a ZIP archive or Office file"),
        ("q.jsonl", '{"question": "a", "answers": ' + "[" * 100_000 + "]" * 100_000 + "}", "line 1: not valid JSON"),
        ("q.csv", f"question,answer,asked\nx,1,{'9' * 5000}\n", "asked is '999"),
    ],
)
def test_bad_files_are_told_with_place_and_remedy(tmp_path: Path, name: str, content: str, message: str) -> None:
    """Each of them raises one error that says what was found."""
    assert message in refusal(write(tmp_path, name, content))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """A missing file raises an error with its path."""
    assert "missing.csv: No such file" in refusal(tmp_path / "missing.csv")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-8-sig"])
def test_questions_are_decoded_as_documents_are(tmp_path: Path, encoding: str) -> None:
    """Files saved by a spreadsheet are read. A note says if they were not UTF-8."""
    path = tmp_path / "q.csv"
    path.write_bytes("question,answer\r\nKöln im größten Café?,größte\r\n".encode(encoding))
    (question,), notes = read_with_notes([path])
    assert (question.text, question.answers) == ("Köln im größten Café?", ("größte",))
    assert any("not plain UTF-8" in note for note in notes) == (encoding != "utf-8-sig")


@pytest.mark.parametrize(
    "content",
    [
        "sep=;\r\nquestion;answer\r\nA?;b, c\r\n",
        '"sep=;"\nquestion;answer\nA?;b, c\n',
        '\n\n,\nquestion,answer\nA?,"b, c"\n',
        'question,answer,\nA?,"b, c",,\n',
        f'question,answer,more\nA?,"b, c",{"x " * 200_000}\n',
    ],
)
def test_what_spreadsheets_write_around_a_table(tmp_path: Path, content: str) -> None:
    """Excel's first line, blank lines before the header, empty columns at the end, and long cells are read."""
    (question,) = read_questions([write(tmp_path, "q.csv", content)])
    assert (question.text, question.answers) == ("A?", ("b, c",))


def test_answers_of_many_lines_are_no_swallowed_rows(tmp_path: Path) -> None:
    """Prose has spaces after commas, so its lines are not taken for rows."""
    path = write(tmp_path, "q.csv", 'question,answer\nA?,"b\nFirst, one\nThen, two\nLast, three"\n')
    assert read_questions([path])[0].answers == ("b First, one Then, two Last, three",)


@pytest.mark.parametrize(
    ("header", "row", "answers"),
    [
        ("question,answer,answer", "A?,b,c", ("b", "c")),
        ("question,answer,answer.1", "A?,b,c", ("b", "c")),
        ("question,Answer 1,Answer 2", "A?,b,", ("b",)),
        ("question,reference_1,reference_2", "A?,b | c,d", ("b", "c", "d")),
        ("question,option 1,correct_answer,answer 2", "A?,b,c,d", ("c",)),
        ("question,answers", "A?,b|c| d", ("b", "c", "d")),
        ("question,answers", "A?,a || b", ("a || b",)),
    ],
)
def test_accepted_answers_in_several_columns_or_one(tmp_path: Path, header: str, row: str, answers: object) -> None:
    """Several columns of one name, or numbered columns if none has the plain name; spaces at '|' do not matter."""
    (question,) = read_questions([write(tmp_path, "q.csv", f"{header}\n{row}\n")])
    assert question.answers == answers


def test_the_first_of_two_question_columns_is_read(tmp_path: Path) -> None:
    """The first column wins for every field but answers."""
    assert read_questions([write(tmp_path, "q.csv", "question,question,answer\nA?,X?,b\n")])[0].text == "A?"


def test_html_is_left_out_of_questions_and_answers(tmp_path: Path) -> None:
    """Closed tags, line breaks and entities are removed; a text that only mentions a tag is not changed."""
    items = [
        {"question": "<p>How <b>long</b>?</p>", "answers": ["<p>24&nbsp;months</p>", "2 years"]},
        {"question": "R&amp;D budget?", "answers": "<div>3 | 4</div>"},
        {"question": "Which tag is bold?", "answers": ["<b>", "</b>"]},
        {"question": "Is a < b && b > c?", "answers": ["List<String>"]},
    ]
    questions, notes = read_with_notes([jsonl(tmp_path, *items)])
    assert [(one.text, one.answers) for one in questions] == [
        ("How long?", ("24 months", "2 years")),
        ("R&D budget?", ("3", "4")),
        ("Which tag is bold?", ("<b>", "</b>")),
        ("Is a < b && b > c?", ("List<String>",)),
    ]
    assert "HTML tags and entities were removed from the question or answers of 2 rows." in notes[0]


def test_half_a_character_in_json_is_replaced(tmp_path: Path) -> None:
    """A lone surrogate, which cannot be written to a file, is replaced."""
    (question,) = read_questions([write(tmp_path, "q.jsonl", '{"question": "A\\ud800?", "answers": ["\\udfffx"]}\n')])
    assert (question.text, question.answers) == ("A\ufffd?", ("\ufffdx",))


@pytest.mark.parametrize(
    ("texts", "days"),
    [
        (["2026-03-31", "2026-03-31T10:00:00Z", "2026/3/31 10:00"], ["2026-03-31"] * 3),
        (["31.03.2026", "1.4.2026 08:15", ""], ["2026-03-31", "2026-04-01", None]),
        (["1767225600", "1767225600000", "1767225600.5"], ["2026-01-01"] * 3),
        (["03/31/2026", "04/01/2026"], ["2026-03-31", "2026-04-01"]),
        (["31/03/2026", "01-04-2026, 8:15 PM"], ["2026-03-31", "2026-04-01"]),
        (["05/05/2026"], ["2026-05-05"]),
    ],
)
def test_dates_are_read_where_they_allow_one_reading(texts: list[str], days: list[str | None]) -> None:
    """The whole column decides the order of day and month in days with slashes."""
    assert days_of(texts) == ([date.fromisoformat(day) if day else None for day in days], "")


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["05/05/2026", "03/04/2026"], "'03/04/2026' could be two different dates"),
        (
            ["31/03/2026", "03/31/2026"],
            "'03/31/2026' is not a date if day and month are in the same order as in the others",
        ),
        (["2026-03-31", "03/04/26"], "'03/04/26' is not a date"),
        (["yesterday"], "'yesterday' is not a date"),
        (["31.02.2026"], "'31.02.2026' is not a date"),
    ],
)
def test_dates_in_doubt_are_not_read(texts: list[str], reason: str) -> None:
    """No date of the column is used, and the message shows the first unclear one."""
    assert days_of(texts) == ([None] * len(texts), reason)


def test_a_column_of_dates_in_doubt_is_noted_and_not_used(tmp_path: Path) -> None:
    """The questions are still read, and so are the dates of other files."""
    first = write(tmp_path, "one.csv", "question,answer,date\nx,1,03/04/26\n")
    second = write(tmp_path, "two.csv", "question,answer,date\ny,1,2026-03-31\n")
    questions, notes = read_with_notes([first, second])
    assert [one.asked_on for one in questions] == [None, date(2026, 3, 31)]
    assert "The dates in one.csv are not used: '03/04/26' is not a date. Write days as 2026-03-31." in notes


def test_topics_of_a_help_desk_are_no_facts(tmp_path: Path) -> None:
    """A column 'Group' or 'intent' holds teams or topics, with many facts each, so it is not read as the fact."""
    path = write(
        tmp_path, "q.csv", "question,answer,Group,intent\nHow long?,24 months,Tech,t\nHow much?,30 euros,Tech,t\n"
    )
    questions, notes = read_with_notes([path])
    assert len({one.fact for one in questions}) == 2
    assert not notes


def facts_of(folder: Path, *rows: tuple[str, str], **more: object) -> list[str]:
    items = [{"question": text, "answers": [answer], **more} for text, answer in rows]
    return [one.fact for one in read_questions([jsonl(folder, *items)])]


def test_answers_of_one_fact_may_be_written_differently(tmp_path: Path) -> None:
    """The grader decides which answers are the same: '3 years' is '36 months', but not '24 months'."""
    text = "How long is the warranty {} the kettle?"
    facts = facts_of(
        tmp_path, (text.format("of"), "3 years"), (text.format("on"), "36 months"), (text.format("for"), "24 months")
    )
    assert facts[0] == facts[1] != facts[2]


@pytest.mark.parametrize("answer", ["Yes", "Yes, within 30 days", "free of charge"])
def test_without_a_source_other_things_asked_for_are_other_facts(tmp_path: Path, answer: str) -> None:
    """Questions about different things from one template are not paraphrases; other function words and endings are."""
    things = ["kettle", "toaster", "heater", "blender"]
    rows = [(f"Can I return a {thing} bought online within 30 days?", answer) for thing in things]
    again = ("Could I return the kettles I bought online within 30 days?", answer)
    facts = facts_of(tmp_path, *rows, again)
    assert len(set(facts)) == 4
    assert facts[4] == facts[0]


def test_with_a_source_only_yes_and_no_prove_little(tmp_path: Path) -> None:
    """With any other answer, similar questions with the same answer and document are the same fact."""
    rows = ["Until when can I return a kettle bought online?", "How long may I return a kettle that I bought online?"]
    assert len(set(facts_of(tmp_path, *((row, "30 days") for row in rows), source="returns.md"))) == 1
    rows = ["Can I return a kettle within 30 days?", "Can I return a toaster within 30 days?"]
    assert len(set(facts_of(tmp_path, *((row, "Yes") for row in rows), source="returns.md"))) == 2


def test_facts_are_inferred_from_answers_source_and_words(tmp_path: Path) -> None:
    """Similar questions are joined; another product, source, wording or answer makes another fact."""
    rows = [
        ("a", "How long is the warranty on the Hearth 3?", "24 months", "w.md"),
        ("b", "how long is the Hearth 3 warranty", "24 Months", "w.md"),
        ("c", "How long is the warranty on the Hearth 2?", "24 months", "w.md"),
        ("d", "How long is the warranty on the Hearth 3?!", "24 months", "other.md"),
        ("e", "Until when are vouchers valid?", "24 months", "w.md"),
        ("f", "How long is the warranty on the Hearth 3 abroad?", "12 months", "w.md"),
    ]
    path = tmp_path / "q.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("id", "question", "answers", "source"), *rows])
    fact = {one.id: one.fact for one in read_questions([path])}
    assert fact["a"] == fact["b"]
    assert len(set(fact.values())) == 5


def test_unanswerable_questions_join_only_as_near_copies(tmp_path: Path) -> None:
    """Unanswerable questions need nearly the same words, because they have no answer to compare."""
    texts = ["What does the lamp cost?", "What does the lamp cost", "What does the oven cost?", "Who is the mayor?"]
    rows = [{"id": str(i), "question": text, "kind": "unanswerable"} for i, text in enumerate(texts)]
    facts = [one.fact for one in read_questions([jsonl(tmp_path, *rows)])]
    assert facts[0] == facts[1]
    assert len(set(facts)) == 3


def located(text: str, quote: str, source: str = "a.md") -> tuple[str | None, list[str]]:
    """The text of the quote's span (None for the whole document), and the notes."""
    fields = {"id": "q", "text": "?", "fact": "f", "answers": ("24",), "evidence": quote}
    question = Question.model_validate(fields | {"source_spans": ({"source": source},)})
    (located_question,), notes = locate_evidence([question], [Document(id="1", text=text, source="a.md")])
    (span,) = located_question.source_spans
    assert span.source == "a.md"
    return (None if span.start is None else text[span.start : span.end]), notes


@pytest.mark.parametrize(
    ("text", "quote", "held"),
    [
        (
            "It lasts **24 months** from\npurchase.",
            "lasts 24 months from purchase",
            "lasts **24 months** from\npurchase",
        ),
        ("| Hearth 3 | 24 |\n", "Hearth 3 24", "Hearth 3 | 24"),
        ("See [the “terms”](x/y24.md) now", 'see the "terms" now', "See [the “terms”](x/y24.md) now"),
        ("costs 1240 or 24 each", "24", "24"),
        ("caf\u00e9 thermo-\nstat", "cafe\u0301 thermostat", "caf\u00e9 thermo-\nstat"),
    ],
)
def test_quotes_are_found_through_markup(text: str, quote: str, held: str) -> None:
    """Whitespace, markup, link targets, quotation marks, hyphens and the encoding of accents do not matter."""
    assert located(text, quote) == (held, [])


def test_a_quote_that_is_not_there_is_noted_and_the_document_taken_whole() -> None:
    """The note gives the question and the quote."""
    span, (note, by_document) = located("Nothing of the kind.", "lasts 24 months")
    assert span is None
    assert "q: 'lasts 24 months' in a.md" in note
    assert "For 1 of 1 answerable" in by_document


def test_without_a_quote_a_document_is_checked_for_an_answer() -> None:
    """A note is written only if the document contains no answer."""
    assert not any("whose answers were not found" in note for note in located("It is 24.", "")[1])
    assert "whose answers were not found" in located("It is 124.", "")[1][0]


def test_sources_may_be_written_with_a_folder_more_or_less() -> None:
    """The span has the document's own path. An unknown path raises an error with the closest known one."""
    assert located("24", "24", "documents/a.md")[0] == "24"
    assert located("24", "24", "./a.md")[0] == "24"
    with pytest.raises(InputError, match=r"'b\.md' \(question q; did you mean 'a\.md'\?\)"):
        located("24", "24", "b.md")


UNREAD = (
    Problem(source="manual/tuning.rst", reason="files ending in '.rst' are not read", remedy="convert it to .md"),
    Problem(source="policy.pdf", reason="encrypted", remedy="save it without a password"),
)


def asked_about(*names: str) -> list[Question]:
    """A question without an id for each source."""
    texts = {f"What does {name} say about a thing that nobody could look up by its id alone?": name for name in names}
    return [
        Question(id=made_id(text), text=text, answers=("x",), fact=name, source_spans=(SourceSpan(source=name),))
        for text, name in texts.items()
    ]


@pytest.mark.parametrize("name", ["tuning.rst", "manual/tuning.rst", "documents/manual/tuning.rst"])
def test_a_source_that_exists_but_is_not_read_says_so(name: str) -> None:
    """With the reason, what to do, and the question by its text, since the file gives no id."""
    with pytest.raises(InputError, match="exist but were not read") as caught:
        locate_evidence(asked_about(name), [Document(id="1", text="24", source="a.md")], unread=UNREAD)
    assert "files ending in '.rst' are not read" in caught.value.message and "('What does" in caught.value.message
    assert "do not exist" not in caught.value.message
    assert caught.value.remedy == "convert it to .md, and name it as source, or leave it empty"


def test_sources_that_are_not_read_and_that_do_not_exist_are_told_apart() -> None:
    """One message with both."""
    with pytest.raises(InputError) as caught:
        locate_evidence(asked_about("policy.pdf", "b.md"), [Document(id="1", text="24", source="a.md")], (), UNREAD)
    exists, missing = caught.value.message.split(". Questions")
    assert "'policy.pdf'" in exists and "encrypted" in exists and "'b.md'" in missing and "do not exist" in missing
    assert "save it without a password" in caught.value.remedy and "path below the documents" in caught.value.remedy


def test_a_note_names_a_question_without_an_id_by_its_text() -> None:
    """A made id is in no file. The text is shortened."""
    _, notes = locate_evidence(asked_about("a.md"), [Document(id="1", text="24", source="a.md")])
    assert "('What does a.md say about a thing that nobody could look up …')" in notes[0]


def test_the_bundled_example_is_read_and_located(example: Path) -> None:
    """The evidence of every question is found in its document."""
    from bakeoff.corpus.sources.folders import read_documents

    questions = read_questions(sorted(example.glob("questions*.csv")))
    with_evidence, notes = locate_evidence(questions, read_documents((str(example / "documents"),)).documents)
    assert len(with_evidence) >= 400
    assert notes == []


def test_the_bundled_example_s_volume_is_heavy_tailed(example: Path) -> None:
    """A tenth of the facts has most of the volume, and two in five facts are asked once."""
    asked = Counter[str]()
    for one in read_questions([example / "questions.csv"]):
        asked[one.fact] += one.asked
    volumes = sorted(asked.values(), reverse=True)
    assert sum(volumes[: len(volumes) // 10]) > sum(volumes) / 2
    assert volumes.count(1) > 0.4 * len(volumes)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("q.csv", ",".join(f"c{i}" for i in range(20_000)) + "\n1,2\n"),
        ("q.jsonl", json.dumps({f"c{i}": 0 for i in range(20_000)}) + "\n"),
        ("q.jsonl", "".join(json.dumps({"question": "a", f"answer_{i}": "b"}) + "\n" for i in range(20_000))),
        ("q.jsonl", "".join(json.dumps({f"c{(i + j) % 1000}": 0 for j in range(1000)}) + "\n" for i in range(300))),
    ],
    ids=["csv", "one object", "other columns in each object", "another order in each object"],
)
def test_very_many_columns_are_refused_at_once(tmp_path: Path, name: str, content: str) -> None:
    """A file of 20 MB whose first line names 2.5 million columns took two and a half minutes."""
    begun = time.perf_counter()
    message = refusal(write(tmp_path, name, content))
    assert f"{name}, " in message and "There may be 16,384 columns" in message and len(message) < 500
    assert time.perf_counter() - begun < 20


def test_a_message_names_the_first_columns_only(tmp_path: Path) -> None:
    """A table may have thousands, with long names."""
    message = refusal(write(tmp_path, "q.csv", ",".join(f"c{i}" + "x" * 500 for i in range(2000)) + "\n1,2\n"))
    assert "no column holds the question" in message and "and 1950 more" in message and len(message) < 6000


def chat(*turns: tuple[str, str]) -> str:
    return json.dumps({"messages": [{"role": role, "content": text} for role, text in turns]}) + "\n"


def test_chats_that_are_left_out_are_counted_by_their_reason(tmp_path: Path) -> None:
    """Three turns twice, one without an answer, one that declines."""
    asked, said = ("user", "How long is it?"), ("assistant", "Two years.")
    several = chat(asked, said, ("user", "And then?"), said)
    lines = [
        chat(asked, said),
        several,
        several,
        chat(asked, ("assistant", "")),
        chat(asked, ("assistant", "I don't know.")),
    ]
    notes = read_with_notes([write(tmp_path, "chats.jsonl", "".join(lines))])[1]
    told = [note.partition("left out: ")[0::2] for note in notes if "left out" in note]
    assert [(before.split()[-3:-1], why) for before, why in told] == [
        (["2", "chats"], "not one message of a user and one answer."),
        (["1", "chat"], "the message or the answer has no text."),
        (["1", "chat"], "the answer declines."),
    ]


def test_a_column_of_lists_is_not_suggested_for_the_question(tmp_path: Path) -> None:
    """Threads of a chat program: no column can be mapped, so the forms of chats that are read are told."""
    thread = {"channel": "hr", "messages": [{"user": "U1", "text": "How long?"}, {"user": "U2", "text": "Two years."}]}
    message = refusal(write(tmp_path, "slack.jsonl", json.dumps(thread) + "\n"))
    assert "--columns" not in message and '{"messages": [{"role": "user", "content": "..."}' in message
    tags = {"tags": ["a long list of many words", "and more of them"], "body": "How long?", "answer": "Two years."}
    assert 'question="body"' in refusal(write(tmp_path, "tags.jsonl", json.dumps(tags) + "\n"))
