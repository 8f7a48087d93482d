"""The bundle for support: nothing that a user wrote or chose is in any byte of it, and what support needs is."""

import json
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bakeoff.cli.main import app
from bakeoff.doctor.bundle.failures import kind_of, shape_of
from bakeoff.doctor.bundle.lines import shapes
from bakeoff.doctor.bundle.parts import parts_of
from bakeoff.doctor.bundle.plain import plain
from bakeoff.doctor.bundle.write import write
from bakeoff.doctor.finding import problem
from bakeoff.errors import ConfigError, RunFolderError
from bakeoff.files import jsonl
from bakeoff.records import Answer, Record, SourceSpan, Stage, Usage
from bakeoff.runs.folder import RunFolder
from bakeoff.serve.deployment import deploy
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer, Thumb
from bakeoff.serve.server_log import ServerLog
from tests.unit.fakes import question
from tests.unit.released import released_run
from tests.unit.run_fixture import DOCUMENTS

CANARY = "zqcanary"
"""Stands in every text that a user writes or chooses, with a number for each place."""
ENVIRONMENT = "CANARY_ENVIRONMENT_KEY"


def canary(where: str) -> str:
    return f"{CANARY}{where}"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run whose every text holds a canary: names, questions, answers, documents, labels, addresses, errors."""
    monkeypatch.setenv(ENVIRONMENT, canary("value"))
    monkeypatch.setenv("USER", canary("user"))
    monkeypatch.setenv("HTTPS_PROXY", f"http://{canary('proxy')}@proxy.example")
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / canary("cache")))
    home = tmp_path / "home" / canary("home")
    asked = [
        question(
            f"q{i}",
            f"{canary('question')} {i}?",
            [canary("answer")],
            split="test",
            slice="unseen",
            source_spans=(SourceSpan(source=canary("source")),),
            evidence=canary("evidence"),
            key_points=(canary("point"),),
            access=(canary("label"),),
        )
        for i in range(30)
    ]
    documents = [
        one.model_copy(update={"text": canary("text"), "title": canary("title"), "source": f"{canary('file')}{i}.md"})
        for i, one in enumerate(DOCUMENTS)
    ]
    run = released_run(
        home / "runs" / canary("run"),
        asked=asked,
        base=(),
        rag=(),
        documents=documents,
        questions=[f"{canary('questions')}.csv"],
        prompts={"grounded": {"system": canary("prompt"), "user": "{passages} {question}"}},
        contenders=["base", "rag", {"name": canary("contender"), "like": "rag", "retrieval": {"k": 8}}],
        columns={canary("column"): "question"},
        folder=str(home),
    )
    _write_configuration(run.folder)
    _write_answers(run.folder)
    return run


def _write_configuration(folder: RunFolder) -> None:
    """A model behind a server, and sources with addresses, as a run's configuration holds them."""
    import yaml

    values = yaml.safe_load(folder.config_path.read_text())
    values["models"][canary("model")] = {
        "api": "openai",
        "base_url": f"https://{canary('host')}.example/{canary('path')}/v1",
        "model": canary("served"),
        "key_env": ENVIRONMENT,
        "concurrency": 23,
    }
    values["documents"] = [
        canary("folder"),
        {"git": f"https://{canary('git')}.example/repository", "labels": [canary("label")], "prefix": canary("prefix")},
    ]
    folder.config_path.write_text(yaml.safe_dump(values))


def _write_answers(folder: RunFolder) -> None:
    failed = (f"HTTP 429: {canary('error')}", f"{canary('error')} timed out", f"the server said {canary('error')}")
    for name in ("base", "rag", canary("contender")):
        answers = [
            Answer(
                question_id=f"q{i}", contender=name, text=canary("given"), usage=Usage(seconds=0.25), route=canary("r")
            )
            for i in range(3)
        ]
        answers += [Answer(question_id=f"e{i}", contender=name, error=error) for i, error in enumerate(failed)]
        jsonl.write(folder.answers_path(name), answers)
    stages = [
        Stage(
            stage="answer", contender=canary("contender"), part=canary("part"), seconds=4.25, detail=canary("detail")
        ),
        Stage(stage=canary("stage"), seconds=1.5),
    ]
    jsonl.write(folder.stages_path, stages)


def _bytes_of(path: Path) -> bytes:
    """All bytes of a bundle: those of the zip, and those of its files."""
    with zipfile.ZipFile(path) as bundle:
        return (
            path.read_bytes()
            + b"".join(bundle.read(name) for name in bundle.namelist())
            + repr(bundle.infolist()).encode()
        )


def _content(path: Path) -> dict:
    with zipfile.ZipFile(path) as bundle:
        return {name: json.loads(bundle.read(name)) for name in bundle.namelist()}


def call(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


def test_no_canary_of_a_run_is_in_any_byte(run, tmp_path, monkeypatch):
    """Though the doctor's own lines, which the bundle has the states of, name folders, models and variables."""
    monkeypatch.chdir(tmp_path)
    lines = tmp_path / f"{canary('log')}.jsonl"
    _write_lines(lines)
    said = call("doctor", run.folder.root, "--bundle", "support.zip", "--log", lines)
    assert CANARY in said.stdout
    everything = _bytes_of(tmp_path / "support.zip").lower()
    assert CANARY.encode() not in everything and ENVIRONMENT.lower().encode() not in everything
    assert str(tmp_path).encode().lower() not in everything


def test_no_canary_of_a_deployment_is_in_any_byte(run, tmp_path, monkeypatch):
    """Its log has questions, answers, right answers of users and the names of keys."""
    monkeypatch.chdir(tmp_path)
    root = deploy(run, tmp_path / canary("deployments") / canary("deployment"), ["rag"]).root
    with Log(root / "log.sqlite") as log:
        answer = LoggedAnswer(
            question=canary("asked"), text=canary("said"), contender="rag", key=canary("key"), latency_ms=120.0
        )
        failed = LoggedAnswer(question=canary("asked"), text=None, contender="rag", error=f"HTTP 503 {canary('error')}")
        for entry in (answer, failed, Thumb(answer=answer.id, up=False, right_answer=canary("right"))):
            log.append(entry)
    call("doctor", root, "--bundle", "support.zip")
    assert CANARY.encode() not in _bytes_of(tmp_path / "support.zip").lower()
    counted = _content(tmp_path / "support.zip")["deployment.json"]
    assert counted["log"]["entries"] == {"answer": 2, "thumb": 1} and counted["log"]["failed"] == {"HTTP 503": 1}
    assert counted["log"]["latency_ms"]["0.5"] == 120.0 and counted["live"] == 1


def _write_lines(path: Path) -> None:
    """Lines as a server writes them, and others."""
    with path.open("wb") as file:
        log = ServerLog("json", file.write)
        log.line(
            "request",
            method="POST",
            path=f"/{canary('path')}",
            status=200,
            ms=12.5,
            key=canary("key"),
            outcome="answered",
        )
        log.line(canary("event"), **{canary("field"): canary("value")})
        try:
            RunFolder(Path(canary("nowhere"))).comparison()
        except RunFolderError as error:
            log.error("error", error, message=canary("message"))
        file.write(f"{canary('text')}\n".encode())


def test_support_sees_what_it_needs(run, tmp_path, monkeypatch):
    """Versions, settings, stage times, measures, kinds of errors, and shapes of lines."""
    monkeypatch.chdir(tmp_path)
    lines = tmp_path / "lines.jsonl"
    _write_lines(lines)
    call("doctor", run.folder.root, "--bundle", "support.zip", "--log", lines)
    content = _content(tmp_path / "support.zip")
    assert content["versions.json"]["bakeoff"] and content["versions.json"]["packages"]["numpy"]
    settings = content["configuration.json"]
    assert [one["recipe"] for one in settings["contenders"]] == ["base", "rag", "rag"]
    assert settings["contenders"][2]["retrieval"]["k"] == 8
    served = next(one for one in settings["models"] if one["kind"] == "api")
    assert (served["api"], served["host"], served["concurrency"]) == ("openai", "other", 23)
    assert [one["kind"] for one in settings["documents"]] == ["path", "git"]
    assert content["stages.json"][0] == {"stage": "answer", "contender": 2, "seconds": 4.25, "tokens": 0}
    assert content["stages.json"][1]["stage"] == "other"
    assert content["failures.json"][0]["failed"] == {"HTTP 429": 1, "time-out": 1, "other": 1}
    assert content["numbers.json"]["contenders"][1]["measures"]["accuracy"]["n"] == 30
    assert content["log-lines.json"]["lines"]["request info POST 200 answered"] == 1
    assert content["log-lines.json"]["lines"]["not JSON"] == 1
    [error] = content["log-lines.json"]["errors"]
    assert error.startswith("runs/folder.py:") and "RunFolderError" in error and "FileNotFoundError" in error


def test_what_is_inside_is_printed_before_it_is_written_and_nothing_is_overwritten(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = call("doctor", run.folder.root, "--bundle", "support.zip")
    inside, wrote = found.stderr.index("failures.json"), found.stderr.index("Wrote support.zip")
    assert inside < wrote
    assert (tmp_path / "support.zip").stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConfigError, match="exists"):
        write(tmp_path / "support.zip", [])
    with pytest.raises(ConfigError, match="does not exist"):
        write(tmp_path / "no" / "support.zip", [])
    assert not list(tmp_path.glob(".bundle-*"))


def test_a_run_that_cannot_be_read_is_in_the_bundle_as_such(tmp_path):
    """With the kind of error, not its words."""
    (tmp_path / "config.yaml").write_text(f"{canary('broken')}: [")
    parts = {part.name: json.loads(part.text) for part in parts_of([], [tmp_path])}
    assert parts["configuration.json"] == {"not_read": "ConfigError"}
    assert parts["files.json"]["bytes"]["config.yaml"] > 0
    assert CANARY not in json.dumps(parts)


def test_a_number_that_is_none_makes_no_bundle_that_cannot_be_read(run):
    """JSON has no NaN; that part says that it could not be read, and the others are there."""
    jsonl.write(run.folder.stages_path, [Stage(stage="answer", seconds=1.0)])
    line = run.folder.stages_path.read_text()
    run.folder.stages_path.write_text(line.replace("1.0", "NaN"))
    parts = {part.name: json.loads(part.text) for part in parts_of([], [run.folder.root])}
    assert parts["stages.json"].keys() == {"not_read"} and parts["numbers.json"]["contenders"]


class _Foreign(Record):
    """A record of somebody else's package."""

    choice: str = "secret"


def test_only_numbers_and_what_a_type_lists_leave_a_record():
    """No record that is not Bakeoff's own, and no number that is too long to be a measure."""
    assert plain(_Foreign()) == {}
    assert plain(Usage(prompt_tokens=3, seconds=0.5, usd=10**16)) == {
        "prompt_tokens": 3,
        "completion_tokens": 0,
        "cached_tokens": 0,
        "seconds": 0.5,
        "batched": False,
    }
    finding = problem("port", canary("found"), canary("remedy"), port=8000)
    told = json.loads(next(part.text for part in parts_of([finding]) if part.name == "doctor.json"))
    assert told == [{"check": "port", "state": "problem", "port": 8000}]


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("HTTP 429 from the server", "HTTP 429"),
        ("The server answered with 503", "HTTP 503"),
        ("CUDA out of memory", "no memory"),
        ("[Errno 28] No space left on device", "disk full"),
        ("the request timed out", "time-out"),
        ("The prompt is too long: 9000 tokens", "too long"),
        ("something else", "other"),
    ],
)
def test_the_kind_of_an_error_is_one_of_a_few(message, kind):
    assert kind_of(message) == kind


def test_of_a_traceback_only_places_in_bakeoff_and_kinds_of_errors_stay():
    trace = (
        'File "/home/me/venv/bakeoff/serve/app.py", line 12, in answer\n    secret = 1\n'
        'File "/home/me/bakeoff/secret/own.py", line 3, in f\n'
        "KeyError: 'secret'\nacme.SecretError: x"
    )
    assert shape_of(trace) == "serve/app.py:12 KeyError"
    assert shape_of("nothing known") == "other"


def test_lines_that_are_no_objects_or_too_long_are_counted_only():
    counted = shapes(["[1]", "x" * 2_000_000, '{"event": "request", "level": "info", "ms": 3, "status": 99999}'])
    assert counted["lines"] == {"not JSON": 2, "request info": 1}
    assert counted["slowest_ms"] == {"request info": 3.0}
