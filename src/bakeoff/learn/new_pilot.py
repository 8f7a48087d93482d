"""A new pilot from what a deployment has become: its documents, its questions and reviewed ones, its real use.

Takes a deployment and its log, gives a configuration and the data of a run. The questions keep their splits; new ones
get theirs as in a round of learning. The profile holds the volume and the mix that use shows. The contenders are those
of the release, and all are built again. Runs nothing.
"""

from pathlib import Path
from typing import NamedTuple

from bakeoff.corpus.stores import existing_store
from bakeoff.decide.cost.break_even import about
from bakeoff.decide.situation.profile import Profile
from bakeoff.errors import RunFolderError
from bakeoff.learn.live import RECIPE
from bakeoff.learn.monitor.evidence import Evidence
from bakeoff.learn.monitor.monitor import Monitor
from bakeoff.learn.monitor.revisit import LEAST_DAYS, LEAST_QUESTIONS, LEAST_REVIEWED, InUse, profile_in_use
from bakeoff.learn.review.reviewing import reviewed
from bakeoff.learn.rounds import known_questions, questions_of_now
from bakeoff.pilot.prepare import Prepared, prepared_of
from bakeoff.records import Question
from bakeoff.runs.config import Config
from bakeoff.runs.documents import run_store
from bakeoff.runs.folder import RunFolder, unfinished
from bakeoff.sentences import first_few, percent
from bakeoff.serve.deployment import RESTORE, Deployment, open_deployment
from bakeoff.serve.log import Log

ENDING = "-from-use"


class NewPilot(NamedTuple):
    """What the stages of a pilot need."""

    config: Config
    prepared: Prepared


def new_pilot(root: Path, name: str | None = None) -> NewPilot:
    """The pilot on the deployment as it is now. By default its run has the deployment's name with `-from-use`.

    Raises RunFolderError if the release's questions are gone, InputError if none is left to test on.
    """
    deployment = open_deployment(root)
    with Log(deployment.log_path) as log, existing_store(root, RESTORE) as store:
        evidence, use = Monitor(root, log).in_use()
        documents = list(store.documents())
        questions, outdated = questions_of_now(deployment, known_questions(deployment), reviewed(log), store)
    config = _config(deployment, evidence, use, questions.questions).renamed(name or f"{root.name}{ENDING}")
    notes = [_of_use(evidence, use, config.profile), *questions.notes, *_of_outdated(tuple(outdated.values()))]
    return NewPilot(config, prepared_of(config, questions.questions, documents, notes))


def unfinished_pilot(root: Path, runs: Path, name: str | None = None) -> NewPilot:
    """The pilot of this name that was stopped, with the documents and questions with which it began.

    Raises RunFolderError if there is none.
    """
    called = name or f"{root.name}{ENDING}"
    folder = RunFolder(path) if (path := unfinished(called, runs)) else None
    if folder is None or not folder.environment_path.exists():
        raise RunFolderError(
            f"There is no stopped run named '{called}' in {runs} to resume.", "leave --resume out to start one"
        )
    config, notes = folder.config(), folder.data().notes
    with run_store(folder) as store:
        return NewPilot(config, prepared_of(config, folder.questions(), list(store.documents()), notes))


def _config(deployment: Deployment, evidence: Evidence, use: InUse, questions: tuple[Question, ...]) -> Config:
    """The release's configuration with the profile of the verdict, and with what use shows in it."""
    config, judged = deployment.config, evidence.profile
    changed = {key: value for key, value in judged if value != getattr(config.profile, key)}
    tested = [question for question in questions if question.split == "test" and question.slice != "general"]
    profile = profile_in_use(config.profile.model_copy(update=changed), use, tested)
    entries = tuple(entry for entry in config.contenders if entry.like != RECIPE)
    return config.model_copy(update={"updates": None, "contenders": entries, "profile": profile})


def _of_use(evidence: Evidence, use: InUse, profile: Profile) -> str:
    """A note on what of the profile comes from use."""
    if use.days >= LEAST_DAYS and use.questions >= LEAST_QUESTIONS:
        parts = [f"{about(profile.queries_per_month)} questions a month, as in the last {use.days} days of use "
                 f"(before: {about(evidence.profile.queries_per_month)})"]  # fmt: skip
    else:
        parts = [f"{about(profile.queries_per_month)} questions a month, as before, since use is known from "
                 f"{LEAST_DAYS} days and {LEAST_QUESTIONS} questions on"]  # fmt: skip
    if (
        use.unanswerable_share is not None
        and use.reviewed >= LEAST_REVIEWED
        and "unanswerable" in profile.slice_weights
    ):
        parts.append(f"{percent(use.unanswerable_share)} unanswerable, as in {use.reviewed} reviewed answers")
    else:
        parts.append(f"the mix of questions as before, since it is known from {LEAST_REVIEWED} reviewed answers on")
    return f"The profile assumes {'; '.join(parts)}."


def _of_outdated(outdated: tuple[Question, ...]) -> list[str]:
    if not outdated:
        return []
    named = first_few([f"“{question.text}”" for question in outdated], "; ")
    return [f"{len(outdated)} questions are left out, since what their answers rest on is no longer in the documents: "
            f"{named}."]  # fmt: skip
