"""Has a finished run judged by a model (again), and compares it again. The contenders are not asked.

Takes a run folder and, if not that of its configuration, a judge and budgets. Gives the judge's calibration.
"""

from typing import Any

from bakeoff.errors import ConfigError
from bakeoff.imports import search_in
from bakeoff.llm_judge.records import Calibration
from bakeoff.llm_judge.settings import judge_model
from bakeoff.measure.own import own_measures
from bakeoff.pilot.judge_answers import Progress, judge_answers, nothing
from bakeoff.pilot.judging import judge_run
from bakeoff.runs.folder import RunFolder


def rejudge(
    folder: RunFolder,
    model: str | None = None,
    budget_usd: float | None = None,
    budget_answers: int | None = None,
    progress: Progress = nothing,
) -> Calibration:
    """Judges what has no verdict of this judge yet, calibrates it, and scores, compares and judges the run again.

    `model` is a name in the run's `models:` or a local model; None: the judge of its configuration. Raises ConfigError
    if there is none, or it is not known; RunFolderError if the run is not finished or another process is using it;
    InputError for a broken key_points.csv. Then nothing is changed.
    """
    config = folder.config()
    search_in(config.imports_from)
    judge = judge_model(model, config.models) if model else config.judge
    if judge is None:
        raise ConfigError(
            f"The configuration of {folder.root} names no judge.",
            "name one with --model, or in bakeoff.yaml before a run:  grading: {judge: MODEL}",
        )
    folder.require(folder.comparison_path, folder.scores_path, folder.splits_path, folder.data_path)
    own = own_measures(config.measures, config.imports_from)
    given: dict[str, Any] = {"budget_usd": budget_usd, "budget_answers": budget_answers}
    grading = config.grading.model_copy(update={key: value for key, value in given.items() if value is not None})
    with folder.lock():
        before = folder.comparison()
        judge_answers(folder, judge, grading, config.profile, again=True, progress=progress)
        judge_run(folder, config.profile, before.entrants, before.skipped, own)
        return folder.record(folder.calibration_path, Calibration)
