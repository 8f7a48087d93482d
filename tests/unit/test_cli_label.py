"""bakeoff label on the command line: CSV out and in, agreement, and the verdict that follows."""

import csv
import json

import pytest

from bakeoff.errors import BakeoffError, ConfigError
from bakeoff.labelling.labelling import Labelling
from tests.unit.run_fixture import finished
from tests.unit.test_cli import call, parsed


@pytest.fixture
def run(tmp_path):
    return finished(tmp_path / "runs" / "pilot")


def command(run, *arguments):
    return ("label", run.folder.root.name, "--runs", run.folder.root.parent, *arguments)


def filled(path, verdict="r"):
    """The file with this verdict in every row."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [{**row, "verdict": verdict} for row in csv.DictReader(file)]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_labels_go_out_as_csv_and_come_back(run, tmp_path):
    """The run is judged again, unless that is not wanted; the verdict is the result on stdout."""
    path = tmp_path / "labels.csv"
    said = call(*command(run, "--labeller", "ada", "--out", path, "--n", "5"))
    assert said.exit_code == 0 and said.stdout == "" and "5 answers written" in said.stderr
    where = f"--runs {run.folder.root.parent}"
    assert f"Then: bakeoff label pilot {where} --read {path} --labeller ada" in said.stderr
    said = call(*command(run, "--labeller", "ada", "--read", filled(path), "--no-verdict"))
    assert "5 new labels, 0 changed, 0 known before, 0 rows without a verdict." in said.stderr
    assert f"bakeoff report pilot {where}" in said.stderr and run.folder.report_path.read_text() == "<html></html>"
    said = call(*command(run, "--labeller", "ada", "--read", path))
    assert "Verdict before: " in said.stdout and "Verdict now: " in said.stdout
    assert run.folder.report_path.read_text() != "<html></html>"


def test_errors_name_commands_that_can_be_copied(run, tmp_path):
    """With the run's name, and where it lies."""
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(BakeoffError) as error:
        call(*command(run, "--read", path))
    assert f"bakeoff label pilot --runs {run.folder.root.parent} --out FILE.csv" in error.value.remedy


def test_the_result_can_be_json(run, tmp_path):
    """Nothing else is on stdout."""
    path = tmp_path / "labels.csv"
    call(*command(run, "--labeller", "ada", "--out", path))
    judged = parsed(*command(run, "--labeller", "ada", "--read", filled(path), "--json"))["judged"]
    assert set(judged) == {"before", "after", "report"}


def test_agreement_and_disagreements_are_listed(run):
    """Shares, kappa with its interval, base rates; and each disputed answer with what everybody said."""
    ada, bob = Labelling(run.folder, "ada"), Labelling(run.folder, "bob")
    for i, id in enumerate(ada.pending(8)):
        ada.add(ada.label(id, "right" if i % 2 else "wrong"))
        bob.add(bob.label(id, "right" if i % 2 or i == 4 else "wrong", "page 3" if i == 4 else ""))
    said = call(*command(run, "--agreement")).stdout
    assert "ada and bob gave the same verdict on 88% of 8 answers; kappa 0.75" in said
    assert "1 answer with different verdicts" in said and "ada: wrong, bob: right (page 3)" in said
    found = parsed(*command(run, "--agreement", "--json"))
    assert found["agreements"][0]["base_rates"]["ada"]["right"] == 0.5
    assert found["disputed"][0]["verdicts"] == {"ada": "wrong", "bob": "right"}


def test_agreement_needs_two(run):
    """It says how to get a second labeller."""
    said = call(*command(run, "--agreement")).stdout
    assert "No two labellers" in said and "--labeller NAME" in said
    assert json.loads(call(*command(run, "--agreement", "--json")).stdout) == {"agreements": [], "disputed": []}


def test_stopping_while_judging_keeps_labels_and_verdict(run, tmp_path, monkeypatch):
    """It says how to get the verdict; the exit code is that of Ctrl-C."""
    path = tmp_path / "labels.csv"
    call(*command(run, "--labeller", "ada", "--out", path, "--n", "3"))

    def stop(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("bakeoff.labelling.judged.judge_run", stop)
    before = run.folder.verdict_path.read_text()
    said = call(*command(run, "--labeller", "ada", "--read", filled(path)))
    assert said.exit_code == 130 and "Every label is kept" in said.stderr
    assert len(run.folder.labels_path.read_text().splitlines()) == 3 and run.folder.verdict_path.read_text() == before


def test_one_task_at_a_time(run, tmp_path):
    """Nothing is done then."""
    with pytest.raises(ConfigError, match="three tasks"):
        call(*command(run, "--agreement", "--out", tmp_path / "a.csv"))
    assert not (tmp_path / "a.csv").exists()


def test_a_run_that_is_not_there_is_named(tmp_path):
    """As for every command."""
    with pytest.raises(BakeoffError):
        call("label", "nowhere", "--runs", tmp_path)
