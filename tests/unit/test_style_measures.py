"""Measures of style: scored, compared and reported like a team's own measures."""

import csv
import json

import pytest

from bakeoff.errors import MeasureError
from bakeoff.measure.score import score_answers, values_of
from bakeoff.pilot.judging import judge_run
from bakeoff.runs import own as runs_own
from bakeoff.runs.config import Config, load_config
from bakeoff.runs.folder import RunFolder
from bakeoff.runs.own import measures_of, style_notes
from bakeoff.style.measures import style_measures
from bakeoff.style.settings import Style
from tests.unit.fakes import answer, question
from tests.unit.run_fixture import BASE, RAG, finished
from tests.unit.test_style_classifier import blunt, facts, polite

RULES = [
    {"name": "right_away", "kind": "starts_with", "texts": "right"},
    {"name": "short", "kind": "words", "most": 2},
    {"name": "no_guess", "kind": "lacks", "texts": "maybe", "applies_to": "declines"},
]


def values(*answers):
    own = style_measures(Style(rules=RULES))
    return values_of(score_answers([question(one.question_id) for one in answers], answers, own=own))["rag"]


def test_an_answer_is_in_style_if_it_keeps_all_rules_about_it():
    """One broken rule is enough; a declined answer is judged by the rules for those only, a failed one by none."""
    of = values(
        answer("a", "right 1"),
        answer("b", "right and long"),
        answer("c", "wrong"),
        answer("d", "I don't know.", abstained=True),
        answer("e", "I don't know, maybe.", abstained=True),
        answer("f", "", error="boom"),
    )
    assert of["style"] == {"a": 1.0, "b": 0.0, "c": 0.0, "d": 1.0, "e": 0.0}
    assert of["style_right_away"] == {"a": 1.0, "b": 1.0, "c": 0.0}
    assert of["style_short"] == {"a": 1.0, "b": 0.0, "c": 1.0}
    assert of["style_no_guess"] == {"d": 1.0, "e": 0.0}


def judged(root, **style):
    run = finished(root, style=style)
    folder = RunFolder(root)
    judge_run(folder, folder.config().profile, [BASE, RAG], {}, measures_of(folder.config(), folder))
    return run.folder


def test_a_run_reports_style_with_intervals_and_paired_differences(tmp_path):
    """base begins 4 of 40 answers with 'right', rag 30. The report has it, each rule too."""
    folder = judged(tmp_path / "run", rules=RULES[:2])
    comparison = folder.comparison()
    estimate = comparison.estimate("rag", "style")
    assert estimate.value == 0.75 and estimate.n == 40 and 0.5 < estimate.low < 0.75 < estimate.high < 0.95
    assert comparison.estimate("rag", "style_short").value == 1.0
    contrast = comparison.contrast("rag", "base", "style")
    assert contrast.difference == 0.65 and contrast.finding == "different"
    assert comparison.contrast("rag", "base", "style_short") is None
    page = folder.report_path.read_text(encoding="utf-8")
    markdown = (folder.root / "report.md").read_text(encoding="utf-8")
    assert all(text in page and text in markdown for text in ("Style: right away", "Style: short"))
    table = (folder.root / "tables" / "contenders.csv").read_text(encoding="utf-8")
    assert "style_right_away" in table


def test_intervals_of_style_go_by_facts(tmp_path):
    """The same answers with every fact asked twice: fewer facts, a wider interval."""
    own = style_measures(Style(rules=RULES[:1]))[:1]
    from bakeoff.measure.summary import Measured, summarise

    def width(fact_of):
        asked = [question(str(i), slice="unseen", split="test", fact=fact_of(i)) for i in range(60)]
        given = [answer(str(i), "right" if (i // 2) % 3 else "wrong") for i in range(60)]
        of = values_of(score_answers(asked, given, own=own))["rag"]
        estimate = summarise(asked, [Measured(entrant=RAG, values=of, answers=given)], own=own).estimate("rag", "style")
        assert estimate.value == pytest.approx(2 / 3)
        return estimate.high - estimate.low

    assert width(lambda i: str(i // 2)) > 1.2 * width(str)


def test_style_can_have_a_weight_in_the_matrix(tmp_path):
    """Like any measure of a team's own; a misspelt one is refused before anything is built."""
    from bakeoff.errors import ConfigError
    from bakeoff.pilot.judge import check_profile

    config = Config(name="a", documents="d", questions="q.csv", style={"rules": RULES},
                    profile={"measure_weights": {"style": 0.5, "style_short": 0.1}})  # fmt: skip
    check_profile(config.profile, [BASE, RAG], measures_of(config))
    wrong = config.profile.model_validate({"measure_weights": {"stile": 0.5}})
    with pytest.raises(ConfigError, match="stile"):
        check_profile(wrong, [BASE, RAG], measures_of(config))


def written(path, pairs):
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = [(text, kind, i) for i, pair in enumerate(pairs) for kind, text in zip(("yes", "no"), pair, strict=True)]
        csv.writer(file).writerows([("text", "in_style", "group"), *rows])
    return path


def test_a_run_is_judged_by_the_classifier_of_its_examples(tmp_path):
    """It is trained once and kept in the run folder: later changes of the file do not change what was measured."""
    path = written(tmp_path / "style.csv", [(f"right {i}", f"wrong {i}") for i in range(100, 140)])
    folder = finished(tmp_path / "run", style={"examples": str(path), "embedder": "hash"},
                      models={"hash": "hash"}).folder  # fmt: skip
    own = measures_of(folder.config(), folder)
    kept = folder.style_path.read_text()
    judge_run(folder, folder.config().profile, [BASE, RAG], {}, own)
    estimate = folder.comparison().estimate("rag", "style_examples")
    assert estimate.value == 0.75 and estimate.low < 0.75
    assert "examples it was not trained on" in folder.comparison().measure_of["style_examples"].description
    assert "examples it was not trained on" in folder.report_path.read_text(encoding="utf-8")
    path.write_text("text,in_style\n")
    assert [measure.name for measure in measures_of(folder.config(), folder)] == ["style_examples"]
    assert folder.style_path.read_text() == kept and json.loads(kept)["check"]["problem"] == ""


def test_a_classifier_that_cannot_be_used_measures_nothing_and_says_so(tmp_path):
    """The reason stands in the report's notes, and among the warnings."""
    path = written(tmp_path / "style.csv", [(polite(fact), blunt(fact)) for fact in facts(5)])
    folder = finished(tmp_path / "run", style={"examples": str(path)}).folder
    judge_run(folder, folder.config().profile, [BASE, RAG], {}, measures_of(folder.config(), folder))
    estimate = folder.comparison().estimate("rag", "style_examples")
    assert estimate.value is None and "cannot be used" in estimate.reason and "at least 20" in estimate.reason
    assert style_notes(folder)[0].startswith("The classifier of style cannot be used: there are examples in the style")
    assert "cannot be used" in folder.report_path.read_text(encoding="utf-8")


def test_answers_of_the_test_are_left_out_of_training(tmp_path):
    """The classifier's check counts the others only, and a warning says it."""
    path = written(tmp_path / "style.csv", [(polite(fact), blunt(fact)) for fact in facts(30)])
    folder = finished(
        tmp_path / "run", style={"examples": str(path), "embedder": "hash"}, models={"hash": "hash"}
    ).folder
    test = [question("x", answers=[polite(facts(30)[0])])]
    measures_of(folder.config(), folder, test)
    assert json.loads(folder.style_path.read_text())["check"]["n_in"] == 29
    assert any("1 example of style is an answer of a test question" in note for note in style_notes(folder))


def test_without_a_folder_no_model_is_loaded(tmp_path, monkeypatch):
    """A configuration is checked before a run begins; the file of examples is read for mistakes."""
    monkeypatch.setattr(runs_own, "trained", None)
    path = written(tmp_path / "style.csv", [("a", "b")])
    config = Config(name="a", documents="d", questions="q.csv", style={"examples": str(path), "rules": RULES})
    assert [one.name for one in measures_of(config)] == [
        "style", "style_right_away", "style_short", "style_no_guess", "style_examples",
    ]  # fmt: skip


def test_the_examples_are_found_beside_the_configuration(tmp_path):
    """A relative path starts at the folder of bakeoff.yaml."""
    (tmp_path / "bakeoff.yaml").write_text("name: a\ndocuments: d\nquestions: q.csv\nstyle: {examples: mine.csv}\n")
    assert load_config(tmp_path / "bakeoff.yaml").style.examples == str(tmp_path / "mine.csv")


def test_a_measure_cannot_have_the_name_of_a_measure_of_style(tmp_path):
    """The team's function and the style would have the same column."""
    (tmp_path / "stylish_measures.py").write_text("def style(question, answer):\n    return 1.0\n")
    config = Config(name="a", documents="d", questions="q.csv", style={"rules": RULES}, folder=str(tmp_path),
                    measures="stylish_measures.style")  # fmt: skip
    with pytest.raises(MeasureError, match="'style' has the name of a measure of style"):
        measures_of(config)


def test_labels_and_new_grades_keep_the_style(tmp_path):
    """A run that is judged again has the same values: rules need no model, and rules are in its configuration."""
    from bakeoff.labelling.judged import judge_again

    folder = judged(tmp_path / "run", rules=RULES)
    before = folder.comparison().estimate("rag", "style")
    judge_again(folder)
    assert folder.comparison().estimate("rag", "style") == before
