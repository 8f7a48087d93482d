"""A run's long answers are judged, calibrated and accepted or refused; what is judged is never lost or asked twice."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from bakeoff.cli.main import app
from bakeoff.errors import ConfigError, InputError, ModelUnavailableError, RunFolderError
from bakeoff.files import jsonl
from bakeoff.llm_judge.records import Calibration, Judged
from bakeoff.llm_judge.settings import Grading
from bakeoff.measure.labels import Unit
from bakeoff.measure.units import units_of
from bakeoff.models.load import load_generator
from bakeoff.models.settings import ApiModel, LocalModel, TokenPrice
from bakeoff.models.spending.ledger import Ledger, counting
from bakeoff.models.spending.tokens import Tokens
from bakeoff.models.spending.who import asking_in
from bakeoff.pilot.judge_answers import calibrate_run, judge_answers, judge_rates, verdicts
from bakeoff.pilot.judging import judge_run
from bakeoff.pilot.rejudge import rejudge
from bakeoff.records import Completion, Usage
from bakeoff.runs.config import load_judge_config
from bakeoff.runs.folder import RunFolder
from tests.fake_api import FakeApi, Fault
from tests.unit import judged_run
from tests.unit.judged_run import BAD, GOOD, NAMES, ScriptedJudge, chance, label_all, long_question, long_run

MODEL = LocalModel(name="tests.unit.judged_run.ScriptedJudge")
GRADING = Grading(judge=MODEL)


def judge(folder: RunFolder, scripted: ScriptedJudge, grading: Grading = GRADING, **more) -> Calibration:
    profile = folder.config().profile
    return judge_answers(folder, MODEL, grading, profile, load=lambda settings: scripted, **more)


def lines(folder: RunFolder, purpose: str = "grade") -> list[Judged]:
    return [line for line in jsonl.read(folder.judge_path, Judged) if line.purpose == purpose]


def reason(folder: RunFolder) -> str:
    calibration = calibrate_run(folder)
    assert calibration is not None
    return calibration.reason


def true_verdicts(folder: RunFolder) -> dict[Unit, str]:
    answers = [answer for name in NAMES for answer in folder.answers(name)]
    return {Unit(one.question_id, one.text): "right" if GOOD in one.text else "wrong" for one in answers}


def test_every_long_answer_gets_a_verdict_with_its_cost(tmp_path: Path) -> None:
    """One line for each answer: the verdicts on its key points, tokens, US dollars."""
    folder = long_run(tmp_path / "run", 10)
    calibration = judge(folder, ScriptedJudge())
    graded = lines(folder)
    assert {line.unit: line.verdict for line in graded} == true_verdicts(folder)
    assert {line.findings.points for line in graded} == {("stated", "stated"), ("stated", "contradicted")}
    assert all(line.usage.prompt_tokens > 50 and line.error is None for line in graded)
    assert (calibration.n_units, calibration.n_judged, calibration.n_errors) == (20, 20, 0)
    assert calibration.usd == pytest.approx(sum(line.usd for line in jsonl.read(folder.judge_path, Judged)))
    assert calibration == folder.record(folder.calibration_path, Calibration)


def test_the_prompt_holds_evidence_from_the_runs_documents(tmp_path: Path) -> None:
    """The place that the question names."""
    folder, scripted = long_run(tmp_path / "run", 2), ScriptedJudge()
    judge(folder, scripted)
    shown = [message for message in scripted.messages if "<answer>" in message]
    assert shown and all("closes by itself at two bar." in judged_run.within("evidence", one) for one in shown)


def test_without_labels_no_verdict_counts(tmp_path: Path) -> None:
    """The judge is refused, and the reason says what is missing."""
    folder = long_run(tmp_path / "run", 10)
    calibration = judge(folder, ScriptedJudge())
    assert (
        not calibration.accepted
        and "30 labels of judged answers (grading.least_labels) cannot be reached" in calibration.reason
    )
    assert verdicts(folder) == {}


def test_only_what_people_can_label_is_judged(tmp_path: Path) -> None:
    """Questions of general knowledge, and answers after an update, are no units of labelling: they are not judged."""
    folder = long_run(tmp_path / "run", 9)
    slices = {"q0": "general", "q1": "changed", "q2": "seen"}
    asked = [long_question(i).model_copy(update={"slice": slices.get(f"q{i}", "unseen")}) for i in range(9)]
    jsonl.write(folder.splits_path, asked)
    for name in NAMES:
        updated = [answer.model_copy(update={"text": f"{answer.text} Now."}) for answer in folder.answers(name)]
        jsonl.write(folder.answers_path(name, "updated"), updated)
    calibration = judge(folder, ScriptedJudge())
    can_be_labelled = {
        graded.unit for graded in units_of(folder.questions(), {name: folder.answers(name) for name in NAMES})
    }
    assert {line.unit for line in lines(folder)} == can_be_labelled
    assert calibration.n_units == calibration.n_judged == len(can_be_labelled) == 14


def test_the_reason_counts_the_labels_that_are_missing(tmp_path: Path) -> None:
    """Of answers that the judge has judged; what people cannot tell is not among them."""
    folder = long_run(tmp_path / "run", 20)
    judge(folder, ScriptedJudge())
    labels = label_all(folder, every=4)
    assert reason(folder).startswith(f"{30 - len(labels)} more labels of answers")
    jsonl.append(folder.labels_path, [labels[0].model_copy(update={"verdict": "unsure"})])
    assert reason(folder).startswith(f"{31 - len(labels)} more labels of answers")


def test_an_accurate_judge_is_accepted_once_there_are_labels(tmp_path: Path) -> None:
    """Without asking the model again. Then its verdicts count, also on answers without a label."""
    folder, scripted = long_run(tmp_path / "run", 40), ScriptedJudge(sensitivity=0.95, specificity=0.95)
    judge(folder, scripted)
    n_asked = len(scripted.messages)
    label_all(folder, every=2)
    calibration = calibrate_run(folder)
    assert calibration is not None and calibration.accepted, calibration
    assert calibration.n_labels == 40 and calibration.kappa.value > 0.75
    assert folder.record(folder.calibration_path, Calibration) == calibration
    found = verdicts(folder)
    assert len(found) == 80 and set(found.values()) == {"right", "wrong"}
    assert found == {line.unit: line.verdict for line in lines(folder)}
    assert len(scripted.messages) == n_asked


def test_a_poor_judge_is_refused(tmp_path: Path) -> None:
    """Kappa is below the threshold, and the reason has it with its interval. Its errors are those that it made."""
    folder, scripted = long_run(tmp_path / "run", 40), ScriptedJudge(sensitivity=0.75, specificity=0.6)
    judge(folder, scripted)
    labels = label_all(folder)
    called_right: dict[str, list[bool]] = {"right": [], "wrong": []}
    for label in labels:
        called_right[label.verdict].append(scripted.calls_right(label.text))
    calibration = calibrate_run(folder)
    assert calibration is not None and not calibration.accepted
    assert "too little with people: kappa" in calibration.reason and "95 % interval" in calibration.reason
    assert calibration.sensitivity.value == pytest.approx(np.mean(called_right["right"]))
    assert calibration.specificity.value == pytest.approx(1 - np.mean(called_right["wrong"]))
    assert 0.4 < calibration.sensitivity.value < 0.95 and 0.3 < calibration.specificity.value < 0.9
    assert verdicts(folder) == {}


def test_a_judge_that_prefers_a_contender_or_length_is_cautioned(tmp_path: Path) -> None:
    """Each bias is a caution for the report; the fair judge has none."""
    for name, scripted, words in (
        ("fair", ScriptedJudge(), None),
        ("favours", ScriptedJudge(favours="base"), "too kind to base"),
        ("length", ScriptedJudge(likes_length=True), "kinder to longer answers"),
    ):
        folder = long_run(tmp_path / name, 60)
        judge(folder, scripted)
        label_all(folder)
        calibration = calibrate_run(folder)
        assert calibration is not None
        notes = [note for note in calibration.cautions if "kind" in note or "hard" in note]
        assert any(words in note for note in notes) if words else not notes, (name, notes)


def test_only_labels_drawn_at_random_calibrate(tmp_path: Path) -> None:
    """With their weights; labels of other answers are left out."""
    folder = long_run(tmp_path / "run", 40)
    judge(folder, ScriptedJudge())
    labels = label_all(folder)
    weights = {label.unit: 2.0 for label in labels[:35]}
    calibration = calibrate_run(folder, weights)
    assert calibration is not None and calibration.n_labels == 35


def test_a_second_session_asks_only_what_is_missing(tmp_path: Path) -> None:
    """Verdicts are on the disk; key points too. A stopped run continues where it was."""
    folder, once = long_run(tmp_path / "run", 12), GRADING.model_copy(update={"repeats": 0})
    first = ScriptedJudge()
    cut = judge(folder, first, once.model_copy(update={"budget_answers": 7}))
    assert cut.n_judged == 7 and "budget_answers" in cut.notes[-1]
    second = ScriptedJudge()
    calibration = judge(folder, second, once)
    assert calibration.n_judged == 24 and calibration.notes == ()
    assert (first.n_verdicts, second.n_verdicts) == (7, 17)
    n_points = sum("<answer>" not in message for message in first.messages + second.messages)
    assert n_points == 12
    third = ScriptedJudge()
    judge(folder, third, once)
    assert third.messages == []


def test_labelled_answers_are_judged_first(tmp_path: Path) -> None:
    """So that a small budget is enough to calibrate."""
    folder = long_run(tmp_path / "run", 30)
    labels = label_all(folder, every=9)
    judge(folder, ScriptedJudge(), GRADING.model_copy(update={"budget_answers": 2 * len(labels)}))
    assert {label.question_id for label in labels} == {line.question_id for line in lines(folder)}


@pytest.mark.parametrize("protocol", ["openai", "ollama", "anthropic", "google"])
def test_a_budget_in_dollars_keeps_what_was_judged(tmp_path: Path, protocol: Any) -> None:
    """It is not exceeded, one message says so, and the verdicts that are there stay."""
    folder = long_run(tmp_path / "run", 20)
    price = TokenPrice(input_tokens=10.0, output_tokens=10.0)
    with FakeApi(reply=api_reply) as api:
        url = api.base_url(protocol)
        model = ApiModel(api=protocol, base_url=url, model="some-judge", price=price, concurrency=1)
        grading = Grading(judge=model, budget_usd=0.2, max_new_tokens=64)
        calibration = judge_answers(folder, model, grading, folder.config().profile)
    assert 0 < calibration.n_judged < 40 and 0 < calibration.usd <= 0.2
    assert [note for note in calibration.notes if "budget" in note]
    assert len(lines(folder)) == calibration.n_judged


def api_reply(messages) -> str:
    return ScriptedJudge().reply(messages[-1]["content"])


@pytest.mark.parametrize("protocol", ["openai", "ollama", "anthropic", "google"])
def test_a_judge_behind_a_server_that_is_down_costs_one_message(tmp_path: Path, protocol: Any) -> None:
    """Nothing is judged, nothing is lost, and a later session judges all."""
    folder = long_run(tmp_path / "run", 10)
    with FakeApi(reply=api_reply, fault=Fault(status=503, times=None)) as api:
        model = ApiModel(api=protocol, base_url=api.base_url(protocol), model="some-judge", retries=0)
        grading = Grading(judge=model)
        calibration = judge_answers(folder, model, grading, folder.config().profile)
        assert calibration.n_judged == 0 and len(calibration.notes) == 1
        assert "failures in a row" in calibration.notes[0] and "503" in calibration.notes[0]
        assert verdicts(folder) == {}
        api.fault = None
        calibration = judge_answers(folder, model, grading, folder.config().profile)
        assert calibration.n_judged == 20 and calibration.notes == ()


class Prose(ScriptedJudge):
    """Writes prose where it likes to."""

    def reply(self, message: str) -> str:
        if "<answer>" in message and BAD in message:
            return "I believe that this answer is wrong."
        return (
            super().reply(message) if "<answer>" in message or "<reference>" in message else "It is wrong, as I said."
        )


def test_prose_is_counted_and_leaves_the_rules_grades(tmp_path: Path) -> None:
    """After one more try each. The others have their verdicts."""
    folder = long_run(tmp_path / "run", 20, right=lambda i, name: i % 4 > 0)
    calibration = judge(folder, Prose())
    assert (calibration.n_judged, calibration.n_errors) == (30, 10)
    assert [note for note in calibration.cautions if "no verdict on 10 of the 40 answers" in note]
    failed = [line for line in lines(folder) if line.error]
    assert {line.reply for line in failed} == {"It is wrong, as I said."}
    assert all("could not be read" in line.error for line in failed)


def test_a_model_that_cannot_be_loaded_is_a_note(tmp_path: Path) -> None:
    """The run's verdict is still possible."""

    def load(settings):
        raise ModelUnavailableError("The weights are missing.", "copy them")

    folder = long_run(tmp_path / "run", 4)
    calibration = judge_answers(folder, MODEL, GRADING, folder.config().profile, load=load)
    assert calibration.n_judged == 0 and "could not be loaded: The weights are missing." in calibration.notes[-1]


def test_corrected_key_points_are_judged_again_and_only_they(tmp_path: Path) -> None:
    """Until then, verdicts on the former key points do not count."""
    folder, once = long_run(tmp_path / "run", 20), GRADING.model_copy(update={"repeats": 0})
    judge(folder, ScriptedJudge(), once)
    label_all(folder)
    assert len(verdicts(folder)) == 40
    text = folder.key_points_path.read_text()
    assert text.count("The lamp shows a steady light.") == 20
    first_row = next(line for line in text.splitlines() if '"q3"' in line)
    folder.key_points_path.write_text(
        text.replace(first_row, first_row.replace("valve closes by", "valve shuts by"), 1)
    )
    assert len(verdicts(folder)) == 38
    again = ScriptedJudge()
    judge(folder, again, once)
    assert again.n_verdicts == 2 and all("shuts by itself" in message for message in again.messages)
    assert len(verdicts(folder)) == 40


def test_key_points_of_the_question_file_are_used(tmp_path: Path) -> None:
    """The model is not asked for them."""
    folder = long_run(tmp_path / "run", 3)
    written = [long_question(i, key_points=("It closes.",)) for i in range(3)]
    jsonl.write(folder.splits_path, written)
    scripted = ScriptedJudge()
    judge(folder, scripted)
    assert {judged_run.within("key_points", message) for message in scripted.messages} == {"1: It closes."}
    assert lines(folder, "key points") == []


def test_claims_that_cannot_be_read_make_the_whole_answer_one_key_point(tmp_path: Path) -> None:
    """So that the answer is judged nevertheless; key_points.csv says where it comes from."""

    class NoList(ScriptedJudge):
        def reply(self, message: str) -> str:
            return super().reply(message) if "<answer>" in message else "There are two claims in it."

    folder = long_run(tmp_path / "run", 2)
    assert judge(folder, NoList()).n_judged == 4
    assert folder.key_points_path.read_text().count("because the model gave none") == 2


def test_a_broken_key_points_file_is_refused_before_the_model_is_asked(tmp_path: Path) -> None:
    """With one message that names the row."""
    folder, scripted = long_run(tmp_path / "run", 2), ScriptedJudge()
    folder.key_points_path.write_text("question_id,key_point\nnone,It closes.\n")
    with pytest.raises(InputError, match="'none', which the run does not have"):
        judge(folder, scripted)
    assert scripted.messages == []


def test_a_sample_is_judged_twice(tmp_path: Path) -> None:
    """The share with the same verdict is the judge's agreement with itself; a fickle one is below 1."""
    folder = long_run(tmp_path / "run", 20)
    steady = judge(folder, ScriptedJudge(), GRADING.model_copy(update={"repeats": 10}))
    assert steady.self_agreement.value == 1 and steady.self_agreement.n == 10

    class Fickle(ScriptedJudge):
        def calls_right(self, answer: str) -> bool:
            return len(self.messages) % 2 == 0

    other = long_run(tmp_path / "other", 20)
    assert judge(other, Fickle()).self_agreement.value < 0.9


def test_a_deterministic_model_is_not_judged_twice(tmp_path: Path) -> None:
    """A local model that always writes the most probable token: the calibration says so."""
    folder = long_run(tmp_path / "run", 3)
    model = LocalModel(name=str(tmp_path))
    calibration = judge_answers(folder, model, GRADING, folder.config().profile, load=lambda settings: ScriptedJudge())
    assert lines(folder, "repeat") == []
    assert calibration.self_agreement.value is None and "most probable token" in calibration.self_agreement.reason


def test_canaries_show_that_a_judge_has_changed(tmp_path: Path) -> None:
    """Answers of the first run are judged in the next one with the same prompts, and compared."""
    first, second = long_run(tmp_path / "pilot", 12, name="pilot"), long_run(tmp_path / "pilot-2", 12, name="pilot")
    third = long_run(tmp_path / "pilot-3", 12, name="pilot")
    grading = GRADING.model_copy(update={"canaries": 10})
    assert judge(first, ScriptedJudge(), grading).drift.n == 0
    same = judge(second, ScriptedJudge(), grading).drift
    assert (same.n, same.n_same) == (10, 10) and same.since is not None
    changed = judge(third, ScriptedJudge(sensitivity=0.2, specificity=0.2, salt="new"), grading)
    assert changed.drift.n == 10 and changed.drift.n_same < 8
    assert [note for note in changed.cautions if "but only 0 of 20 (0" in note and "may have changed" in note]
    assert len((tmp_path / "pilot.canaries.jsonl").read_text().splitlines()) == 10


def test_a_resumed_run_judges_its_canaries_once(tmp_path: Path) -> None:
    """`bakeoff judge` judges them again."""
    grading = GRADING.model_copy(update={"canaries": 5})
    judge(long_run(tmp_path / "pilot", 6, name="pilot"), ScriptedJudge(), grading)
    second = long_run(tmp_path / "pilot-2", 6, name="pilot")
    judge(second, ScriptedJudge(), grading)
    judge(second, ScriptedJudge(), grading)
    assert len(lines(second, "canary")) == 5
    judge(second, ScriptedJudge(), grading, again=True)
    assert len(lines(second, "canary")) == 10


def test_a_judge_that_is_a_contenders_model_is_warned_of(tmp_path: Path) -> None:
    """The note names the contenders."""
    model = {"api": "openai", "base_url": "http://127.0.0.1:9/v1", "model": "gpt-x"}
    folder = long_run(tmp_path / "run", 2, models={"generator": model, "embedder": "hash"})
    settings = folder.config().models["generator"]
    calibration = judge_answers(folder, settings, GRADING, folder.config().profile, load=lambda s: ScriptedJudge())
    assert "is the model of base and rag" in calibration.notes[0]


def test_another_judge_judges_all_again(tmp_path: Path) -> None:
    """The verdicts of the last one count; those of the first stay in the file."""
    folder = long_run(tmp_path / "run", 20)
    judge(folder, ScriptedJudge(sensitivity=0.0))
    label_all(folder)
    other = LocalModel(name="tests.unit.judged_run.OtherJudge")
    judge_answers(folder, other, GRADING, folder.config().profile, load=lambda settings: ScriptedJudge())
    assert verdicts(folder) == true_verdicts(folder)
    assert len({line.judge for line in lines(folder)}) == 2


def test_a_finished_run_is_judged_by_command(tmp_path: Path) -> None:
    """With a model that its configuration does not name; the comparison and the report are written again."""
    folder = long_run(tmp_path / "run", 20)
    label_all(folder)
    before = folder.report_path.read_text()
    done = CliRunner().invoke(app, ["judge", str(folder.root), "--model", MODEL.name])
    assert done.exit_code == 0, done.output
    output = " ".join(done.output.split())
    assert "has a verdict on 40 of 40 long or unsure answers. Its verdicts count. It agrees with people" in output
    assert "Sensitivity" in output and "Report:" in output
    assert folder.report_path.read_text() != before
    for name in NAMES:
        estimate = folder.comparison().estimate(name, "accuracy")
        n_right = sum(GOOD in answer.text for answer in folder.answers(name))
        assert estimate.value == pytest.approx(n_right / 20), "all answers have a label"
        assert (estimate.labels, estimate.unsure) == (40, 0)
    done = CliRunner().invoke(app, ["judge", str(folder.root), "--model", MODEL.name, "--json"])
    assert json.loads(done.stdout)["n_judged"] == 40


def test_a_run_without_a_judge_says_how_to_name_one(tmp_path: Path) -> None:
    """The judge of the configuration is used without --model."""
    with pytest.raises(ConfigError, match="names no judge"):
        rejudge(long_run(tmp_path / "run", 2))
    folder = long_run(tmp_path / "other", 2, grading={"judge": MODEL.name})
    assert rejudge(folder).n_judged == 4
    with pytest.raises(ConfigError, match="'no-such' is no model"):
        rejudge(folder, "no-such")


def test_a_file_names_a_judge_after_the_run(tmp_path: Path) -> None:
    """Its `grading` and `models` hold, its other keys are not read; budgets and labels needed are those of the file."""
    folder = long_run(tmp_path / "run", 6)
    label_all(folder)
    path = tmp_path / "bakeoff.yaml"
    with FakeApi(reply=api_reply) as api:
        path.write_text(
            "name: other\nmodels:\n"
            f"  strong: {{api: openai, base_url: {api.url}, model: some-judge}}\n"
            "grading: {judge: strong, least_labels: 12, repeats: 0}\n"
        )
        done = CliRunner().invoke(app, ["judge", str(folder.root), "--config", str(path)])
    assert done.exit_code == 0, done.output
    calibration = folder.record(folder.calibration_path, Calibration)
    assert (calibration.n_judged, calibration.least_labels) == (12, 12)
    assert "some-judge" in calibration.judge and "cannot be reached" not in calibration.reason
    assert calibration.accepted, calibration.reason


def test_a_model_of_the_file_can_be_named(tmp_path: Path) -> None:
    """With --model; the run's own limits hold if the file has no `grading`."""
    folder = long_run(tmp_path / "run", 2, grading={"least_labels": 11})
    path = tmp_path / "judges.yaml"
    path.write_text(f"models: {{strong: {MODEL.name}}}\n")
    calibration = rejudge(folder, "strong", settings=load_judge_config(path))
    assert (calibration.n_judged, calibration.least_labels) == (4, 11)


def test_a_judge_that_is_not_known_gets_one_clear_message(tmp_path: Path) -> None:
    """It says how to give the settings of a model; a file without them is refused with what to write."""
    folder = long_run(tmp_path / "run", 2)
    with pytest.raises(ConfigError, match=r"--model takes a name(.|\n)*--config FILE"):
        rejudge(folder, "{api: openai, base_url: http://127.0.0.1:9/v1, model: x}")
    with pytest.raises(ConfigError, match=r"--model: 'strong' is no model(.|\n)*--config FILE"):
        rejudge(folder, "strong")
    path = tmp_path / "bakeoff.yaml"
    for content, problem in (
        ("name: x\n", "neither `grading:` nor `models:`"),
        ("grading: {judge: strong}\n", "'strong' is no model"),
        ("grading: {juge: strong}\n", "juge"),
        ("grading: {least_labels: 3}\n", "least_labels"),
        ("models: {strong: {api: openai}}\n", "strong"),
    ):
        path.write_text(content)
        with pytest.raises(ConfigError, match=problem):
            rejudge(folder, settings=load_judge_config(path))
    with pytest.raises(ConfigError, match="Cannot read"):
        load_judge_config(tmp_path / "none.yaml")
    assert not folder.calibration_path.exists()


def test_a_judge_without_any_verdict_keeps_the_one_before(tmp_path: Path) -> None:
    """Its judge.json and verdicts stay, the command exits with 1 and one message with counts that agree."""
    folder = long_run(tmp_path / "run", 20)
    label_all(folder)
    assert CliRunner().invoke(app, ["judge", str(folder.root), "--model", MODEL.name]).exit_code == 0
    before, counted = folder.calibration_path.read_text(), verdicts(folder)
    assert len(counted) == 40
    path = tmp_path / "bakeoff.yaml"
    with FakeApi(reply=api_reply, fault=Fault(status=503, times=None)) as api:
        path.write_text(
            f"models:\n  down: {{api: openai, base_url: {api.url}, model: gone, retries: 0}}\n"
            "grading: {judge: down}\n"
        )
        done = CliRunner().invoke(app, ["judge", str(folder.root), "--config", str(path)])
    assert done.exit_code == 1
    output = " ".join(str(done.exception).split())
    assert "has no verdict on any of 40 answers" in output and "503" in output
    assert f"The judge before it, {MODEL.label}, and its verdicts are kept." in output and "--resume" not in output
    assert folder.calibration_path.read_text() == before and verdicts(folder) == counted


def test_a_first_judge_without_any_verdict_is_an_error(tmp_path: Path) -> None:
    """Nothing is kept before it, and the run stays complete."""
    folder = long_run(tmp_path / "run", 2, grading={"judge": "tests.unit.test_judge_answers.OnlyProse"})
    with pytest.raises(ModelUnavailableError, match="no verdict on any of 4 answers; it was asked about 4") as raised:
        rejudge(folder)
    assert "kept" not in str(raised.value) and folder.report_path.exists()


class OnlyProse(ScriptedJudge):
    """Writes no verdict."""

    def reply(self, message: str) -> str:
        return super().reply(message) if "<answer>" not in message else "I cannot say."


def test_the_counts_of_failures_agree(tmp_path: Path) -> None:
    """Failures in a row, answers without a verdict, and those that were not asked about."""
    folder = long_run(tmp_path / "run", 20)
    calibration = judge(folder, OnlyProse())
    (error,) = [note for note in calibration.cautions if "no verdict on" in note]
    n = calibration.n_errors
    assert f"after {n} failures in a row" in calibration.notes[-1]
    assert f"no verdict on {n} of the {n} answers that it was asked about (100" in error
    assert f"{40 - n} others were not asked about" in error


def test_a_server_that_was_not_reached_costs_nothing(tmp_path: Path) -> None:
    """Also where the machine's time has a price: it computed nothing."""
    folder = long_run(tmp_path / "run", 10)
    model = ApiModel(api="openai", base_url="http://127.0.0.1:9/v1", model="some-judge", retries=0)
    profile = folder.config().profile
    assert judge_rates(model, profile).machine_usd_per_hour > 0
    calibration = judge_answers(folder, model, Grading(judge=model), profile)
    assert calibration.n_judged == 0 and calibration.usd == 0
    assert {line.usd for line in jsonl.read(folder.judge_path, Judged)} == {0}


def test_a_judge_with_random_errors_is_not_said_to_have_changed(tmp_path: Path) -> None:
    """It contradicts itself as often in one run as over two."""

    class Random(ScriptedJudge):
        def calls_right(self, answer: str) -> bool:
            return (GOOD in answer) == (chance(f"{len(self.messages)} {answer}", self.salt) < 0.75)

    first, second = (long_run(tmp_path / name, 30, name="pilot") for name in ("pilot", "pilot-2"))
    judge(first, Random(salt="first"))
    calibration = judge(second, Random(salt="second"))
    assert calibration.drift.n == 20 and calibration.drift.n_same < 19
    assert not [note for note in calibration.cautions if "canaries" in note], calibration


def test_an_unanswerable_question_is_judged_by_whether_the_answer_declines(tmp_path: Path) -> None:
    """There are no key points; to decline is correct."""

    class Declining(ScriptedJudge):
        def reply(self, message: str) -> str:
            return f"declines: {'yes' if 'no such lamp' in message else 'no'}"

        def generate(self, prompts, settings) -> list[Completion]:
            texts = [self.reply(prompt.messages[-1].content) for prompt in prompts]
            return [Completion(text=text, usage=Usage(prompt_tokens=9)) for text in texts]

    folder = long_run(tmp_path / "run", 1)
    none = long_question(0).model_copy(update={"answers": (), "slice": "unanswerable"})
    jsonl.write(folder.splits_path, [none])
    for name in NAMES:
        (answer,) = folder.answers(name)
        text = "There is no such lamp." if name == "rag" else "There are no lamps or so, take the red one."
        jsonl.write(folder.answers_path(name), [answer.model_copy(update={"text": text})])
    judge(folder, Declining())
    found = {line.text: line.verdict for line in lines(folder)}
    assert found["There is no such lamp."] == "declined"
    assert set(found.values()) == {"declined", "wrong"}


@pytest.mark.parametrize("name", ["judge.jsonl", "judge.json", "judge_verdicts.jsonl"])
def test_a_broken_file_of_the_judge_says_how_to_go_on_without_it(tmp_path: Path, name: str) -> None:
    """One message with the file; after the remedy, the run is compared by the rules' grades and labels."""
    folder = long_run(tmp_path / "run", 20)
    label_all(folder)
    rejudge(folder, MODEL.name)
    (folder.root / name).write_text("{broken\n")
    with pytest.raises(RunFolderError, match=name) as error:
        judge_run(folder, folder.config().profile)
    assert "bakeoff report RUN" in error.value.remedy
    for path in (folder.judge_path, folder.calibration_path, folder.judge_verdicts_path):
        path.unlink(missing_ok=True)
    judge_run(folder, folder.config().profile)
    assert folder.comparison().estimate("rag", "accuracy").labels == 40


def test_a_judge_with_a_batch_api_is_asked_in_batches(tmp_path: Path) -> None:
    """Key points, verdicts, a sample: one batch each, at half the price, whose time no limit counts."""
    scripted = ScriptedJudge()
    folder = long_run(tmp_path / "run", 10)
    price = TokenPrice(input_tokens=1.0, output_tokens=4.0)
    with FakeApi(reply=lambda messages: scripted.reply(messages[-1]["content"])) as api:
        model = ApiModel(api="openai", base_url=api.url, model="m", price=price, batch=True, retries=0)
        grading = Grading(judge=model, timeout_s=1.5, canaries=3, repeats=4)
        with counting(Ledger(lambda model: price)) as ledger, asking_in("judge"):
            ledger.keep_in(folder.root)
            judge_answers(folder, model, grading, folder.config().profile, load=_impatient)
            spent = ledger.spending().total
        assert not [request for request in api.requests if "chat" in request.path]
        assert 3 <= len(api.batches.created) <= 6
    graded = lines(folder)
    assert {line.unit: line.verdict for line in graded} == true_verdicts(folder)
    assert sum(line.usd for line in jsonl.read(folder.judge_path, Judged)) == pytest.approx(spent.usd)


def test_a_judge_with_a_batch_api_is_asked_again_in_batches_of_its_own(tmp_path: Path) -> None:
    """The sample is all answers, so that its requests are those of the verdicts: they are sent again all the same."""

    class Fickle(ScriptedJudge):
        def calls_right(self, answer: str) -> bool:
            return len(self.messages) % 2 == 0

    scripted, folder = Fickle(), long_run(tmp_path / "run", 5)
    price = TokenPrice(input_tokens=1.0, output_tokens=4.0)
    with FakeApi(reply=lambda messages: scripted.reply(messages[-1]["content"])) as api:
        model = ApiModel(api="openai", base_url=api.url, model="m", price=price, batch=True, retries=0)
        with counting(Ledger(lambda model: price)) as ledger, asking_in("judge"):
            ledger.keep_in(folder.root)
            settings = Grading(judge=model, canaries=3)
            calibration = judge_answers(folder, model, settings, folder.config().profile, load=_impatient)
            spent = ledger.spending().total
    assert scripted.n_verdicts == 20 and len(lines(folder, "repeat")) == 10
    assert calibration.self_agreement.value is not None and calibration.self_agreement.value < 1
    assert sum(line.usd for line in jsonl.read(folder.judge_path, Judged)) == pytest.approx(spent.usd)


@pytest.mark.parametrize("retries", [0, 3])
def test_calls_that_nobody_knows_the_outcome_of_count_in_the_judges_budget(tmp_path: Path, retries: int) -> None:
    """Each is tried again while there is room for its most; the run's own budget is not touched."""
    folder = long_run(tmp_path / "run", 20)
    price = TokenPrice(input_tokens=10.0, output_tokens=10.0)
    grading = Grading(budget_usd=0.1, max_new_tokens=64, repeats=0)
    with FakeApi(reply=api_reply, fault=Fault(status=504, times=None)) as api:
        model = ApiModel(api="openai", base_url=api.url, model="m", price=price, concurrency=4, retries=retries)
        with counting(Ledger(lambda model: price)) as ledger, asking_in("judge"):
            ledger.keep_in(folder.root)
            calibration = judge_answers(folder, model, grading, folder.config().profile, load=_hasty)
            total = ledger.spending().total
            ledger.send(model, "something else", Tokens(1))
    assert total.unknown == total.calls == api.n_requests and 0 < total.usd <= 0.1
    assert calibration.n_judged == 0 and calibration.notes
    if retries:
        assert "its budget (grading.budget_usd, 0.1" in calibration.notes[0]


def test_canaries_of_a_command_that_was_interrupted_are_not_asked_again(tmp_path: Path) -> None:
    """The same command goes on with them. Once it has ended, the next one asks again."""
    grading = GRADING.model_copy(update={"canaries": 5})
    judge(long_run(tmp_path / "pilot", 6, name="pilot"), ScriptedJudge(), grading)
    second = long_run(tmp_path / "pilot-2", 6, name="pilot")

    class Interrupted(ScriptedJudge):
        def reply(self, message: str) -> str:
            if "<answer>" not in message:  # the first request after the canaries
                raise KeyboardInterrupt
            return super().reply(message)

    for n in (5, 10):
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                judge(second, Interrupted(), grading, again=True)
            assert len(lines(second, "canary")) == n
            second.key_points_path.unlink(missing_ok=True)
        calibration = judge(second, ScriptedJudge(), grading, again=True)
        second.key_points_path.unlink()
        assert len(lines(second, "canary")) == n and calibration.drift.n == 5


def _hasty(settings: Any) -> Any:
    generator = load_generator(settings)
    generator._client._first_wait_s = 0.001  # type: ignore[attr-defined]
    return generator


def _impatient(settings: Any) -> Any:
    generator = load_generator(settings)
    generator._batches._first_poll_s = 0.7  # type: ignore[attr-defined]
    return generator
