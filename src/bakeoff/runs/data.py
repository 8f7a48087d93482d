"""The content of `data.json`: what the data of a run are and what they allow.

Frozen records, written before any work is done and read by the verdict and the report. Knows nothing about contenders.
"""

from collections.abc import Mapping

from bakeoff.formats.part import Problem
from bakeoff.questions.splits.leaks import Leak
from bakeoff.questions.splits.survey import QuestionSummary
from bakeoff.records import Record


class DocumentSummary(Record):
    """Number of documents, words and passages (0 passages if nothing was indexed), what was not read, and the share of
    the letters in each language (ISO 639-1).
    """

    n: int = 0
    n_words: int = 0
    n_chunks: int = 0
    problems: tuple[Problem, ...] = ()
    languages: Mapping[str, float] = {}


class DataSummary(Record):
    """Documents, questions, near-copies between test and training, and what readers must know about them.

    `notes` say how the files were read, such as which columns are answers and how many facts were inferred.
    """

    documents: DocumentSummary = DocumentSummary()
    questions: QuestionSummary | None = None
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    leaks: tuple[Leak, ...] = ()
