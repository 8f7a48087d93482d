"""Question files to questions: rows, then cells, then what no row says alone (ids, dates, facts).

Takes paths, gives records; `locate_evidence` then finds what they quote in the documents. Knows nothing about splits or
models. Errors name the line of the file and the remedy.
"""

from bakeoff.questions.columns import COLUMNS
from bakeoff.questions.dates import asked_per_month
from bakeoff.questions.locate import locate_evidence
from bakeoff.questions.read import column_lines, read_questions, read_with_notes

__all__ = ["COLUMNS", "asked_per_month", "column_lines", "locate_evidence", "read_questions", "read_with_notes"]
