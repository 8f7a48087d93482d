"""`bakeoff init` writes a configuration from what the data show."""

from pathlib import Path

import pytest

from bakeoff.errors import InputError
from bakeoff.pilot.first_config import first_config
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
