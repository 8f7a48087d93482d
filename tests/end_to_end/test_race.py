"""A pilot with a race: candidates drop out on known facts, the best goes to the test, a killed race goes on."""

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bakeoff.errors import ContenderError
from bakeoff.files import jsonl
from bakeoff.pilot.run import run
from bakeoff.records import Answer
from bakeoff.runs.config import load_config
from bakeoff.runs.folder import RunFolder
from bakeoff.runs.race import RaceResult
from tests.end_to_end.small import PLANETS, environment, make
from tests.unit.tiny_model import write_tiny_model

USUAL = "{passages}\n{question}"
BAD = "{passages}\nWho discovered it? {question}"
"""The small pilot's model declines to say who discovered something."""
OVER = {"rag": {"prompts.grounded.user": [USUAL, BAD], "retrieval.k": [1, 3]}}
PLANETS_AND_MOONS = {f"{kind}{name.lower()}": told for kind in ("Neo", "Sub", "Tri") for name, told in PLANETS.items()}
MORE = {
    "planets": PLANETS_AND_MOONS,
    "split": {"test": 0.3, "dev": 0.2},
    "profile": {"wrong_answer_penalty": 0},
}


def race_of(folder: RunFolder, contender: str = "rag") -> RaceResult:
    return folder.record(folder.race_path(contender), RaceResult)


def raced(folder: Path, **more: Any) -> RunFolder:
    race = {"over": OVER, "facts": 4, **more}
    path = make(folder, contenders=["rag", "extract"], race=race, **MORE)
    return run(load_config(path), runs=folder / "runs").folder


def test_the_winner_is_what_the_test_measures(tmp_path: Path) -> None:
    folder = raced(tmp_path)
    result = race_of(folder)
    cut = [one for one in result.raced if one.candidate.settings.get("prompts.grounded.user") == BAD]
    assert {one.fate for one in cut} == {"behind"}, "they decline every question"
    assert result.winner.settings.get("prompts.grounded.user") != BAD
    assert result.n_answers < result.n_all
    spec = next(spec for spec in folder.config().specs if spec.name == "rag")
    assert spec.prompts.grounded.user != BAD
    assert folder.config().race is None and folder.begun_config().race is not None
    unseen = {question.fact for question in folder.questions() if question.slice in ("unseen", "unanswerable")}
    tested = {question.fact for question in folder.questions() if question.split == "test"} & unseen
    asked = [answer for path in folder.root.glob("race/answers/*") for answer in jsonl.read(path, Answer)]
    facts = {question.id: question.fact for question in folder.questions()}
    assert not {facts[answer.question_id] for answer in asked} & tested, "nothing of the test is seen"
    dev = {question.fact for question in folder.questions() if question.split == "dev"}
    assert {facts[answer.question_id] for answer in asked} - dev, "rag learns nothing from train, so that is asked, too"


def test_the_report_shows_the_race(tmp_path: Path) -> None:
    folder = raced(tmp_path)
    page = folder.report_path.read_text()
    assert 'id="races"' in page and "dropped out as worse" in page
    assert "## Races" in (folder.root / "report.md").read_text()
    rows = (folder.root / "tables" / "races.csv").read_text().splitlines()
    assert len(rows) == 1 + len(race_of(folder).raced)
    assert any(stage.stage == "race" and stage.contender == "rag" for stage in folder.stages())


def test_a_killed_race_goes_on_and_asks_nobody_twice(tmp_path: Path) -> None:
    undisturbed = race_of(raced(tmp_path / "whole"))
    path = make(
        tmp_path / "killed",
        contenders=["rag", "extract"],
        race={"over": OVER, "facts": 4},
        **MORE,
    )
    answers, draw = tmp_path / "killed" / "runs" / "planets" / "race" / "answers", random.Random(5)
    for kill in range(3):
        _kill_after(path.parent, ["--resume"] if kill else [], answers, draw)
    folder = run(load_config(path), runs=path.parent / "runs", resume=True).folder
    for file in answers.iterdir():
        times = Counter(answer.question_id for answer in jsonl.read(file, Answer))
        assert max(times.values()) == 1
    assert race_of(folder) == undisturbed


def _kill_after(folder: Path, arguments: list[str], answers: Path, draw: random.Random) -> None:
    """Starts the run, and kills it once the race has asked a few more."""
    before = _n_lines(answers)
    process = subprocess.Popen(
        [sys.executable, "-m", "bakeoff", "run", *arguments],
        cwd=folder,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    more = draw.randint(5, 40)
    while process.poll() is None and _n_lines(answers) < before + more:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()


def _n_lines(answers: Path) -> int:
    return sum(file.read_bytes().count(b"\n") for file in answers.glob("*.jsonl")) if answers.exists() else 0


def test_a_finished_race_is_not_run_again(tmp_path: Path) -> None:
    folder = raced(tmp_path)
    before = race_of(folder).model_copy(update={"n_answers": 12345})
    folder.race_path("rag").write_text(before.model_dump_json())
    folder.verdict_path.unlink()
    again = run(load_config(tmp_path / "bakeoff.yaml"), runs=tmp_path / "runs", resume=True).folder
    assert race_of(again).n_answers == 12345


def test_trainings_race_and_the_winner_is_not_trained_again(tmp_path: Path) -> None:
    model = {"name": str(write_tiny_model(tmp_path / "model")), "engine": "transformers"}
    path = make(
        tmp_path,
        models={"generator": model, "embedder": "hash"},
        contenders=["tuned"],
        tuning={"epochs": 2, "examples": 6},
        generation={"max_new_tokens": 1},
        race={"over": {"tuned": {"tuning.rank": [2, 4]}}, "facts": 50, "most_facts": 6},
    )
    folder = run(load_config(path), runs=tmp_path / "runs").folder
    trained = sorted(report.parent.name for report in folder.root.glob("race/adapters/*/report.json"))
    assert len(trained) == 6, "three ranks, with one epoch and with two"
    (measured,) = folder.root.glob("adapters/*/trained.json")
    assert measured.parent.name in trained
    same = folder.root / "race" / "adapters" / measured.parent.name / "adapter_model.safetensors"
    assert same.read_bytes() == (measured.parent / "adapter_model.safetensors").read_bytes()
    environment_ = json.loads(folder.environment_path.read_text())
    assert "trainings" not in environment_.get("from_earlier_runs", {}), "it is this run's own"


@pytest.mark.parametrize("name", ["rag", "extract"])
def test_resume_refuses_another_race(tmp_path: Path, name: str) -> None:
    folder = raced(tmp_path)
    folder.verdict_path.unlink()
    values = json.loads((tmp_path / "bakeoff.yaml").read_text())
    values["race"]["over"] = {name: {"retrieval.k": [1, 2]}}
    (tmp_path / "bakeoff.yaml").write_text(json.dumps(values))
    with pytest.raises(Exception, match="Keys that differ: race"):
        run(load_config(tmp_path / "bakeoff.yaml"), runs=tmp_path / "runs", resume=True)


def test_proposed_candidates_join_and_a_resumed_race_has_the_same(tmp_path: Path) -> None:
    over = {"rag": {"retrieval.k": {"from": 1, "to": 20}, "presentation.headings": [True, False]}}
    folder = raced(tmp_path, over=over, propose="optuna", candidates=8)
    result = race_of(folder)
    asked = {one.candidate.name: one.standing.n_facts for one in result.raced if one.standing}
    assert 4 < len(asked) <= 8
    assert asked["rag-race-0"] > min(n for name, n in asked.items() if name >= "rag-race-4"), "they joined later"
    folder.verdict_path.unlink()
    folder.race_path("rag").unlink()
    again = run(load_config(tmp_path / "bakeoff.yaml"), runs=tmp_path / "runs", resume=True).folder
    assert race_of(again) == result


def test_proposed_candidates_have_numbers_of_their_own(tmp_path: Path) -> None:
    over = {"rag": {"retrieval.k": [*[3] * 12, *range(4, 14)]}}  # 3 is what is written
    folder = raced(tmp_path, over=over, propose="optuna", candidates=10)
    result = race_of(folder)
    names = [one.candidate.name for one in result.raced]
    assert len(names) == len(set(names)) > 4
    assert result.n_all >= len(names) * result.n_facts


def test_a_race_in_which_nobody_answers_is_not_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(self: Any, prompts: Any, settings: Any) -> Any:
        raise ConnectionError("nobody is there")

    with monkeypatch.context() as without:
        without.setattr("bakeoff.models.engines.scripted.ScriptedGenerator.generate", lost)
        with pytest.raises(ContenderError, match=r"No candidate of 'rag' has answered.*nobody is there"):
            raced(tmp_path)
    folder = run(load_config(tmp_path / "bakeoff.yaml"), runs=tmp_path / "runs", resume=True).folder
    assert race_of(folder).raced[0].standing.n_facts > 0  # type: ignore[union-attr]


def test_a_proposed_candidate_can_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The contender as written declines every question, and so does every candidate that starts."""
    good = {"retrieval.k": 5, "prompts.grounded.user": USUAL}
    monkeypatch.setattr("bakeoff.pilot.racing.proposed", lambda *rest: [good])
    race = {"over": {"rag": {"retrieval.k": {"from": 1, "to": 20}}}, "propose": "optuna", "candidates": 6, "facts": 4}
    written = {"like": "rag", "prompts": {"grounded": {"user": BAD}}}
    path = make(tmp_path, contenders=[written, "extract"], race=race, **MORE)
    folder = run(load_config(path), runs=tmp_path / "runs").folder
    assert race_of(folder).winner.settings == good
    assert next(spec for spec in folder.config().specs if spec.name == "rag").prompts.grounded.user == USUAL


def test_where_no_candidate_can_be_built_the_others_go_on(tmp_path: Path) -> None:
    """A model without weights cannot be tuned: there is no race, and the run leaves the contender out."""
    path = make(tmp_path, contenders=["tuned", "base"], race={"over": {"tuned": {"tuning.rank": [2, 4]}}})
    told: list[str] = []
    finished = run(load_config(path), runs=tmp_path / "runs", listener=lambda event: told.append(event.note))
    assert any("No candidate of 'tuned' could be built" in line for line in told)
    assert "tuned" in finished.comparison.skipped and "base" in finished.contenders
