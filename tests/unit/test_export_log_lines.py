"""The log of a deployment as files that trainers read: the lines of the server's own export."""

import json
import stat

import pytest
from typer.testing import CliRunner

from bakeoff.cli.main import app
from bakeoff.errors import ConfigError, InputError, RunFolderError
from bakeoff.questions import read_with_notes
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer, Preference, Thumb
from bakeoff.serve.log_exports import chat_lines, preference_lines


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A deployment with a log, in the folder `deployments` of the current folder."""
    root = tmp_path / "deployments" / "desk"
    root.mkdir(parents=True)
    (root / "current").write_text("1\n")
    with Log(root / "log.sqlite") as log:
        for name in ("a", "b", "c"):
            log.append(LoggedAnswer(id=name, question="How long?", text=f"text {name}", contender="rag"))
        log.append(Thumb(answer="a", up=True))
        log.append(Preference(answers=("a", "b"), preferred="b"))
    monkeypatch.chdir(tmp_path)
    return root


def call(*arguments: str):
    return CliRunner().invoke(app, ["export", *arguments], catch_exceptions=False)


@pytest.mark.parametrize(
    ("form", "more", "lines"),
    [
        ("chat", (), lambda log: chat_lines(log)),
        ("chat", ("--which", "all"), lambda log: chat_lines(log, "all")),
        ("preferences", (), lambda log: preference_lines(log, "trl")),
        ("preferences", ("--layout", "openai"), lambda log: preference_lines(log, "openai")),
    ],
)
def test_the_lines_are_those_of_the_server(desk, tmp_path, form, more, lines):
    """In a file that only its owner may read."""
    result = call("desk", "--to", form, "--out", "out.jsonl", *more)
    with Log(desk / "log.sqlite") as log:
        expected = list(lines(log))
    assert result.exit_code == 0 and (tmp_path / "out.jsonl").read_text() == "".join(expected) and expected
    assert f"{len(expected)} line" in result.stderr
    assert stat.S_IMODE((tmp_path / "out.jsonl").stat().st_mode) == 0o600


def test_preferences_are_in_trls_conversational_format(desk, tmp_path):
    """An explicit prompt, and the two answers as messages of the assistant. Source: TRL, "Dataset formats"."""
    call(str(desk), "--to", "preferences", "--out", "out.jsonl")
    (pair,) = map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())
    assert pair == {
        "prompt": [{"role": "user", "content": "How long?"}],
        "chosen": [{"role": "assistant", "content": "text b"}],
        "rejected": [{"role": "assistant", "content": "text a"}],
    }


def test_exported_chats_are_a_question_file(desk, tmp_path):
    """What was approved comes back as a question with its answer."""
    call("desk", "--to", "chat", "--out", "out.jsonl")
    (question,), _ = read_with_notes([tmp_path / "out.jsonl"])
    assert (question.text, question.answers) == ("How long?", ("text a",))


def test_a_log_without_such_lines_writes_no_file(desk, tmp_path):
    """An empty file would be trained on without a word. The same for a deployment that has no log."""
    with Log(desk / "log.sqlite") as log:
        log.append(Thumb(answer="a", up=False))
    with pytest.raises(InputError, match="has no such answer to export") as caught:
        call("desk", "--to", "chat", "--out", "out.jsonl")
    assert "--which all" in caught.value.remedy
    (desk / "log.sqlite").unlink()
    with pytest.raises(InputError, match="has no log"):
        call("desk", "--to", "preferences", "--out", "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists() and not (desk / "log.sqlite").exists()


def test_only_a_deployment_has_a_log_and_nothing_is_overwritten(desk, tmp_path):
    """A run has none; MLflow takes a run."""
    with pytest.raises(RunFolderError, match="There is no deployment 'gone'"):
        call("gone", "--to", "chat", "--out", "out.jsonl")
    (tmp_path / "out.jsonl").write_text("mine")
    with pytest.raises(ConfigError, match="overwrites nothing"):
        call("desk", "--to", "chat", "--out", "out.jsonl")
    assert (tmp_path / "out.jsonl").read_text() == "mine"
