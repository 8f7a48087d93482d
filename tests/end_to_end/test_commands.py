"""Ask, regrade, compare and list finished runs of the small pilot, by the command line and in Python."""

import json
import re
import shlex
import shutil
import sys

import pytest

import bakeoff
from tests.end_to_end.small import REPOSITORY, make
from tests.end_to_end.small import bakeoff as command


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of one finished run, and its bakeoff.yaml."""
    folder = tmp_path_factory.mktemp("planets")
    bakeoff.run(make(folder), runs=folder / "runs")
    return folder


@pytest.fixture
def folder(finished, tmp_path):
    """A copy of it that a test may change."""
    return shutil.copytree(finished, tmp_path / "copy")


def parsed(result):
    """What a command printed as JSON."""
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_a_run_of_an_earlier_day_answers(finished):
    """Opened in Python: by the contender that did best, or by the one that is named; the measures are there too."""
    run = bakeoff.open_run(finished / "runs" / "planets")
    answer = run.ask("How long is a year on Golth?", contender="rag")
    assert (answer.text, answer.contender) == ("63 days", "rag")
    assert answer.citations[0].chunk.source == "golth.md"
    assert run.ask("How long is a year on Golth?").contender == run.best.contender
    *pieces, last = run.stream("How long is a year on Golth?", contender="rag")
    assert "".join(pieces).strip() == last.text == "63 days"
    assert run.measure("rag", "accuracy") == run.comparison.estimate("rag", "accuracy").value


def test_the_table_holds_what_was_measured(finished):
    """The mean of a contender's column is its accuracy, for every contender."""
    pytest.importorskip("pandas")
    run = bakeoff.open_run(finished / "runs" / "planets")
    shares = run.to_pandas().groupby("contender")["correct"].mean().to_dict()
    assert shares == pytest.approx({name: run.measure(name, "accuracy") for name in run.contenders})


def test_asking_by_the_command_line(finished):
    """The answer, then where it is from."""
    result = command("ask", "planets", "What colour is the noon sky of Hespa?", "-c", "rag", cwd=finished)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("pink\n") and "1. hespa.md" in result.stdout
    assert "Asking rag" in result.stderr


def test_a_new_alias_changes_grades_without_a_model(folder):
    """Answers stay as they were; scores, comparison, verdict and report follow; the former answers are kept."""
    run = bakeoff.open_run(folder / "runs" / "planets")
    wrong = next(
        (question, answer)
        for question in run.folder.questions()
        if question.split == "test" and question.answerable
        for answer in run.answers("base")
        if answer.question_id == question.id
    )
    rows = [json.loads(line) for line in (folder / "questions.jsonl").read_text().splitlines()]
    for row in rows:
        if row["id"] == wrong[0].id:
            row["answers"] = ["something else"]
    (folder / "new.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    answers = (run.folder.root / "answers" / "rag.jsonl").read_bytes()
    before = run.measure("rag", "accuracy")
    found = parsed(command("regrade", "planets", "-q", "new.jsonl", "--json", cwd=folder))
    assert [one["id"] for one in found["questions"]] == [wrong[0].id]
    assert found["contenders"]["rag"]["before"] == before
    assert found["contenders"]["rag"]["now_wrong"] == [wrong[0].id]
    assert run.measure("rag", "accuracy") == found["contenders"]["rag"]["after"] < before
    assert (run.folder.root / "answers" / "rag.jsonl").read_bytes() == answers
    former = (run.folder.root / "splits.1.jsonl").read_text()
    assert wrong[0].answers[0] in former and "something else" not in former
    assert "Graded again" in (run.folder.root / "report.md").read_text()
    again = parsed(command("regrade", "planets", "-q", "questions.jsonl", "--json", cwd=folder))
    assert again["contenders"]["rag"]["after"] == before and again["copy_path"].endswith("splits.2.jsonl")


def test_grading_by_a_file_that_lacks_a_question_changes_nothing(folder):
    """One message with the question's id; every file stays as it was."""
    lines = (folder / "questions.jsonl").read_text().splitlines()
    root = folder / "runs" / "planets"
    tested = next(json.loads(line) for line in (root / "splits.jsonl").read_text().splitlines() if '"test"' in line)
    (folder / "less.jsonl").write_text("\n".join(line for line in lines if json.loads(line)["id"] != tested["id"]))
    before = {path: path.read_bytes() for path in root.glob("*.json*")}
    result = command("regrade", "planets", "-q", "less.jsonl", cwd=folder)
    assert result.returncode == 1 and tested["id"] in result.stderr and "Traceback" not in result.stderr
    assert {path: path.read_bytes() for path in root.glob("*.json*")} == before


def test_two_runs_are_compared_question_by_question(folder):
    """One more passage shown: the setting is named, and each contender is compared with itself."""
    values = json.loads((folder / "bakeoff.yaml").read_text())
    (folder / "more.yaml").write_text(json.dumps({**values, "name": "more", "retrieval": {"k": 1}}))
    ended = parsed(command("run", "more.yaml", "--json", cwd=folder))
    assert ended["run"] == "more" and ended["measures"]["rag"]["accuracy"]["n"] > 0
    found = parsed(command("diff", "planets", "more", "--json", cwd=folder))
    assert found["same_data"] and found["settings"]["retrieval.k"]["after"] == 1
    assert found["results"]["note"].startswith("Paired: both runs asked the same")
    assert found["results"]["contenders"]["base"]["differences"]["accuracy"]["difference"] == 0
    text = command("diff", "planets", "more", cwd=folder).stdout
    assert "retrieval.k: 3 -> 1" in text and "rag" in text


def test_runs_are_listed_with_their_winner(finished):
    """Whatever else lies in the folder."""
    (finished / "runs" / "notes").mkdir(exist_ok=True)
    (listed,) = parsed(command("runs", "--json", cwd=finished))
    verdict = json.loads((finished / "runs" / "planets" / "verdict.json").read_text())
    assert (listed["name"], listed["state"], listed["winner"]) == ("planets", "finished", verdict["winner"])
    assert set(listed["contenders"]) == {"base", "rag", "extract", "long-context"}


def test_a_report_for_scripts_is_json_alone(finished):
    """The verdict, every measure with its interval, and where the report is."""
    found = parsed(command("report", "planets", "--json", cwd=finished))
    run = bakeoff.open_run(finished / "runs" / "planets")
    assert found["measures"]["rag"]["accuracy"]["value"] == run.measure("rag", "accuracy")
    assert found["report"].endswith("report.html") and "winner" in found and "reason" in found


def test_advice_for_scripts_is_json_alone(tmp_path):
    """What is recommended, and what was written."""
    (tmp_path / "profile.yaml").write_text("update_interval_days: 2\nneeds_citations: true\n")
    found = parsed(command("advise", "--profile", "profile.yaml", "--json", cwd=tmp_path))
    assert found["headline"] and found["written"]


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of a page in docs/."""
    return re.findall(rf"```{language}\n(.*?)```", (REPOSITORY / "docs" / page).read_text(), re.DOTALL)


def test_what_the_pages_say_to_type_works(tmp_path, monkeypatch):
    """Every block of docs/python.md in turn, then the commands of docs/cli.md, on a run of the name they use."""
    pytest.importorskip("pandas")
    config = make(tmp_path, name="support-desk")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(REPOSITORY)])
    bakeoff.run(config)
    names = {}
    for block in blocks("python.md", "python"):
        exec(compile(block.replace("questions.csv", "questions.jsonl"), "python.md", "exec"), names)
    assert names["answer"].contender == names["run"].best.contender and len(names["table"]) > 0
    lines = [line for block in blocks("cli.md", "sh") for line in block.splitlines() if line.startswith("bakeoff ")]
    assert len(lines) == 9
    (tmp_path / "examples").symlink_to(REPOSITORY / "examples")
    for line in lines:
        words = shlex.split(line.replace("questions.csv", "questions.jsonl"), comments=True)[1:]
        result = command(*words[: words.index(">")] if ">" in words else words, cwd=tmp_path)
        assert result.returncode == 0, result.stderr
