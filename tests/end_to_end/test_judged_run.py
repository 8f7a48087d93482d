"""A pilot with a judge model: long answers are judged as part of the run, and a judge that fails does not stop it."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from bakeoff.errors import ConfigError, WorkerError
from bakeoff.files import jsonl
from bakeoff.llm_judge.records import Calibration, Judged
from bakeoff.pilot.executors.local import LocalExecutor
from bakeoff.pilot.run import run
from bakeoff.pilot.stage_times import Event
from bakeoff.protocols import Job, Outcome
from tests.end_to_end.small import make
from tests.unit.judged_run import ScriptedJudge, within

JUDGE = "tests.end_to_end.test_judged_run.Colours"


class Colours(ScriptedJudge):
    """Calls an answer right if its text names the colour of the reference."""

    def reply(self, message: str) -> str:
        colours = (
            "blue",
            "grey",
            "red",
            "green",
            "white",
            "amber",
            "black",
            "pink",
            "violet",
            "silver",
            "brown",
            "orange",
        )
        wanted = [colour for colour in colours if colour in within("reference", message)]
        self.right = bool(wanted) and wanted[0] in within("answer", message)
        return super().reply(message)

    def calls_right(self, answer: str) -> bool:
        return self.right


def down() -> ScriptedJudge:
    """A judge whose server is gone."""

    def fail(prompts, settings):
        raise ConnectionError("nobody answers")

    judge = ScriptedJudge()
    judge.generate = fail
    return judge


def long_pilot(folder: Path, **grading) -> Path:
    """The small pilot with long accepted answers to the questions about colours."""
    path = make(folder, grading=grading, contenders=["base", "rag"])
    questions = folder / "questions.jsonl"
    rows = [json.loads(line) for line in questions.read_text().splitlines()]
    for row in rows:
        if "sky" in row.get("fact", ""):
            colour = row["answers"][0]
            row["answers"] = [f"Whoever looks up at noon sees one large and even {colour} surface from edge to edge"]
    questions.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def piloted(folder: Path, **grading):
    """The run, and the lines that it told."""
    told: list[Event] = []
    finished = run(long_pilot(folder, **grading), runs=folder / "runs", listener=told.append)
    return finished, [event.note for event in told if event.stage == "data"], told


def test_a_run_has_its_long_answers_judged(tmp_path: Path) -> None:
    """Between the answers and the comparison. Without labels the verdicts do not count yet, and nothing else fails."""
    finished, notes, told = piloted(tmp_path, judge=JUDGE)
    folder = finished.folder
    lines = [line for line in jsonl.read(folder.judge_path, Judged) if line.purpose == "grade"]
    assert lines and {line.verdict for line in lines} == {"right"}
    stages = [event.stage for event in told]
    assert stages.index("answer") < stages.index("judge") < stages.index("compare")
    assert "judge" in {stage.stage for stage in folder.stages()}
    calibration = folder.record(folder.calibration_path, Calibration)
    assert calibration.n_judged == len({line.unit for line in lines}) and not calibration.accepted
    assert f"note: {calibration.line}" in notes
    assert folder.key_points_path.exists() and folder.report_path.exists()


def test_a_stopped_run_continues_with_what_is_judged(tmp_path: Path) -> None:
    """A budget stopped the judge, then the process was killed: the rest is judged, and nothing twice."""
    path = long_pilot(tmp_path, judge=JUDGE, repeats=0)
    folder = run(path, runs=tmp_path / "runs").folder
    lines = jsonl.read(folder.judge_path, Judged)
    jsonl.write(folder.judge_path, lines[: len(lines) // 2])
    folder.verdict_path.unlink()
    resumed = run(path, runs=tmp_path / "runs", resume=True).folder
    again = jsonl.read(resumed.judge_path, Judged)
    assert resumed.root == folder.root and again[: len(lines) // 2] == lines[: len(lines) // 2]
    graded = [[line.key for line in of if line.purpose == "grade"] for of in (lines, again)]
    assert sorted(graded[0]) == sorted(graded[1])


def test_a_judge_that_fails_leaves_the_run_finished(tmp_path: Path) -> None:
    """One message says why. The verdict rests on the rules."""
    finished, notes, _ = piloted(tmp_path, judge="tests.end_to_end.test_judged_run.down")
    assert finished.folder.verdict_path.exists()
    assert len([note for note in notes if "nobody answers" in note]) == 1
    assert finished.folder.record(finished.folder.calibration_path, Calibration).n_judged == 0


def test_a_judge_that_does_not_answer_the_probe_is_noted_before_the_work(tmp_path: Path) -> None:
    """The run begins nevertheless, and the judge is asked again at its end."""
    judge = {"api": "openai", "base_url": "http://127.0.0.1:9/v1", "model": "some-judge", "retries": 0}
    finished, notes, _ = piloted(tmp_path, judge=judge)
    assert "does not answer" in notes[1] and "asked again" in notes[1]
    assert finished.folder.verdict_path.exists()


def test_a_judge_that_cannot_work_is_an_error_before_the_work(tmp_path: Path) -> None:
    """A missing key, for example."""
    judge = {"api": "openai", "base_url": "http://127.0.0.1:9/v1", "model": "some-judge", "key_env": "NO_SUCH_KEY"}
    with pytest.raises(ConfigError, match="NO_SUCH_KEY"):
        piloted(tmp_path, judge=judge)
    assert not (tmp_path / "runs").exists()


def test_workers_judge_a_run_as_one_process_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same verdicts in the same order, by jobs of the workers."""
    handed: list[str] = []
    outcomes = LocalExecutor.outcomes

    def watched(self: LocalExecutor, jobs: Sequence[Job]) -> Iterator[tuple[int, Outcome]]:
        handed.extend(job.function.rpartition(".")[2] for job in jobs)
        return outcomes(self, jobs)

    monkeypatch.setattr(LocalExecutor, "outcomes", watched)
    judged = []
    for name, more in (("one", {}), ("two", {"executor": {"workers": 2}})):
        path = long_pilot(tmp_path / name, judge=JUDGE)
        values = json.loads(path.read_text())
        path.write_text(json.dumps({**values, "measuring": {**values["measuring"], "batch_size": 2}, **more}))
        lines = jsonl.read(run(path, runs=tmp_path / name / "runs").folder.judge_path, Judged)
        judged.append([(line.question_id, line.text, line.verdict) for line in lines if line.purpose == "grade"])
    assert judged[0] == judged[1] and len(judged[0]) > 4
    assert handed.count("generate") > 2


def test_workers_that_die_while_they_judge_end_the_run_and_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while they ask: the run is not finished without its judge."""
    path = long_pilot(tmp_path, judge=JUDGE)
    values = json.loads(path.read_text())
    measuring = {**values["measuring"], "batch_size": 2}
    path.write_text(json.dumps({**values, "measuring": measuring, "executor": {"workers": 1}}))
    outcomes = LocalExecutor.outcomes

    def dies(self: LocalExecutor, jobs: Sequence[Job]) -> Iterator[tuple[int, Outcome]]:
        if jobs and jobs[0].function.endswith(".generate"):
            raise WorkerError("The worker of 'judge' died.", "continue with --resume")
        return outcomes(self, jobs)

    with monkeypatch.context() as patched:
        patched.setattr(LocalExecutor, "outcomes", dies)
        with pytest.raises(WorkerError, match="'judge' died"):
            run(path, runs=tmp_path / "runs")
    folder = run(path, runs=tmp_path / "runs", resume=True).folder
    assert [line for line in jsonl.read(folder.judge_path, Judged) if line.purpose == "grade"]
