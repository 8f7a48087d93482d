"""Questions without an id in their file are named to a person by their text too, wherever their id is shown."""

from pathlib import Path

import pytest

from bakeoff.cli.examine import _shown
from bakeoff.errors import InputError, MeasureError
from bakeoff.files import jsonl
from bakeoff.measure.own import own_value
from bakeoff.measures import Measure
from bakeoff.pilot.first_config import first_config
from bakeoff.pilot.prepare import prepare
from bakeoff.questions.facts.updated import SUFFIX
from bakeoff.questions.naming import first_named, made_id, named, named_by
from bakeoff.questions.splits.leaks import Leak
from bakeoff.records import Question
from bakeoff.report.markdown import markdown_page
from bakeoff.runs.config import Config
from bakeoff.runs.diff import diff_runs
from tests.unit.fakes import answer
from tests.unit.report_fixture import build
from tests.unit.run_fixture import finished, questions

TEXT = "How long does the battery of the leak sensor under the sink last in winter?"
SHORT = "('How long does the battery of the leak sensor under the sink…')"
MADE = made_id(TEXT)


def unnamed(text: str = TEXT) -> Question:
    return Question(id=made_id(text), text=text, answers=("2 years",), fact="f", split="test", slice="unseen")


def test_only_a_made_id_is_shown_with_its_text():
    """Also one that ends in the mark of an update; an id of the user's own stands alone."""
    assert named(unnamed()) == f"{MADE} {SHORT}"
    assert named_by(MADE + SUFFIX, "How long?") == f"{MADE}{SUFFIX} ('How long?')"
    assert named_by("q-1", TEXT) == "q-1" and named_by(MADE, None) == MADE
    assert first_named(["a", MADE], {"a": "A?", MADE: TEXT}) == f"a, {MADE} {SHORT}"


def files(folder: Path, rows: list[str]) -> tuple[Path, Path]:
    (folder / "docs").mkdir()
    (folder / "docs" / "a.md").write_text("The battery lasts 2 years.\n")
    path = folder / "q.csv"
    path.write_text("\n".join(["question,answers,split", *rows, ""]))
    return folder / "docs", path


def test_init_names_leaks_by_their_texts(tmp_path):
    """Both questions of a pair."""
    copies = [f"{TEXT},2 years,train", f"{TEXT} Please,2 years,test", "Who made it?,nobody,test"]
    documents, path = files(tmp_path, copies)
    lines = first_config([str(documents)], [path], tmp_path / "bakeoff.yaml").lines
    (leak,) = (line for line in lines if line.startswith("leak:"))
    assert leak.count("('How long does the battery") == 2


def test_an_id_in_two_files_is_named_with_its_text(tmp_path):
    """A general question with the same text, for instance."""
    documents, path = files(tmp_path, [f"{TEXT},2 years,"])
    config = Config(name="x", documents=(str(documents),), questions=(str(path),), general=str(path))
    with pytest.raises(InputError, match="more than one file") as caught:
        prepare(config)
    assert f"{MADE} {SHORT}" in caught.value.message


def test_a_measure_that_fails_names_the_question(tmp_path):
    """By its text."""

    def broken(question, answer):
        raise ValueError("no")

    measure = Measure(name="m", title="M", per_question=broken)
    with pytest.raises(MeasureError, match="failed on question") as caught:
        own_value(measure, unnamed(), answer(MADE))
    assert SHORT in caught.value.message


def test_the_difference_of_two_runs_names_questions_by_their_texts(tmp_path):
    """Those with a made id only."""
    before, after = finished(tmp_path / "a"), finished(tmp_path / "b")
    jsonl.write(after.folder.splits_path, [*questions()[1:], unnamed()])
    differences = diff_runs(before, after)
    assert differences.texts == {MADE: TEXT}
    lines = [part for part in _shown(differences) if isinstance(part, str)]
    assert any(f"1 added ({MADE} {SHORT})" in line and "1 removed (q0)" in line for line in lines)


def test_the_markdown_report_names_leaks_by_their_texts(tmp_path):
    """As the page does."""
    from dataclasses import replace

    from bakeoff.report.gather import gather

    data = gather(build(tmp_path / "run", n_questions=40, profile=None))
    leak = Leak(test_id=MADE, train_id="q001", similarity=1.0, excused=False)
    summary = data.summary.model_copy(update={"leaks": (leak,)})
    page = markdown_page(replace(data, summary=summary, texts={**data.texts, MADE: TEXT}))
    assert "How long does the battery of the leak sensor" in page
