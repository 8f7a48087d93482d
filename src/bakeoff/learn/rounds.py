"""A learning round: a run of the pilot on what a deployment has become, with what it serves among the contenders.

Takes a deployment and reviewed questions, gives a `Round`: the folder `rounds/round-N` with the documents and questions
as they were when it began, so that a round that was killed goes on with the same. Trains and decides nothing.

    deployments/<name>/rounds/round-N/    a run folder, with round.json
"""

import hashlib
import secrets
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path

from bakeoff.contenders.load import make_recipes
from bakeoff.contenders.spec import Entry
from bakeoff.corpus.stores import existing_store, move_store, remove_store
from bakeoff.errors import ConfigError, InputError, RunFolderError
from bakeoff.files import jsonl
from bakeoff.files.locks import held
from bakeoff.learn.bounds import NO_LIMITS, Limits
from bakeoff.learn.combined import Combined, combined
from bakeoff.learn.decisions import decided_on
from bakeoff.learn.live import LIVE, RECIPE, Where, live_entry
from bakeoff.learn.remembered import remember, remembered
from bakeoff.learn.reviewed import FROM_USE, Reviewed, without_changed
from bakeoff.learn.standing import known_changes, standing, standing_reviews
from bakeoff.models.spending.ledger import LEDGER, REPLIES
from bakeoff.models.tuned_folder import HOSTED_JOB
from bakeoff.pilot.prepare import Prepared
from bakeoff.protocols import DocumentStore
from bakeoff.questions.splits.leaks import leaks
from bakeoff.questions.splits.survey import summarise
from bakeoff.records import Document, Question, Record
from bakeoff.retrieval.coverage import Languages
from bakeoff.retrieval.opening import copy_documents_alone, index_names, remove_indexes
from bakeoff.runs.config import Config
from bakeoff.runs.folder import RunFolder, begin, resume, write_record
from bakeoff.sentences import first_few, listed
from bakeoff.serve.deployment import Deployment
from bakeoff.serve.log_entries import Decision
from bakeoff.serve.releases import current, explained, release_folder

ROUNDS = "rounds"
NAME = "round"
LOCK = "learning.lock"
QUESTIONS = "splits.jsonl"
DATA = "data.sha256"
"""What a round's orders at tuning hosts were made for: a checksum of its questions, splits and documents."""
GIVEN_UP = "given-up"
"""The folder of a round with the orders at tuning hosts of the rounds of its number that were given up."""
KEPT = 5
"""The newest rounds that `prune_rounds` keeps."""
ANOTHER_LIVE = "served-now"
"""The name of what is served where the deployment has a contender called 'live'."""


class Begun(Record):
    """The content of round.json. `release` is what was live when the round began, under the name `live` in the round.

    `new` are the ids of the questions from use, `outdated` those that documents have made doubtful since.
    `data_sha256` stands for questions, documents and settings, `reviewed` is how many reviewed questions there were.
    `decided` once the gate has decided: then the round is over. `contenders` and `training_seconds` are the limits that
    it was begun with.
    """

    number: int
    release: int
    contender: str
    live: str
    new: tuple[str, ...] = ()
    outdated: tuple[str, ...] = ()
    data_sha256: str = ""
    reviewed: int = 0
    notes: tuple[str, ...] = ()
    decided: bool = False
    contenders: tuple[str, ...] = ()
    training_seconds: float | None = None

    def differs_from(self, limits: Limits) -> str:
        """The option of these limits that the round was not begun with. Empty if there is none, or none is given."""
        if limits.contenders and set(limits.contenders) != set(self.contenders):
            return "--contender"
        longest = limits.training_seconds
        return "--training-minutes" if longest is not None and longest != self.training_seconds else ""


class Round:
    """One learning round in its folder."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self._path = folder.root / "round.json"

    @property
    def begun(self) -> Begun:
        """Its record. Raises RunFolderError if it is missing or broken."""
        return self.folder.record(self._path, Begun, self._begin_again)

    @property
    def _begin_again(self) -> str:
        return f"delete {self.folder.root}; the next round starts from the beginning"

    def end(self) -> None:
        """Notes that the gate has decided, and frees what can be made again: the indexes."""
        write_record(self._path, self.begun.model_copy(update={"decided": True}))
        remove_indexes(self.folder.world, index_names(self.folder.world))

    @cached_property
    def prepared(self) -> Prepared:
        """The documents and questions of the round."""
        with existing_store(self.folder.world, self._begin_again) as store:
            documents = tuple(store.documents())
        questions = tuple(self.folder.questions())
        begun = self.begun
        asked = [question.text for question in questions if question.slice != "general"]
        return Prepared(
            documents=documents,
            problems=(),
            questions=questions,
            notes=begun.notes,
            leaks=tuple(leaks(questions, documents=documents)),
            data=summarise(questions),
            languages=Languages.of([document.text for document in documents], asked),
        )

    @property
    def left_out(self) -> dict[str, str]:
        """The contenders that could not be built, with the reason. Empty before anything was compared."""
        return self.folder.comparison().skipped if self.folder.comparison_path.exists() else {}


@contextmanager
def learning(root: Path) -> Iterator[None]:
    """Nobody else runs a round in this deployment within the block. The lock ends with the process, however it ends.

    Raises RunFolderError if somebody does, or if this is not a deployment.
    """
    current(root)
    refusal = RunFolderError(
        f"Another round of learning is in progress in {root}.",
        "wait until it has ended; if it was stopped, call bakeoff learn again to go on with it",
    )
    with ExitStack() as lock:
        with explained(root):
            lock.enter_context(held(root / LOCK, refusal))
        yield


def unfinished(root: Path) -> Round | None:
    """The round of a deployment that was begun and not decided; None if there is none."""
    for path in sorted((root / ROUNDS).glob(f"{NAME}-*"), key=_number, reverse=True):
        if (path / "round.json").exists():
            here = Round(RunFolder(path))
            return None if here.begun.decided else here
    return None


NOTHING_REVIEWED = (
    "No reviewed question is new, so this round has nothing to learn from use. Only the documents have changed: it "
    "finds out whether another contender is better on them. To learn from use, stop it and review first: "
    "bakeoff review DEPLOYMENT."
)


NO_DEPLOYMENT = (
    "{names}: no deployment is started in a round of learning, because bakeoff serve could not use it. What a host "
    "tunes takes part with its adapter (tuning.host.local), or not at all."
)


def begin_round(
    deployment: Deployment,
    number: int,
    reviewed: Sequence[Reviewed],
    limits: Limits = NO_LIMITS,
    retired: Collection[str] = (),
    decisions: Sequence[Decision] = (),
) -> Round:
    """The round of this number. `retired` are facts that the gate has used often enough.

    Raises InputError if there is nothing new: no reviewed question that the release does not know, and no change of
    documents; or if one of the `decisions` was made on the same data. Raises ConfigError for a contender that the
    release's configuration does not have.
    """
    release, root = deployment.release, deployment.root
    known = known_questions(deployment)
    half = root / ROUNDS / ".new"
    remove_store(half)  # of a beginning that was killed
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    copy_documents_alone(root, half)
    with existing_store(half) as store:
        documents = list(store.documents())
        changed = _have_changed(store, release.documents_version)
        questions, outdated = questions_of_now(deployment, known, reviewed, store, retired)
    if not questions.new and not changed:
        raise InputError(
            f"There is nothing new to learn in {root}: no reviewed question that release {release.number} does not "
            "know, and its documents have not changed.",
            "review questions first: bakeoff review DEPLOYMENT",
        )
    config, live = _config(deployment, number, limits)
    rented = [entry.called for entry in deployment.config.contenders if _rents(entry)]
    data_sha256 = _sum_of(config, release.number, questions.questions, documents)
    _check_new(decided_on(decisions, data_sha256), root)
    notes = [
        *([] if questions.new else [NOTHING_REVIEWED]),
        *questions.notes,
        *_of_outdated(outdated),
        *([NO_DEPLOYMENT.format(names=listed(rented))] if rented else []),
    ]
    jsonl.write(half / QUESTIONS, questions.questions)
    record = Begun(
        number=number,
        release=release.number,
        contender=release.contender,
        live=live,
        new=tuple(sorted(questions.new)),
        outdated=tuple(outdated),
        data_sha256=data_sha256,
        reviewed=len(reviewed),
        notes=tuple(notes),
        contenders=limits.contenders,
        training_seconds=limits.training_seconds,
    )
    there, data = RunFolder(root / ROUNDS / config.name), _sum_of_data(half / QUESTIONS, documents)
    if there.root.exists():  # a round that was never decided
        _drop(there, data)
        folder = resume(config, root / ROUNDS)
    else:
        folder = begin(config, root / ROUNDS)
    jsonl.write_text(folder.root / DATA, data)
    move_store(half, folder.root)
    (half / QUESTIONS).replace(folder.root / QUESTIONS)
    half.rmdir()
    here = Round(folder)
    remember(root, questions.questions, known)
    write_record(folder.root / "round.json", record)  # last: without it there is no round
    return here


def _sum_of_data(questions: Path, documents: Sequence[Document]) -> str:
    """A checksum of the questions with their splits, and of the documents."""
    whole = hashlib.sha256(questions.read_bytes())
    for document in sorted(documents, key=lambda one: one.id):
        whole.update(document.model_dump_json().encode())
    return whole.hexdigest()


def _drop(there: RunFolder, data: str) -> None:
    """Removes what a round has made, but not what it has paid: the limits of the one after it hold for both.

    Orders at tuning hosts stay where they are if they were made for these `data`, so that a job is gone on with. Else
    they move to `given-up/`, where they only count. After a kill on the way it is called again, with the same outcome.
    """
    round_path, data_path = there.root / "round.json", there.root / DATA
    round_path.unlink(missing_ok=True)  # first: what is half removed is no round
    remove_store(there.root)
    has_same_data = data_path.exists() and data_path.read_text(encoding="utf-8") == data
    kept = {there.root / LEDGER, there.root / REPLIES, data_path}
    for path in list(there.root.rglob(HOSTED_JOB)):
        if not has_same_data and path.parent.parent.name != GIVEN_UP:
            place = there.root / GIVEN_UP / secrets.token_hex(8)
            place.mkdir(parents=True)
            path = path.rename(place / HOSTED_JOB)
        kept.add(path)
    for path in sorted(there.root.rglob("*"), reverse=True):  # what is in a folder comes before it
        if path.is_dir() and not path.is_symlink():
            with suppress(OSError):  # it holds what is kept
                path.rmdir()
        elif path not in kept:
            path.unlink()


def questions_of_now(
    deployment: Deployment,
    known: Sequence[Question],
    reviewed: Sequence[Reviewed],
    store: DocumentStore,
    retired: Collection[str] = (),
) -> tuple[Combined, dict[str, Question]]:
    """The questions of a round, or of a new pilot, and those that documents have made doubtful, by id."""
    version = deployment.release.documents_version
    found = standing(known, store, version)
    kept = without_changed(found.kept, reviewed)
    there = {question.id for question in kept}
    asked, doubtful = standing_reviews([one for one in reviewed if one.as_question().id not in there], store, version)
    earlier = remembered(deployment.root, known)
    questions = combined(kept, asked, list(store.documents()), deployment.config.seed, retired, earlier)
    return questions, _outdated(found.outdated, doubtful, questions.new)


def _sum_of(config: Config, release: int, questions: Sequence[Question], documents: Sequence[Document]) -> str:
    """A checksum of all that a round decides on: what is live, questions, documents, contenders and their settings."""
    whole = hashlib.sha256(f"{release} {config.model_copy(update={'name': NAME}).model_dump_json()}".encode())
    for one in (*sorted(questions, key=lambda question: question.id), *sorted(documents, key=lambda one: one.id)):
        whole.update(one.model_dump_json().encode())
    return whole.hexdigest()


def _check_new(before: Decision | None, root: Path) -> None:
    """Raises InputError if a round has decided on the same data: asking again would only use up the gate's error."""
    if before is not None:
        raise InputError(
            f"There is nothing new to learn in {root}: round {before.round} decided on the same questions, documents "
            f"and contenders ({before.outcome}).",
            "review more answers (bakeoff review DEPLOYMENT), bring in documents, or name other contenders with -c",
        )


def round_of(root: Path, number: int) -> Round:
    """The round of this number, whose folder may be gone."""
    return Round(RunFolder(root / ROUNDS / f"{NAME}-{number}"))


def prune_rounds(root: Path, keep: int = KEPT, but: Collection[int] = ()) -> None:
    """Removes all rounds but the newest `keep` and those of the numbers `but`."""
    there = sorted((root / ROUNDS).glob(f"{NAME}-*"), key=_number)
    for path in there[: max(0, len(there) - keep)]:
        if _number(path) not in but:
            remove_store(path)
            shutil.rmtree(path, ignore_errors=True)


def _number(path: Path) -> int:
    ending = path.name.removeprefix(f"{NAME}-")
    return int(ending) if ending.isdecimal() else 0


def known_questions(deployment: Deployment) -> list[Question]:
    """The questions of the live release with their splits."""
    release = deployment.release
    places = (release_folder(deployment.root, release.number) / "evidence", Path(release.run))
    path = next((place / QUESTIONS for place in places if (place / QUESTIONS).exists()), None)
    if path is None:
        raise RunFolderError(
            f"Release {release.number} of {deployment.root} does not hold the questions that it was measured with, "
            f"and {release.run} is gone.",
            "restore that run, or serve a newer run: bakeoff serve RUN",
        )
    return jsonl.read(path, Question)


def _have_changed(store: DocumentStore, version: int) -> bool:
    """Whether the documents differ from those of a version; True if it is not known."""
    changes = known_changes(store, version)
    return changes is None or changes.any


def _config(deployment: Deployment, number: int, limits: Limits) -> tuple[Config, str]:
    """The configuration of a round: the release's contenders, or some of them, and what is served; and its name."""
    config, release = deployment.config, deployment.release
    known = {entry.called for entry in config.contenders if entry.like != RECIPE}
    contenders, max_seconds = limits.contenders, limits.training_seconds
    unknown = sorted(set(contenders) - known)
    if unknown:
        raise ConfigError(
            f"'{unknown[0]}' is not a contender of release {release.number}; there are: {', '.join(sorted(known))}.",
            "name one of them, or leave --contender out to build all",
        )
    where = Where(
        release=str(release_folder(deployment.root, release.number).resolve()),
        contender=release.contender,
        imports_from=config.folder,
    )
    live = LIVE if LIVE not in known else ANOTHER_LIVE
    entries = [_without_deployment(entry) for entry in config.contenders if entry.like != RECIPE]
    chosen = _with_those_they_need(entries, contenders, _behind(config)) if contenders else entries
    tuning = config.tuning if max_seconds is None else config.tuning.model_copy(update={"max_seconds": max_seconds})
    update = {"name": f"{NAME}-{number}", "updates": None, "tuning": tuning}
    return config.model_copy(update={**update, "contenders": (*chosen, live_entry(live, where))}), live


def _rents(entry: Entry) -> bool:
    """Whether the contender answers from a deployment at the host where it is tuned."""
    host = entry.tuning.get("host")
    return isinstance(host, Mapping) and host.get("deployment") is not None


def _without_deployment(entry: Entry) -> Entry:
    if not _rents(entry):
        return entry
    host = {key: value for key, value in entry.tuning["host"].items() if key != "deployment"}
    return entry.model_copy(update={"tuning": {**entry.tuning, "host": host}})


def _behind(config: Config) -> dict[str, tuple[str, ...]]:
    """The contenders that each contender sends questions to, by name: those of its parts, or those that it finds."""
    recipes = make_recipes([spec for spec in config.specs if spec.recipe != RECIPE], config.imports_from)
    return {recipe.spec.name: recipe.behind() for recipe in recipes}


def _with_those_they_need(
    entries: Sequence[Entry], names: Collection[str], behind: Mapping[str, Sequence[str]]
) -> list[Entry]:
    """The entries of these names, with those that they are like or send questions to, in order."""
    wanted: set[str] = set()
    waiting = list(names)
    like = {entry.called: entry.like for entry in entries}
    while waiting:
        name = waiting.pop()
        if name in like and name not in wanted:
            wanted.add(name)
            waiting += [like[name], *behind.get(name, ())]
    return [entry for entry in entries if entry.called in wanted]


def _outdated(known: Sequence[Question], reviewed: Sequence[Reviewed], asked: Collection[str]) -> dict[str, Question]:
    """The questions that documents have made doubtful, by id, without those that were reviewed again since."""
    both = [*known, *(one.as_question() for one in reviewed)]
    return {question.id: question for question in both if question.id not in asked}


def _of_outdated(outdated: Mapping[str, Question]) -> list[str]:
    """A note on questions whose documents have changed."""
    if not outdated:
        return []
    named = first_few([f"“{question.text}”" for question in outdated.values()], "; ")
    return [
        f"{len(outdated)} questions are set aside, since what their answers rest on is no longer in the documents: "
        f"{named}. Review them, to test and train on what the documents say now."
    ]


def is_from_use(question: Question) -> bool:
    """Whether a question came from use, not from the question files of the pilot."""
    return question.id.startswith(FROM_USE)
