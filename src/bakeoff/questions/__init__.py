"""Reads question files: first rows, then cells, then what depends on several rows (ids, dates, facts).

Takes paths, gives records. `locate_evidence` then finds the quoted evidence in the documents. Errors give the line of
the file and the remedy. `splits`, `leaks` and `survey` work on the questions that were read.
"""

from bakeoff.questions.columns import COLUMNS
from bakeoff.questions.dates import asked_per_month
from bakeoff.questions.locate import locate_evidence
from bakeoff.questions.read import column_lines, read_questions, read_with_notes

__all__ = ["COLUMNS", "asked_per_month", "column_lines", "locate_evidence", "read_questions", "read_with_notes"]
