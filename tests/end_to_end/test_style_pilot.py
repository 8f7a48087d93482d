"""A whole pilot with a style: rules and a classifier of examples, from bakeoff.yaml to the report, without a model."""

import csv
from pathlib import Path

import pytest

import bakeoff
from bakeoff.pilot.regrade import regrade
from bakeoff.runs.config import load_config
from tests.unit.test_style_classifier import blunt, facts, polite

N = 60


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """One run of `extract` with an embedder that needs no weights."""
    root = tmp_path_factory.mktemp("style")
    (root / "docs").mkdir()
    for i in range(N):
        text = f"# Planet {i}\n\nThe planet number {i} circles its star in {100 + 3 * i} days. It has {i + 2} moons."
        (root / "docs" / f"planet-{i}.md").write_text(text)
    rows = [(f"How many days does planet number {i} take?", f"{100 + 3 * i} days", f"planet-{i}.md") for i in range(N)]
    write(root / "questions.csv", [("question", "answers", "source"), *rows])
    pairs = [(polite(fact), blunt(fact)) for fact in facts(40)]
    examples = [(text, kind, i) for i, pair in enumerate(pairs) for kind, text in zip(("yes", "no"), pair, strict=True)]
    write(root / "style.csv", [("text", "in_style", "group"), *examples])
    (root / "bakeoff.yaml").write_text(CONFIGURATION)
    return bakeoff.run(load_config(root / "bakeoff.yaml"), runs=root / "runs"), root


CONFIGURATION = """
name: style
documents: docs
questions: questions.csv
general: null
contenders: extract
models: {embedder: hash}
profile: {measure_weights: {style: 0.2}}
style:
  examples: style.csv
  rules:
    - {name: planets, kind: contains, texts: planet}
    - {name: calm, kind: no_exclamation}
"""


def write(path: Path, rows) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def test_the_style_is_in_the_comparison_and_in_every_report(finished):
    """Rules and examples, with intervals; the values of single questions are among the scores."""
    run, _ = finished
    comparison = run.comparison
    for name in ("style", "style_planets", "style_calm", "style_examples"):
        estimate = comparison.estimate("extract", name)
        assert estimate.value is not None and estimate.low <= estimate.value <= estimate.high, name
    assert comparison.estimate("extract", "style_calm").value == 1.0
    assert "examples it was not trained on" in comparison.measure_of["style_examples"].description
    assert {"style", "style_examples"} <= {score.measure for score in run.folder.scores()}
    for page in (run.folder.report_path, run.folder.root / "report.md"):
        assert "Style by examples" in page.read_text(encoding="utf-8")


def test_new_grades_keep_the_style(finished):
    """Grading again loads the classifier that the run kept, although the examples are gone."""
    run, root = finished
    before = {name: run.comparison.estimate("extract", name) for name in ("style", "style_examples")}
    (root / "style.csv").unlink()
    regrade(run.folder, [root / "questions.csv"])
    assert {name: run.folder.comparison().estimate("extract", name) for name in before} == before
