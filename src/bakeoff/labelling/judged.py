"""The end of labelling: the run is compared, judged and reported again, with the labels.

Takes a run folder. Reads and writes its files, loads no model. What labels do to the figures is `measure`'s business.
"""

from bakeoff.decide.verdict.judgement import Judgement
from bakeoff.pilot.judging import judge_run
from bakeoff.records import Record
from bakeoff.report.verdict_text import verdict_sentence
from bakeoff.runs.folder import RunFolder


class JudgedAgain(Record):
    """The verdict before and after, in a sentence each, and the report's path."""

    before: str
    after: str
    report: str


def judge_again(folder: RunFolder) -> JudgedAgain:
    """Compares, judges and reports by the run's own profile.

    Raises RunFolderError if another process is using the run; the labels are kept in any case.
    """
    with folder.lock():
        before = _sentence(folder)
        judge_run(folder, folder.config().profile)
        return JudgedAgain(before=before, after=_sentence(folder), report=str(folder.report_path))


def _sentence(folder: RunFolder) -> str:
    if not folder.verdict_path.exists():
        return "none"
    return verdict_sentence(folder.record(folder.verdict_path, Judgement))
