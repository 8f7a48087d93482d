"""The table of speeds: ratios, goals, and what happens when a part fails."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import bench
import machine
from speed_row import MARK, Row


@pytest.mark.parametrize(
    ("row", "ratio", "goal", "met"),
    [
        (Row("a", "/s", 12.0, 3.0, times_goal=4), "4.0 x", "4 x", "yes"),
        (Row("a", "/s", 11.0, 3.0, times_goal=4), "3.7 x", "4 x", "**no**"),
        (Row("a", "/s", 12.0, times_goal=4), "", "4 x", "not measured"),
        (Row("a", "ms", 4.0, 20.0, is_more_better=False, most=5), "5.0 x", "5 ms", "yes"),
        (Row("a", "ms", 6.0, is_more_better=False, most=5), "", "5 ms", "**no**"),
        (Row("a", "s", 6.0), "", "", ""),
    ],
)
def test_a_row_says_whether_it_reaches_its_goal(row: Row, ratio: str, goal: str, met: str) -> None:
    assert row.cells()[-3:] == [ratio, goal, met]


def test_rows_of_a_part_that_fails_later_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = f"noise\n{MARK}{json.dumps(Row('found', 's', 2.0, note='so').__dict__ | {'peak': 77.0})}\n"
    outcome = subprocess.CompletedProcess([], 1, printed, "Traceback\nMemoryError: no memory\n")
    monkeypatch.setattr(bench.subprocess, "run", lambda *given, **options: outcome)
    page = bench.table(["grading"], True)
    assert "| found | 2 s |" in page and "| 77 |" in page and "- **found**: so" in page
    assert "**grading** stopped: MemoryError: no memory" in page
    assert machine.named() in page


def test_the_machine_has_limits() -> None:
    assert machine.bytes_per_s(2**22) > 1e7 and machine.products_per_s(8, 16, 16) > 1e4
    assert 0 < machine.memory_mib() <= machine.peak_mib()
