"""A run that classifies, without documents and without a model: from a question file to report, server and refusals."""

import csv
import json
from pathlib import Path

import pytest

from bakeoff.errors import ConfigError, InputError
from bakeoff.pilot.prepare import prepare
from bakeoff.pilot.run import run
from bakeoff.runs.config import load_config, validate
from tests.end_to_end.server_process import Server

TOPICS = {
    "refund": "I want my money back for order {}",
    "delivery": "the parcel with number {} did not arrive",
    "log in": "my password {} is not accepted",
}


def make(folder: Path, **more) -> Path:
    """Sixty messages of each of three labels, and a hundred that are out of scope."""
    rows = [[text.format(i * 7), label, ""] for label, text in TOPICS.items() for i in range(60)]
    rows += [[f"tell me about poem, football and weather {i * 11}", "", "out of scope"] for i in range(100)]
    with (folder / "messages.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["text", "category", "kind"], *rows])
    values = {
        "name": "topics",
        "task": "classify",
        "questions": ["messages.csv"],
        "columns": {"answers": "category"},
        "models": {"embedder": "hash", "generator": "scripted"},
        "contenders": ["nearest-label"],
        "measuring": {"latency_questions": 3},
        **more,
    }
    path = folder / "bakeoff.yaml"
    path.write_text(json.dumps(values))
    return path


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("classify")
    return run(make(folder), runs=folder / "runs")


def test_the_comparison_holds_the_measures_of_labels(finished) -> None:
    """What is out of scope is declined by the threshold that dev gave."""
    measures = json.loads((finished.folder.root / "comparison.json").read_text())["measures"]["nearest-label"]
    assert measures["macro_f1"]["value"] > 0.9
    assert measures["scope_auroc"]["value"] > 0.95
    assert measures["scope_declined"]["value"] > 0.9 > 0.1 > measures["in_scope_declined"]["value"]
    assert 0 <= measures["calibration_error"]["low"] <= measures["calibration_error"]["value"]
    assert sorted(measures["macro_f1"]["detail"]["labels"]) == sorted(TOPICS)


def test_the_report_has_a_section_of_its_own(finished) -> None:
    """As a page, as Markdown and as tables."""
    root = finished.folder.root
    page, text = (root / "report.html").read_text(), (root / "report.md").read_text()
    assert '<section id="classification"' in page and "Calibration error (ECE)" in page
    assert "## Classification" in text and "### F1 of the hardest labels" in text
    with (root / "tables" / "labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == sorted(TOPICS)
    assert "macro_f1" in (root / "tables" / "contenders.csv").read_text().splitlines()[0]


def test_a_run_is_asked_as_any_other(finished) -> None:
    """`Run.ask` opens the world as a server does."""
    answer = finished.ask("the parcel with number 99 did not arrive", "nearest-label")
    assert (answer.text, answer.abstained) == ("delivery", False)


def test_a_server_answers_with_the_label(tmp_path: Path) -> None:
    """What was measured is what is served: the same labels, declined as in the test, and the same sums."""
    done = run(make(tmp_path, name="planets"), runs=tmp_path / "runs")  # the name that the helper serves
    texts = {question.id: question.text for question in done.folder.questions()}
    server = Server(tmp_path).wait()
    try:
        for answer in done.answers("nearest-label")[::15]:
            served = server.ask(texts[answer.question_id], "nearest-label")["bakeoff"]
            assert (served["answer"], served["abstained"]) == (
                "" if answer.abstained else answer.text,
                answer.abstained,
            )
            assert ("chance" in served) is not answer.abstained
        assert server.get("/health")["same"] is True
    finally:
        server.stop()


def test_a_run_that_classifies_needs_no_documents_and_others_do(tmp_path: Path) -> None:
    """Nor does it ask about general knowledge or updates."""
    config = load_config(make(tmp_path))
    assert (config.documents, config.general) == ((), None)
    assert config.renamed("other").documents == ()
    with pytest.raises(ConfigError, match="'documents'"):
        validate({"name": "a", "questions": ["q.csv"]})
    with pytest.raises(ConfigError, match="'documents': give at least one"):
        validate({"name": "a", "questions": ["q.csv"], "documents": []})
    with pytest.raises(ConfigError, match="'general': a run with task: classify asks no questions of general"):
        load_config(make(tmp_path, general="builtin"))


def test_a_run_that_classifies_has_its_own_default_contenders() -> None:
    """Others may be named beside them."""
    config = validate({"name": "a", "task": "classify", "questions": ["q.csv"]})
    assert "nearest-label" in [spec.name for spec in config.specs]
    assert "rag" not in [spec.name for spec in config.specs]


@pytest.mark.parametrize("labels", [["a", "b", "c", "d"], [*"abcdefgh", "a", "b"]])
def test_labels_with_one_example_each_stop_a_run_before_it_begins(tmp_path: Path, labels: list[str]) -> None:
    """Raising split.test would not help. Free answers, most of them different, look the same."""
    path = make(tmp_path)
    with (tmp_path / "messages.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["text", "category"], *([f"message {n}", name] for n, name in enumerate(labels))])
    with pytest.raises(InputError, match=f"found {len(set(labels))} labels for {len(labels)} questions") as caught:
        run(path, runs=tmp_path / "runs")
    assert "at least 2 examples of each label" in str(caught.value.remedy)
    assert "leave out task: classify" in str(caught.value.remedy)
    assert not (tmp_path / "runs").exists()


def test_the_notes_of_a_run_that_classifies_speak_of_no_documents(tmp_path: Path) -> None:
    """A message without a label is out of scope."""
    path = make(tmp_path)
    rows = [[f"{text.format(i)}", label] for label, text in TOPICS.items() for i in range(20)]
    rows += [["tell me a poem", ""], ["is it football today", "unknown"]]
    with (tmp_path / "messages.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["text", "category"], *rows])
    lines = "\n".join(prepare(load_config(path)).lines())
    assert "1 question has no label: treated as out of scope" in lines
    assert "If they are no labels, leave them empty" in lines
    assert not any(word in lines for word in ("document", "source", "treated as unanswerable"))


def test_sources_in_the_question_file_do_not_matter_without_documents(tmp_path: Path) -> None:
    """A column named 'source' may say where a message came from."""
    path = make(tmp_path)
    lines = (tmp_path / "messages.csv").read_text().splitlines()
    (tmp_path / "messages.csv").write_text("\n".join([f"{lines[0]},source", *(f"{line},mail" for line in lines[1:])]))
    prepared = prepare(load_config(path))
    assert not any(question.source_spans for question in prepared.questions)
    assert prepared.lines()[0].startswith("280 questions")
