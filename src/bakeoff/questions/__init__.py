"""Reads question files: first rows, then cells, then what depends on several rows (ids, dates, facts).

Takes paths, gives records. `locate_evidence` then finds the quoted evidence in the documents. Errors give the line of
the file and the remedy. `rows` reads the files, `facts` groups the questions, `evidence` finds their quotes, `splits`
divides them.
"""

from bakeoff.questions.evidence.locate import locate_evidence
from bakeoff.questions.read import column_lines, read_questions, read_with_notes
from bakeoff.questions.rows.columns import COLUMNS
from bakeoff.questions.rows.dates import monthly_volume

__all__ = ["COLUMNS", "column_lines", "locate_evidence", "monthly_volume", "read_questions", "read_with_notes"]
