"""What a round compared is kept beside the log and shown: who, how much, and the questions that decided."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bakeoff.decide.situation.profile import Profile
from bakeoff.errors import RunFolderError
from bakeoff.learn.accounts.account import SHOWN, Who, account_for, account_of, account_path, write_account
from bakeoff.learn.accounts.html import html_text
from bakeoff.learn.accounts.page import NO_ACCOUNT, NOTHING_TESTED, page_of
from bakeoff.learn.accounts.text import columns, markdown_text, terminal_lines
from bakeoff.learn.gate.gate import gate
from bakeoff.records import Answer, Question
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import Decision, LoggedAnswer
from tests.unit.gate_rounds import round_of

LEVEL = 0.0033


def answers(name, questions, own):
    """Answers that say 'a', but for those that are given."""
    return [Answer(question_id=question.id, contender=name, text=own.get(question.id, "a")) for question in questions]


def questions(n=60):
    return [
        Question(id=f"q{i:02}", text=f"What is {i}?", answers=("a",), fact=f"f{i}", slice="unseen") for i in range(n)
    ]


def decided(won=13, lost=2, unsure=0, profile=None, **candidate):
    """(decision, account) of a round of 60 questions that keeps what is served."""
    profile = profile or Profile()
    tested = round_of(won=won, lost=lost, unsure=unsure, questions=questions(), latencies_ms=[40.0] * 10, **candidate)
    said = gate(tested, profile, LEVEL)
    ids = [question.id for question in tested.questions]
    live = Who("extract", 2, 1.5, answers("live", tested.questions, dict.fromkeys(ids[:won], "old")))
    new = Who("rag", None, None, answers("rag", tested.questions, dict.fromkeys(ids[60 - lost :], "new <b>")))
    account = account_of(3, tested, said, profile, live, new)
    decision = Decision(
        id="d1",
        at=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
        round=3,
        live=2,
        candidate="deployments/shop/rounds/round-3",
        contender="rag",
        outcome="promote" if said.promote else "keep",
        reason=said.reason,
        evidence="deployments/shop/rounds/round-3/gate.jsonl",
        **{name: getattr(said, name) for name in ("level", "p", "difference", "low", "high", "parts", "facts")},
    )
    return decision, account


def test_an_account_holds_the_questions_that_decided_with_both_answers():
    """Thirteen gains, of which ten are kept, and two losses; each with the reference and both grades."""
    _, account = decided()
    assert (account.n_gains, account.n_losses) == (13, 2)
    assert len(account.gains) == SHOWN and len(account.losses) == 2
    first = account.gains[0]
    assert (first.question, first.answers, first.gain) == ("What is 0?", ("a",), 2.0)
    assert (first.live.text, first.live.came) == ("old", "wrong")
    assert (first.candidate.text, first.candidate.came) == ("a", "right")
    assert first.candidate.why.startswith("rule '")
    assert [(one.question_id, one.gain, one.candidate.came) for one in account.losses] == [
        ("q58", -2.0, "wrong"),
        ("q59", -2.0, "wrong"),
    ]
    assert account.live.came["right"] == 47 and account.candidate.came["right"] == 58
    assert (account.candidate.latency_p50_ms, account.live.latency_p50_ms) == (40.0, None)


def test_the_largest_stakes_come_first():
    """A declined answer in place of a wrong one is a gain of one right answer, less than a right one in its place."""
    tested = round_of(won=3, questions=questions())
    abstained = replace(tested.live.correct, values={"q00": 1.0})
    tested = replace(tested, live=replace(tested.live, abstained=abstained))
    said = gate(tested, Profile(), LEVEL)
    nobody = Who("x", None, None, [])
    account = account_of(1, tested, said, Profile(), nobody, nobody)
    assert [(one.question_id, one.gain) for one in account.gains] == [("q01", 2.0), ("q02", 2.0), ("q00", 1.0)]
    assert account.gains[-1].live.came == "declined"


def test_unsure_answers_are_losses_as_the_test_counts_them():
    """Where what is served is right, an unsure answer counts as wrong; the page says so beside the difference."""
    decision, account = decided(won=10, lost=1, unsure=12)
    assert account.n_losses == 13 and account.losses[0].candidate.came == "unsure"
    assert decision.difference > 0 and decision.p == 1.0
    rows = dict(page_of("shop", decision, account=account).rows)
    assert rows["Unsure"] == (
        "In 12 questions an answer is unsure and counts against it: so counted the difference is -10.0."
    )
    assert "no evidence of a gain (p 1, level 0.0033)" in rows["Test"]


def test_a_grade_that_the_rules_did_not_give_says_so():
    """The text states the accepted answer, and the grade is wrong: a judge or a person said it."""
    tested = round_of(won=1, questions=questions())
    same = [Answer(question_id="q00", contender="live", text="a")]
    account = account_of(
        1, tested, gate(tested, Profile(), LEVEL), Profile(), Who("x", 1, None, same), Who("y", None, None, [])
    )
    assert account.gains[0].live.why == "not by the rules: by a judge model or by people"


def test_the_page_fits_a_terminal_and_says_all():
    """Eighty columns, also with long and wide texts."""
    decision, account = decided()
    wide = account.gains[0].model_copy(update={"question": "保証期間は何年ですか" * 20, "answers": ("x" * 900,)})
    lines = terminal_lines(page_of("shop", decision, account=account.model_copy(update={"gains": (wide,)})))
    assert max(map(columns, lines)) <= 80
    text = "\n".join(terminal_lines(page_of("shop", decision, account=account)))
    for words in (
        "Round 3 of shop: what is served stays",
        "Candidate:      rag",
        "Served:         extract (release 2)",
        "60 in 60 questions: 0 fresh, 60 standing",
        "Difference:     +36.7 net right answers of 100, 95 % interval",
        "some evidence of a gain, but too little (p 0.0037, level 0.0033)",
        "Slice unseen:   +36.7 on 60 facts: no loss shown",
        "General:",
        "candidate not known; served",
        "Latency:        candidate 40",
        "Guards:         none spoke against it",
        "Gained: 13 questions, the 10 with the largest stakes",
        "1. What is 0? (+2)",
        "served:    old [wrong, rule '",
        "Lost: 2 questions",
    ):
        assert words in text.replace("\N{NARROW NO-BREAK SPACE}", " "), words


def test_more_questions_are_named_where_nothing_is_shown():
    decision, account = decided(won=8, lost=3)
    assert decision.outcome == "keep" and account.more_questions
    assert (
        f"About {account.more_questions:,} more"
        in dict(page_of("shop", decision, account=account).rows)["More questions"]
    )


def test_pages_escape_what_models_wrote():
    """An answer is text, never markup; the links stand on the page."""
    decision, account = decided()
    page = page_of("shop", decision, account=account)
    html = html_text(page, {"All grades": "gate.jsonl"})
    assert "new &lt;b&gt;" in html and "new <b>" not in html and 'href="gate.jsonl"' in html
    markdown = markdown_text(page)
    assert r"new \<b\>" in markdown and markdown.startswith("# Round 3 of shop: what is served stays")


def test_an_account_is_found_by_its_decision_only(tmp_path: Path):
    """One of a round that was interrupted before its decision is not that of the decision made later."""
    decision, account = decided()
    assert account_for(tmp_path, decision) is None
    write_account(tmp_path, account)
    assert account_for(tmp_path, decision) == account
    assert account_for(tmp_path, decision.model_copy(update={"p": 0.5})) is None
    account_path(tmp_path, 3).write_text("{")
    with pytest.raises(RunFolderError, match="the decision itself stands in the log"):
        account_for(tmp_path, decision)


def test_no_texts_are_kept_where_the_log_keeps_none(tmp_path: Path):
    """Grades and ids stay, and the page says what is missing; the file is its owner's."""
    decision, account = decided()
    with Log(tmp_path / "log.sqlite", keep_texts=False) as log:
        log.append(LoggedAnswer(question="secret", text="secret", contender="rag", declined=False))
    write_account(tmp_path, account)
    kept = account_for(tmp_path, decision)
    assert kept.gains[0].question is None and kept.gains[0].live.text is None and kept.gains[0].live.came == "wrong"
    assert account_path(tmp_path, 3).stat().st_mode & 0o077 == 0
    text = "\n".join(terminal_lines(page_of("shop", decision, account=kept)))
    assert "1. Question q00 (+2)" in text and "(text not kept) [wrong" in text and "What is 0" not in text


def test_a_decision_without_an_account_shows_what_the_log_says():
    decision, _ = decided()
    page = page_of("shop", decision)
    assert NO_ACCOUNT in page.sentences and dict(page.rows)["Candidate"] == "rag"
    assert json.dumps(page.rows) and not page.groups


def test_a_round_that_tested_nothing_says_so(tmp_path: Path):
    """The best on dev is named as that. An account of the same round that was interrupted before is not shown."""
    decision, account = decided()
    untested = decision.model_copy(update={"p": None, "difference": None, "facts": (), "parts": ()})
    page = page_of("shop", untested)
    assert NOTHING_TESTED in page.sentences and dict(page.rows)["Best on dev"] == "rag"
    write_account(tmp_path, account.model_copy(update={"p": None}))
    assert account_for(tmp_path, untested) is None
