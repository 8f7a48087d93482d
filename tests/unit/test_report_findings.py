"""Who leads, who is tied, and how answers failed."""

from dataclasses import replace

import pytest

from bakeoff.records import Answer, Chunk, Contrast, Hit, Question, SourceSpan
from bakeoff.report.findings import (
    cause,
    contrast,
    failures,
    headline,
    outcome,
    seconds_by_stage,
    slices,
    standing,
    step,
)
from bakeoff.report.gather import Estimate, ReportData, gather
from bakeoff.report.measures import BY_NAME, NARROW
from tests.unit.report_fixture import build


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    return gather(build(tmp_path_factory.mktemp("run") / "run", n_questions=60))


def compared(
    whole: ReportData, accuracy: dict[str, float | None], differences: dict[tuple[str, str], tuple]
) -> ReportData:
    """The same run with these accuracies (of 100 questions) and these contrasts only."""
    estimates = {
        name: {"accuracy": Estimate(value=value, low=(value or 0) - 0.1, high=(value or 0) + 0.1, n=100)}
        for name, value in accuracy.items()
    }
    contrasts = tuple(
        Contrast(
            a=a,
            b=b,
            measure="accuracy",
            difference=(low + high) / 2,
            low=low,
            high=high,
            p=0.5,
            p_adjusted=0.5,
            n=100,
            finding="open" if low <= 0 <= high else "different",
        )
        for (a, b), (low, high) in differences.items()
    )
    return replace(whole, contenders=tuple(accuracy), estimates=estimates, contrasts=contrasts)


def told(data: ReportData) -> str:
    return " ".join(headline(data)).replace(NARROW, " ").strip()


def test_the_headline_names_no_winner_where_a_paired_interval_holds_zero(whole: ReportData) -> None:
    """The one that leads is named with those it cannot be told apart from, and those measurably behind."""
    data = compared(
        whole,
        {"rag": 0.6, "hybrid": 0.65, "base": 0.1},
        {("rag", "hybrid"): (-0.12, 0.02), ("base", "hybrid"): (-0.7, -0.4)},
    )
    assert told(data) == (
        "hybrid was right most often, on 65 % of 100 questions (95 % interval 55–75 %), "
        "but cannot be told apart from rag. base was measurably less accurate."
    )


def test_the_headline_names_a_leader_ahead_of_all_others(whole: ReportData) -> None:
    """Overlapping intervals do not matter where the paired difference is clear."""
    data = compared(whole, {"rag": 0.6, "hybrid": 0.65}, {("hybrid", "rag"): (0.01, 0.09)})
    assert told(data).endswith("measurably more often than every other contender.")


def test_without_a_paired_contrast_the_headline_claims_nothing(whole: ReportData) -> None:
    """It says that the comparison is missing."""
    data = compared(whole, {"rag": 0.1, "hybrid": 0.9}, {})
    assert "more often" not in told(data) and "No paired comparison with rag was recorded." in told(data)


def test_equal_leaders_are_named_together(whole: ReportData) -> None:
    """Neither comes first by the accident of its name."""
    pairs = {("hybrid", "rag"): (-0.1, 0.1), ("hybrid", "base"): (0.3, 0.6), ("rag", "base"): (0.3, 0.6)}
    data = compared(whole, {"rag": 0.6, "hybrid": 0.6, "base": 0.1}, pairs)
    assert told(data).startswith("rag and hybrid were right equally often, on 60 %")
    assert "base was measurably less accurate" in told(data)


@pytest.mark.parametrize(
    ("accuracy", "says"),
    [
        ({"base": None}, "No accuracy was measured"),
        ({"base": 0.0, "rag": 0.0}, "No contender answered any of 100"),
        ({"base": 0.5}, "only contender with a measured accuracy"),
    ],
)
def test_the_headline_holds_where_there_is_little_to_say(whole: ReportData, accuracy: dict, says: str) -> None:
    """Nothing measured, nothing right, nobody to compare with."""
    assert says in told(compared(whole, accuracy, {}))


def test_a_contrast_is_found_whichever_way_round_it_was_recorded(whole: ReportData) -> None:
    """Turned round, its interval turns with it."""
    data = compared(whole, {"a": 0.5, "b": 0.4}, {("a", "b"): (0.05, 0.15)})
    turned = contrast(data, "b", "a")
    assert turned is not None and (turned.low, turned.high) == (-0.15, -0.05)
    assert turned.difference == pytest.approx(-0.1)
    assert contrast(data, "a", "c") is None and contrast(data, "a", "b", "f1") is None


def test_standing_counts_a_contender_as_behind_only_where_it_was_compared(whole: ReportData) -> None:
    """Tied, behind and unknown are three different things."""
    data = compared(whole, {"a": 0.9, "b": 0.8, "c": 0.2, "d": 0.1}, {("a", "b"): (-0.1, 0.3), ("a", "c"): (0.5, 0.9)})
    stands = standing(data, BY_NAME["accuracy"])
    assert (stands.best, stands.tied, stands.behind, stands.unknown) == (("a",), ("b",), ("c",), ("d",))


def test_a_step_of_the_grid_is_clear_only_with_an_interval_off_zero(whole: ReportData) -> None:
    """Without a contrast the plain difference is given, and is not clear."""
    data = compared(whole, {"base": 0.1, "rag": 0.6, "tuned": 0.3}, {("base", "rag"): (-0.6, -0.4)})
    retrieval, tuning = step(data, "base", "rag"), step(data, "base", "tuned")
    assert retrieval is not None and retrieval.is_clear and retrieval.difference == pytest.approx(0.5)
    assert tuning is not None and not tuning.is_clear and tuning.difference == pytest.approx(0.2)
    assert step(data, "rag", "hybrid") is None


CHUNK = Chunk(id="c", document_id="d", source="a.md", text="x" * 50, start=100, end=150)


@pytest.mark.parametrize(
    ("spans", "answers", "cited", "why"),
    [
        ((SourceSpan(source="a.md", start=120, end=130),), ("x",), True, "generation"),
        ((SourceSpan(source="a.md", start=10, end=30),), ("x",), True, "miss"),
        ((SourceSpan(source="b.md"),), ("x",), True, "miss"),
        ((SourceSpan(source="a.md"),), ("x",), True, "generation"),
        ((), ("x",), True, "unmarked"),
        ((SourceSpan(source="a.md"),), ("x",), False, "memory"),
        ((), (), True, "invented"),
    ],
)
def test_a_wrong_answer_is_put_down_to_retrieval_or_generation(spans, answers, cited: bool, why: str) -> None:
    """By whether a passage that was shown overlaps the gold evidence."""
    question = Question(id="q", text="?", fact="f", answers=answers, source_spans=spans)
    answer = Answer(question_id="q", contender="rag", text="y", citations=(Hit(chunk=CHUNK, score=1, rank=1),) * cited)
    assert cause(question, answer, "wrong") == why
    assert cause(question, answer, "correct") is None
    assert cause(question, answer, "declined") == "declined" and cause(question, answer, "error") == "error"


def test_failures_and_correct_answers_add_up_to_all_that_accuracy_counts(whole: ReportData) -> None:
    """No failed answer is lost, errors included."""
    counts = failures(whole)
    for name in whole.contenders:
        asked = [question for question in whole.questions if question.slice in ("seen", "unseen", "unanswerable")]
        n_correct = sum(outcome(whole, name, question.id) == "correct" for question in asked)
        assert n_correct + sum(counts[name].values()) == len(asked)
    assert counts["rag-tuned"]["error"] > 0 and counts["base"]["memory"] > 0 and counts["rag"]["memory"] == 0


def test_an_answer_that_is_not_there_is_missing_not_wrong(whole: ReportData) -> None:
    """A killed run shows what it lacks; an answer without a score is not scored."""
    assert outcome(whole, "base", "no-such-question") == "missing"
    bare = replace(whole, scores={})
    some = next(key for key, answer in whole.answers["base"].items() if answer.error is None)
    assert outcome(bare, "base", some) == "unscored"


def test_slices_and_stages_keep_their_order(whole: ReportData) -> None:
    """Slices as the design names them, stages as they ran."""
    assert slices(whole) == ["seen", "unseen", "changed", "unanswerable", "general"]
    assert list(seconds_by_stage(whole)) == ["read", "index", "answer", "latency", "train", "compare"]
    assert seconds_by_stage(whole)["read"] == {"": 2.1}
