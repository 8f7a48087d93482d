"""A scored run to its comparison, verdict and report: what a pilot does at its end, and what is done again later.

Takes a run folder and a profile; needs no model. What each part says is decided elsewhere.
"""

from bakeoff.decide.situation.profile import Profile
from bakeoff.pilot.judge import check_profile, judge
from bakeoff.pilot.score import compare_run
from bakeoff.report.write import write_report
from bakeoff.runs.folder import RunFolder, write_json


def judge_run(folder: RunFolder, profile: Profile) -> None:
    """Compare, judge and draw a run again by this profile. Raises RunFolderError where a file is missing or broken."""
    config = folder.config()
    check_profile(profile)
    before = folder.comparison()
    folder.data()
    compare_run(folder, list(before["contenders"]), before["skipped"], profile)
    write_json(folder.verdict_path, judge(folder, profile, config.models.generator))
    write_report(folder.root)
