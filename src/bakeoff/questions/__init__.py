"""Question files to questions: rows, then cells, then what no row says alone (ids, dates, facts).

Takes paths, gives records; `locate_evidence` then finds what they quote in the documents. Knows nothing about splits or
models. What is wrong in a file is told with its line and the remedy.
"""

from bakeoff.questions.dates import asked_per_month
from bakeoff.questions.locate import locate_evidence
from bakeoff.questions.read import read_questions, read_with_notes
from bakeoff.questions.rows import COLUMNS

__all__ = ["COLUMNS", "asked_per_month", "locate_evidence", "read_questions", "read_with_notes"]
