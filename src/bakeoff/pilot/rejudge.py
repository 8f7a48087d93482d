"""Has a finished run judged by a model (again), and compares it again. The contenders are not asked.

Takes a run folder and, if not those of its configuration, a judge, its settings and budgets. Gives the judge's
calibration.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

from bakeoff.errors import ConfigError, ModelUnavailableError
from bakeoff.imports import named_by_you, search_in
from bakeoff.llm_judge.records import Calibration
from bakeoff.llm_judge.settings import judge_model
from bakeoff.models.settings import ApiModel, ModelSettings
from bakeoff.models.spending.ledger import Ledger, counting
from bakeoff.models.spending.prices import is_paid
from bakeoff.models.spending.who import JUDGE, asking_in
from bakeoff.pilot.judge_answers import Progress, judge_answers, judge_warnings, nothing
from bakeoff.pilot.judging import judge_run
from bakeoff.pilot.spending import kept, prices_of
from bakeoff.runs.config import Config, JudgeConfig
from bakeoff.runs.folder import RunFolder
from bakeoff.runs.own import measures_of

IN_A_FILE = (
    "write its settings in a file such as bakeoff.yaml (grading: {judge: strong}, models: {strong: {api: ...}}) and "
    "type: bakeoff judge RUN --config FILE"
)


def rejudge(
    folder: RunFolder,
    model: str | None = None,
    budget_usd: float | None = None,
    budget_answers: int | None = None,
    progress: Progress = nothing,
    settings: JudgeConfig | None = None,
) -> Calibration:
    """Judges what has no verdict of this judge yet, calibrates it, and scores, compares and judges the run again.

    `settings` replace the run's `grading:` and add to its `models:`. `model` is a name in `models:` or a local model;
    None: the judge of `settings`, or else of the run's configuration. Raises ConfigError
    if there is none, or it is not known; RunFolderError if the run is not finished or another process is using it;
    InputError for a broken key_points.csv. Then nothing is changed. Raises ModelUnavailableError, after the comparison,
    if the judge has no verdict at all; then a judge before it that has some is kept.
    """
    config = folder.config()
    search_in(config.imports_from)
    if settings:
        search_in(settings.folder)
    if model:
        named_by_you(model)
    judge = _judge(folder, config, model, settings)
    folder.require(folder.comparison_path, folder.scores_path, folder.splits_path, folder.data_path)
    own = measures_of(config, folder)
    given: dict[str, Any] = {"budget_usd": budget_usd, "budget_answers": budget_answers}
    limits = settings.grading if settings and settings.grading else config.grading
    grading = limits.model_copy(update={key: value for key, value in given.items() if value is not None})
    with folder.lock():
        before = folder.comparison()
        with _counted(folder, config, judge):
            calibration = judge_answers(folder, judge, grading, config.profile, again=True, progress=progress)
        judge_run(folder, config.profile, before.entrants, before.skipped, own)
        if calibration.n_units and not calibration.n_judged:
            raise _no_verdict(calibration, judge_warnings(config, judge))
        return folder.record(folder.calibration_path, Calibration)


@contextmanager
def _counted(folder: RunFolder, config: Config, judge: ModelSettings) -> Iterator[None]:
    """Counts what the judge costs in the run's ledger, if it is paid for: `judge_answers` limits it there."""
    ledger, is_counted = Ledger(prices_of(config.profile)), isinstance(judge, ApiModel) and is_paid(judge)
    with counting(ledger), asking_in(JUDGE), kept(ledger, folder) if is_counted else nullcontext():
        yield


def _no_verdict(calibration: Calibration, warnings: Sequence[str]) -> ModelUnavailableError:
    """What a judge without any verdict was asked, why it stopped, and whether the judge before it is kept."""
    none = f"The judge {calibration.judge} has no verdict on any of {calibration.n_units} answers"
    asked = f"; it was asked about {calibration.n_errors}" if calibration.n_errors else ""
    causes = [note for note in calibration.notes if note not in warnings]
    return ModelUnavailableError(
        " ".join([f"{none}{asked}.", *causes]),
        "remove the cause (every error is in judge.jsonl) and type bakeoff judge RUN again, or name another judge",
    )


def _judge(folder: RunFolder, config: Config, model: str | None, settings: JudgeConfig | None) -> ModelSettings:
    """The settings of the judge. Raises ConfigError if there is none, or if it is not known."""
    models = {**config.models, **(settings.models if settings else {})}
    named = settings.grading.judge if settings and settings.grading else None
    if model and model.lstrip().startswith("{"):
        raise ConfigError("--model takes a name, not the settings of a model.", IN_A_FILE)
    try:
        judge = judge_model(model, models) if model else judge_model(named or config.grading.judge, models)
    except ConfigError as error:
        message = error.message.replace("grading.judge:", "--model:", 1) if model else error.message
        raise ConfigError(message, f"{error.remedy}; or {IN_A_FILE}") from error
    if judge is None:
        raise ConfigError(
            f"The configuration of {folder.root} names no judge.", f"name one with --model; or {IN_A_FILE}"
        )
    return judge
