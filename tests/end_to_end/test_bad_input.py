"""Whatever is wrong with the input, the command says it in one message with a remedy, and nothing is lost."""

import json
import resource
import signal
import subprocess
import sys
import time

import pytest

from tests.end_to_end.small import bakeoff, environment, make


def fails(finished, *named):
    """The command failed with a message that holds each of the words and a remedy, and no traceback."""
    output = finished.stdout + finished.stderr
    assert finished.returncode != 0, output
    assert "Traceback" not in output, output
    for word in named:
        assert word in output, output
    assert "->" in output, output


def rewrite_questions(tmp_path, change):
    path = tmp_path / "questions.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(row) + "\n" for row in change(rows)))


def test_an_unreadable_configuration(tmp_path):
    """A file that is not YAML, and one that is not there."""
    (tmp_path / "bakeoff.yaml").write_text("name: [")
    fails(bakeoff("run", cwd=tmp_path), "is not YAML")
    fails(bakeoff("run", "none.yaml", cwd=tmp_path), "Cannot read", "bakeoff init")


def test_a_runs_folder_that_is_a_file(tmp_path):
    """The path is named."""
    make(tmp_path)
    fails(bakeoff("run", "--runs", "bakeoff.yaml", cwd=tmp_path), "bakeoff.yaml", "Not a directory")


def test_an_unknown_key(tmp_path):
    """The nearest known key is offered."""
    make(tmp_path, contendors=["rag"])
    fails(bakeoff("run", cwd=tmp_path), "contendors", "did you mean 'contenders'")


def test_a_missing_documents_folder(tmp_path):
    """The folder is named."""
    make(tmp_path, documents=["nowhere"])
    fails(bakeoff("run", cwd=tmp_path), "nowhere")


def test_a_damaged_model(tmp_path):
    """Weights that were cut off, and an adapter without settings or weights: said before anything is done."""
    pytest.importorskip("torch")
    from tests.unit.tiny_model import write_tiny_model

    weights = write_tiny_model(tmp_path / "model") / "model.safetensors"
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        (adapter / name).write_text("{}")
    generator = {"name": str(weights.parent), "adapter": str(adapter)}
    make(tmp_path, models={"generator": generator, "embedder": "hash"})
    fails(bakeoff("run", cwd=tmp_path), "adapter_config.json cannot be read (ValueError: it names no peft_type)")
    (adapter / "adapter_config.json").write_text('{"peft_type": "LORA"}')
    fails(bakeoff("run", cwd=tmp_path), "adapter_model.safetensors cannot be read", "train the adapter again")
    weights.write_bytes(weights.read_bytes()[:1000])
    fails(bakeoff("run", cwd=tmp_path), "model.safetensors cannot be read", "copy or download the model again")
    assert not (tmp_path / "runs").exists()


def test_an_empty_question_file(tmp_path):
    """The file is named."""
    make(tmp_path)
    (tmp_path / "questions.jsonl").write_text("")
    fails(bakeoff("run", cwd=tmp_path), "questions.jsonl")


def test_duplicate_ids(tmp_path):
    """The id is named."""
    make(tmp_path)
    rewrite_questions(tmp_path, lambda rows: [*rows, rows[0]])
    fails(bakeoff("run", cwd=tmp_path), "Aldra-year-0")


def test_missing_answers(tmp_path):
    """A question without answers must be marked unanswerable."""
    make(tmp_path)
    rewrite_questions(tmp_path, lambda rows: [{**rows[0], "answers": []}, *rows[1:]])
    fails(bakeoff("run", cwd=tmp_path), "unanswerable")


def test_a_source_that_no_document_has(tmp_path):
    """The source is named."""
    make(tmp_path)
    rewrite_questions(tmp_path, lambda rows: [{**rows[0], "source": "aldar.md"}, *rows[1:]])
    fails(bakeoff("run", cwd=tmp_path), "aldar.md", "aldra.md")


def test_a_model_that_is_not_to_be_had_offline(tmp_path):
    """The model is named with the places that were looked in; the run can be resumed."""
    make(tmp_path, models={"generator": "nobody/no-such-model", "embedder": "hash"})
    fails(bakeoff("run", cwd=tmp_path), "nobody/no-such-model")


def test_a_disk_that_is_full(tmp_path):
    """A write that fails ends the run with one message; with room again it resumes to the end."""
    make(tmp_path)

    def no_room():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (6000, resource.RLIM_INFINITY))

    fails(bakeoff("run", cwd=tmp_path, preexec_fn=no_room), "files of more than 6,000 bytes")
    finished = bakeoff("run", "--resume", cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr
    assert (tmp_path / "runs" / "planets" / "report.html").exists()


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_stopped_goes_on_without_loss_or_repetition(tmp_path, kind):
    """Ctrl-C, kill and kill -9 while it answers; every finished answer stands in its place afterwards."""
    make(tmp_path, models={"generator": "tests.end_to_end.slow.reader", "embedder": "hash"})
    answers = tmp_path / "runs" / "planets" / "answers" / "rag.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-m", "bakeoff", "run"],
        cwd=tmp_path,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_heed_ctrl_c,
    )
    deadline = time.monotonic() + 120
    while (
        not (answers.exists() and "\n" in answers.read_text())
        and process.poll() is None
        and time.monotonic() < deadline
    ):
        time.sleep(0.02)
    process.send_signal(kind)
    message = process.communicate(timeout=60)[1]
    assert process.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}[kind]
    if kind != signal.SIGKILL:
        assert "Stopped by " + {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}[kind] in message
        assert "--resume" in message and "Traceback" not in message
    before = answers.read_text()
    finished = bakeoff("run", "--resume", cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr
    after = answers.read_text()
    whole = before[: before.rfind("\n") + 1]
    assert whole and after.startswith(whole)
    ids = [json.loads(line)["question_id"] for line in after.splitlines()]
    assert len(ids) == len(set(ids)) > len(whole.splitlines())


def _heed_ctrl_c():
    """A shell's background job ignores Ctrl-C and hands that down; the command under test must not inherit it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_a_prompt_without_the_question(tmp_path):
    """The key and the placeholder are named."""
    make(tmp_path, prompts={"closed_book": {"system": "Answer.", "user": "Well?"}})
    fails(bakeoff("run", cwd=tmp_path), "prompts.closed_book.user", "{question}")
