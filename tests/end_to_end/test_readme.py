"""What the README says to type works as it stands, on small data."""

import re
import sys

import pytest

from tests.end_to_end.small import REPOSITORY, bakeoff, make

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def block(language: str, holding: str) -> str:
    """The README's code block of a language that holds some text."""
    blocks = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    return next(one for one in blocks if holding in one)


def test_the_python_example_runs_and_is_about_ten_lines(tmp_path, monkeypatch, capsys):
    """Every line is executed; only the path of the configuration is another."""
    code = block("python", "import bakeoff").replace("examples/support-desk/bakeoff.yaml", str(make(tmp_path / "data")))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(REPOSITORY)])
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert re.search(r"^rag 0?\.?\d", printed, re.MULTILINE)
    assert printed.strip().splitlines()[-1].endswith(".md")
    assert len([line for line in code.splitlines() if line.strip()]) <= 10


def test_the_commands_on_own_data_run(tmp_path):
    """init writes a configuration that run takes and report draws again."""
    make(tmp_path)
    (tmp_path / "bakeoff.yaml").unlink()
    commands = [line.split("#")[0].split() for line in block("sh", "bakeoff init").splitlines() if line.strip()]
    assert [words[1] for words in commands] == ["init", "run", "report"]
    found = bakeoff("init", "docs", "--questions", "questions.jsonl", cwd=tmp_path)
    assert found.returncode == 0, found.stderr
    assert "12 documents" in found.stdout
    text = (tmp_path / "bakeoff.yaml").read_text()
    text = text.replace("generator: HuggingFaceTB/SmolLM2-135M-Instruct", "generator: tests.end_to_end.small.reader")
    text = text.replace("embedder: sentence-transformers/all-MiniLM-L6-v2", "embedder: hash")
    text = re.sub(r"contenders: \[.*\]", "contenders: [base, rag, extract]", text)
    (tmp_path / "bakeoff.yaml").write_text(text)
    assert bakeoff("run", "bakeoff.yaml", cwd=tmp_path).returncode == 0
    run = next((tmp_path / "runs").iterdir())
    (run / "report.html").unlink()
    drawn = bakeoff("report", str(run), cwd=tmp_path)
    assert drawn.returncode == 0, drawn.stderr
    assert (run / "report.html").exists()
    assert "rag" in drawn.stdout


@pytest.mark.parametrize("command", ["demo", "test"])
def test_the_two_make_commands_exist(command):
    """The README's first two commands are targets of the Makefile."""
    assert f"make {command}" in README
    assert re.search(rf"^{command}:", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)


def test_init_does_not_overwrite(tmp_path):
    """An existing configuration is kept unless --force is given."""
    make(tmp_path)
    before = (tmp_path / "bakeoff.yaml").read_text()
    refused = bakeoff("init", "docs", "--questions", "questions.jsonl", cwd=tmp_path)
    assert refused.returncode == 1 and "--force" in refused.stderr
    assert (tmp_path / "bakeoff.yaml").read_text() == before
