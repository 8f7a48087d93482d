"""The pilot again, on what a deployment has become: the alarm names one command, and that command does it."""

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from bakeoff.cli.main import app
from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.errors import ConfigError, RunFolderError
from bakeoff.learn.monitor.evidence import Evidence
from bakeoff.learn.monitor.revisit import InUse, revisit
from bakeoff.learn.new_pilot import new_pilot
from bakeoff.learn.review.reviewing import Reviewing, Said
from bakeoff.pilot import stages
from bakeoff.pilot.run import run
from bakeoff.runs.folder import RunFolder
from bakeoff.serve.deployment import deploy
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer
from bakeoff.serve.releases import read_release
from tests.end_to_end.small import make

COLOURS = ("blue", "grey", "red", "green")
PLANETS = {f"Aldra{i}": (f"{10 + 7 * i} days", COLOURS[i % 4]) for i in range(32)}
ASSUMED = 100_000
PROFILE = {"queries_per_month": ASSUMED, "value": {"currency": "USD", "unanswered": 0.5}}
DAYS, A_DAY = 28, 6


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run that says: ship `rag`, at 100,000 questions a month."""
    folder = tmp_path_factory.mktemp("pilot")
    config = make(folder, planets=PLANETS, contenders=["base", "rag", "extract"], profile=PROFILE)
    return run(config, runs=folder / "runs")


@pytest.fixture
def used(finished, tmp_path, monkeypatch):
    """Its deployment after four weeks with few questions, half of which no document answers; all were reviewed."""
    root = tmp_path / "deployments" / "planets"
    deploy(finished, root, ["rag"])
    monday = datetime.now(UTC) - timedelta(days=datetime.now(UTC).weekday())
    with Log(root / "log.sqlite") as log, SqliteStore(root / "store.sqlite") as store:
        for i in range(DAYS * A_DAY):
            at = monday - timedelta(days=1 + i // A_DAY, minutes=i % A_DAY)
            name = f"Aldra{i % 32}"
            question = f"Visitor {i * 7919}: who found {name}?" if i % 2 else f"Visitor {i * 7919}: days of {name}?"
            log.append(LoggedAnswer(id=f"a{i}", question=question, text="t", contender="rag", release=1, at=at))
        reviewing = Reviewing(log, store, "Ada")
        for item in reviewing.queue.open():
            i = int(item.answer[1:])
            year = Said("correct", (PLANETS[f"Aldra{i % 32}"][0],))
            reviewing.say(item.answer, Said("unanswerable") if i % 2 else year)
        changed = next(document for document in store.documents() if document.source.endswith("aldra5.md"))
        store.upsert([changed.model_copy(update={"text": changed.text.replace("45 days", "46 days")})])
    monkeypatch.chdir(tmp_path)
    return root


def test_reviews_that_documents_made_doubtful_are_left_out(used):
    """The year of Aldra5 changed after it was reviewed: nobody is tested with 45 days, and the note names it."""
    found = new_pilot(used)
    asked = [question for question in found.prepared.questions if "Aldra5?" in question.text]
    assert not any("45 days" in question.answers for question in asked)
    assert any("Aldra5" in note and "left out" in note for note in found.prepared.notes)


def call(*arguments):
    return CliRunner().invoke(app, list(arguments), catch_exceptions=False)


def test_the_alarm_names_a_command_that_runs_the_pilot_on_real_use(used, finished):
    """With the real volume and mix in its profile, the documents as they are now, and the reviewed questions."""
    snapshot = json.loads(call("monitor", "planets", "--json").stdout)
    (alarm,) = (alarm for alarm in snapshot["alarms"] if alarm["kind"] == "verdict")
    assert alarm["remedy"].endswith(": bakeoff run --from planets")
    result = call(*alarm["remedy"].rpartition(": bakeoff ")[2].split())
    assert result.exit_code == 0, result.output
    folder = RunFolder(used.parents[1] / "runs" / "planets-from-use")
    profile = folder.config().profile
    volume = A_DAY * 365.25 / 12
    assert profile.queries_per_month == pytest.approx(volume, rel=0.25)
    assert profile.queries_per_month == float(f"{snapshot['revisited']['queries_per_month']:.2g}")
    assert profile.slice_weights["unanswerable"] == pytest.approx(0.5, abs=0.1)
    assert sum(profile.slice_weights.values()) == pytest.approx(1)
    assert profile.value.unanswered == 0.5 and "growth_per_month" not in profile.model_fields_set
    with SqliteStore(folder.world / "store.sqlite") as store:
        texts = [document.text for document in store.documents()]
    assert len(texts) == 32 and any("46 days" in text for text in texts)
    before = {question.id: question.split for question in finished.folder.questions()}
    after = {question.id: question.split for question in folder.questions()}
    assert sum(id.startswith("use-") for id in after) > 50
    assert {id: split for id, split in after.items() if id in before}.items() <= before.items()
    assert not any(id.startswith("Aldra5-year") for id in after), "its answer has changed"
    assert set(folder.comparison().names) == {"base", "rag", "extract"}
    verdict = json.loads(folder.verdict_path.read_text())
    assert (verdict["winner"], verdict["decision"]) == (None, "none") and folder.report_path.exists()
    assert (snapshot["revisited"]["winner"], snapshot["revisited"]["decision"]) == (None, "none")
    assert any("questions a month, as in the last" in note for note in folder.data().notes)


def test_answers_that_cost_more_than_they_are_worth_turn_the_verdict(used):
    """A right answer is worth 0.50; at the assumed volume and mix, each one costs 0.60, not a fraction of a cent."""
    evidence = Evidence(used, read_release(used, 1))
    use = {"queries_per_month": ASSUMED, "days": 28, "questions": 900, "expected_usd_per_answer": 0.0001}
    assert not revisit(evidence, InUse(**use, usd_per_answer=0.00011)).turned
    dear = revisit(evidence, InUse(**use, usd_per_answer=0.6))
    assert dear.turned and dear.winner != "rag" and "bakeoff run --from planets" in dear.sentence


def test_a_stopped_pilot_goes_on_with_the_data_it_began_with(used, monkeypatch):
    """Though documents and reviews have changed since."""
    answer = stages.Pilot._answer

    def stop(pilot, recipe):
        if recipe.spec.name == "extract":
            raise KeyboardInterrupt
        answer(pilot, recipe)

    with monkeypatch.context() as patched:
        patched.setattr(stages.Pilot, "_answer", stop)
        stopped = CliRunner().invoke(app, ["run", "--from", "planets"])
    assert "bakeoff run --from planets --resume" in str(getattr(stopped.exception, "remedy", stopped.output))
    with SqliteStore(used / "store.sqlite") as store:
        store.delete([next(iter(store.documents())).id])
    assert call("run", "--from", "planets", "--resume").exit_code == 0
    folder = RunFolder(used.parents[1] / "runs" / "planets-from-use")
    with SqliteStore(folder.world / "store.sqlite") as store:
        assert folder.verdict_path.exists() and len(list(store.documents())) == 32
    with pytest.raises(RunFolderError, match="no stopped run named 'planets-from-use'"):
        call("run", "--from", "planets", "--resume")


def test_with_little_use_the_profile_stays_and_a_note_says_so(finished, tmp_path):
    """What is not known is not made up; the questions and documents are those of the deployment."""
    root = tmp_path / "planets"
    deploy(finished, root, ["rag"])
    made = new_pilot(root, "again")
    assert made.config.name == "again" and made.config.profile.queries_per_month == ASSUMED
    assert not made.config.profile.slice_weights
    assert any("as before, since use is known from 14 days" in note for note in made.prepared.notes)
    assert len(made.prepared.questions) == len(finished.folder.questions())


def test_a_deployment_and_a_configuration_are_two_pilots(used, tmp_path):
    with pytest.raises(ConfigError, match="leave one of them out") as caught:
        call("run", "bakeoff.yaml", "--from", "planets")
    assert "--from takes the configuration" in caught.value.message
    shutil.rmtree(used)
    with pytest.raises(RunFolderError, match="no deployment 'planets'"):
        call("run", "--from", "planets")
