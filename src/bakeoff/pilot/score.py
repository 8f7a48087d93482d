"""From a measured run to its scores and its comparison: `scores.jsonl` and `comparison.json`.

Takes a run folder and a profile (its prices and its margin); reads answers and stages, never a model. What each measure
is, is decided in `measure/`; this file only hands it what the run left behind.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from bakeoff.contenders.world import Workbench
from bakeoff.decide.cost.inputs import rates
from bakeoff.decide.situation.profile import Profile
from bakeoff.errors import RunFolderError
from bakeoff.files import jsonl
from bakeoff.measure.score import Values, score_answers, values_of
from bakeoff.measure.summary import Measured, summarise
from bakeoff.pilot.build import KINDS, RETRIEVING, TRAINED
from bakeoff.records import Question, Score, Stage
from bakeoff.runs.folder import FINISH, RunFolder, write_json


def score_run(folder: RunFolder, names: Sequence[str]) -> None:
    """Grade every test answer of these contenders into scores.jsonl."""
    questions = _tested(folder)
    jsonl.write(folder.scores_path, _scores(folder, questions, names))


def _scores(folder: RunFolder, questions: Sequence[Question], names: Sequence[str]) -> Iterator[Score]:
    for name in names:
        yield from score_answers(questions, folder.answers(name))


def compare_run(folder: RunFolder, names: Sequence[str], skipped: Mapping[str, str], profile: Profile) -> None:
    """Summarise and compare these contenders, all scored, into comparison.json.

    `skipped` are contenders that could not be built, with the reason. Raises RunFolderError where a file is missing or
    broken, or holds less than all test questions of each contender: nothing is written then.
    """
    folder.require(folder.splits_path, folder.scores_path, *(folder.answers_path(name) for name in names))
    values = values_of(folder.scores())
    questions = _tested(folder)
    measured = [_measured(folder, name, questions, values.get(name, {})) for name in names]
    ids = {question.id for question in questions}
    for one in measured:
        _require_all(folder.scores_path, one.name, ids, one.values.get("error", {}))
        _require_all(folder.answers_path(one.name), one.name, ids, {answer.question_id for answer in one.answers})
    write_json(folder.comparison_path, summarise(questions, measured, skipped, rates(profile), profile.margin))


def _require_all(path: Path, name: str, ids: set[str], found: Collection[str]) -> None:
    """Raise RunFolderError where a file does not hold just these test questions."""
    n_missing, n_unknown = len(ids.difference(found)), len(set(found) - ids)
    if n_missing or n_unknown:
        lacks = f"lacks {n_missing} of the {len(ids)}" if n_missing else f"knows {n_unknown} more than the {len(ids)}"
        raise RunFolderError(f"{path} is not whole: for {name} it {lacks} test questions in splits.jsonl.", FINISH)


def _tested(folder: RunFolder) -> list[Question]:
    return [question for question in folder.questions() if question.split == "test"]


def _measured(folder: RunFolder, name: str, questions: Sequence[Question], values: Mapping[str, Values]) -> Measured:
    stages, parts = folder.stages(), _parts(folder, name)
    alone = [answer.latency_ms for answer in folder.answers(name, "latency") if answer.error is None]
    return Measured(
        name=name,
        values=values,
        updated=values_of(score_answers(questions, folder.answers(name, "updated"))).get(name, {}),
        answers=folder.answers(name),
        latencies_ms=[latency for latency in alone if latency is not None],
        setup=_setup_stages(name, parts, stages),
        update=_update(name, parts, stages),
    )


def _update(name: str, parts: Sequence[str], stages: Sequence[Stage]) -> list[Stage] | None:
    """What bringing it up to date took; None where the tuned model in it had no phrasings to be trained again on."""
    found = _update_stages(name, parts, stages)
    if "tuned" in parts and not any(stage.stage == "update-train" for stage in found):
        return None
    return found


def _parts(folder: RunFolder, name: str) -> list[str]:
    """The contender and, for a router, the two behind it."""
    if KINDS.get(name) != "router":
        return [name]
    config = folder.config()
    routing = Workbench(folder.world, config.models, config.retrieval).spec(name).routing
    return [name, routing.near, routing.far] if routing else [name]


def _setup_stages(name: str, parts: Sequence[str], stages: Sequence[Stage]) -> list[Stage]:
    """The stages that take a contender (with the parts behind it) from nothing to ready to answer."""
    wanted = {(stage, part) for stage in ("train", "load") for part in parts}
    if any(part not in TRAINED and KINDS.get(part) in ("closed-book", "rag", "long-context") for part in parts):
        wanted.add(("load", ""))
    if KINDS.get(name) in RETRIEVING:
        wanted.add(("index", ""))
    return [stage for stage in stages if (stage.stage, stage.contender) in wanted]


def _update_stages(name: str, parts: Sequence[str], stages: Sequence[Stage]) -> list[Stage]:
    """The stages that bring a contender up to date after a change of documents."""
    wanted = {("update-train", part) for part in parts}
    if KINDS.get(name) in RETRIEVING:
        wanted.add(("update-index", ""))
    return [stage for stage in stages if (stage.stage, stage.contender) in wanted]
