"""The rules against answers of real models to questions of the public sets, which two judges judged by hand."""

import json
from pathlib import Path

import pytest
from benchmarks import grader_precision as precision
from benchmarks import public_pilots
from benchmarks.graded_public import Case, cases, rows, value_of

VERDICTS = {"right", "wrong", "declined", "unsure"}


def case(**fields: str) -> Case:
    plain = {"set": "s", "question": "Which?", "answer": "Oslo", "kind": "", "note": "batch 1; real"}
    return Case(
        **{"accepted": ("Oslo",), "pass_1": "right", "pass_2": "right", "first_met": "right", **plain, **fields}
    )  # type: ignore[arg-type]


def test_the_file_names_the_questions_of_public_sets_and_holds_none_of_them() -> None:
    """At least 600 answers, each with the id of its question, a verdict of each judge and the first grade."""
    public = [row for row in rows() if row["set"]]
    assert len(public) >= 600
    assert len({(row["set"], row["question_id"], row["answer"]) for row in public}) == len(public)
    for row in public:
        assert not row["question"] and not row["accepted"]
        assert row["answer"] and row["question_id"]
        assert row["pass_1"] in VERDICTS and row["pass_2"] in VERDICTS | {""}
        assert row["first_met"] in {"right", "wrong", "unsure"}


def test_correct_is_what_both_judges_say(public_data: Path) -> None:
    """1 or 0 where both say so, else nothing."""
    public = [row for row in rows() if row["set"]]
    for row, judged in zip(public, cases(public_data), strict=True):
        assert row["correct"] == {True: "1", False: "0", None: ""}[judged.correct]


@pytest.mark.parametrize(
    ("verdict", "answerable", "value"),
    [
        ("right", True, True),
        ("wrong", True, False),
        ("declined", True, False),
        ("declined", False, True),
        ("unsure", True, None),
        ("", False, None),
    ],
)
def test_to_decline_is_correct_where_the_documents_hold_no_answer(
    verdict: str, answerable: bool, value: bool | None
) -> None:
    """And nothing is known from a judge who cannot tell or has not judged."""
    assert value_of(verdict, answerable) is value


def test_kappa_agrees_with_a_hand_value() -> None:
    """20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: agreement 0.7, by chance 0.5 x 0.6 + 0.5 x 0.4, kappa 0.4."""
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    assert precision.kappa(pairs) == pytest.approx((0.7, 0.4))


def test_a_line_of_the_table_counts_each_verdict_against_the_truth() -> None:
    """Two called right, one of them correct; one called wrong, not correct; one unsure; one that judges disagree on."""
    said = {"a": "right", "b": "right", "c": "wrong", "d": "unsure", "e": "right"}
    judged = {"a": "right", "b": "wrong", "c": "wrong", "d": "right", "e": "right"}
    of = [case(answer=a, first_met=said[a], pass_1=judged[a], pass_2=judged[a] if a != "e" else "wrong") for a in said]
    line = precision.row("all", of, lambda one: one.correct, lambda one: one.first_met)
    assert line.startswith("| all | 5 | 4 | 1 of 2 (50.0%, ") and "| 1 of 1 (100.0%, " in line
    assert line.endswith("| 1 (20%) |")


@pytest.mark.parametrize("name", ["squad", "timeqa"])
def test_the_evidence_of_a_pilot_stands_in_its_documents(public_data: Path, tmp_path: Path, name: str) -> None:
    """So do the answers, but for the few that the set has otherwise than its text."""
    public_pilots.SETS[name](public_data, tmp_path)
    lines = (tmp_path / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line) for line in lines]
    answerable = [question for question in questions if question.get("answers")]
    assert len(questions) >= 300 and 200 <= len(answerable) < len(questions)
    texts = {path.name: " ".join(path.read_text(encoding="utf-8").split()) for path in tmp_path.glob("documents/*.md")}
    missing = [question["id"] for question in answerable if question["evidence"] not in texts[question["source"]]]
    assert missing == []
    absent = [question["id"] for question in answerable if question["answers"][0] not in texts[question["source"]]]
    assert len(absent) <= 0.02 * len(answerable)
