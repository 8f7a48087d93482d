"""The CSV tables: whole, harmless in a spreadsheet, and numbers as numbers."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.report import write_report
from bakeoff.report.csv_tables import FORMULA, TABLES, csv_tables, harmless, written
from bakeoff.report.gather import ReportData, gather
from tests.unit.report_fixture import SKILL, build


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    return gather(build(tmp_path_factory.mktemp("run") / "run", n_questions=40))


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("text", ["=1+1", "+44 131", "-x", "@SUM(A1)", "\tx", "\rx", "=cmd|' /C calc'!A0", "-", "-1-1"])
def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    """Every way that a formula can begin."""
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("cell", [-1.5, 0, -3, None, "-12", "-0.5", "a=b", "", "'=x"])
def test_numbers_and_plain_texts_stay_as_they_are(cell: object) -> None:
    """A negative number is a number, also where an answer is one."""
    assert harmless(cell) == cell  # type: ignore[arg-type]


@given(st.text(alphabet=st.sampled_from('=+-@\t\r\n",;|a1. ＝')))
def test_no_cell_begins_a_formula_and_none_is_lost(text: str) -> None:
    """Whatever a model answers, line breaks included: the cell comes back as it was, but for the apostrophe."""
    [[before, found, after]] = csv.reader(io.StringIO(written([["x", text, "y"]]), newline=""))
    assert (before, after) == ("x", "y") and found in (text, f"'{text}")
    assert not found.startswith(FORMULA) or float(found) < 0


def test_every_table_is_written_and_the_verdicts_go_with_it(tmp_path: Path) -> None:
    """Drawn again without a verdict, its tables do not stay behind as if they were current."""
    folder = build(tmp_path / "run", n_questions=20)
    write_report(folder)
    assert {path.stem for path in (folder / "tables").iterdir()} == set(TABLES)
    (folder / "verdict.json").unlink()
    write_report(folder)
    assert {path.stem for path in (folder / "tables").iterdir()} == {"contenders", "contrasts", "questions"}


def test_the_tables_hold_every_contender_question_claim_and_factor(whole: ReportData) -> None:
    """One row each, with the numbers unrounded."""
    tables = {name: rows(text) for name, text in csv_tables(whole).items()}
    assert [row["contender"] for row in tables["contenders"]] == list(whole.contenders)
    assert float(tables["contenders"][1]["accuracy_low"]) == whole.estimate("rag", "accuracy").low
    assert len(tables["questions"]) == len(whole.questions)
    assert {f"{name}: answer" for name in SKILL} <= set(tables["questions"][0])
    assert len(tables["contrasts"]) == len(whole.contrasts)
    assert whole.judgement is not None
    assert len(tables["claims"]) == len(whole.judgement.claims) >= 37
    assert len(tables["matrix"]) == len(whole.judgement.matrix.assumed.rows)
    assert len(tables["effects"]) == len(whole.judgement.effects) > 0
    assert float(tables["cost"][0]["total_usd"]) == min(row.total_usd for row in whole.judgement.cost.table)
