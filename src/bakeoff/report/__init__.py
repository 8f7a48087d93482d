"""The report: a run folder to one self-contained HTML page, Markdown, and a table for the terminal.

Takes a run folder, gives files and text. Knows no model: a report can be drawn again on any machine.
"""

from bakeoff.report.gather import ReportData, gather
from bakeoff.report.terminal import comparison, print_comparison
from bakeoff.report.write import write_report

__all__ = ["ReportData", "comparison", "gather", "print_comparison", "write_report"]
