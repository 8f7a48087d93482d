"""Question files of other tools are read as they are."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bakeoff.errors import InputError
from bakeoff.questions import locate_evidence, read_with_notes
from bakeoff.records import Document, Question


def read(folder: Path, name: str, content: object) -> tuple[list[Question], str]:
    """The questions of a file with this content, and all notes as one text."""
    path = folder / name
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8", newline="")
    questions, notes = read_with_notes([path])
    return questions, "\n".join(notes)


def refusal(folder: Path, name: str, content: object) -> str:
    with pytest.raises(InputError) as caught:
        read(folder, name, content)
    return f"{caught.value} {caught.value.remedy}"


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as CSV, as Python's csv module writes values that are not texts."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def lines(*items: object) -> str:
    return "".join(json.dumps(item) + "\n" for item in items)


SAMPLE = {
    "user_input": "How long is the loan?",
    "response": "Ten years.",
    "retrieved_contexts": ["The bank is closed."],
    "reference": "14 days | two weeks",
    "reference_contexts": ["<1-hop>\n\nA loan runs for 14 days.", "It can't be longer."],
    "synthesizer_name": "single_hop",
}


@pytest.mark.parametrize("name", ["q.jsonl", "q.csv"])
def test_ragas_reads_the_reference_not_the_response(tmp_path: Path, name: str) -> None:
    """Nor what was retrieved. Contexts written by Python in CSV are quotes, without Ragas' marks."""
    (question,), notes = read(tmp_path, name, lines(SAMPLE) if name.endswith("l") else table([SAMPLE]))
    assert (question.text, question.answers) == ("How long is the loan?", ("14 days | two weeks",))
    assert question.evidence.split("\n") == ["A loan runs for 14 days.", "It can't be longer."]
    assert f"{name} was read as a file of Ragas" in notes


def test_older_test_sets_of_ragas_name_their_documents(tmp_path: Path) -> None:
    """Their contexts are the evidence, and `metadata` holds the path."""
    row = {
        "question": "How long?",
        "contexts": ["A loan runs for 14 days."],
        "ground_truth": "14 days",
        "evolution_type": "simple",
        "metadata": [{"source": "docs/loans.md"}],
    }
    (question,), _ = read(tmp_path, "q.csv", table([row]))
    assert (question.answers, question.evidence) == (("14 days",), "A loan runs for 14 days.")
    assert [span.source for span in question.source_spans] == ["docs/loans.md"]


def test_older_tables_of_ragas_have_the_model_s_words_under_answer(tmp_path: Path) -> None:
    """`ground_truth` is what counts."""
    rows = [{"question": "How long?", "contexts": ["x"], "answer": "ten years", "ground_truth": "14 days"}]
    (question,), _ = read(tmp_path, "q.csv", table(rows))
    assert (question.answers, question.evidence) == (("14 days",), "")


def test_conversations_of_ragas_are_left_out_with_a_count(tmp_path: Path) -> None:
    """There is no single question to ask."""
    chat = {"user_input": [{"content": "Hi", "type": "human"}], "reference": "hello"}
    questions, notes = read(tmp_path, "q.jsonl", lines(SAMPLE, chat))
    assert len(questions) == 1
    assert "1 sample was left out" in notes


@pytest.mark.parametrize("name", ["q.json", "q.csv"])
def test_deepeval_reads_the_expected_output(tmp_path: Path, name: str) -> None:
    """With its context as quotes (joined by '|' in CSV), and the name of its file."""
    golden = {
        "input": "How long is the loan?",
        "actual_output": "Ten years.",
        "expected_output": "14 days",
        "context": ["A loan runs for 14 days.", "Not longer."],
        "source_file": "loans.md",
    }
    content = (
        json.dumps([golden]) if name.endswith("json") else table([{**golden, "context": "|".join(golden["context"])}])
    )
    (question,), _ = read(tmp_path, name, content)
    assert (question.text, question.answers) == ("How long is the loan?", ("14 days",))
    assert question.evidence.split("\n") == golden["context"]
    assert [span.source for span in question.source_spans] == ["loans.md"]


PROMPTFOO = """question,__expected,__expected2,__description
Capital of Norway?,equals: Oslo,,a
Which colours?,contains: red,icontains: blue,b
How long?,"icontains-any: 14 days, two weeks",not-contains: month,c
Is it good?,llm-rubric: is friendly,,d
How much?,14 euros,javascript: output.length < 20,e
What is 6*7?,similar(0.9): forty-two: 42,,f
Who is the spy?,is-refusal,,g
"""


def test_promptfoo_reads_assertions_with_a_reference(tmp_path: Path) -> None:
    """Parts that must all be contained are a list, any-of are wordings; tests without a reference are counted."""
    questions, notes = read(tmp_path, "tests.csv", PROMPTFOO)
    assert [(question.text, question.answers, question.kind) for question in questions] == [
        ("Capital of Norway?", ("Oslo",), ""),
        ("Which colours?", ("red, blue",), "list"),
        ("How long?", ("14 days", "two weeks"), ""),
        ("How much?", ("14 euros",), ""),
        ("What is 6*7?", ("forty-two: 42",), ""),
        ("Who is the spy?", (), "unanswerable"),
    ]
    assert "1 test was left out" in notes


def test_promptfoo_reads_its_configuration(tmp_path: Path) -> None:
    """Tests in YAML. A reference may be a variable, and the only variable is the question."""
    text = """
prompts: ['Answer: {{topic}}']
providers: [{id: 'openai:gpt-4o'}]
tests:
  - vars: {topic: 'Capital of Norway?'}
    assert: [{type: equals, value: Oslo}]
  - vars: {question: 'How long?', expected: 14 days}
    assert: [{type: similar, value: '{{ expected }}'}, {type: cost, threshold: 0.1}]
"""
    questions, _ = read(tmp_path, "promptfooconfig.yaml", text)
    assert [(question.text, question.answers) for question in questions] == [
        ("Capital of Norway?", ("Oslo",)),
        ("How long?", ("14 days",)),
    ]
    assert "give that file" in refusal(tmp_path, "p.yaml", "tests: file://tests.csv\n")


CONTEXT = "Loans are free. A loan runs for 14 days. It can be renewed twice."


def test_squad_quotes_the_sentence_of_the_answer(tmp_path: Path) -> None:
    """Not the paragraph. Impossible questions are unanswerable, although they have plausible answers."""
    found = {"text": "14 days", "answer_start": CONTEXT.index("14 days")}
    questions = [
        {"id": "a", "question": "How long?", "answers": [found, {**found, "text": "14"}], "is_impossible": False},
        {"id": "b", "question": "What fee?", "answers": [], "is_impossible": True, "plausible_answers": [found]},
    ]
    squad = {"version": "v2.0", "data": [{"title": "Loans", "paragraphs": [{"context": CONTEXT, "qas": questions}]}]}
    (first, second), _ = read(tmp_path, "dev-v2.0.json", squad)
    assert (first.id, first.answers, first.evidence) == ("a", ("14 days", "14"), "A loan runs for 14 days.")
    assert (second.id, second.answerable, second.kind) == ("b", False, "unanswerable")
    row = {
        "id": "c",
        "context": CONTEXT,
        "question": "How long?",
        "answers": {"text": ["14 days"], "answer_start": [32]},
    }
    (third,), _ = read(tmp_path, "train.jsonl", lines(row))
    assert third.evidence == "A loan runs for 14 days."


def test_a_quote_finds_its_document(tmp_path: Path) -> None:
    """Files of these tools name no document of ours. A quote in too many documents finds none."""
    row = {"question": "How long?", "answers": ["14 days"], "evidence": "A loan runs for 14 days."}
    questions, _ = read(
        tmp_path, "q.jsonl", lines(row, {**row, "question": "How?", "evidence": "Loans are free for all."})
    )
    documents = [Document(id=str(n), text="Loans are free for all.", source=f"{n}.md") for n in range(4)]
    documents.append(Document(id="x", text=CONTEXT, source="x.md"))
    (first, second), notes = locate_evidence(questions, documents)
    assert [(span.source, span.start) for span in first.source_spans] == [("x.md", 16)]
    assert second.source_spans == ()
    assert "For 1 of 2 questions that quote evidence and name no document" in notes[0]


def test_beir_names_the_relevant_documents(tmp_path: Path) -> None:
    """From the qrels beside the queries. Without answers the file is refused: only answers can be graded."""
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td2\t1\nq1\td3\t0\n")
    queries = [
        {"_id": "q1", "text": "How long?", "answers": ["14 days"]},
        {"_id": "q2", "text": "Who?", "answers": ["Ada"]},
    ]
    (question,), notes = read(tmp_path, "queries.jsonl", lines(*queries))
    assert (question.id, question.text, question.answers) == ("q1", "How long?", ("14 days",))
    assert "1 query was left out" in notes
    documents = [Document(id="1", text="14 days", source="corpus.jsonl#d2")]
    (located,), _ = locate_evidence([question], documents)
    assert located.source_spans[0].source == "corpus.jsonl#d2"
    bare = [{"_id": "q1", "text": "How long?", "metadata": {}}]
    assert "which have no answers" in refusal(tmp_path, "queries.jsonl", lines(*bare))


def test_openai_evals_ask_the_last_message_of_the_user(tmp_path: Path) -> None:
    """`ideal` is one answer or several. Lines of the platform have their fields under `item`."""
    chat = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "How long?"}]
    rows = [{"input": chat, "ideal": ["14 days", "two weeks"]}, {"input": "Who?", "ideal": "Ada"}]
    questions, _ = read(tmp_path, "samples.jsonl", lines(*rows))
    assert [(question.text, question.answers) for question in questions] == [
        ("How long?", ("14 days", "two weeks")),
        ("Who?", ("Ada",)),
    ]
    (item,), _ = read(tmp_path, "items.jsonl", lines({"item": {"question": "Who?", "ground_truth": "Ada"}}))
    assert (item.text, item.answers) == ("Who?", ("Ada",))


def test_zendesk_takes_the_first_public_reply_of_an_agent(tmp_path: Path) -> None:
    """Not notes among agents, and not what the customer adds. Tickets without a reply are counted."""
    comments = [
        {"author_id": 1, "public": True, "body": "How long can I keep a book?"},
        {"author_id": 9, "public": False, "body": "Look at the rules."},
        {"author_id": 1, "public": True, "body": "Hello?"},
        {"author_id": 9, "public": True, "plain_body": "14 days | renewable", "body": "<p>14 days</p>"},
    ]
    ticket = {
        "id": 7,
        "subject": "Loan",
        "description": "How long can I keep a book?",
        "requester_id": 1,
        "created_at": "2026-03-31T10:00:00Z",
        "comments": comments,
    }
    (question,), notes = read(tmp_path, "tickets.json", lines(ticket, {**ticket, "id": 8, "comments": comments[:3]}))
    assert (question.id, question.text) == ("7", "Loan: How long can I keep a book?")
    assert (question.answers, str(question.asked_on)) == (("14 days | renewable",), "2026-03-31")
    assert "1 ticket was left out" in notes
    api, _ = read(tmp_path, "api.json", {"tickets": [ticket], "count": 1, "next_page": None})
    assert api == [question]
    assert "export tickets as JSON" in refusal(tmp_path, "view.csv", "Id,Subject,Requester,Status\n7,Loan,Ann,open\n")


def test_intercom_takes_the_first_reply_of_a_person(tmp_path: Path) -> None:
    """Neither bots and AI agents nor notes. Conversations that the team began are counted."""
    parts = [
        {"part_type": "comment", "body": "<p>Ten years.</p>", "author": {"type": "bot"}},
        {"part_type": "comment", "body": "<p>Nine.</p>", "author": {"type": "admin", "is_ai_answer": True}},
        {"part_type": "note", "body": "<p>Who knows?</p>", "author": {"type": "admin"}},
        {"part_type": "comment", "body": "<p>14 days.</p>", "author": {"type": "admin"}},
    ]
    conversation = {
        "type": "conversation",
        "id": "c1",
        "created_at": 1767225600,
        "source": {"subject": "", "body": "<p>How long is a loan?</p>", "author": {"type": "lead"}},
        "conversation_parts": {"type": "conversation_part.list", "conversation_parts": parts},
    }
    began = {**conversation, "id": "c2", "source": {"body": "News", "author": {"type": "admin"}}}
    (question,), notes = read(tmp_path, "c.json", {"conversations": [conversation, began], "pages": {}})
    assert (question.text, question.answers) == ("How long is a loan?", ("14 days.",))
    assert str(question.asked_on) == "2026-01-01"
    assert "1 conversation was left out" in notes


LOG = [
    {"question": "How long?", "answer": "Ten years [1].", "thumb": "down", "right_answer": "14 days"},
    {"question": "how long", "answer": "14 days [2].", "thumb": "up"},
    {"question": "Who leads it?", "answer": "Bob", "thumb": ""},
    {"question": "Where is it?", "answer": "In Bergen [1, 3].", "thumb": "up"},
    {"question": "When?", "answer": "Never", "thumb": "down"},
    {"question": "Why?", "answer": "Because", "thumb": "up", "declined": "True"},
    {"question": "How cold?", "answer": "warm", "thumb": "down", "right_answer": "'-5 °C"},
]


def log_row(n: int, row: Mapping[str, str]) -> dict[str, str]:
    """A row of the table of a log; `asked` there holds the user's own words."""
    return {
        "at": f"2026-03-0{n}T10:00:00+00:00",
        "id": str(n),
        "asked": "and how long?",
        "question": "",
        "answer": "",
        "declined": "False",
        "error": "",
        "thumb": "",
        "right_answer": "",
        "contender": "rag",
        "sources": "a.md",
        **row,
    }


def test_a_model_s_unapproved_answer_is_never_accepted(tmp_path: Path) -> None:
    """The right answer that a person gave counts, then a thumb up. How often a question was asked is counted."""
    questions, notes = read(tmp_path, "log.csv", table([log_row(n, row) for n, row in enumerate(LOG, 1)]))
    assert [(question.text, question.answers, question.asked, str(question.asked_on)) for question in questions] == [
        ("How long?", ("14 days",), 2, "2026-03-02"),
        ("Where is it?", ("In Bergen.",), 1, "2026-03-04"),
        ("How cold?", ("-5 °C",), 1, "2026-03-07"),
    ]
    assert not any(question.source_spans for question in questions)
    assert "3 rows were left out: nobody gave a right answer or a thumb up for their question" in notes


def test_the_newest_right_answer_counts_and_the_others_are_noted(tmp_path: Path) -> None:
    """People corrected one question in two ways."""
    rows = [{"question": "How long?", "right_answer": "14 days"}, {"question": "How long?", "right_answer": "30 days"}]
    (question,), notes = read(tmp_path, "log.csv", table([log_row(n, row) for n, row in enumerate(rows, 1)]))
    assert question.answers == ("30 days",)
    assert "the newest counts ('How long?': '30 days', not '14 days')" in notes


def test_a_log_that_nobody_judged_is_refused(tmp_path: Path) -> None:
    """There is no answer to grade by."""
    message = refusal(tmp_path, "log.csv", table([log_row(1, {"question": "How long?", "answer": "Ten years"})]))
    assert "has no question to use" in message
    assert "1 row was left out" in message


@pytest.mark.parametrize(
    "content",
    [
        [{"question": "How long?", "answer": "14 days"}],
        {"examples": [{"question": "How long?", "answer": "14 days"}], "version": 1},
        {"question": ["How long?"], "answer": ["14 days"]},
        {"question": {"0": "How long?"}, "answer": {"0": "14 days"}},
        {"question": "How long?", "answer": "14 days"},
    ],
)
def test_json_files_in_their_usual_shapes(tmp_path: Path, content: object) -> None:
    """A list, the only list of an object, columns as pandas writes them, one object."""
    (question,), _ = read(tmp_path, "q.json", content)
    assert (question.text, question.answers) == ("How long?", ("14 days",))


def test_a_mapped_column_is_read_from_a_file_of_another_tool(tmp_path: Path) -> None:
    """If it exists only in the tool's own names, the file is read as any other."""
    path = tmp_path / "q.jsonl"
    path.write_text(lines({**SAMPLE, "reviewed": "two weeks"}))
    (question,), _ = read_with_notes([path], {"answers": "reviewed"})
    assert (question.text, question.answers) == ("How long is the loan?", ("two weeks",))


def test_a_single_ticket_is_a_record_and_not_a_list_of_its_comments(tmp_path: Path) -> None:
    """An export of one ticket as JSON holds one list of objects, but is one record."""
    comments = [
        {"author_id": 1, "body": "How long?", "public": True},
        {"author_id": 2, "body": "Ten days.", "public": True},
    ]
    ticket = {"id": 5, "subject": "Loan", "description": "How long?", "requester_id": 1, "comments": comments}
    (question,), notes = read(tmp_path, "ticket.json", ticket)
    assert question.answers == ("Ten days.",)
    assert "Zendesk" in notes


def chat(question: object, answer: object, **more: object) -> dict[str, object]:
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return {"messages": [{"role": "system", "content": "Be brief."}, *turns], **more}


def test_chats_to_train_on_are_questions_with_one_answer(tmp_path: Path) -> None:
    """The system message is not used; a message in parts is one text; a '|' separates nothing."""
    parts = [{"type": "text", "text": "How long is the"}, {"type": "text", "text": "loan?"}]
    questions, notes = read(
        tmp_path, "q.jsonl", lines(chat("Who pays?", "The bank | you", asked=3), chat(parts, "14 days"))
    )
    assert [(question.text, question.answers) for question in questions] == [
        ("Who pays?", ("The bank | you",)),
        ("How long is the loan?", ("14 days",)),
    ]
    assert questions[0].asked == 3 and "q.jsonl was read as a file of chats" in notes


def test_chats_that_give_no_answer_to_one_question_are_left_out(tmp_path: Path) -> None:
    """Several turns, a refusal, a call of a tool. A refusal must not become an accepted answer."""
    several = chat("Who pays?", "The bank.")
    several["messages"] = [*several["messages"], {"role": "user", "content": "And when?"}]  # type: ignore[misc]
    bad = [several, chat("Who?", "I don't know."), chat("Who calls?", None)]
    (question,), notes = read(tmp_path, "q.jsonl", lines(chat("How long?", "14 days"), *bad))
    assert question.text == "How long?" and notes.count("1 chat was left out: ") == 3
    assert "has no question to use" in refusal(tmp_path, "none.jsonl", lines(*bad))
