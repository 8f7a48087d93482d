"""The last stage of a run, and all of `bakeoff report`: scores, comparison, verdict, report.

Takes a run folder with complete answers, and a profile. Reads files; loads no model and no engine.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bakeoff.decide.situation.profile import Profile
from bakeoff.measure.comparison import Entrant
from bakeoff.measures import Measure
from bakeoff.pilot.judge import check_profile, judge
from bakeoff.pilot.judge_answers import verdicts
from bakeoff.pilot.score import compare_run, score_run
from bakeoff.report.write import write_report
from bakeoff.runs.folder import RunFolder, write_record
from bakeoff.runs.judged import write_judged
from bakeoff.runs.labels import labels_of


def judge_run(
    folder: RunFolder,
    profile: Profile,
    entrants: Sequence[Entrant] | None = None,
    skipped: Mapping[str, str] | None = None,
    own: Sequence[Measure] = (),
) -> Path:
    """Scores (if not done yet, or if `entrants` are given), compares, judges, and writes the report.

    Without `entrants`, those of the existing comparison are used, with its skipped contenders and the team's measures,
    whose values are in scores.jsonl. A judge model's verdicts count where people's labels confirm the judge. Returns
    the path of the report's page. Raises ConfigError if the profile lacks a price, RunFolderError if the run is not
    finished, MeasureError if a team's measure fails.
    """
    if entrants is None:
        before = folder.comparison()
        entrants, skipped, own = before.entrants, before.skipped, before.own_measures
        check_profile(profile, entrants, own, before.skipped)
        folder.data()
        folder.require(folder.scores_path)
    else:
        score_run(folder, [entrant.name for entrant in entrants], own)
    write_judged(folder, verdicts(folder, labels_of(folder).chances))
    compare_run(folder, entrants, skipped or {}, profile, own)
    write_record(folder.verdict_path, judge(folder, profile))
    return write_report(folder.root)
