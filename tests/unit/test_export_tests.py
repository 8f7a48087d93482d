"""The test of a run for other tools: what is written is what these formats say, and what `bakeoff import` reads."""

import json

import pytest
import yaml
from typer.testing import CliRunner

from bakeoff.cli.main import app
from bakeoff.errors import ConfigError, InputError
from bakeoff.files import jsonl
from bakeoff.importing.project import import_project
from bakeoff.pilot.run import run
from bakeoff.questions import read_with_notes
from bakeoff.runs.config import load_config
from tests.end_to_end.small import PLANETS, make


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A finished run of two contenders without a model."""
    folder = tmp_path_factory.mktemp("exported")
    entries = ["extract", {"name": "ours", "like": "recorded", "options": {"answers": "ours.jsonl"}}]
    path = make(folder, dict(list(PLANETS.items())[:6]), contenders=entries)
    asked = [json.loads(line) for line in (folder / "questions.jsonl").read_text().splitlines()]
    rows = [{"question": one["question"], "answer": one.get("answers", ["I don't know, sorry."])[0]} for one in asked]
    rows[0] = {"question": rows[0]["question"], "answer": "", "error": "timeout"}
    (folder / "ours.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return run(load_config(path), runs=folder / "runs")


def call(measured, form, out, *more):
    arguments = ["export", str(measured.folder.root), "--to", form, "--out", str(out), *more]
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


def of_the_test(measured):
    return {question.text: question for question in measured.folder.questions() if question.split == "test"}


def test_a_dataset_of_ragas(measured, tmp_path):
    """The five fields of a sample, the answer as a user reads it, references only where there are any."""
    out = tmp_path / "ragas.jsonl"
    assert call(measured, "ragas", out, "--contender", "extract").exit_code == 0
    samples = [json.loads(line) for line in out.open()]
    asked = of_the_test(measured)
    assert {sample["user_input"] for sample in samples} == set(asked)
    for sample in samples:
        assert list(sample) == ["user_input", "retrieved_contexts", "reference_contexts", "response", "reference"]
        question = asked[sample["user_input"]]
        assert sample["reference"] == (question.answers[0] if question.answerable else None)
        assert all(answer in " ".join(sample["reference_contexts"]) for answer in question.answers[:1])
        assert sample["retrieved_contexts"]
    declined = {answer.question_id for answer in measured.answers("extract") if answer.abstained}
    texts = {asked[sample["user_input"]].id: sample["response"] for sample in samples}
    assert all(texts[key] == "I don't know." for key in declined)


def test_a_dataset_of_ragas_comes_back(measured, tmp_path):
    """As questions, and as recorded answers."""
    call(measured, "ragas", tmp_path / "ragas.jsonl", "--contender", "extract")
    found = import_project(tmp_path / "ragas.jsonl", tmp_path / "project")
    assert found.n_questions == len(of_the_test(measured)) == found.answers["ragas"]


def test_errors_are_left_out_and_counted(measured, tmp_path):
    """An error is no answer to judge."""
    done = call(measured, "ragas", tmp_path / "r.jsonl", "--contender", "ours", "--json")
    written = json.loads(done.stdout)
    failed = sum(answer.error is not None for answer in measured.answers("ours"))
    assert written["n_questions"] == len(of_the_test(measured)) - failed
    assert (failed == 0) == (written["notes"] == [])


def test_a_configuration_of_promptfoo(measured, tmp_path):
    """A test for each question; the contenders that can be served as providers; read back as the same questions."""
    out = tmp_path / "promptfooconfig.yaml"
    assert call(measured, "promptfoo", out).exit_code == 0
    config = yaml.safe_load(out.read_text())
    assert [provider["id"] for provider in config["providers"]] == ["openai:chat:extract"]
    assert config["prompts"] == ["{{question}}"] and "providerOutput" not in config["tests"][0]
    read, _ = read_with_notes([out])
    asked = of_the_test(measured)
    assert {one.text: one.answers for one in read} == {text: one.answers for text, one in asked.items()}
    found = import_project(out, tmp_path / "project")
    assert found.n_questions == len(asked)


def test_a_configuration_of_promptfoo_with_answers(measured, tmp_path):
    """Then nothing is asked: each test has its output."""
    out = tmp_path / "p.yaml"
    call(measured, "promptfoo", out, "--contender", "extract")
    config = yaml.safe_load(out.read_text())
    answers = {answer.question_id: answer for answer in measured.answers("extract")}
    assert config["providers"] == [{"id": "echo", "label": "extract"}]
    for test in config["tests"]:
        answer = answers[test["description"]]
        assert test["providerOutput"] == ("I don't know." if answer.abstained else answer.text)


def test_a_folder_of_beir_comes_back(measured, tmp_path):
    """Documents, questions with their answers and splits, and the relevant documents."""
    assert call(measured, "beir", tmp_path / "beir").exit_code == 0
    assert {path.name for path in (tmp_path / "beir" / "qrels").iterdir()} == {"train.tsv", "dev.tsv", "test.tsv"}
    found = import_project(tmp_path / "beir", tmp_path / "project")
    of_documents = [one for one in measured.folder.questions() if one.source_spans]
    assert (found.n_documents, found.n_questions) == (6, len(of_documents))
    rows = [json.loads(line) for line in (tmp_path / "project" / "questions.jsonl").open()]
    assert {(row["question"], *row["answers"], row["split"]) for row in rows} == {
        (one.text, *one.answers, one.split) for one in of_documents
    }


def test_no_folder_of_beir_is_written_where_no_question_names_a_document(tmp_path):
    """As in a help desk's export: such a folder could not be read back."""
    path = make(tmp_path, dict(list(PLANETS.items())[:6]), contenders=["extract"])
    finished = run(load_config(path), runs=tmp_path / "runs")
    unnamed = [one.model_copy(update={"source_spans": ()}) for one in finished.folder.questions()]
    jsonl.write(finished.folder.splits_path, unnamed)
    with pytest.raises(ConfigError, match="None of the"):
        call(finished, "beir", tmp_path / "beir")
    assert not (tmp_path / "beir").exists()


def test_what_goes_wrong(measured, tmp_path):
    """A contender that is not there, a path that is, an option of another form."""
    with pytest.raises(InputError, match="contender 'rga'"):
        call(measured, "ragas", tmp_path / "r", "--contender", "rga")
    (tmp_path / "there").write_text("x")
    with pytest.raises(ConfigError, match="exists already"):
        call(measured, "beir", tmp_path / "there")
    with pytest.raises(ConfigError, match="--contender does not belong to --to beir"):
        call(measured, "beir", tmp_path / "b", "--contender", "extract")


@pytest.mark.parametrize("form", ["ragas", "promptfoo", "beir"])
def test_what_rests_on_documents_with_labels_is_left_out(tmp_path, form):
    """With a note that counts it, and an option that adds it."""
    path = make(tmp_path, dict(list(PLANETS.items())[:6]), contenders=["extract"])
    page = tmp_path / "docs" / "aldra.md"
    page.write_text(f"---\nlabels: [hr]\n---\n{page.read_text()}")
    finished = run(load_config(path), runs=tmp_path / "runs")
    more = ("--contender", "extract") if form != "beir" else ()
    result = call(finished, form, tmp_path / "open", *more)
    assert result.exit_code == 0 and "with labels" in result.stderr and "--restricted" in result.stderr

    def written(out):
        files = [out] if out.is_file() else [file for file in out.rglob("*") if file.is_file()]
        return "".join(file.read_text() for file in files)

    assert "Aldra circles" not in written(tmp_path / "open") and "314 days" not in written(tmp_path / "open")
    result = call(finished, form, tmp_path / "all", *more, "--restricted")
    assert "with labels" not in result.stderr and len(written(tmp_path / "all")) > len(written(tmp_path / "open"))
