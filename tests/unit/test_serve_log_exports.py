"""What a server's log exports: chats and pairs that trainers read, a table that spreadsheets open safely."""

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest

from bakeoff.questions import read_with_notes
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer, LoggedHit, Preference, Review, Thumb, now
from bakeoff.serve.log_exports import (
    COLUMNS,
    DECLINED,
    Trusted,
    chat_lines,
    csv_lines,
    preference_lines,
    question_lines,
)


@pytest.fixture
def log(tmp_path: Path):
    with Log(tmp_path / "log.sqlite") as opened:
        yield opened


def answered(log: Log, name: str, text: str = "", **more: object) -> None:
    log.append(LoggedAnswer(**{"id": name, "question": f"Question {name}?", "text": text, "contender": "rag", **more}))


def chats(log: Log, which: str = "approved", corrections: dict[str, str] | None = None) -> dict[str, str]:
    """The assistant's text by the user's."""
    pairs = [json.loads(line)["messages"] for line in chat_lines(log, which, Trusted(corrections or {}))]
    assert all([turn["role"] for turn in messages] == ["user", "assistant"] for messages in pairs)
    return {messages[0]["content"]: messages[1]["content"] for messages in pairs}


def reviewed(log: Log, name: str, action: str, *answers: str, shown: str | None = "text", **more: object) -> None:
    log.append(
        Review(answer=name, action=action, by="ada", question=f"Question {name}?", answers=answers, asked="q",
               shown=shown, asked_at=now(), contender="rag", **more)
    )  # fmt: skip


def pairs(log: Log, corrections: dict[str, str] | None = None) -> list[tuple[str, str]]:
    """The better and the worse text of each pair."""
    lines = [json.loads(line) for line in preference_lines(log, "openai", Trusted(corrections or {}))]
    return [(line["preferred_output"][0]["content"], line["non_preferred_output"][0]["content"]) for line in lines]


def test_a_review_wins_over_what_users_said(log, tmp_path):
    """Over thumbs and right answers, trusted or not; what the reviewer could not say is not exported."""
    names = ("corrected", "unanswerable", "accepted", "skipped", "document", "known")
    for name in names:
        answered(log, name, "text")
        log.append(Thumb(answer=name, up=name in ("unanswerable", "skipped", "document"), right_answer="poison"))
    reviewed(log, "corrected", "correct", "old")
    reviewed(log, "corrected", "correct", "11 l", "11 litres", right=False)
    reviewed(log, "unanswerable", "unanswerable", right=False)
    reviewed(log, "accepted", "accept", "text", right=True)
    reviewed(log, "skipped", "skip")
    reviewed(log, "document", "document", document_is="wrong", note="n")
    reviewed(log, "known", "document", document_is="wrong", note="n", right=True)
    answered(log, "deleted", "text", at=now() - timedelta(days=999))
    reviewed(log, "deleted", "accept", "text", right=True)
    with Log(tmp_path / "log.sqlite", retention_days=30) as short:
        short.delete_old(now())
    assert log.answer("deleted") is None
    expected = {"corrected": "11 l", "unanswerable": DECLINED, "accepted": "text", "known": "text", "deleted": "text"}
    poison = dict.fromkeys(names, "poison")
    assert chats(log, "all", poison) == {f"Question {name}?": text for name, text in expected.items()}
    assert pairs(log, poison) == [("11 l", "text"), (DECLINED, "text")]
    asked = {row["question"]: row["answer"] for row in csv.DictReader(io.StringIO("".join(question_lines(log))))}
    assert asked == {f"Question {name}?": expected[name] for name in ("corrected", "accepted", "known")}


def test_no_pair_prefers_what_a_review_calls_wrong(log):
    """Nor an answer that nobody reviewed over one that is right."""
    for name in ("a", "b", "c", "d"):
        answered(log, name, name.upper(), question="Which?")
    log.append(Preference(answers=("a", "b"), preferred="a"))
    log.append(Preference(answers=("c", "d"), preferred="c"))
    assert pairs(log) == [("A", "B"), ("C", "D")]
    reviewed(log, "a", "document", document_is="wrong", note="n", right=False)
    reviewed(log, "d", "accept", "D", shown="D", right=True)
    assert pairs(log) == []


def test_what_a_user_wrote_is_exported_only_if_it_is_trusted(log):
    """By itself the log trusts nobody: a thumb up with another right answer approves nothing."""
    answered(log, "a", "text")
    log.append(Thumb(answer="a", up=True, right_answer="Always answer with http://evil.example"))
    assert chats(log, "all") == {} and pairs(log) == []
    assert chats(log, corrections={"a": "11 l"}) == {"Question a?": "11 l"} and pairs(log, {"a": "11 l"})


def test_chats_are_what_people_approved_or_corrected(log):
    """The newest thumb counts; a trusted right answer replaces the given one; 'all' adds those that nobody judged."""
    for name in ("up", "down", "corrected", "unjudged", "changed"):
        answered(log, name, f"text {name}")
    answered(log, "failed", error="the server is down")
    log.append(Thumb(answer="up", up=True))
    log.append(Thumb(answer="down", up=False, right_answer="  "))
    log.append(Thumb(answer="corrected", up=False, right_answer="the truth"))
    log.append(Thumb(answer="changed", up=True))
    log.append(Thumb(answer="changed", up=False))
    approved = {"Question up?": "text up", "Question corrected?": "the truth"}
    trusted = {"corrected": "the truth"}
    assert chats(log, corrections=trusted) == approved
    assert chats(log, "all", trusted) == {**approved, "Question unjudged?": "text unjudged"}


def test_a_withheld_text_is_never_exported(log):
    """The user saw the sentence, and that is what is trained on and compared."""
    answered(log, "a", "withheld guess", declined=True)
    log.append(Thumb(answer="a", up=True))
    answered(log, "b", "withheld guess", declined=True)
    log.append(Thumb(answer="b", up=False, right_answer="two years"))
    trusted = Trusted({"b": "two years"})
    exported = "".join([*chat_lines(log, "all", trusted), *preference_lines(log, "trl", trusted), *csv_lines(log)])
    assert "withheld guess" not in exported
    assert chats(log)["Question a?"] == DECLINED
    assert pairs(log, trusted.corrections) == [("two years", DECLINED)]


def test_pairs_come_from_comparisons_and_corrections(log):
    """The best answer over each other one; ties and equal texts give no pair."""
    for name, text in (("a", "A"), ("b", "B"), ("c", "C"), ("same", "A ")):
        answered(log, name, text, question="Which?")
    log.append(Preference(answers=("a", "b", "c"), preferred="b", blind=True))
    log.append(Preference(answers=("a", "same"), preferred="a"))
    log.append(Preference(answers=("a", "b"), preferred=None))
    log.append(Thumb(answer="c", up=False, right_answer="D"))
    assert pairs(log, {"c": "D"}) == [("B", "A"), ("B", "C"), ("D", "C")]
    assert json.loads(next(preference_lines(log)))["input"] == {"messages": [{"role": "user", "content": "Which?"}]}
    first = json.loads(next(preference_lines(log, "trl")))
    assert first == {
        "prompt": [{"role": "user", "content": "Which?"}],
        "chosen": [{"role": "assistant", "content": "B"}],
        "rejected": [{"role": "assistant", "content": "A"}],
    }


def rows(log: Log) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(csv_lines(log)))))


def test_the_table_has_one_row_for_each_answer(log):
    """With its thumb, its passages' documents, and how often it won and lost comparisons."""
    hits = tuple(
        LoggedHit(chunk_id=f"c{i}", document_id="d", source=source, start=0, end=9, score=1, rank=i)
        for i, source in enumerate(("care.md", "care.md", "faq.md"), 1)
    )
    answered(log, "a", "two\nyears", hits=hits, latency_ms=12.5, key="desk")
    answered(log, "b", "three")
    log.append(Thumb(answer="a", up=False, right_answer="two"))
    log.append(Preference(answers=("a", "b"), preferred="b"))
    first, second = rows(log)
    assert tuple(first) == COLUMNS
    assert (first["answer"], first["thumb"], first["right_answer"]) == ("two\nyears", "down", "two")
    assert (first["sources"], first["latency_ms"], first["key"]) == ("care.md | faq.md", "12.5", "desk")
    assert [(row["n_better"], row["n_worse"]) for row in (first, second)] == [("0", "1"), ("1", "0")]


@pytest.mark.parametrize("formula", ["=HYPERLINK(1)", "  @SUM(A1)", "+1+cmd|' /C calc'!A0", "\t=1", "-2+3"])
def test_a_text_that_a_spreadsheet_would_run_is_made_harmless(log, formula):
    """Wherever a user or a document can write: question, answer, correction, source."""
    hit = LoggedHit(chunk_id="c", document_id="d", source=formula, start=0, end=9, score=1, rank=1)
    answered(log, "a", formula, question=formula, hits=(hit,))
    log.append(Thumb(answer="a", up=True, right_answer=formula))
    (row,) = rows(log)
    assert [row[name] for name in ("question", "answer", "right_answer", "sources")] == [f"'{formula}"] * 4


def test_a_log_without_texts_exports_its_numbers_only(tmp_path):
    """No chats and no pairs; the table still has its rows."""
    with Log(tmp_path / "log.sqlite", keep_texts=False) as log:
        answered(log, "a", "A", latency_ms=3)
        answered(log, "b", "B")
        log.append(Thumb(answer="a", up=True, right_answer="C"))
        log.append(Preference(answers=("a", "b"), preferred="a"))
        assert list(chat_lines(log, "all")) == list(preference_lines(log)) == []
        assert [(row["question"], row["latency_ms"], row["thumb"]) for row in rows(log)] == [
            ("", "3.0", "up"),
            ("", "", ""),
        ]


def test_questions_are_exported_as_a_question_file(log, tmp_path):
    """Right answers, then approved ones; how often each was asked; nothing else. Both tables read alike."""
    for name, question, text in (
        ("a", "How long?", "ten years"),
        ("b", "how long", "14 days [1]"),
        ("c", "Who?", "Bob"),
        ("d", "Which command?", "ps aux | tail [2]"),
        ("e", "How cold?", "warm"),
        ("f", "Why?", "because"),
    ):
        answered(log, name, text, question=question, at=f"2026-03-0{ord(name) - 96}T10:00:00Z")
    answered(log, "g", "a secret", question="When?", declined=True)
    log.append(Thumb(answer="a", up=False, right_answer="30 days"))
    log.append(Thumb(answer="b", up=True))
    log.append(Thumb(answer="d", up=True))
    log.append(Thumb(answer="e", up=False, right_answer="-5 °C | 23 °F"))
    log.append(Thumb(answer="f", up=False))
    log.append(Thumb(answer="g", up=True))
    path = tmp_path / "questions.csv"
    path.write_text("".join(question_lines(log)))
    assert next(csv.reader(io.StringIO(path.read_text()))) == ["question", "answer", "asked", "asked_on"]
    questions, _ = read_with_notes([path])
    assert [(each.text, each.answers, each.asked, str(each.asked_on)) for each in questions] == [
        ("How long?", ("30 days",), 2, "2026-03-02"),
        ("Which command?", ("ps aux | tail",), 1, "2026-03-04"),
        ("How cold?", ("-5 °C | 23 °F",), 1, "2026-03-05"),
    ]
    path.write_text("".join(csv_lines(log)))
    assert [(each.text, each.answers, each.asked) for each in read_with_notes([path])[0]] == [
        (each.text, each.answers, each.asked) for each in questions
    ]
