"""Question files: what is read from them, what is refused and how it is told."""

import csv
import json
from datetime import date
from pathlib import Path

import pytest

from bakeoff.errors import InputError
from bakeoff.questions import asked_per_month, locate_evidence, read_questions
from bakeoff.records import Document, Question


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
    """All columns of the bundled example's layout, aliases cut at ' | '."""
    header = "id,question,answers,fact,source,evidence,asked,kind\n"
    row = 'a1,How long?,24 months | two years,long,a.md,"lasts 24 months, always","1,200",Numeric\n'
    path = write(tmp_path, "q.csv", header + row)
    (question,) = read_questions([path])
    assert question.answers == ("24 months", "two years")
    assert (question.id, question.fact, question.asked, question.kind) == ("a1", "long", 1200, "numeric")
    assert [span.source for span in question.source_spans] == ["a.md"]
    assert question.evidence == "lasts 24 months, always"


def test_dates_and_counts_tell_the_volume_of_a_month(tmp_path: Path) -> None:
    """61 days hold 12 + 49 questions: one a day. Undated rows and dates within four weeks tell nothing."""
    rows = ["a,1,12,2026-01-01", "b,2,49,2026-03-02T10:00:00Z", "c,3,1000,"]
    questions = read_questions([write(tmp_path, "q.csv", "\n".join(["question,answer,asked,date", *rows]))])
    assert questions[1].asked_on == date(2026, 3, 2)
    assert asked_per_month(questions) == 30
    assert asked_per_month(questions[1:]) is None
    assert asked_per_month(questions[2:]) is None


@pytest.mark.parametrize(
    "header", ["Query,Ground Truth", "PROMPT;Expected", "text\treference", "\ufeffQuestion,Answer"]
)
def test_synonyms_case_and_delimiters(tmp_path: Path, header: str) -> None:
    """Column names in other words and cases, separated by comma, semicolon or tab, with a byte order mark."""
    delimiter = next(mark for mark in ",;\t" if mark in header)
    (question,) = read_questions([write(tmp_path, "q.csv", f"{header}\nWho?{delimiter}Ada\n")])
    assert (question.text, question.answers) == ("Who?", ("Ada",))


@pytest.mark.parametrize("answers", [["a", "b"], {"text": ["a", "b", "a"]}, [{"text": "a"}, {"text": "b"}], "a | b"])
def test_json_answers_in_their_usual_shapes(tmp_path: Path, answers: object) -> None:
    """A list, SQuAD's object, a list of objects, or aliases in one text; duplicates are dropped."""
    (question,) = read_questions([jsonl(tmp_path, {"question": "q", "answers": answers})])
    assert question.answers == ("a", "b")


@pytest.mark.parametrize(
    "mark", [{"kind": "unanswerable"}, {"is_impossible": True}, {"answerable": "false"}, {"slice": "unanswerable"}]
)
def test_unanswerable_is_marked_in_four_ways(tmp_path: Path, mark: dict[str, object]) -> None:
    """Each of them allows empty answers; with answers beside it, each is a contradiction."""
    (question,) = read_questions([jsonl(tmp_path, {"question": "q", "answers": [], **mark})])
    assert not question.answerable
    assert "marked unanswerable" in refusal(jsonl(tmp_path, {"question": "q", "answers": ["x"], **mark}))


def test_missing_answers_name_the_lines_and_the_mark(tmp_path: Path) -> None:
    """The blank line in between is counted as the file's line that it is."""
    message = refusal(write(tmp_path, "q.csv", "question,answer\none,1\n\ntwo,\nthree,\n"))
    assert "q.csv line 4, q.csv line 5" in message
    assert "kind=unanswerable" in message


def test_duplicate_ids_name_both_places_across_files(tmp_path: Path) -> None:
    """An id twice, in two files."""
    first = write(tmp_path, "one.csv", "id,question,answer\nx,a,1\n")
    second = write(tmp_path, "two.csv", "id,question,answer\ny,b,1\nx,c,1\n")
    assert "x (one.csv line 2, two.csv line 3)" in refusal(first, second)


def test_missing_ids_come_from_the_text(tmp_path: Path) -> None:
    """The same text has the same id whatever the row order; twice the same text is told as such."""
    forward = read_questions([write(tmp_path, "a.csv", "question,answer\none,1\ntwo,2\n")])
    backward = read_questions([write(tmp_path, "b.csv", "question,answer\ntwo,2\none,1\n")])
    assert {one.text: one.id for one in forward} == {one.text: one.id for one in backward}
    assert "add up asked" in refusal(write(tmp_path, "c.csv", "question,answer\none,1\none,1\n"))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("q.csv", "", "no questions"),
        ("q.csv", "question,answer\n", "no questions"),
        ("q.csv", "title,answer\nx,1\n", "Found: title, answer"),
        ("q.csv", "question,answer\nx,1,2\n", "line 2: 3 cells under 2 columns"),
        ("q.csv", "question,answer,asked\nx,1,often\n", "asked is 'often'"),
        ("q.csv", "question,answer,asked\nx,1,-3\n", "asked is '-3'"),
        ("q.csv", "question,answer,date\nx,1,03/04/26\n", "date is '03/04/26'"),
        ("q.csv", "question,answer,slice\nx,1,new\n", "slice is 'new'"),
        ("q.csv", "question,answer,answerable\nx,1,maybe\n", "answerable is 'maybe'"),
        ("q.csv", "question,answer\n,1\n", "line 2 have no question"),
        ("q.jsonl", '{"question": "a", "answer": "1"}\n{"question": \n', "line 2: no valid JSON"),
        ("q.jsonl", "[1]\n", "line 1: a list instead of an object"),
        ("q.txt", "x", ".csv and .jsonl"),
    ],
)
def test_bad_files_are_told_with_place_and_remedy(tmp_path: Path, name: str, content: str, told: str) -> None:
    """Each of them is one error that names what was found."""
    assert told in refusal(write(tmp_path, name, content))


def test_unreadable_files_are_told(tmp_path: Path) -> None:
    """A missing file and one that is not UTF-8."""
    assert "cannot be read" in refusal(tmp_path / "missing.csv")
    (tmp_path / "latin.csv").write_bytes("question,answer\ncaf\xe9,1\n".encode("latin-1"))
    assert "not UTF-8" in refusal(tmp_path / "latin.csv")


def test_facts_are_inferred_from_answers_source_and_words(tmp_path: Path) -> None:
    """Alike questions join; another product, another source, other words or other answers do not."""
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
    """Having no answer in common proves nothing."""
    texts = ["What does the lamp cost?", "What does the lamp cost", "What does the oven cost?", "Who is the mayor?"]
    rows = [{"id": str(i), "question": text, "kind": "unanswerable"} for i, text in enumerate(texts)]
    facts = [one.fact for one in read_questions([jsonl(tmp_path, *rows)])]
    assert facts[0] == facts[1]
    assert len(set(facts)) == 3


def located(text: str, quote: str, source: str = "a.md") -> tuple[str | None, list[str]]:
    """What the quote's span holds, None for the whole document, and the notes."""
    fields = {"id": "q", "text": "?", "fact": "f", "answers": ("24",), "evidence": quote}
    question = Question.model_validate(fields | {"source_spans": ({"source": source},)})
    (found,), notes = locate_evidence([question], [Document(id="1", text=text, source="a.md")])
    (span,) = found.source_spans
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
    """Blanks, markup, link targets, quote marks, hyphenation and ways to write an accent do not matter."""
    assert located(text, quote) == (held, [])


def test_a_quote_that_is_not_there_is_noted_and_the_document_taken_whole() -> None:
    """The note names the question and the quote."""
    span, (note,) = located("Nothing of the kind.", "lasts 24 months")
    assert span is None
    assert "q: 'lasts 24 months' in a.md" in note


def test_without_a_quote_the_document_is_taken_whole_and_checked_for_an_answer() -> None:
    """A note is written only where no answer stands in it."""
    assert located("It is 24.", "") == (None, [])
    assert "none of whose answers" in located("It is 124.", "")[1][0]


def test_sources_may_be_written_with_a_folder_more_or_less() -> None:
    """The document's own path is what the span names; an unknown one is refused with the closest."""
    assert located("24", "24", "documents/a.md")[0] == "24"
    assert located("24", "24", "./a.md")[0] == "24"
    with pytest.raises(InputError, match=r"'b\.md' \(question q; did you mean 'a\.md'\?\)"):
        located("24", "24", "b.md")


def test_the_bundled_example_is_read_and_located(example: Path) -> None:
    """Every question's evidence stands in its document."""
    from bakeoff.corpus.read import read_documents

    questions = read_questions(sorted(example.glob("questions*.csv")))
    found, notes = locate_evidence(questions, read_documents((str(example / "documents"),)).documents)
    assert len(found) >= 400
    assert notes == []
