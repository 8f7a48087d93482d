"""Gathering a run folder into ReportData."""

import json
from pathlib import Path

import pytest

from bakeoff.errors import RunFolderError
from bakeoff.measure.comparison import Estimate
from bakeoff.measure.labelled import Labels
from bakeoff.measure.labels import Unit
from bakeoff.measure.sampling import Sample
from bakeoff.records import Answer
from bakeoff.report.gather import _of_labels, gather
from bakeoff.report.html import html_page
from bakeoff.report.markdown import markdown_page
from bakeoff.runs.folder import RunFolder, write_json, write_record
from bakeoff.runs.preface import Preface
from tests.unit.report_fixture import SKILL, SLICES, bare_run, build


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("run") / "run", n_questions=120, profile=None)


def test_contenders_stand_in_the_order_of_the_configuration(folder: Path) -> None:
    """Contenders may have any name."""
    assert gather(folder).contenders == ("base", "rag", "tuned", "hybrid", "extract", "router", "rag-tuned")


def test_only_test_questions_are_shown_but_all_texts_are_known(folder: Path) -> None:
    """Leaks name training questions, whose texts the page shows too."""
    data = gather(folder)
    assert {question.split for question in data.questions} == {"test"}
    assert data.texts["tq003"].startswith("Please: ")


def test_more_than_one_error_in_twenty_answers_is_a_warning(folder: Path) -> None:
    """Errors are counted and shown."""
    assert any("rag-tuned are errors" in warning for warning in gather(folder).warnings)
    assert not any("answers of base" in warning for warning in gather(folder).warnings)


def test_answers_after_the_update_are_read_from_the_scores(folder: Path) -> None:
    """The report reads the scores of each phase and grades nothing itself."""
    data = gather(folder)
    changed = {question.id for question in data.questions if question.slice == "changed"}
    assert set(data.correct_after_update) == {(name, key) for name in SKILL for key in changed}
    failed = {key for key, value in data.correct_after_update.items() if value is None}
    assert failed == {key for key in data.correct_after_update if data.updated[key[0]][key[1]].error}
    assert failed != set(data.correct_after_update)


def test_answers_that_were_cut_off_are_a_warning_where_they_are_many(folder: Path) -> None:
    """More than one in twenty; a contender none of whose answers was cut off is not named."""
    (warning,) = (warning for warning in gather(folder).warnings if "cut off" in warning)
    assert "rag (10" in warning and "max_new_tokens" in warning and "hybrid" not in warning


def test_contenders_that_a_constant_answer_is_as_good_as_are_named(folder: Path) -> None:
    """The most frequent training answer, what it would reach, and who is not significantly above it."""
    data = gather(folder)
    constant = data.comparison.constant
    assert constant is not None and "base" in constant.not_beaten_by and "hybrid" not in constant.not_beaten_by
    (warning,) = (warning for warning in data.warnings if warning.startswith("Always answering"))
    assert constant.answer in warning and "not significantly more accurate" in warning and "hybrid" not in warning


def test_what_changes_the_verdict_comes_first_and_how_files_were_read_last(folder: Path) -> None:
    """Notes on reading are one line with their number and the command that shows them."""
    warnings = gather(folder).warnings
    first, later = (
        next(i for i, warning in enumerate(warnings) if start in warning) for start in ("Always answering", "cut off")
    )
    assert first < later
    assert "the 2 notes that bakeoff init prints" in warnings[-1]
    assert not any("2 columns are read" in warning or "have no fact" in warning for warning in warnings)


def test_the_models_that_answered_are_named_where_servers_name_them(folder: Path) -> None:
    """Once for each contender, with the fingerprint."""
    assert gather(folder).origins == {"rag-tuned": ("their-model-2026-10 (fp_1)",)}


def test_a_run_with_nothing_but_a_comparison_can_be_gathered(tmp_path: Path) -> None:
    """What a run has not written is empty, not an error."""
    bare_run(tmp_path, Estimate(reason="every answer failed"))
    data = gather(tmp_path)
    assert data.estimate("base", "accuracy").reason == "every answer failed"
    assert data.values("accuracy") == {} and data.questions == () and data.stages == ()


def test_a_run_of_an_older_version_is_refused(tmp_path: Path) -> None:
    """Its comparison had another form: both formats are named, and what to do."""
    bare_run(tmp_path, Estimate())
    write_json(tmp_path / "environment.json", {"run_format": 1, "bakeoff": "0.1.0"})
    with pytest.raises(RunFolderError, match="has run format 1"):
        gather(tmp_path)


def test_an_answer_to_an_unknown_question_is_told(folder: Path, tmp_path: Path) -> None:
    """Answers to questions that are not in splits.jsonl give a warning."""
    run = build(tmp_path / "run", n_questions=20, profile=None)
    lines = (run / "splits.jsonl").read_text().splitlines(keepends=True)
    (run / "splits.jsonl").write_text("".join(lines[1:]))
    assert any("splits.jsonl does not hold 1 question, whose answers" in warning for warning in gather(run).warnings)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("config.yaml", None, "not a run folder"),
        ("config.yaml", "a: [", "Cannot read"),
        ("comparison.json", None, "Cannot read"),
        ("comparison.json", "{", "Cannot read"),
        ("comparison.json", "[]", "comparison.json"),
        (
            "comparison.json",
            json.dumps({"entrants": [], "measures": {"base": {"accuracy": {"value": "high"}}}}),
            "measures.base",
        ),
        ("data.json", json.dumps({"warnings": 3}), "warnings"),
    ],
)
def test_a_missing_or_broken_file_is_named(tmp_path: Path, name: str, content: str | None, says: str) -> None:
    """Each is one message that names the file, with its remedy."""
    run = build(tmp_path / "run", n_questions=10, profile=None)
    if content is None:
        (run / name).unlink()
    else:
        (run / name).write_text(content)
    with pytest.raises(RunFolderError, match=says) as caught:
        gather(run)
    assert caught.value.remedy


def test_the_report_says_which_test_questions_it_counts(tmp_path):
    """Those of the verdict, about the update, and of general knowledge, on the page and in Markdown."""
    data = gather(build(tmp_path / "run", n_questions=60, profile=None))
    n = {kind: sum(one.slice == kind and one.split == "test" for one in data.questions) for kind in SLICES}
    verdict = n["seen"] + n["unseen"] + n["unanswerable"]
    counted = f"({verdict} test, {n['changed']} test about the update and {n['general']} test of general knowledge)"
    assert 0 < verdict < len(data.questions)
    assert counted in markdown_page(data) and counted in html_page(data)


def test_what_people_said_about_the_grades_is_one_warning() -> None:
    """With what they could not tell, and little agreement named. Nothing is counted of which there is none."""
    texts = {f"q{i}": Answer(question_id=f"q{i}", contender="rag", text=f"text {i}") for i in range(40)}
    answers, correct = {"rag": texts}, {("rag", key): 1.0 for key in texts}

    def said(values: list[float]) -> str:
        labelled = {("rag", f"q{i}"): value for i, value in enumerate(values)}
        enough = Labels({}, Sample(40, frozenset(Unit(f"q{i}", f"text {i}") for i in range(40)), {}))
        (line,) = _of_labels(enough, answers, correct, labelled)
        return line

    assert said([1.0] * 39 + [0.0]) == "People labelled 40 answers. They agree with 39 of 40 grades."
    assert said([0.5] * 40) == (
        "People labelled 40 answers. 40 stay undecided, because people could not tell or disagree."
    )
    assert "That is little agreement" in said([1.0] * 20 + [0.0] * 20)


def test_a_decision_made_elsewhere_stands_before_the_verdict(tmp_path: Path) -> None:
    """Its title is the first heading of both reports, with what it says and its links, and every text is escaped."""
    root = build(tmp_path / "run", n_questions=60)
    before = markdown_page(gather(root))
    links = {"The questions that decided": "decision.html", "All grades": "../../decisions/round-3.jsonl"}
    preface = Preface(title="Round 3: <b>kept</b>", sentences=("The gate decides what is served.",), links=links)
    write_record(RunFolder(root).preface_path, preface)
    markdown, html = markdown_page(gather(root)), html_page(gather(root))
    top, _, own = markdown.partition("## Verdict of the pilot\n\n")
    assert r"## Round 3: \<b\>kept\</b\>" in top and "The gate decides what is served." in top
    assert "[All grades](../../decisions/round-3.jsonl)" in top
    assert own == before.partition("\n\n")[2]
    assert html.index("Round 3: &lt;b&gt;kept") < html.index("Verdict of the pilot: ")
    assert html.count("<h1") == 1 and 'href="decision.html"' in html and 'href="../../decisions/round-3.jsonl"' in html
