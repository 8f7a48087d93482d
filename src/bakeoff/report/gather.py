"""From a run folder to a frozen `ReportData`: everything the page, the Markdown and the terminal table show.

Reads files, never a model. What a run has not written yet stays empty, and the page says so. A file that cannot be read
raises RunFolderError.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bakeoff.decide.verdict.judgement import Judgement
from bakeoff.errors import RunFolderError
from bakeoff.files.small import small_text
from bakeoff.files.strict_yaml import plain_yaml
from bakeoff.files.unreadable import unreadable
from bakeoff.llm_judge.records import Calibration
from bakeoff.measure.comparison import Comparison, Entrant, Estimate
from bakeoff.measure.graded import UNSURE
from bakeoff.measure.labelled import Labels
from bakeoff.measure.labels import LabelVerdict, Unit, label_scores
from bakeoff.measure.ppi import MIN_LABELS
from bakeoff.measure.units import is_unit, unit_of
from bakeoff.measures import Measure
from bakeoff.models.spending.rows import Spending
from bakeoff.records import Answer, Contrast, Phase, Question, Stage
from bakeoff.report.cautions import cautions, reading_line
from bakeoff.runs.commands import whole, whole_in
from bakeoff.runs.data import DataSummary
from bakeoff.runs.earlier import TAKEN, taken_line
from bakeoff.runs.folder import RunFolder
from bakeoff.runs.judged import WITHOUT_JUDGE
from bakeoff.runs.labels import labels_of
from bakeoff.runs.preface import Preface
from bakeoff.runs.race import RaceResult

MANY_GRADES, LEAST_AGREEMENT = 20, 0.8
"""With so many labelled grades, a lower agreement of people with them is a warning: rules are seldom wrong."""


@dataclass(frozen=True)
class ReportData:
    """Everything a report shows.

    `questions` are the test questions and all others with answers. `texts` has every question's text by id. `answers`
    and `updated` (after the update) are by contender, then question id. `correct` and `correct_after_update` are by
    (contender, question id): 1 correct, 0 wrong, 0.5 neither, None if the answer failed; where people labelled the
    answer, as in `labelled`, it is what they say. `origins` are the models that answered, by
    contender, if a server names them. `judgement` is None if the run was not judged.
    `warnings` have first what changes the verdict, and last where to see how the questions were read. `preface` is a
    decision made elsewhere, which stands before the verdict. `spending` is None if no model was paid for.
    """

    name: str
    folder: str
    comparison: Comparison
    questions: tuple[Question, ...]
    texts: Mapping[str, str]
    answers: Mapping[str, Mapping[str, Answer]]
    updated: Mapping[str, Mapping[str, Answer]]
    correct: Mapping[tuple[str, str], float | None]
    correct_after_update: Mapping[tuple[str, str], float | None]
    labelled: Mapping[tuple[str, str], float]
    origins: Mapping[str, tuple[str, ...]]
    stages: tuple[Stage, ...]
    summary: DataSummary
    warnings: tuple[str, ...]
    environment: Mapping[str, Any]
    config: Mapping[str, Any]
    judgement: Judgement | None = None
    preface: Preface | None = None
    spending: Spending | None = None
    races: tuple[RaceResult, ...] = ()

    @property
    def contenders(self) -> tuple[str, ...]:
        """Their names, in the order of the configuration."""
        return self.comparison.names

    @property
    def taken(self) -> str:
        """What the run took from earlier runs, in a sentence; empty if nothing."""
        return taken_line(self.environment.get(TAKEN, {}))

    @property
    def entrants(self) -> tuple[Entrant, ...]:
        return self.comparison.entrants

    @property
    def skipped(self) -> Mapping[str, str]:
        return self.comparison.skipped

    @property
    def contrasts(self) -> tuple[Contrast, ...]:
        return self.comparison.contrasts

    @property
    def own_measures(self) -> tuple[Measure, ...]:
        """The team's own measures."""
        return self.comparison.own_measures

    def estimate(self, contender: str, measure: str) -> Estimate:
        """The contender's estimate of a measure; an empty one if there is none."""
        return self.comparison.estimate(contender, measure)

    def values(self, measure: str) -> Mapping[str, float]:
        """The measured values by contender. Contenders without a value are left out."""
        return self.comparison.values(measure)

    def sure(self, measure: Measure) -> Mapping[str, float]:
        """The values by contender that are sure: answers neither right nor wrong count against it."""
        estimates = {name: self.estimate(name, measure.name) for name in self.values(measure.name)}
        sure = {name: of.most if measure.better == "lower" else of.least for name, of in estimates.items()}
        return {name: value for name, value in sure.items() if value is not None}


def gather(run_folder: Path) -> ReportData:
    """Everything the report of a run shows. Raises RunFolderError if there is no finished comparison."""
    folder = RunFolder(run_folder)
    config = _config(folder.config_path)
    folder.check_format()
    comparison = folder.comparison()
    asked = folder.questions()
    answers, updated = (
        {name: _by_question(folder.answers(name, phase)) for name in comparison.names} for phase in ("", "updated")
    )
    summary = folder.data() if folder.data_path.exists() else DataSummary()
    met = {key for phase in (answers, updated) for given in phase.values() for key in given}
    judgement = whole_in(_judgement(folder), run_folder)
    correct = _correct(folder)
    labels = labels_of(folder)
    labelled = _said(labels.verdicts, asked, answers)
    doubts, other = cautions(comparison, answers, asked)
    of_people = _of_labels(labels, answers, correct["test"], labelled)
    of_verdict = judgement.warnings if judgement else ()
    first = (*doubts, *_of_judge(folder), *of_people, *of_verdict)
    warnings = (*first, *summary.warnings, *other, *reading_line(summary.notes))
    return ReportData(
        name=str(config.get("name") or run_folder.resolve().name),
        folder=run_folder.resolve().name,
        comparison=comparison,
        questions=tuple(question for question in asked if question.split == "test" or question.id in met),
        texts={question.id: question.text for question in asked},
        answers=answers,
        updated=updated,
        correct={**correct["test"], **_said(labels.judged, asked, answers), **labelled},
        correct_after_update=correct["updated"],
        labelled=labelled,
        origins=_origins(answers, updated),
        stages=tuple(folder.stages()),
        summary=summary,
        warnings=tuple(dict.fromkeys(whole(warning, run_folder) for warning in warnings)),
        environment=_environment(folder),
        config=config,
        judgement=judgement,
        preface=folder.record(folder.preface_path, Preface) if folder.preface_path.exists() else None,
        spending=folder.spending(),
        races=tuple(folder.races()),
    )


def _config(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise RunFolderError(
            f"{path.parent} is not a run folder: it has no config.yaml.",
            "give a folder that 'bakeoff run' wrote, such as runs/<name>",
        )
    try:
        loaded = plain_yaml(small_text(path))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RunFolderError(*unreadable(f"Cannot read {path}", error, "restore the file")) from error
    return loaded if isinstance(loaded, dict) else {}


def _environment(folder: RunFolder) -> Mapping[str, Any]:
    environment = folder.read_json(folder.environment_path) if folder.environment_path.exists() else {}
    return environment if isinstance(environment, dict) else {"environment": environment}


def _judgement(folder: RunFolder) -> Judgement | None:
    """The run's judgement; None if it was not judged."""
    if not folder.verdict_path.exists():
        return None
    return folder.record(folder.verdict_path, Judgement, f"judge the run again: bakeoff report {folder.root}")


def _by_question(answers: list[Answer]) -> dict[str, Answer]:
    return {answer.question_id: answer for answer in answers}


def _correct(folder: RunFolder) -> Mapping[Phase, Mapping[tuple[str, str], float | None]]:
    """Whether each answer is correct, by phase, then (contender, question id); None if the answer failed."""
    correct: dict[Phase, dict[tuple[str, str], float | None]] = {"test": {}, "updated": {}}
    if folder.scores_path.exists():
        for score in folder.scores():
            if score.measure == "correct":
                correct[score.phase][score.contender, score.question_id] = score.value
    return correct


def _said(
    verdicts: Mapping[Unit, LabelVerdict], asked: Sequence[Question], answers: Mapping[str, Mapping[str, Answer]]
) -> dict[tuple[str, str], float]:
    """What these verdicts say by (contender, question id): 1 correct, 0 not, 0.5 if nobody could tell."""
    question_of = {question.id: question for question in asked}
    return {
        (name, key): label_scores(question_of[key], verdicts[unit_of(answer)])["correct"]
        for name, given in answers.items()
        for key, answer in given.items()
        if is_unit(answer) and unit_of(answer) in verdicts
    }


def _of_labels(
    labels: Labels,
    answers: Mapping[str, Mapping[str, Answer]],
    correct: Mapping[tuple[str, str], float | None],
    labelled: Mapping[tuple[str, str], float],
) -> list[str]:
    """What people's labels say about the grades, and whether they are enough to correct the other answers."""
    pairs = {unit_of(answers[name][key]): (correct.get((name, key)), said) for (name, key), said in labelled.items()}
    if not pairs:
        return []
    decided = [(grade, said) for grade, said in pairs.values() if grade != UNSURE and said != UNSURE]
    opened = [said for grade, said in pairs.values() if grade == UNSURE and said != UNSURE]
    n_agreed, n_unsure = sum(grade == said for grade, said in decided), len(pairs) - len(decided) - len(opened)
    lines = [f"People labelled {len(pairs)} answers."]
    if decided:
        lines.append(f"They agree with {n_agreed} of {len(decided)} grades.")
    if opened:
        lines.append(f"Of {len(opened)} that had been neither right nor wrong they call {sum(opened):.0f} right.")
    if n_unsure:
        lines.append(f"{n_unsure} stay undecided, because people could not tell or disagree.")
    if len(decided) >= MANY_GRADES and n_agreed < LEAST_AGREEMENT * len(decided):
        lines.append("That is little agreement: check how the answers were labelled, and the accepted answers.")
    if not labels.is_enough:
        lines.append(
            f"{MIN_LABELS} labels are needed to correct the grades of all answers; {labels.n_weighted} count so far. "
            "Until then a label decides only the answer that it is about."
        )
    return [" ".join(lines)]


def _of_judge(folder: RunFolder) -> list[str]:
    """What a judge model did in the run, and what speaks against it; empty if there was none."""
    if not folder.calibration_path.exists():
        return []
    calibration = folder.record(folder.calibration_path, Calibration, WITHOUT_JUDGE)
    return [calibration.line, *calibration.notes, *calibration.cautions]


def _origins(*phases: Mapping[str, Mapping[str, Answer]]) -> dict[str, tuple[str, ...]]:
    """The models that answered for each contender, by their servers' names, in the order of their first answers."""
    origins: dict[str, dict[str, None]] = {}
    for phase in phases:
        for name, given in phase.items():
            for answer in given.values():
                if answer.origin and answer.origin.model:
                    mark = f" ({answer.origin.fingerprint})" if answer.origin.fingerprint else ""
                    origins.setdefault(name, {})[answer.origin.model + mark] = None
    return {name: tuple(models) for name, models in origins.items()}
