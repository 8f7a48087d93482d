"""Has a run's long and unsure answers judged by a model, and says which of its verdicts count.

Takes a run folder with answers. `judge_answers` asks the model and writes key_points.csv, judge.jsonl and
judge.json; `calibrate_run` and `verdicts` read these files and people's labels, and ask no model. A judge that fails
costs a message, never the run.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from bakeoff.contenders.load import make_recipes
from bakeoff.decide.cost.payment import rates_for
from bakeoff.decide.situation.profile import Profile
from bakeoff.errors import BakeoffError
from bakeoff.files import jsonl
from bakeoff.llm_judge.accept import Weights, calibrate, verdict_lines_of, verdicts_of
from bakeoff.llm_judge.asking import Asking, Limits
from bakeoff.llm_judge.canaries import add_canaries, judge_canaries
from bakeoff.llm_judge.cases import Case, cases
from bakeoff.llm_judge.evidence import evidence_passage
from bakeoff.llm_judge.family import family_warning
from bakeoff.llm_judge.judging import Bench, judge_again, judge_cases
from bakeoff.llm_judge.key_points import read_key_points
from bakeoff.llm_judge.records import Calibration, Judged, Session
from bakeoff.llm_judge.settings import Grading
from bakeoff.measure.comparison import AskedModel, Entrant
from bakeoff.measure.labels import Label, LabelVerdict, Unit
from bakeoff.measure.rates import Rates
from bakeoff.measures import IN_DOMAIN
from bakeoff.models.load import has_no_weights, load_generator
from bakeoff.models.model_sums import sums_of
from bakeoff.models.providers.batches import MOST_BATCHED
from bakeoff.models.settings import ApiModel, LocalModel, ModelSettings
from bakeoff.models.spending.ledger import ledger, settle
from bakeoff.models.spending.prices import is_paid
from bakeoff.models.spending.who import JUDGE, JUDGE_AGAIN, JUDGE_CANARIES, asking_in
from bakeoff.protocols import Generator
from bakeoff.records import Question
from bakeoff.runs.config import Config
from bakeoff.runs.documents import run_store
from bakeoff.runs.folder import RunFolder, write_record
from bakeoff.runs.judged import WITHOUT_JUDGE

NOT_PART_OF_A_MODEL = {"key_env", "concurrency", "timeout_s", "retries", "price", "context_tokens"}
"""Settings of a model behind a server that do not change what it writes."""
Progress = Callable[[int, int], None]
Load = Callable[[ModelSettings], Generator]


class Standing(NamedTuple):
    """What a run's judge is worth with the labels that are there now.

    `units` are the answers that it is for, `judged` those on which it has a verdict. `verdicts` are those that count:
    none if it is not accepted.
    """

    calibration: Calibration | None = None
    units: frozenset[Unit] = frozenset()
    judged: frozenset[Unit] = frozenset()
    verdicts: Mapping[Unit, LabelVerdict] = MappingProxyType({})


def nothing(done: int, total: int) -> None:
    """Shows no progress."""


def judge_answers(
    folder: RunFolder,
    model: ModelSettings,
    grading: Grading,
    profile: Profile,
    again: bool = False,
    progress: Progress = nothing,
    load: Load = load_generator,
) -> Calibration:
    """Judges what has no verdict of this model yet, and calibrates it with the labels that are there.

    A model that gives no verdict at all does not replace a judge that has some.

    `again` judges the canaries again in a run that has judged them, but for those of a command that was interrupted:
    this one goes on with it. What stops the judge (a budget, a server that
    fails) is in the calibration's `notes`. Raises InputError for a broken key_points.csv, RunFolderError for a broken
    judge.jsonl or labels.jsonl, ConfigError where the model's tokens have no price.
    """
    questions = _tested(folder)
    to_judge = _cases(folder, questions, grading.long_from)
    session = Session(
        judge=model.label,
        fingerprint=_fingerprint(model),
        deterministic=not has_no_weights(model),
        long_from=grading.long_from,
        least_kappa=grading.least_kappa,
        least_labels=grading.least_labels,
        notes=tuple(judge_warnings(folder.config(), model)),
    )
    with ExitStack() as open_files:
        evidence = _evidence(folder, open_files)
        try:
            generator = load(model)
        except BakeoffError as error:
            stopped = f"The judge {model.label} could not be loaded: {error.message}"
            return _written(folder, session, stopped)
        lines = jsonl.read(folder.judge_path, Judged, WITHOUT_JUDGE)
        limits = Limits(grading.budget_usd, grading.timeout_s, grading.max_new_tokens)
        spent = sum(line.usd for line in lines)
        account = ledger() if isinstance(model, ApiModel) and is_paid(model) else None
        if account is not None:
            account.limit_role(JUDGE, grading.budget_usd)
        counted = partial(account.spent_in, JUDGE) if account is not None else None
        rates, is_local = judge_rates(model, profile), isinstance(model, LocalModel) and model.answered_by is None
        is_batched = isinstance(model, ApiModel) and model.batch
        batch_size = MOST_BATCHED if is_batched else folder.config().measuring.batch_size
        share = 1.0 - model.batch_discount if isinstance(model, ApiModel) else 1.0
        asking = Asking(generator, limits, rates, spent, batch_size, is_local, batch_share=share, counted=counted)
        bench = Bench(
            asking=asking,
            judge=session.fingerprint,
            judged_path=folder.judge_path,
            points_path=folder.key_points_path,
            questions=questions,
            evidence=evidence,
            long_from=grading.long_from,
        )
        bench.read_points()
        session = _judge(folder, bench, to_judge, grading, session, again, progress)
    return _written(folder, session, asking.stopped)


def _judge(
    folder: RunFolder,
    bench: Bench,
    to_judge: Sequence[Case],
    grading: Grading,
    session: Session,
    again: bool,
    progress: Progress,
) -> Session:
    """Canaries first, then the answers (labelled ones first), then a sample of them a second time."""
    seed, canaries = folder.config().seed, _canaries_path(folder)
    with _asked_in(JUDGE_CANARIES, bench):
        drift = judge_canaries(bench, canaries, session.judge, _interrupted(folder) if again else None)
    labelled = {label.unit for label in jsonl.read(folder.labels_path, Label)}
    with _asked_in(JUDGE, bench):
        judge_cases(bench, to_judge, labelled, seed, grading.budget_answers, progress)
    if not session.deterministic:
        with _asked_in(JUDGE_AGAIN, bench):
            judge_again(bench, to_judge, grading.repeats, seed)
    add_canaries(bench, canaries, session.judge, to_judge, grading.canaries, seed)
    return session.model_copy(update={"drift": drift})


@contextmanager
def _asked_in(stage: str, bench: Bench) -> Iterator[None]:
    """Within this block, the judge is asked in this stage. At its end, the stage is finished, unless the judge stopped.

    Each stage is answered only by what was paid for in it: a second verdict is no copy of the first one.
    """
    with asking_in(stage):
        yield
        settle(is_finished=not bench.asking.stopped)


def _interrupted(folder: RunFolder) -> int:
    """From which line on judge.jsonl is from commands that were interrupted, since no judge.json counts them."""
    if not folder.calibration_path.exists():
        return 0
    before = folder.record(folder.calibration_path, Calibration, WITHOUT_JUDGE)
    return len(jsonl.read(folder.judge_path, Judged)) if before.n_lines is None else before.n_lines


def _written(folder: RunFolder, session: Session, stopped: str) -> Calibration:
    """The calibration of a session, written to judge.json. `stopped` says why the judge stopped, if it did.

    Without any verdict it is not written if another judge has verdicts: those stay, and a note says so.
    """
    notes = (*session.notes, stopped) if stopped else session.notes
    n_lines = len(jsonl.read(folder.judge_path, Judged, WITHOUT_JUDGE))
    calibration = _calibrated(folder, session.model_copy(update={"notes": notes, "n_lines": n_lines}))[0]
    former = (
        folder.record(folder.calibration_path, Calibration, WITHOUT_JUDGE) if folder.calibration_path.exists() else None
    )
    if former and former.n_judged and former.fingerprint != session.fingerprint and not calibration.n_judged:
        kept = f"The judge before it, {former.judge}, and its verdicts are kept."
        return calibration.model_copy(update={"notes": (*notes, kept)})
    write_record(folder.calibration_path, calibration)
    return calibration


def calibrate_run(folder: RunFolder, weights: Weights | None = None) -> Calibration | None:
    """The calibration with the labels that are there now, written to judge.json; None if no judge has judged the run.

    `weights` is 1 / the chance of being drawn, by unit; labels of other units are not used. None: each counts the same.
    """
    return standing(folder, weights).calibration


def verdicts(folder: RunFolder, weights: Weights | None = None) -> Mapping[Unit, LabelVerdict]:
    """The verdicts of the run's judge by unit, if it is accepted with the labels that are there now; else none.

    They hold for answers that are long or of which the rules are unsure. Writes judge.json as `calibrate_run`.
    """
    return standing(folder, weights).verdicts


def standing(folder: RunFolder, weights: Weights | None = None) -> Standing:
    """What the run's judge is worth with the labels that are there now. Writes judge.json as `calibrate_run`."""
    if not folder.calibration_path.exists():
        return Standing()
    before = folder.record(folder.calibration_path, Calibration, WITHOUT_JUDGE)
    session = Session(**{name: getattr(before, name) for name in Session.model_fields})
    calibration, now = _calibrated(folder, session, weights)
    if calibration != before:
        write_record(folder.calibration_path, calibration)
    return now


def _calibrated(folder: RunFolder, session: Session, weights: Weights | None = None) -> tuple[Calibration, Standing]:
    """The calibration from the files of the run; the same with what is judged and the verdicts that count."""
    questions = _tested(folder)
    to_judge = _cases(folder, questions, session.long_from)
    lines = jsonl.read(folder.judge_path, Judged, WITHOUT_JUDGE)
    points = read_key_points(folder.key_points_path, questions)
    judged = verdict_lines_of(to_judge, lines, session.fingerprint, points, session.long_from)
    labels = jsonl.read(folder.labels_path, Label)
    calibration = calibrate(session, to_judge, judged, lines, labels, weights)
    units = frozenset(case.unit for case in to_judge)
    return calibration, Standing(calibration, units, frozenset(judged), verdicts_of(judged, calibration))


def judge_rates(model: ModelSettings, profile: Profile) -> Rates:
    """What the judge's requests cost: its tokens, or the machine's time. Raises ConfigError if a price is missing."""
    location, host = model.location, model.host
    asked = AskedModel(name="judge", label=model.label, location=location, host=host, price=model.price)
    return rates_for(Entrant(name="judge", recipe="", title="Judge", model=asked), profile)


def judge_warnings(config: Config, model: ModelSettings) -> list[str]:
    """What speaks against this model as the judge before it is asked: its family, or an unknown price.

    Raises ConfigError if the price that its settings name is not known.
    """
    price = _price_warning(model, judge_rates(model, config.profile))
    return [warning for warning in (family_warning(model, _contenders_models(config)), price) if warning]


def _price_warning(model: ModelSettings, rates: Rates) -> str:
    """A warning if nothing says what a judge on the internet costs."""
    if model.location != "internet" or rates.input_usd_per_million_tokens or rates.output_usd_per_million_tokens:
        return ""
    return (
        f"The judge {model.label} has no price, so grading.budget_usd cannot stop it: give its settings a `price`, or "
        "set grading.budget_answers."
    )


def _tested(folder: RunFolder) -> list[Question]:
    return [question for question in folder.questions() if question.split == "test"]


def _cases(folder: RunFolder, questions: Sequence[Question], long_from: int) -> list[Case]:
    """The answers to judge: those that people can label, before an update and about the documents."""
    names = sorted({path.name.removesuffix(".jsonl") for path in (folder.root / "answers").glob("*.jsonl")})
    known = [spec.name for spec in folder.config().specs if spec.name in names]
    about_documents = [question for question in questions if question.slice in IN_DOMAIN]
    return cases(about_documents, (answer for name in known for answer in folder.answers(name)), long_from)


def _contenders_models(config: Config) -> dict[str, ModelSettings]:
    """The model of each contender that asks one, by the contender's name."""
    recipes = make_recipes(config.specs, config.imports_from)
    return {recipe.spec.name: config.models[recipe.spec.model] for recipe in recipes if recipe.asks_model}


def _evidence(folder: RunFolder, open_files: ExitStack) -> Callable[[Question], str]:
    """The evidence passage of a question, from the run's documents."""
    store = open_files.enter_context(run_store(folder))

    def text_of(source: str) -> str | None:
        document = store.get_by_source(source)
        return document.text if document else None

    return cache(lambda question: evidence_passage(question, text_of))


def _canaries_path(folder: RunFolder) -> Path:
    """The canaries of all runs of this pilot, beside their folders."""
    return folder.root.parent / f"{folder.config().name}.canaries.jsonl"


def _fingerprint(model: ModelSettings) -> str:
    """A fingerprint of what decides what the model writes: its settings and, of a local one, its weights."""
    settings = model.model_dump(mode="json", exclude=NOT_PART_OF_A_MODEL)
    try:
        sums = sums_of(model)
    except BakeoffError:  # it cannot be loaded either: loading says why
        sums = {}
    return hashlib.sha256(json.dumps([settings, sums], sort_keys=True).encode()).hexdigest()[:16]
