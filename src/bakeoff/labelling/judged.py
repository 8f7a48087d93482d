"""The end of labelling: the run is compared, judged and reported again, with the labels.

Takes a run folder. Reads and writes its files, loads no model. What labels do to the figures is `measure`'s business.
"""

from bakeoff.pilot.judging import judge_run
from bakeoff.records import Record
from bakeoff.runs.folder import RunFolder
from bakeoff.runs.own import measures_of
from bakeoff.serve.standing import standing_of


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
        before = standing_of(folder.root).verdict
        config, comparison = folder.config(), folder.comparison()
        own = measures_of(config, folder)
        judge_run(folder, config.profile, comparison.entrants, comparison.skipped, own)
        after = standing_of(folder.root).verdict
        return JudgedAgain(before=before or "none", after=after, report=str(folder.report_path))
