"""The command line: results to stdout, the rest to stderr; only JSON with --json; completion."""

import json
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from bakeoff.cli.main import app
from bakeoff.measure.comparison import Declining as Rule
from bakeoff.records import Answer, Hit, Origin, Usage
from bakeoff.runs.folder import write_record
from bakeoff.runs.run import Run
from tests.unit.fakes import chunk
from tests.unit.run_fixture import finished

COMMANDS = ("init", "advise", "schema", "run", "report", "regrade", "runs", "diff", "ask", "export")


def call(*arguments):
    """Runs a command in this process. Fails with its traceback if the command does."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


def parsed(*arguments):
    """What a command prints to stdout, as JSON."""
    result = call(*arguments)
    assert result.exit_code == 0
    return json.loads(result.stdout)


class Speaking:
    """A contender that streams two pieces and cites a passage. Declines if the question says so."""

    name = "rag"

    def answer(self, questions):
        return [self._answer(question) for question in questions]

    def _answer(self, question):
        hits = (
            Hit(chunk=chunk("care.md", "The warranty is two years. " * 9, heading="Care > Warranty"), score=1, rank=1),
        )
        return Answer(
            question_id=question.id,
            contender="rag",
            text="a wild guess" if "decline" in question.text else "two years",
            citations=hits,
            usage=Usage(prompt_tokens=120, completion_tokens=3, seconds=0.1),
            abstained="decline" in question.text,
            error="the server is down" if "fail" in question.text else None,
            truncated="cut" in question.text,
            origin=Origin(model="big-2026") if "cut" in question.text else None,
        )

    def stream(self, question):
        answer = self._answer(question)
        if not answer.abstained:
            yield "two "
            yield "years"
        yield answer


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A finished run with contenders that can answer, in the folder `runs` of the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Run, "open", lambda self, name: Speaking())
    return finished(tmp_path / "runs" / "planets")


def test_every_command_stands_in_the_help_with_a_whole_sentence():
    """In groups, and within 80 columns."""
    result = subprocess.run(
        [sys.executable, "-m", "bakeoff", "--help"],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "80", "TERM": "dumb"},
    )
    assert all(f"│ {command} " in result.stdout for command in COMMANDS)
    assert [group in result.stdout for group in ("Before a run", "Measure", "Look at runs", "Use the results")] == [
        True
    ] * 4
    assert max(map(len, result.stdout.splitlines())) <= 80


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_explained(command):
    """Every option and argument has a help text."""
    from typer.main import get_command

    for parameter in get_command(app).commands[command].params:
        assert parameter.help or parameter.name == "help", parameter.name


def test_an_answer_is_written_out_with_its_sources(run):
    """The text to stdout with rank, source, heading and first words of its passage; the rest to stderr."""
    result = call("ask", "planets", "How long is the warranty?")
    assert result.exit_code == 0
    assert result.stdout.startswith("two years\n")
    assert "1. care.md — Care > Warranty\n   The warranty is two years. The" in result.stdout and " …" in result.stdout
    assert "Asking rag: the winner of the verdict." in result.stderr
    assert "120 prompt and 3 completion tokens" in result.stderr and " s;" in result.stderr


def test_an_answer_that_was_cut_off_says_so(run):
    """With the model that wrote it, as its server names it; for scripts too. Other answers say neither."""
    result = call("ask", "planets", "Will it be cut?")
    assert "The answer was cut off" in result.stderr and "written by big-2026" in result.stderr
    found = parsed("ask", "planets", "Will it be cut?", "--json")
    assert (found["truncated"], found["origin"]["model"]) == (True, "big-2026")
    whole = call("ask", "planets", "How long?")
    assert "cut off" not in whole.stderr and "written by" not in whole.stderr


def test_an_answer_that_is_declined_says_so_and_shows_no_text(run):
    """Neither for a person nor for a script."""
    result = call("ask", "planets", "Will you decline?", "--contender", "rag")
    assert "rag declined to answer" in result.stdout and "wild guess" not in result.stdout
    found = parsed("ask", "planets", "Will you decline?", "--json")
    assert found["abstained"] is True and found["text"] == ""


class Declining(Speaking):
    """A contender that declines: in its own words, by its confidence, or with nothing to say."""

    decides_before_streaming = True

    def stream(self, question):
        own = "own words" in question.text
        text = "I don't know." if own else "" if "nothing" in question.text else "a wild guess"
        if own:
            yield text
        yield Answer(question_id=question.id, contender="rag", text=text, confidence=-1.5, abstained=True)


@pytest.mark.parametrize(
    ("question", "below", "shown"),
    [
        ("In own words?", None, "I don't know.\nrag declined to answer, in its own words.\n"),
        ("In own words?", -1.0, "I don't know.\nrag declined to answer, in its own words.\n"),
        ("Unsure?", -1.0, "rag declined to answer: its confidence (-1.5) is below its threshold (-1).\n"),
        ("With nothing?", None, "rag declined to answer: it found nothing to answer with.\n"),
    ],
)
def test_an_answer_that_is_declined_says_why(run, monkeypatch, question, below, shown):
    """On a line of its own; a threshold is the reason only if the run has one for this contender."""
    monkeypatch.setattr(Run, "open", lambda self, name: Declining())
    comparison = run.comparison.model_copy(update={"declining": {"rag": Rule(below=below)}})
    write_record(run.folder.comparison_path, comparison)
    result = call("ask", "planets", question)
    assert result.stdout == shown


def test_an_answer_for_scripts_is_json_alone(run):
    """With everything the answer holds, the question and why this contender answered."""
    found = parsed("ask", "planets", "How long?", "--json")
    assert (found["text"], found["contender"], found["reason"]) == ("two years", "rag", "the winner of the verdict")
    assert found["citations"][0]["chunk"]["source"] == "care.md" and found["usage"]["prompt_tokens"] == 120


def test_an_answer_that_fails_ends_with_an_error(run):
    """The message on stderr, exit code 1."""
    result = call("ask", "planets", "Will you fail?")
    assert result.exit_code == 1 and "rag failed: the server is down" in result.stderr


def test_runs_are_listed_as_a_table_and_as_json(run, tmp_path):
    """Of the current folder, or of another. If there are no runs, how to start one."""
    table = call("runs").stdout
    assert "planets" in table and "finished" in table and "rag" in table and "40" in table
    (listed,) = parsed("runs", "--json")
    assert (listed["name"], listed["state"], listed["winner"]) == ("planets", "finished", "rag")
    assert "bakeoff run" in call("runs", "--runs", tmp_path / "none").stdout
    assert parsed("runs", "--runs", tmp_path / "none", "--json") == []


def test_two_runs_are_compared(run, tmp_path):
    """Settings, data and the results in points; the same as JSON."""
    finished(tmp_path / "runs" / "later", rag=range(40), retrieval={"k": 8})
    text = call("diff", "planets", "later").stdout
    assert "retrieval.k: 3 -> 8" in text
    assert "Paired: both runs asked the same 40 test questions." in text
    row = next(line for line in text.splitlines() if line.startswith("rag"))
    assert "75 %" in row and "100 %" in row and "+25 (+10 to +38)" in row and "significant" in row
    assert "rag: 10 questions now correct (q30, q31, q32, q33, q34 and 5 more), 0 no longer (none)" in text
    found = parsed("diff", "planets", "later", "--json")
    assert found["settings"] == {"retrieval.k": {"before": 3, "after": 8}}
    assert found["results"]["contenders"]["rag"]["differences"]["accuracy"]["difference"] == pytest.approx(0.25)
    base = next(line for line in text.splitlines() if line.startswith("base"))
    assert base.split("%")[-1].split() == ["0", "same", "answers"]
    assert found["results"]["contenders"]["base"]["differences"]["accuracy"]["finding"] == "same"


def test_the_first_look_at_data_is_told_and_written(tmp_path, monkeypatch):
    """bakeoff.yaml names the schema next to it. With --json, the findings are printed too."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    for i in range(12):
        (tmp_path / "docs" / f"{i}.md").write_text(f"# {i}\n\nNumber {i} is {i * 7}.\n")
    rows = "\n".join(f"What is number {i}?,{i * 7}" for i in range(12))
    (tmp_path / "q.csv").write_text(f"Customer message,answers\n{rows}\n")
    found = parsed("init", "docs", "-q", "q.csv", "--columns", "question=Customer message", "--json")
    assert (found["config"], found["json_schema"]) == ("bakeoff.yaml", "bakeoff.schema.json")
    assert found["data"]["documents"]["n"] == 12
    first = (tmp_path / "bakeoff.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=./bakeoff.schema.json"
    assert json.loads((tmp_path / "bakeoff.schema.json").read_text())["title"] == "bakeoff.yaml"


def test_a_column_is_named_by_field_and_column():
    """Any other form is refused before anything is read."""
    from bakeoff.errors import ConfigError

    with pytest.raises(ConfigError, match="does not name a field and a column"):
        call("init", "docs", "-q", "q.csv", "--columns", "Customer message")


def test_a_field_can_be_given_several_columns(tmp_path, monkeypatch):
    """Those of answers are all read and stand in bakeoff.yaml. Another field that is repeated is an error."""
    from bakeoff.errors import InputError
    from bakeoff.runs.config import load_config

    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("# Numbers\n\nThere are many.\n")
    rows = "\n".join(f"What is number {i}?,{i * 7},{i * 7} pieces" for i in range(12))
    (tmp_path / "q.csv").write_text(f"question,A,B\n{rows}\n")
    parsed("init", "docs", "-q", "q.csv", "--columns", "answers=A", "--columns", "answers=B", "--json")
    assert load_config(tmp_path / "bakeoff.yaml").columns == {"answers": ("A", "B")}
    with pytest.raises(InputError, match="question is given 2 columns: 'question', 'A'"):
        call("init", "docs", "-q", "q.csv", "--columns", "question=question", "--columns", "question=A", "--force")


def test_schemas_are_printed():
    """Of both files, and the profile's page."""
    assert "contenders" in parsed("schema")["properties"]
    assert "latency_limit_ms" in parsed("schema", "profile")["properties"]
    assert call("schema", "profile", "--markdown").stdout.startswith("# The profile\n")


def completed(words: str, folder, **more) -> list[str]:
    """What the shell would offer for the last word."""
    line = f"bakeoff {words}"
    result = subprocess.run(
        [sys.executable, "-c", "from bakeoff.cli.main import main; main()"],
        capture_output=True,
        text=True,
        cwd=folder,
        env={
            **os.environ,
            "_BAKEOFF_COMPLETE": "complete_bash",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(line.split(" ")) - 1),
            **more,
        },
    )
    assert result.stderr == ""
    return result.stdout.split()


def test_the_shell_completes_commands_runs_and_contenders(run, tmp_path):
    """Names of run folders for a run, and names of that run's contenders for a contender."""
    finished(tmp_path / "runs" / "plants")
    finished(tmp_path / "elsewhere" / "stars")
    assert "regrade" in completed("re", tmp_path)
    assert completed("ask pla", tmp_path) == ["planets", "plants"]
    assert completed("ask --runs elsewhere s", tmp_path) == ["stars"]
    assert completed("diff planets pl", tmp_path) == ["planets", "plants"]
    assert completed("ask planets question --contender ", tmp_path) == ["base", "rag"]
    assert completed("ask nowhere question --contender ", tmp_path) == []
