"""Which contenders lead or are tied, and how answers failed."""

from dataclasses import replace
from pathlib import Path

import pytest

from bakeoff.measure.comparison import Axes, Comparison, Entrant, Estimate
from bakeoff.measures import BY_NAME
from bakeoff.records import Answer, Chunk, Contrast, Hit, Question, SourceSpan
from bakeoff.report.csv_tables import csv_tables
from bakeoff.report.findings import (
    RIGHT,
    cause,
    failures,
    headline,
    length_rows,
    outcome,
    outcome_after_update,
    seconds_by_stage,
    shown_to,
    slices,
    standing,
)
from bakeoff.report.gather import ReportData, gather
from bakeoff.report.html import html_page
from bakeoff.report.markdown import markdown_page
from bakeoff.runs.folder import RunFolder, write_record
from bakeoff.sentences import NARROW
from tests.unit.report_fixture import build


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    return gather(build(tmp_path_factory.mktemp("run") / "run", n_questions=60, profile=None))


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
    entrants = tuple(Entrant(name=name, recipe=name, title=name) for name in accuracy)
    return replace(whole, comparison=Comparison(entrants=entrants, measures=estimates, contrasts=contrasts))


def told(data: ReportData) -> str:
    return " ".join(headline(data)).replace(NARROW, " ").strip()


def test_the_headline_names_no_winner_where_a_paired_interval_holds_zero(whole: ReportData) -> None:
    """The headline names the leader, the contenders not significantly different, and those behind."""
    data = compared(
        whole,
        {"rag": 0.6, "hybrid": 0.65, "base": 0.1},
        {("rag", "hybrid"): (-0.12, 0.02), ("base", "hybrid"): (-0.7, -0.4)},
    )
    assert told(data) == (
        "hybrid was correct most often, on 65 % of 100 questions (95 % interval 55–75 %), "
        "but is not significantly different from rag. base was significantly less accurate."
    )


def test_a_lead_by_a_few_answers_says_so(whole: ReportData) -> None:
    """With the number of questions on which the two differ; nothing where they are many."""
    data = compared(whole, {"rag": 0.64, "hybrid": 0.65}, {("rag", "hybrid"): (-0.12, 0.02)})
    (contrast,) = data.comparison.contrasts
    for differ, says in ((1, "rag (differs on 1 question)"), (0, "rag (differs on no question)"), (20, "rag.")):
        few = contrast.model_copy(update={"differ": differ})
        assert says in told(replace(data, comparison=data.comparison.model_copy(update={"contrasts": (few,)})))


def test_the_headline_names_a_leader_ahead_of_all_others(whole: ReportData) -> None:
    """Overlapping intervals do not matter if the paired difference is significant."""
    data = compared(whole, {"rag": 0.6, "hybrid": 0.65}, {("hybrid", "rag"): (0.01, 0.09)})
    assert told(data).endswith("significantly more often than every other contender.")


def test_without_a_paired_contrast_the_headline_claims_nothing(whole: ReportData) -> None:
    """Without a contrast, the headline says that the comparison is missing."""
    data = compared(whole, {"rag": 0.1, "hybrid": 0.9}, {})
    assert "more often" not in told(data) and "No paired comparison with rag was recorded." in told(data)


def test_equal_leaders_are_named_together(whole: ReportData) -> None:
    """Contenders with equal accuracy are named together."""
    pairs = {("hybrid", "rag"): (-0.1, 0.1), ("hybrid", "base"): (0.3, 0.6), ("rag", "base"): (0.3, 0.6)}
    data = compared(whole, {"rag": 0.6, "hybrid": 0.6, "base": 0.1}, pairs)
    assert told(data).startswith("rag and hybrid were correct equally often, on 60 %")
    assert "base was significantly less accurate" in told(data)


@pytest.mark.parametrize(
    ("accuracy", "says"),
    [
        ({"base": None}, "No accuracy was measured"),
        ({"base": 0.0, "rag": 0.0}, "No contender answered any of 100"),
        ({"base": 0.5}, "only contender with a measured accuracy"),
    ],
)
def test_the_headline_holds_where_there_is_little_to_say(whole: ReportData, accuracy: dict, says: str) -> None:
    """The headline covers: nothing measured, nothing correct, a single contender."""
    assert says in told(compared(whole, accuracy, {}))


def test_standing_counts_a_contender_as_behind_only_where_it_was_compared(whole: ReportData) -> None:
    """Tied, behind and unknown are three different things."""
    data = compared(whole, {"a": 0.9, "b": 0.8, "c": 0.2, "d": 0.1}, {("a", "b"): (-0.1, 0.3), ("a", "c"): (0.5, 0.9)})
    stands = standing(data, BY_NAME["accuracy"])
    assert (stands.best, stands.tied, stands.behind, stands.unknown) == (("a",), ("b",), ("c",), ("d",))


CHUNK = Chunk(id="c", document_id="d", source="a.md", text="x" * 50, start=100, end=150)


@pytest.mark.parametrize(
    ("spans", "answers", "shown", "why"),
    [
        ((SourceSpan(source="a.md", start=120, end=130),), ("x",), "passages", "generation"),
        ((SourceSpan(source="a.md", start=10, end=30),), ("x",), "passages", "miss"),
        ((SourceSpan(source="b.md"),), ("x",), "passages", "miss"),
        ((SourceSpan(source="a.md"),), ("x",), "passages", "document"),
        ((), ("x",), "passages", "unmarked"),
        ((SourceSpan(source="a.md"),), ("x",), "nothing", "memory"),
        ((SourceSpan(source="a.md"),), ("x",), "documents", "reading"),
        ((SourceSpan(source="a.md"),), ("x",), "unknown", "unmarked"),
        ((), (), "passages", "invented"),
        ((), (), "nothing", "invented"),
    ],
)
def test_a_wrong_answer_is_named_by_what_its_contender_was_shown(spans, answers, shown: str, why: str) -> None:
    """A passage with the evidence, one of the right document, whole documents, nothing; only then is it memory."""
    question = Question(id="q", text="?", fact="f", answers=answers, source_spans=spans)
    hits = (Hit(chunk=CHUNK, score=1, rank=1),) if shown == "passages" else ()
    answer = Answer(question_id="q", contender="rag", text="y", citations=hits)
    assert cause(question, answer, "wrong", shown) == why
    assert cause(question, answer, "correct", shown) is None and cause(question, answer, "abstained", shown) is None
    assert cause(question, answer, "declined", shown) == "declined"
    assert cause(question, answer, "error", shown) == "error"


def test_what_was_shown_follows_from_the_contender_that_answered() -> None:
    """One that reads whole documents cites none of them; a question that is sent on is answered by another."""
    entrants = (
        Entrant(name="plain", recipe="base", title="Plain", axes=Axes(model="m")),
        Entrant(name="all", recipe="long-context", title="All", axes=Axes(model="m", knowledge="whole corpus")),
        Entrant(name="search", recipe="rag", title="Search", axes=Axes(model="m", knowledge="k 3"), retrieves=True),
        Entrant(name="sends", recipe="router", title="Sends", retrieves=True, behind=("plain", "search")),
        Entrant(name="their.Own", recipe="their.Own", title="Own"),
    )
    comparison = Comparison(entrants=entrants, measures={})

    def shown(name: str, **more: object) -> str:
        return shown_to(comparison, Answer(question_id="q", contender=name, text="y", **more))

    assert [shown(one.name) for one in entrants] == ["nothing", "documents", "passages", "passages", "unknown"]
    assert shown("sends", route="plain") == "nothing" and shown("sends", route="search") == "passages"
    assert shown("their.Own", citations=(Hit(chunk=CHUNK, score=1, rank=1),)) == "passages"


@pytest.mark.parametrize(
    ("answers", "text", "correct", "came_out"),
    [((), "FIFUI", 1.0, "abstained"), (("x",), "x", 0.0, "declined"), (("x",), "x", 1.0, "declined")],
)
def test_a_declined_answer_is_neither_correct_nor_wrong(whole, answers, text, correct, came_out) -> None:
    """Declining is its own outcome; the withheld text does not count."""
    question = Question(id="q", text="?", fact="f", answers=answers)
    answer = Answer(question_id="q", contender="base", text=text, abstained=True)
    data = replace(
        whole, answers={"base": {"q": answer}}, updated={"base": {"q": answer}},
        correct={("base", "q"): correct}, correct_after_update={("base", "q"): correct},
    )  # fmt: skip
    assert outcome(data, "base", question) == outcome_after_update(data, "base", question) == came_out


def test_failures_and_correct_answers_add_up_to_all_that_accuracy_counts(whole: ReportData) -> None:
    """Every failed answer is counted, errors included."""
    counts = failures(whole)
    for name in whole.contenders:
        asked = [question for question in whole.questions if question.slice in ("seen", "unseen", "unanswerable")]
        n_correct = sum(outcome(whole, name, question) in RIGHT for question in asked)
        assert n_correct + sum(counts[name].values()) == len(asked)
    assert counts["rag-tuned"]["error"] > 0 and counts["base"]["memory"] > 0 and counts["rag"]["memory"] == 0


def test_an_answer_that_is_not_there_is_missing_not_wrong(whole: ReportData) -> None:
    """Missing answers of a killed run are shown; an answer without a score is not scored."""
    assert outcome(whole, "base", Question(id="no-such-question", text="?", fact="f")) == "missing"
    assert outcome(replace(whole, correct={}), "base", whole.questions[0]) == "unscored"


def test_slices_and_stages_keep_their_order(whole: ReportData) -> None:
    """Known slices come first; stages keep the order they ran in."""
    assert slices(whole) == ["seen", "unseen", "changed", "unanswerable", "general"]
    assert list(seconds_by_stage(whole)) == ["read", "index", "answer", "latency", "train", "compare"]
    assert seconds_by_stage(whole)["read"] == {"": 2.1}


def test_the_report_shows_accuracy_by_the_length_of_the_accepted_answers(tmp_path: Path) -> None:
    """Right of how many with the interval, and declined, on the page, in Markdown and as CSV; nothing where absent."""
    folder = build(tmp_path / "run", n_questions=40, profile=None)
    assert "length of the accepted answers" not in markdown_page(gather(folder))
    assert 'id="lengths"' not in html_page(gather(folder))
    comparison = RunFolder(folder).comparison()
    accuracy = {
        "short": Estimate(value=0.75, low=0.6, high=0.9, n=20),
        "long": Estimate(value=0.25, low=0.1, high=0.5, n=8),
    }
    declined = {"short": Estimate(value=0.05, n=20), "long": Estimate(value=0.5, n=8)}
    rag = comparison.measures["rag"]
    measures = {
        **comparison.measures,
        "rag": {
            **rag,
            "accuracy": rag["accuracy"].model_copy(update={"by_length": accuracy}),
            "abstention": rag["abstention"].model_copy(update={"by_length": declined}),
        },
    }
    write_record(folder / "comparison.json", comparison.model_copy(update={"measures": measures}))
    data = gather(folder)
    heads, rows = length_rows(data)
    assert heads == [
        "Contender", "Answers of at most 6 words", "Declined", "Answers of more than 6 words", "Declined",
    ]  # fmt: skip
    plain = [cell.replace(NARROW, " ") for cell in rows[0]]
    assert plain == ["rag", "15 of 20 right (75 %; 60–90 %)", "1", "2 of 8 right (25 %; 10–50 %)", "4"]
    assert "### By the length of the accepted answers" in markdown_page(data)
    page = html_page(data)
    assert 'id="lengths"' in page and "15 of 20 right" in page
    assert '"accuracy","rag","answers of more than 6 words",0.25,0.1,0.5,8' in csv_tables(data)["slices"]


def test_unsure_answers_are_not_counted_as_right_by_length(tmp_path: Path) -> None:
    """Of 40 unsure answers none is known to be right. Where labels correct the share, only the share is shown."""
    folder = build(tmp_path / "run", n_questions=40, profile=None)
    comparison = RunFolder(folder).comparison()
    accuracy = {
        "short": Estimate(value=0.5, low=0.0, high=1.0, n=40, unsure=40, doubt=0.5),
        "long": Estimate(value=0.3, low=0.1, high=0.6, n=20, labels=60, unsure=2, doubt=0.1),
    }
    rag = comparison.measures["rag"]
    with_lengths = {**rag, "accuracy": rag["accuracy"].model_copy(update={"by_length": accuracy})}
    measures = {**comparison.measures, "rag": with_lengths}
    write_record(folder / "comparison.json", comparison.model_copy(update={"measures": measures}))
    _, rows = length_rows(gather(folder))
    plain = [cell.replace(NARROW, " ") for cell in rows[0]]
    assert (plain[1], plain[3]) == ("0 of 40 right, 40 unsure (50 %; 0–100 %)", "30 % right (10–60 %)")
