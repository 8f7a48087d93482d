"""The report: from a run folder to a self-contained HTML page, Markdown, CSV tables and a table for the terminal.

Takes a run folder, gives files and text. Uses no model, so a report can be made again on any machine.
"""

from bakeoff.report.gather import ReportData, gather
from bakeoff.report.terminal import comparison, print_comparison
from bakeoff.report.write import write_report

__all__ = ["ReportData", "comparison", "gather", "print_comparison", "write_report"]
