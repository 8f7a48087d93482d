"""The CSV tables: complete, safe in a spreadsheet, with numbers as numbers."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.files.spreadsheet_csv import FORMULA, first_seen, harmless, written
from bakeoff.report import write_report
from bakeoff.report.csv_tables import LABELS, MEASURED, RACES, SPENDING, TABLES, csv_tables
from bakeoff.report.findings import failures
from bakeoff.report.gather import ReportData, gather
from bakeoff.report.table import updates
from tests.unit.report_fixture import SKILL, build


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    return gather(build(tmp_path_factory.mktemp("run") / "run", n_questions=120))


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    """A run that was not judged."""
    return gather(build(tmp_path_factory.mktemp("bare") / "run", n_questions=60, profile=None))


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize(
    "text",
    [
        "=1+1", "+44 131", "-x", "@SUM(A1)", "\tx", "\rx", "=cmd|' /C calc'!A0", "-", "-1-1",
        " =1", "\ufeff=1", "\u00a0 \x00@x", "\u200b\u202e=1", "  -5", " \n＝1",
    ],
)  # fmt: skip
def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    """Every way that a formula can begin, also after blanks and characters that cannot be seen."""
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("cell", [-1.5, 0, -3, None, "-12", "-0.5", "a=b", "", " ", "'=x", " a-b", "x\n=1"])
def test_numbers_and_plain_texts_stay_as_they_are(cell: object) -> None:
    """A negative number is a number, also where an answer is one."""
    assert harmless(cell) == cell  # type: ignore[arg-type]


@given(st.text(alphabet=st.sampled_from('=+-@\t\r\n",;|a1. ＝\ufeff\u200b\xa0')))
def test_no_cell_begins_a_formula_and_none_is_lost(text: str) -> None:
    """Whatever a model answers, line breaks included: the cell comes back as it was, but for the apostrophe."""
    [[before, found, after]] = csv.reader(io.StringIO(written([["x", text, "y"]]), newline=""))
    assert (before, after) == ("x", "y") and found in (text, f"'{text}")
    assert first_seen(found) not in FORMULA or float(found) < 0


def test_every_table_is_written_and_the_verdicts_go_with_it(tmp_path: Path) -> None:
    """Writing again without a verdict deletes the verdict's old tables. The table of labels is for runs with labels."""
    folder = build(tmp_path / "run", n_questions=20)
    write_report(folder)
    assert {path.stem for path in (folder / "tables").iterdir()} == set(TABLES) - {LABELS, SPENDING, RACES}
    (folder / "verdict.json").unlink()
    write_report(folder)
    assert {path.stem for path in (folder / "tables").iterdir()} == set(MEASURED) - {LABELS, SPENDING, RACES}


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


def test_what_was_withheld_is_not_written_as_the_answer(bare: ReportData) -> None:
    """Withheld answers have their own columns, before and after the update."""
    found = {row["question"]: row for row in rows(csv_tables(bare)["questions"])}
    declined = [key for key, answer in bare.answers["extract"].items() if answer.abstained]
    assert declined
    for key in declined:
        assert found[key]["extract: answer"] == "" and found[key]["extract: withheld"]
        assert "declined" in found[key]["extract: outcome"]
    changed = next(one.id for one in bare.questions if one.slice == "changed")
    assert found[changed]["rag: outcome after update"] == "neither right nor wrong"
    assert found["q000"]["rag: answer after update"] == ""


def test_the_constant_answer_has_a_table(bare: ReportData) -> None:
    """Its accuracy, and each contender's contrast with it."""
    found = rows(csv_tables(bare)["constant"])
    constant = bare.comparison.constant
    assert constant is not None and [row["contender"] for row in found] == list(bare.contenders)
    assert float(found[0]["accuracy"]) == constant.accuracy.value and found[0]["answer"] == constant.answer


def test_what_failed_changed_and_took_time_is_written_too(bare: ReportData) -> None:
    """The sums of the tables are those of the page."""
    tables = {name: rows(text) for name, text in csv_tables(bare).items()}
    assert [int(row["all"]) for row in tables["failures"]] == [sum(one.values()) for one in failures(bare).values()]
    assert len(tables["updates"]) == len(updates(bare)) > 0
    assert float(tables["updates"][0]["after"]) == bare.values("freshness")[tables["updates"][0]["contender"]]
    assert sum(float(row["seconds"]) for row in tables["stages"]) == pytest.approx(
        sum(one.seconds for one in bare.stages)
    )
    found = {(row["contender"], row["slice"]): row for row in tables["slices"] if row["measure"] == "accuracy"}
    assert float(found["rag", "seen"]["value"]) == bare.estimate("rag", "accuracy").slices["seen"].value


def test_the_costs_can_be_added_up_from_their_tables(whole: ReportData) -> None:
    """Lines to set-up, inputs with their sources, every pair's break-even, every contender's tornado."""
    judgement = whole.judgement
    assert judgement is not None
    tables = {name: rows(text) for name, text in csv_tables(whole).items()}
    for row in judgement.cost.table:
        lines = [one for one in tables["cost_lines"] if (one["contender"], one["part"]) == (row.contender, "set-up")]
        assert sum(float(one["usd"]) for one in lines) == pytest.approx(row.setup_usd)
    assert {row["contender"] for row in tables["cost_inputs"]} == set(judgement.cost.inputs)
    assert all(row["source"] and row["meaning"] for row in tables["cost_inputs"])
    assert {row["contender"] for row in tables["tornado"]} == set(judgement.cost.inputs)
    assert len(tables["break_even"]) == len(judgement.break_even)
    assert len(tables["flips"]) == len(judgement.sensitivity.flips)
    assert {row["contender"]: float(row["weighted_wins"]) for row in tables["sensitivity"]} == pytest.approx(
        judgement.sensitivity.weighted_wins
    )
    assert judgement.roadmap is not None
    assert len(tables["roadmap"]) == len(judgement.roadmap.tasks()) and len(tables["risks"]) > 0
