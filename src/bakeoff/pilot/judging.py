"""The last stage of a run, and all of `bakeoff report`: scores, comparison, verdict, report.

Takes a run folder whose answers are complete, and a profile. Reads files and loads no model and no engine.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bakeoff.decide.situation.profile import Profile
from bakeoff.measure.comparison import Entrant
from bakeoff.measures import Measure
from bakeoff.pilot.judge import check_profile, judge
from bakeoff.pilot.score import compare_run, score_run
from bakeoff.report.write import write_report
from bakeoff.runs.folder import RunFolder, write_record


def judge_run(
    folder: RunFolder,
    profile: Profile,
    entrants: Sequence[Entrant] | None = None,
    skipped: Mapping[str, str] | None = None,
    own: Sequence[Measure] = (),
) -> Path:
    """Score (where it was not done, or where `entrants` are given), compare, judge, and write the report.

    Without `entrants` those of the comparison before are taken, with what was skipped and the team's measures: their
    values stand in scores.jsonl. Returns the path of the report's page. Raises ConfigError where the profile lacks a
    price, RunFolderError where the run is not finished, MeasureError where a team's measure fails.
    """
    if entrants is None:
        before = folder.comparison()
        entrants, skipped, own = before.entrants, before.skipped, before.own_measures
        check_profile(profile, entrants, own)
        folder.data()
        folder.require(folder.scores_path)
    else:
        score_run(folder, [entrant.name for entrant in entrants], own)
    compare_run(folder, entrants, skipped or {}, profile, own)
    write_record(folder.verdict_path, judge(folder, profile))
    return write_report(folder.root)
