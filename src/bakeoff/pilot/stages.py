"""The pilot: documents and questions in, a run folder with every contender measured out.

Takes a `Config`, gives a `Run`. This is the whole way in one place: prepare, index, build, answer, update, compare,
report. Each step reads what the one before it left in the run folder and skips what is done, so a killed run goes on
where it stopped.
"""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bakeoff.contenders.world import Workbench, import_contender
from bakeoff.errors import RunFolderError
from bakeoff.files import jsonl
from bakeoff.measure.collect import collect, collect_latency
from bakeoff.measure.summary import IN_DOMAIN
from bakeoff.pilot.build import KINDS, TRAINED, Builder
from bakeoff.pilot.judge import check_profile, judge
from bakeoff.pilot.prepare import Prepared, prepare
from bakeoff.pilot.score import compare_run, score_run
from bakeoff.records import Question, Record, Stage
from bakeoff.runs import folder as run_folder
from bakeoff.runs.config import Config, load_config
from bakeoff.runs.environment import data_sha256, describe, peak_memory_bytes
from bakeoff.runs.folder import RUN_FORMAT, RunFolder, write_json
from bakeoff.runs.run import Run


class Event(Record):
    """Where a pilot stands: this stage (of this contender) has done so many of so many steps.

    The stage `data` has nothing to do; its `note` is a line to show.
    """

    stage: str
    contender: str = ""
    done: int = 0
    total: int = 0
    note: str = ""


# They are calibrated on what the others answered.
CALIBRATED_LAST = {"extract": 1, "router": 2}

Listener = Callable[[Event], None]


def run(
    config: Config | Path | str, *, runs: Path | str = "runs", resume: bool = False, listener: Listener | None = None
) -> Run:
    """Run the whole pilot (or what of it is not done yet) and write its report.

    Raises a BakeoffError where the configuration, the data or a model does not allow it; the folder stays resumable.
    """
    config = config if isinstance(config, Config) else load_config(Path(config))
    check_profile(config.profile)
    for name in config.contenders:
        if name not in KINDS:
            import_contender(name)  # a mistake in the path is told now, not after the training
    prepared = prepare(config)
    folder = (run_folder.resume if resume else run_folder.begin)(config, Path(runs))
    with folder.lock():
        Pilot(config, folder, prepared, listener or (lambda event: None)).run()
    return Run(folder)


class Pilot:
    """One pass over the stages of a run."""

    def __init__(self, config: Config, folder: RunFolder, prepared: Prepared, listener: Listener) -> None:
        self._config = config
        self._folder = folder
        self._prepared = prepared
        self._tell = listener
        self._bench = Workbench(folder.world, config.models, config.retrieval)
        self._builder = Builder(config, self._timed, self._progress)

    def run(self) -> None:
        """Every stage in turn, after saying what the data allow."""
        for line in self._prepared.lines():
            self._tell(Event(stage="data", note=line))
        self._write_data()
        skipped = self._builder.build(self._bench, self._prepared)
        data = self._prepared.summary(self._builder.n_chunks(self._bench))
        names = [name for name in self._config.contenders if name not in skipped]
        names.sort(key=lambda name: CALIBRATED_LAST.get(name, 0))
        for name in names:
            self._answer(name)
        if self._prepared.updated_documents:
            self._update(names)
        write_json(self._folder.data_path, {**data, "warnings": [*data["warnings"], *self._warnings(names)]})
        self._compare(names, skipped)

    def _warnings(self, names: Sequence[str]) -> list[str]:
        """What the contenders' answers show that their measures do not say."""
        errors: dict[str, list[str]] = {}
        for name in names:
            first = next((answer.error for answer in self._folder.answers(name) if answer.error), None)
            if first:
                errors.setdefault(" ".join(first.split())[:300], []).append(name)
        silent = self._builder.without_confidence(self._folder)
        told = f"The generator gives no log-probabilities ({', '.join(silent)}): no contender declines by a threshold."
        return [
            *([told] if silent else []),
            *(f"The first failed answer of {', '.join(failed)} says: {error}" for error, failed in errors.items()),
        ]

    def _write_data(self) -> None:
        """Leave the data and the environment in the folder; refuse to resume on other data."""
        prepared, folder = self._prepared, self._folder
        if folder.environment_path.exists():
            before = folder.read_json(folder.environment_path)["data_sha256"]
            if before != data_sha256(prepared.all_documents, prepared.questions):
                raise RunFolderError(
                    f"The documents or questions have changed since {folder.root} was begun.",
                    "start a new run by leaving --resume out",
                )
        else:
            with self._timed("read"):
                self._bench.store.replace_all(prepared.documents)
            jsonl.write(folder.splits_path, prepared.questions)
            write_json(folder.data_path, prepared.summary())
            environment = describe(prepared.all_documents, prepared.questions, self._config.seed)
            write_json(folder.environment_path, {"run_format": RUN_FORMAT, **environment})

    def _answer(self, name: str) -> None:
        """Calibrate a contender on dev, then ask it some test questions one by one, then all of them."""
        measuring = self._config.measuring
        if name in TRAINED:
            with self._timed("load", name):
                self._bench.generator(self._bench.folder(name) / "adapter")
        with self._timed("calibrate", name):
            self._builder.calibrate(self._bench, name, self._prepared, self._folder)
        with self._timed("latency", name):
            collect_latency(
                self._bench.open(name),
                self._latency_questions(),
                self._folder.answers_path(name, "latency"),
                self._progress("latency", name),
            )
        contender = self._bench.open(name, given=self._folder.answers)
        with self._timed("answer", name):
            collect(
                contender,
                self._prepared.of("test"),
                self._folder.answers_path(name),
                measuring.batch_size,
                self._progress("answer", name),
            )

    def _latency_questions(self) -> Sequence[Question]:
        """Test questions of the domain, one for each fact, spread evenly.

        They are asked before the batch pass, so that no engine's cache answers; and they are the test's own, so that a
        router sends them where it sends the others.
        """
        asked = [question for question in self._prepared.of("test") if question.slice in IN_DOMAIN]
        by_fact = {question.fact: question for question in asked or self._prepared.of("test")}
        ordered = [by_fact[fact] for fact in sorted(by_fact)]
        wanted = self._config.measuring.latency_questions + 1
        return ordered[:: max(1, len(ordered) // wanted)][:wanted]

    def _update(self, names: Sequence[str]) -> None:
        """Apply the updates to a copy of the world, then ask about what changed."""
        changed = [question for question in self._prepared.of("test") if question.slice == "changed"]
        world = self._folder.updated_world
        if not world.exists():
            self._bench.store.close()
            _copy_world(self._folder.world, world, without=self._builder.retrained(self._prepared))
        self._bench.release()
        bench = Workbench(world, self._config.models, self._config.retrieval)
        self._builder.update(bench, self._bench, self._prepared)
        for name in names:
            with self._timed("answer-updated", name):
                collect(
                    bench.open(name, given=lambda part: self._folder.answers(part, "updated")),
                    changed,
                    self._folder.answers_path(name, "updated"),
                    self._config.measuring.batch_size,
                    self._progress("answer-updated", name),
                )

    def _compare(self, names: Sequence[str], skipped: dict[str, str]) -> None:
        """Score every answer, compare the contenders, judge them, draw the report."""
        from bakeoff.report import write_report

        profile = self._config.profile
        with self._timed("compare"):
            score_run(self._folder, names)
            compare_run(self._folder, names, skipped, profile)
            write_json(self._folder.verdict_path, judge(self._folder, profile, self._config.models.generator))
        environment = self._folder.read_json(self._folder.environment_path)
        environment["peak_memory_bytes"] = max(peak_memory_bytes(), environment.get("peak_memory_bytes", 0))
        write_json(self._folder.environment_path, environment)
        write_report(self._folder.root)

    def _progress(self, stage: str, contender: str = "") -> Callable[[int, int], None]:
        return lambda done, total: self._tell(Event(stage=stage, contender=contender, done=done, total=total))

    @contextmanager
    def _timed(self, stage: str, contender: str = "") -> Iterator[dict[str, Any]]:
        """Tell that a stage runs and keep how long it took; the body may add `tokens` and `detail`.

        A stage that was finished in an earlier session keeps the time it took then.
        """
        self._tell(Event(stage=stage, contender=contender))
        more: dict[str, Any] = {}
        begun = time.perf_counter()
        yield more
        seconds = more.pop("seconds", time.perf_counter() - begun)
        known = {(one.stage, one.contender) for one in self._folder.stages()}
        if (stage, contender) not in known:
            jsonl.append(self._folder.stages_path, [Stage(stage=stage, contender=contender, seconds=seconds, **more)])
        self._tell(Event(stage=stage, contender=contender, done=1, total=1, note="done"))


def _copy_world(world: Path, copy: Path, without: Sequence[str]) -> None:
    """A second world beside the first, all or nothing: the store, the index and the contenders.

    The adapters of those in `without` stay behind: they are trained anew.
    """
    half = copy.with_name(copy.name + ".part")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    shutil.copy2(world / "store.sqlite", half / "store.sqlite")
    for part in ("index", "contenders"):
        if (world / part).exists():
            shutil.copytree(world / part, half / part, ignore=shutil.ignore_patterns("checkpoint*"))
    for name in without:
        shutil.rmtree(half / "contenders" / name / "adapter", ignore_errors=True)
    half.replace(copy)
