"""`bakeoff init` writes a configuration from what the data show."""

import tempfile
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bakeoff.catalogue import CLASSIFYING
from bakeoff.cli.main import app
from bakeoff.corpus.sources.files import FileSettings
from bakeoff.errors import ConfigError, InputError
from bakeoff.pilot.first_config import first_config
from bakeoff.questions import read_questions
from bakeoff.questions.reading import fact_table
from bakeoff.records import Question, SourceSpan
from bakeoff.runs.config import load_config
from tests.end_to_end.small import PLANETS


def written(folder: Path, dates: bool) -> Path:
    """The configuration written for twelve documents and a question about each, asked ten times."""
    (folder / "docs").mkdir()
    rows = ["question,answers,asked" + (",date" if dates else "")]
    for month, (name, (year, _)) in enumerate(PLANETS.items(), 1):
        (folder / "docs" / f"{name}.md").write_text(f"# {name}\n\n{name} circles its star in {year}.\n")
        rows.append(f"How long is a year of {name}?,{year},10" + (f",2025-{month:02}-01" if dates else ""))
    (folder / "questions.csv").write_text("\n".join(rows))
    first_config([str(folder / "docs")], [folder / "questions.csv"], folder / "bakeoff.yaml")
    return folder / "bakeoff.yaml"


def test_the_volume_is_written_where_dates_tell_it(tmp_path: Path) -> None:
    """120 questions from 1 January to 1 December (335 days) are 11 a month."""
    assert load_config(written(tmp_path, dates=True)).profile.queries_per_month == 11


def test_a_volume_nobody_gave_stays_unknown(tmp_path: Path) -> None:
    """The default is shown, but commented out, because it must not count as known."""
    path = written(tmp_path, dates=False)
    assert "queries_per_month" in path.read_text()
    assert "queries_per_month" not in load_config(path).profile.model_fields_set


def test_documents_may_come_from_sources(tmp_path: Path) -> None:
    """One YAML file names them; its entries are written as they are there, or with whole paths into another folder."""
    written(tmp_path, dates=False)
    (tmp_path / "sources.yaml").write_text(
        "documents:\n- {files: docs, prefix: wiki/, labels: [hr]}\n- docs/Aldra.md\n"
    )
    (tmp_path / "out").mkdir()
    for output in (tmp_path / "again.yaml", tmp_path / "out" / "bakeoff.yaml"):
        made = first_config([str(tmp_path / "sources.yaml")], [tmp_path / "questions.csv"], output)
        first, second = load_config(output).documents
        assert made.data.documents.n == len(PLANETS) + 1
        assert isinstance(first, FileSettings) and (first.prefix, first.labels) == ("wiki/", ("hr",))
        assert first.files == (str(tmp_path / "docs"),) and Path(str(second)).samefile(tmp_path / "docs" / "Aldra.md")
    assert '"files": "docs"' in (tmp_path / "again.yaml").read_text()


def test_a_file_without_usable_sources_is_refused(tmp_path: Path) -> None:
    """With the file and what is wrong."""
    asked = written(tmp_path, dates=False).parent / "questions.csv"
    (tmp_path / "sources.yaml").write_text("documents: {gitt: wiki}\n")
    with pytest.raises(
        ConfigError, match=r"sources.yaml: 'documents': unknown kind of source 'gitt'.*did you mean 'git'"
    ):
        first_config([str(tmp_path / "sources.yaml")], [asked], tmp_path / "x.yaml")


def messages(folder: Path) -> Path:
    """Documents, and a question file with columns of other names."""
    (folder / "docs").mkdir()
    rows = ["Customer message;Resolution;agent;channel"]
    for name, (year, _) in PLANETS.items():
        (folder / "docs" / f"{name}.md").write_text(f"# {name}\n\n{name} circles its star in {year}.\n")
        rows += [f"How long is a year of {name}?;{year};Ann;mail", f"how long is the year of {name};{year};Ann;mail"]
    (folder / "q.csv").write_text("\n".join(rows))
    return folder / "q.csv"


def test_init_says_which_columns_it_reads_as_what(tmp_path: Path) -> None:
    """Mapped and recognised columns, unused ones, and how many questions were grouped into facts."""
    path, output = messages(tmp_path), tmp_path / "bakeoff.yaml"
    columns = {"question": "Customer message", "answers": "resolution"}
    summary = "\n".join(first_config([str(tmp_path / "docs")], [path], output, columns=columns).lines)
    assert summary.splitlines()[0] == (
        "q.csv: question <- 'Customer message' (columns:), answers <- 'Resolution' (columns:); "
        "not used: 'agent', 'channel'"
    )
    assert "12 facts (grouped with another question that asks for the same: 12)" in summary
    assert load_config(output).columns == columns


def test_init_says_how_to_name_a_question_column_that_is_not_recognised(tmp_path: Path) -> None:
    """In bakeoff.yaml and on the command line."""
    with pytest.raises(InputError, match="The columns are: Customer message, Resolution, agent, channel") as caught:
        first_config([str(tmp_path / "docs")], [messages(tmp_path)], tmp_path / "bakeoff.yaml")
    assert 'columns: {question: "Customer message"} in bakeoff.yaml' in caught.value.remedy
    assert '--columns question="Customer message"' in caught.value.remedy


def test_init_shows_examples_of_how_questions_were_read(tmp_path: Path) -> None:
    """Ten at most, among them one of each way of reading, with answers, sources and what else the file says."""
    (tmp_path / "docs").mkdir()
    rows = ["question,answers,source,asked"]
    for name, (year, _) in PLANETS.items():
        (tmp_path / "docs" / f"{name}.md").write_text(f"# {name}\n\n{name} circles its star in {year}.\n")
        rows += [f"How long is a year of {name}?,{year} | about {year},{name}.md,7"]
        rows += [f"how long is the year of {name},{year} | about {year},{name}.md,1"]
    rows += ["Who owns the moon?,I don't know,,3"]
    (tmp_path / "q.csv").write_text("\n".join(rows))
    lines = first_config([str(tmp_path / "docs")], [tmp_path / "q.csv"], tmp_path / "bakeoff.yaml").lines
    start = next(n for n, line in enumerate(lines) if line.startswith("How questions were read (10 of 25)"))
    shown = lines[start + 1 : start + 11]
    assert "  'Who owns the moon?' -> unanswerable; asked 3 times" in shown
    name, (year, _) = next(iter(PLANETS.items()))
    assert shown[0] == (
        f"  'How long is a year of {name}?' -> '{year}' | 'about {year}'; source {name}.md; one fact with 1 other; "
        "asked 7 times"
    )
    assert lines[start + 11] == ""


def test_facts_are_written_as_a_question_file_to_correct(tmp_path: Path) -> None:
    """It is read as the files it was made from, with the facts, and is not overwritten."""
    path, facts = messages(tmp_path), tmp_path / "facts.csv"
    columns = {"question": "Customer message", "answers": "resolution"}
    given = read_questions([path], columns)
    lines = first_config([str(tmp_path / "docs")], [path], tmp_path / "b.yaml", columns=columns, facts=facts).lines
    assert any("correct its column 'fact'" in line for line in lines)
    again = {question.id: question for question in read_questions([facts])}
    assert again == {question.id: question for question in given}
    with pytest.raises(ConfigError, match=r"facts.csv exists already"):
        first_config([str(tmp_path / "docs")], [path], tmp_path / "c.yaml", columns=columns, facts=facts)


def test_the_table_of_facts_is_read_as_it_was_written() -> None:
    """Also answers with a bar, several quotes, dates and marks."""
    questions = [
        Question(id="a", text="How?", answers=("ps | tail", "=1+1"), fact="f", evidence="one\ntwo", asked=7),
        Question(id="b", text="Who?", fact="g", kind="unanswerable", asked_on=date(2026, 3, 1)),
        Question(
            id="c", text="Why?", answers=("[x]",), fact="h", source_spans=(SourceSpan(source="a.md"),), split="test"
        ),
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "facts.csv")
        path.write_text(fact_table(questions), encoding="utf-8")
        assert read_questions([path]) == questions


def labelled(folder: Path) -> Path:
    """Messages with a label, ten of each."""
    rows = [f"please help me with {label} number {i},{label}" for label in ("billing", "shipping") for i in range(10)]
    (folder / "mails.csv").write_text("\n".join(["text,category", *rows]))
    return folder / "mails.csv"


@pytest.mark.parametrize("as_option", [False, True])
def test_init_begins_a_run_that_classifies(tmp_path: Path, as_option: bool) -> None:
    """Without documents; the table may stand without --questions. What is written can be run."""
    path, output = str(labelled(tmp_path)), tmp_path / "bakeoff.yaml"
    given = ["--questions", path] if as_option else [path]
    command = ["init", *given, "--task", "classify", "--columns", "answers=category", "--output", str(output)]
    assert CliRunner().invoke(app, command).exit_code == 0
    config = load_config(output)
    assert (config.task, config.documents, config.columns) == ("classify", (), {"answers": "category"})
    assert [spec.name for spec in config.specs] == list(CLASSIFYING)
    assert "document" not in output.read_text().lower().replace("docs/", "")
    assert "max_new_tokens" not in output.read_text()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["mails.csv"], "No file of questions is given."),
        (["--questions", "mails.csv"], "No documents are given."),
        (["docs", "--questions", "mails.csv", "--task", "classify"], "To classify, no documents are used; found docs"),
    ],
)
def test_init_says_what_is_missing_and_how_to_classify(tmp_path: Path, given: list[str], message: str) -> None:
    """The command that works, with the file that was named."""
    outcome = CliRunner().invoke(app, ["init", *given, "--output", str(tmp_path / "bakeoff.yaml")])
    assert isinstance(outcome.exception, ConfigError)
    said = str(outcome.exception)
    assert message in said
    assert "bakeoff init --task classify --questions mails.csv" in said or "leave out --task classify" in said
