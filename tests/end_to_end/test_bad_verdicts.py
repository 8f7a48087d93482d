"""Whatever stands in the way of a verdict is said in one message with a remedy, and what was judged stays as it was."""

import json
import shutil

import pytest
import yaml

from bakeoff.decide.situation.profile import MeasureWeights
from tests.end_to_end.small import bakeoff, make
from tests.end_to_end.test_bad_input import fails

PROFILES = {
    "impossible values": ({"queries_per_month": -5, "horizon_months": 0}, ("queries_per_month", "horizon_months")),
    "an unknown field": ({"querys_per_month": 5}, ("querys_per_month", "did you mean", "queries_per_month'")),
    "another currency": ({"prices": {"machine_hour": {"amount": 1, "currency": "EUR"}}}, ("EUR", "usd_per")),
    "weights of zero": (
        {"measure_weights": dict.fromkeys(MeasureWeights.model_fields, 0)},
        ("sum to zero",),
    ),
    "a value without a currency": ({"value": {"unanswered": 4}}, ("currency", "USD")),
    "a value that is negative": ({"value": {"currency": "USD", "unanswered": -4}}, ("value.unanswered", "-4")),
    "values that contradict one another": (
        {"value": {"currency": "USD", "unanswered": 4, "right": 1}},
        ("right 1", "unanswered 4"),
    ),
    "costs of wrong and declined answers": (
        {"value": {"currency": "USD", "right": 4, "wrong": 1, "declined": 2}},
        ("a wrong answer costs 1", "a declined one, 2"),
    ),
    "slices that weigh nothing": ({"slice_weights": {"seen": 0}}, ("slice_weights", "sum to zero")),
    "a negative fixed cost": ({"fixed": {"rag": {"usd_per_query": -1}}}, ("fixed.rag.usd_per_query", "-1")),
    "a contradiction": ({"must_run_offline": True, "answers_on": "api"}, ("must_run_offline", "answers_on")),
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """A finished run folder, and every file in it."""
    there = tmp_path_factory.mktemp("pilot") / "planets"
    make(there)
    finished = bakeoff("run", cwd=there)
    assert finished.returncode == 0, finished.stderr
    folder = there / "runs" / "planets"
    return folder, content(folder)


def content(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("problem", PROFILES)
def test_a_profile_that_cannot_be_is_refused_everywhere(judged, tmp_path, problem):
    """By `report`, which leaves the run as it was; by `advise`, which writes nothing; by `run`, before any work."""
    folder, before = judged
    values, named = PROFILES[problem]
    profile = tmp_path / "profile.yaml"
    profile.write_text(yaml.safe_dump(values))
    fails(bakeoff("report", str(folder), "--profile", str(profile), cwd=tmp_path), *named)
    assert content(folder) == before
    fails(bakeoff("advise", "--profile", str(profile), cwd=tmp_path), *named)
    assert not (tmp_path / "advice").exists()
    make(tmp_path / "pilot", profile=values)
    fails(bakeoff("run", cwd=tmp_path / "pilot"), *named)
    assert not (tmp_path / "pilot" / "runs").exists()


def test_a_model_of_unknown_price_is_refused_before_the_run(tmp_path):
    """The model and the ways to give its price are named; a profile alone prices nothing that a run asks."""
    large = {"api": "openai", "base_url": "http://127.0.0.1:9/v1", "model": "m", "price": "no-such-model-at-all"}
    make(tmp_path, models={"generator": "tests.end_to_end.small.reader", "embedder": "hash", "large": large},
         contenders=["rag", {"name": "rag-large", "like": "rag", "model": "large"}])  # fmt: skip
    fails(bakeoff("run", cwd=tmp_path), "no-such-model-at-all", "price")
    assert not (tmp_path / "runs").exists()


def test_another_profile_judges_the_same_answers_anew(judged, tmp_path):
    """Its prices and its margin reach the comparison: dearer answers, and differences that count as none."""
    folder = shutil.copytree(judged[0], tmp_path / "again")
    before = json.loads((folder / "comparison.json").read_text())
    profile = tmp_path / "profile.yaml"
    profile.write_text(yaml.safe_dump({"margin": 0.99, "prices": {"machine_hour": 1000}}))
    finished = bakeoff("report", str(folder), "--profile", str(profile), cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr
    after = json.loads((folder / "comparison.json").read_text())
    cost = [comparison["measures"]["extract"]["cost_per_1k"]["value"] for comparison in (before, after)]
    assert cost[1] > 100 * cost[0] > 0
    assert "tied" not in {one["finding"] for one in before["contrasts"]}
    assert "tied" in {one["finding"] for one in after["contrasts"]}
    assert after["skipped"] == before["skipped"]


def test_advice_without_prices_has_a_matrix_and_says_which_price_is_missing(tmp_path):
    """The costs are left out, with the reason in their place; the rest of the advice does not need them."""
    profile = tmp_path / "profile.yaml"
    profile.write_text(yaml.safe_dump({"answers_on": "api", "update_interval_days": 7}))
    assert bakeoff("advise", "--profile", str(profile), cwd=tmp_path).returncode == 0
    advice = (tmp_path / "advice" / "advice.md").read_text()
    assert "is missing" in advice and "by an API" in advice and "## " in advice


def test_a_run_of_another_version(judged, tmp_path):
    """Both versions are named; nothing is overwritten."""
    folder = shutil.copytree(judged[0], tmp_path / "old")
    environment = json.loads((folder / "environment.json").read_text())
    (folder / "environment.json").write_text(json.dumps({**environment, "bakeoff": "9.9.9", "run_format": 99}))
    before = content(folder)
    fails(bakeoff("report", str(folder), cwd=tmp_path), "run format 99", "9.9.9")
    assert content(folder) == before


@pytest.mark.parametrize(
    "missing", ["comparison.json", "data.json", "splits.jsonl", "answers/rag.jsonl", "config.yaml"]
)
def test_a_half_written_run(judged, tmp_path, missing):
    """What is missing is named, with the way to finish; the verdict that is there stays."""
    folder = shutil.copytree(judged[0], tmp_path / "half")
    (folder / missing).unlink()
    before = content(folder)
    fails(bakeoff("report", str(folder), cwd=tmp_path), missing.split("/")[-1], "bakeoff run")
    assert content(folder) == before


@pytest.mark.parametrize("cut", ["comparison.json", "scores.jsonl", "answers/rag.jsonl", "splits.jsonl"])
def test_a_file_cut_off_in_the_middle(judged, tmp_path, cut):
    """What was half written when the disk or the power went is told; no verdict is made of half of the questions."""
    folder = shutil.copytree(judged[0], tmp_path / "cut")
    whole = (folder / cut).read_text()
    (folder / cut).write_text(whole[: len(whole) // 2])
    before = content(folder)
    fails(bakeoff("report", str(folder), cwd=tmp_path), "--resume")
    assert content(folder) == before


def test_what_the_data_allow_is_said_before_the_work(tmp_path):
    """Few test questions are told before the first stage, while there is still time to stop."""
    make(tmp_path)
    said = bakeoff("run", cwd=tmp_path).stderr
    assert said.index("documents, about") < said.index("warning: Only") < said.index("Index")


def test_one_contender_only(tmp_path):
    """It runs, names it as the only one there was, and warns that nothing was compared."""
    make(tmp_path, contenders=["rag"])
    finished = bakeoff("run", cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr
    verdict = json.loads((tmp_path / "runs" / "planets" / "verdict.json").read_text())
    assert any("only one contender" in warning for warning in verdict["warnings"])
    assert "more accurate than every other" not in finished.stdout + verdict["reason"]


def test_all_answers_failed(tmp_path):
    """The run ends with a report and no winner, and says that every answer failed."""
    make(
        tmp_path, models={"generator": "tests.end_to_end.small.broken", "embedder": "hash"}, contenders=["base", "rag"]
    )
    finished = bakeoff("run", cwd=tmp_path)
    assert "Traceback" not in finished.stderr
    assert finished.returncode == 0, finished.stderr
    verdict = json.loads((tmp_path / "runs" / "planets" / "verdict.json").read_text())
    assert verdict["winner"] is None
    assert "100 %" in verdict["reason"] and "failed" in verdict["reason"]
    assert (tmp_path / "runs" / "planets" / "report.html").exists()
