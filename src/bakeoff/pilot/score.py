"""From a measured run to its scores and its comparison: `scores.jsonl` and `comparison.json`.

Takes a run folder, its contenders' records, and a profile (prices and margin). Reads answers and stages, never a model.
Measures are defined in `measures.py` and `measure/`; this file only passes them what the run recorded.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from bakeoff.contenders.built import Built, Fitted
from bakeoff.decide.cost.payment import rates_by_name
from bakeoff.decide.situation.profile import Profile
from bakeoff.errors import RunFolderError
from bakeoff.files import jsonl
from bakeoff.measure.comparison import Declining, Entrant
from bakeoff.measure.graded import Values
from bakeoff.measure.rates import Rates
from bakeoff.measure.score import rightness, score_answers, values_by_phase
from bakeoff.measure.summary import Measured, summarise
from bakeoff.measure.threshold import dev_answers, repeated
from bakeoff.measures import Measure
from bakeoff.pilot.cascades import with_courses
from bakeoff.records import Phase, Question, Score, Stage
from bakeoff.runs.folder import FINISH, RunFolder, write_record
from bakeoff.runs.labels import labels_of

UPDATING = "update-"
"""The names of stages that update a contender begin with this."""
PHASES: tuple[tuple[Phase, str], ...] = (("test", ""), ("updated", "updated"))


def score_run(folder: RunFolder, names: Sequence[str], own: Sequence[Measure] = ()) -> None:
    """Grades every test answer of these contenders, and those after the update, once, into scores.jsonl.

    Grades are the rules': what a judge model and people say is added in `compare_run`. `own` are the team's measures.
    Raises MeasureError if one of them fails; then nothing is written.
    """
    jsonl.write(folder.scores_path, _scores(folder, names, own))


def _scores(folder: RunFolder, names: Sequence[str], own: Sequence[Measure]) -> Iterator[Score]:
    questions = _of_split(folder, "test")
    for name in names:
        for phase, answers in PHASES:
            yield from score_answers(questions, folder.answers(name, answers), phase, own)


def compare_run(
    folder: RunFolder,
    entrants: Sequence[Entrant],
    skipped: Mapping[str, str],
    profile: Profile,
    own: Sequence[Measure] = (),
) -> None:
    """Summarises and compares these contenders, all scored, into comparison.json.

    `skipped` are contenders that could not be built, with the reason; `own` the team's measures. Raises RunFolderError
    if a file is missing or broken, or does not hold all test questions of each contender; then nothing is written.
    A judge's verdicts that count, and labels of people, are taken from the run folder (`measure/labelled.py`).
    """
    names = [entrant.name for entrant in entrants]
    folder.require(folder.splits_path, folder.scores_path, *(folder.answers_path(name) for name in names))
    questions = _of_split(folder, "test")
    prices = rates_by_name(entrants, profile)
    phases = values_by_phase(folder.scores())
    stages = folder.stages()
    fitted = _fitted(folder, names)
    declining = {name: found.declining for name, found in fitted.items() if found.declining}
    measured = [
        _measured(
            folder,
            entrant,
            _with_those_behind(entrant, entrants),
            stages,
            phases,
            prices[entrant.name],
            declining.get(entrant.name),
        )
        for entrant in entrants
    ]
    ids = {question.id for question in questions}
    for entry in measured:
        require_all(folder.scores_path, entry.name, ids, entry.values.get("error", {}))
        require_all(folder.answers_path(entry.name), entry.name, ids, {answer.question_id for answer in entry.answers})
    measured = with_courses(folder, measured, fitted, profile.penalty)
    training = _of_split(folder, "train")
    thresholds = _redrawn_thresholds(folder, declining)
    labels = labels_of(folder)
    comparison = summarise(questions, measured, skipped, profile.margin, own, training, thresholds, labels)
    write_record(folder.comparison_path, comparison)


def _fitted(folder: RunFolder, names: Sequence[str]) -> dict[str, Fitted]:
    """The fitted values of the contenders that have a file of their own."""
    paths = {name: folder.world / "contenders" / name / "contender.json" for name in names}
    return {name: folder.record(path, Built).fitted for name, path in paths.items() if path.exists()}


def _redrawn_thresholds(folder: RunFolder, declining: Mapping[str, Declining]) -> dict[str, np.ndarray]:
    """The thresholds of redrawn dev sets, fitted by the same rule, for each contender that one was looked for."""
    dev = _of_split(folder, "dev")
    thresholds = {}
    for name, found in declining.items():
        given = folder.answers(name, "dev") if found.fitted else []
        answers = dev_answers(dev, given, rightness, found.wrong_answer_penalty)
        if len(answers.gains):
            thresholds[name] = repeated(answers)
    return thresholds


def require_all(path: Path, name: str, ids: Collection[str], held: Collection[str], asked: str = "test") -> None:
    """Raises RunFolderError if a file does not hold exactly these questions of splits.jsonl, which are the `asked`."""
    n_missing, n_unknown = len(set(ids).difference(held)), len(set(held).difference(ids))
    if n_missing or n_unknown:
        lacks = f"lacks {n_missing} of the {len(ids)}" if n_missing else f"has {n_unknown} more than the {len(ids)}"
        found = f"{path} is not complete: for {name} it {lacks} {asked} questions in splits.jsonl."
        raise RunFolderError(found, FINISH)


def _of_split(folder: RunFolder, split: str) -> list[Question]:
    return [question for question in folder.questions() if question.split == split]


def _with_those_behind(entrant: Entrant, entrants: Sequence[Entrant]) -> list[Entrant]:
    """The contender and those it sends questions to."""
    return [entrant, *(other for other in entrants if other.name in entrant.behind)]


def _measured(
    folder: RunFolder,
    entrant: Entrant,
    involved: Sequence[Entrant],
    stages: Sequence[Stage],
    phases: Mapping[Phase, Mapping[str, Mapping[str, Values]]],
    prices: Rates,
    declining: Declining | None,
) -> Measured:
    name = entrant.name
    alone = [answer.latency_ms for answer in folder.answers(name, "latency") if answer.error is None]
    parts = {part for member in involved for part in member.parts}
    of_parts = [stage for stage in stages if stage.part and stage.part in parts]
    return Measured(
        entrant=entrant,
        values=phases.get("test", {}).get(name, {}),
        updated=phases.get("updated", {}).get(name, {}),
        answers=folder.answers(name),
        updated_answers=folder.answers(name, "updated"),
        latencies_ms=[latency for latency in alone if latency is not None],
        setup=[stage for stage in of_parts if not stage.stage.startswith(UPDATING)],
        update=_update(involved, [stage for stage in of_parts if stage.stage.startswith(UPDATING)]),
        rates=prices,
        declining=declining,
    )


def _update(involved: Sequence[Entrant], stages: Sequence[Stage]) -> list[Stage] | None:
    """What the update took. None if a part that holds facts was not trained again on the changes."""
    renewed = {stage.part for stage in stages if stage.stage in (f"{UPDATING}train", f"{UPDATING}prepare")}
    stale = any(member.learns_facts and not renewed.intersection(member.parts) for member in involved)
    return None if stale else list(stages)
