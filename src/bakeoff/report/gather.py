"""A run folder to one frozen `ReportData`: everything the page, the Markdown and the terminal table show.

Reads files, never a model. What a run has not written yet is left empty here and said on the page; what cannot be read
raises RunFolderError.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BeforeValidator, ConfigDict, Field, ValidationError

from bakeoff.decide.verdict.judgement import Judgement, read_judgement
from bakeoff.errors import RunFolderError
from bakeoff.files import jsonl
from bakeoff.measure.score import score_answers
from bakeoff.records import Answer, Contrast, Question, Record, Score, Stage
from bakeoff.runs.folder import RunFolder

FAMILIAR = ("base", "rag", "tuned", "hybrid", "extract", "router", "long-context", "rag-tuned")


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


Number = Annotated[float | None, BeforeValidator(_finite)]


class Tolerant(Record):
    """A record of which later versions may know more fields."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Estimate(Tolerant):
    """A measure's value with its 95 % interval, None where it was not measured; n counts questions."""

    value: Number = None
    low: Number = None
    high: Number = None
    n: int = 0
    detail: dict[str, Any] = Field(default_factory=dict)
    slices: dict[str, "Estimate | None"] = Field(default_factory=dict)


NOTHING = Estimate()
T = TypeVar("T", bound=Record)


class Comparison(Tolerant):
    """What comparison.json holds."""

    contenders: dict[str, dict[str, Estimate | None]]
    contrasts: tuple[Contrast, ...] = ()
    skipped: dict[str, str] = Field(default_factory=dict)


class Problem(Tolerant):
    """A document that could not be read."""

    source: str
    reason: str = ""
    remedy: str = ""


class Documents(Tolerant):
    n: int = 0
    n_chunks: int = 0
    problems: tuple[Problem, ...] = ()


class Leak(Tolerant):
    """A test question with a near-copy in training; excused where its slice expects one."""

    test_id: str
    train_id: str
    similarity: Number = None
    excused: bool = False


class DataSummary(Tolerant):
    """What data.json holds."""

    documents: Documents = Documents()
    questions: dict[str, Any] = Field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    leaks: tuple[Leak, ...] = ()


@dataclass(frozen=True)
class ReportData:
    """Everything a report shows.

    Answers are by contender, then question id; scores by (contender, question id, measure); those after the update by
    (contender, question id).
    """

    name: str
    folder: str
    contenders: tuple[str, ...]
    skipped: Mapping[str, str]
    estimates: Mapping[str, Mapping[str, Estimate | None]]
    contrasts: tuple[Contrast, ...]
    questions: tuple[Question, ...]
    texts: Mapping[str, str]
    answers: Mapping[str, Mapping[str, Answer]]
    updated: Mapping[str, Mapping[str, Answer]]
    scores: Mapping[tuple[str, str, str], float | None]
    scores_after_update: Mapping[tuple[str, str], float | None]
    stages: tuple[Stage, ...]
    summary: DataSummary
    warnings: tuple[str, ...]
    environment: Mapping[str, Any]
    config: Mapping[str, Any]
    judgement: Judgement | None = None

    def estimate(self, contender: str, measure: str) -> Estimate:
        """The contender's estimate, an empty one where there is none."""
        return self.estimates[contender].get(measure) or NOTHING

    def values(self, measure: str) -> dict[str, float]:
        """The measured values by contender, those not measured left out."""
        found = {name: self.estimate(name, measure).value for name in self.contenders}
        return {name: value for name, value in found.items() if value is not None}


def gather(run_folder: Path) -> ReportData:
    """Everything the report of a run shows. Raises RunFolderError where there is no finished comparison."""
    folder = RunFolder(run_folder)
    config = _config(folder.config_path)
    comparison = _validated(Comparison, folder, folder.comparison_path)
    names = sorted(comparison.contenders, key=lambda name: (_rank(name), name))
    asked = folder.questions()
    answers, updated = (
        {name: _by_question(folder.answers(name, phase)) for name in names} for phase in ("", "updated")
    )
    summary = _validated(DataSummary, folder, folder.data_path) if folder.data_path.exists() else DataSummary()
    met = {key for phase in (answers, updated) for given in phase.values() for key in given}
    judgement = read_judgement(run_folder)
    judged_warnings = judgement.warnings if judgement else ()
    environment = folder.read_json(folder.environment_path) if folder.environment_path.exists() else {}
    return ReportData(
        name=str(config.get("name") or run_folder.resolve().name),
        folder=run_folder.resolve().name,
        contenders=tuple(names),
        skipped=comparison.skipped,
        estimates=comparison.contenders,
        contrasts=comparison.contrasts,
        questions=tuple(question for question in asked if question.split == "test" or question.id in met),
        texts={question.id: question.text for question in asked},
        answers=answers,
        updated=updated,
        scores={
            (score.contender, score.question_id, score.measure): _finite(score.value)
            for score in jsonl.read(folder.scores_path, Score)
        },
        scores_after_update=_correct_after_update(asked, updated),
        stages=tuple(stage for stage in folder.stages() if math.isfinite(stage.seconds)),
        summary=summary,
        warnings=tuple(dict.fromkeys((*judged_warnings, *summary.warnings, *_failed(answers), *_unplaced(met, asked)))),
        environment=environment if isinstance(environment, dict) else {"environment": environment},
        config=config,
        judgement=judgement,
    )


def _rank(name: str) -> int:
    return FAMILIAR.index(name) if name in FAMILIAR else len(FAMILIAR)


def _config(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise RunFolderError(
            f"{path.parent} is not a run folder: it has no config.yaml.",
            "name a folder that 'bakeoff run' wrote, such as runs/<name>",
        )
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RunFolderError(f"Cannot read {path}: {' '.join(str(error).split())}.", "restore the file") from error
    return loaded if isinstance(loaded, dict) else {}


def _validated(kind: type[T], folder: RunFolder, path: Path) -> T:
    """One of the run's JSON files as a record; RunFolderError names the first field that does not fit."""
    try:
        return kind.model_validate(folder.read_json(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RunFolderError(
            f"{path}: '{where}': {first['msg']}.",
            "the file was changed by hand or by another version: restore it, or start a new run",
        ) from error


def _by_question(answers: list[Answer]) -> dict[str, Answer]:
    return {answer.question_id: answer for answer in answers}


def _correct_after_update(
    questions: list[Question], updated: Mapping[str, Mapping[str, Answer]]
) -> dict[tuple[str, str], float | None]:
    """Whether each answer after the update is right, by contender and question id: scores.jsonl holds the main pass."""
    return {
        (name, score.question_id): score.value
        for name, given in updated.items()
        for score in score_answers(questions, list(given.values()))
        if score.measure == "correct"
    }


def _failed(answers: Mapping[str, Mapping[str, Answer]]) -> list[str]:
    """A warning for each contender of which more than one answer in twenty is an error."""
    warnings = []
    for name, given in answers.items():
        n_errors = sum(answer.error is not None for answer in given.values())
        if n_errors > 0.05 * len(given):
            warnings.append(
                f"{n_errors} of the {len(given)} answers of {name} are errors: its measures stand on the rest."
            )
    return warnings


def _unplaced(met: set[str], asked: list[Question]) -> list[str]:
    """A warning where answers belong to questions that splits.jsonl does not hold."""
    unknown = met - {question.id for question in asked}
    return [f"{len(unknown)} answered questions are not in splits.jsonl and are left out here."] if unknown else []
