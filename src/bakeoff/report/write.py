"""Writes `report.html`, `report.md` and `tables/*.csv` into a run folder. Knows nothing about their content."""

from pathlib import Path

from bakeoff.files import jsonl
from bakeoff.report.csv_tables import TABLES, csv_tables
from bakeoff.report.gather import gather
from bakeoff.report.html import html_page
from bakeoff.report.markdown import markdown_page


def write_report(run_folder: Path) -> Path:
    """Write a run's report and return the path of its page. Raises RunFolderError if there is no finished comparison.

    Overwrites an older report, and deletes tables that this run does not have.
    """
    data = gather(run_folder)
    jsonl.write_text(run_folder / "report.md", markdown_page(data))
    path = run_folder / "report.html"
    jsonl.write_text(path, html_page(data))
    tables = csv_tables(data)
    for name, text in tables.items():
        jsonl.write_text(run_folder / "tables" / f"{name}.csv", text)
    for name in set(TABLES) - set(tables):
        (run_folder / "tables" / f"{name}.csv").unlink(missing_ok=True)
    return path
