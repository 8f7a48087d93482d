"""The run folder: where each file of a run is, and how a run is started or resumed.

Takes a configuration, gives paths. Does not know what the stages write into them.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

import bakeoff
from bakeoff.errors import ConfigError, RunFolderError
from bakeoff.files import jsonl
from bakeoff.files.locks import held, is_held
from bakeoff.files.plain_json import plain_json
from bakeoff.files.plain_types import message_of
from bakeoff.files.room import refused
from bakeoff.files.strict_yaml import read_mapping
from bakeoff.files.unreadable import unreadable
from bakeoff.imports import named_by_folder
from bakeoff.measure.comparison import Comparison
from bakeoff.models.checksums import Sums
from bakeoff.models.spending.rows import Spending
from bakeoff.records import Answer, Question, Record, Score, Stage
from bakeoff.runs.config import Config, validate
from bakeoff.runs.data import DataSummary
from bakeoff.runs.race import RaceResult, with_winners
from bakeoff.sentences import kind_of_value

FINISH = "finish the run first: bakeoff run CONFIG --resume; if it was finished, restore the file"
RESTORE = "the file was changed by hand or by another version; restore it, or start a new run"
LOST = "restore it from a copy, or run the pilot again: bakeoff run CONFIG"
"""For what no session of the same run makes again."""
OWN_CONFIG = f"{LOST}; once it is deleted, bakeoff run CONFIG --resume writes it again from the CONFIG of this run"
RUN_FORMAT = 3  # raise this when older folders can no longer be read

R = TypeVar("R", bound=Record)


class RunFolder:
    """The files of one run. A path may not exist yet."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.config_path = root / "config.yaml"
        self.environment_path = root / "environment.json"
        self.data_path = root / "data.json"
        self.splits_path = root / "splits.jsonl"
        self.stages_path = root / "stages.jsonl"
        self.scores_path = root / "scores.jsonl"
        self.labels_path = root / "labels.jsonl"
        self.spending_path = root / "spending.json"
        self.label_weights_path = root / "label_weights.jsonl"
        self.judge_path = root / "judge.jsonl"
        self.judge_verdicts_path = root / "judge_verdicts.jsonl"
        self.key_points_path = root / "key_points.csv"
        self.calibration_path = root / "judge.json"
        self.style_path = root / "style.json"
        self.comparison_path = root / "comparison.json"
        self.verdict_path = root / "verdict.json"
        self.identities_path = root / "identities.json"
        self.report_path = root / "report.html"
        self.preface_path = root / "preface.json"
        self.world = root
        self.updated_world = root / "update"

    def answers_path(self, contender: str, phase: str = "") -> Path:
        """The file of a contender's answers. phase is '' (the test), 'dev', 'latency' or 'updated'."""
        return self.root / "answers" / (f"{contender}.{phase}.jsonl" if phase else f"{contender}.jsonl")

    def config(self) -> Config:
        """The configuration of this run: what it was started with, with the settings that won its races.

        Raises as `begun_config`, and RunFolderError for a broken result of a race.
        """
        config = self.begun_config()
        if not config.race:
            return config
        return self._named(with_winners(config, self.races()))

    def race_path(self, contender: str) -> Path:
        """The file with the result of a contender's race."""
        return self.root / "race" / "results" / f"{contender}.json"

    def races(self) -> list[RaceResult]:
        """The results of the races that are over."""
        return [self.record(path, RaceResult) for path in sorted(self.race_path("").parent.glob("*.json"))]

    def begun_config(self) -> Config:
        """The configuration this run was started with.

        Raises RunFolderError if there is no run here, or if its version wrote folders that this version cannot read,
        and ConfigError if the configuration was broken since.
        """
        if not self.config_path.exists() and self.environment_path.exists():
            raise RunFolderError(f"{self.config_path} is missing.", OWN_CONFIG)
        if not self.config_path.exists():
            raise RunFolderError(
                f"{self.root} is not a run folder: it has no config.yaml.",
                "name a folder that 'bakeoff run' wrote, such as runs/<name>",
            )
        self.check_format()
        return self._named(validate(read_mapping(self.config_path, OWN_CONFIG), str(self.config_path)))

    def _named(self, config: Config) -> Config:
        named_by_folder(self.root, config, config.imports_from)
        return config

    def check_format(self) -> None:
        """Raises RunFolderError if another version wrote this run in another format.

        A run that has just been started has no format yet.
        """
        if not self.environment_path.exists() and not self.comparison_path.exists():
            return
        environment = self.read_json(self.environment_path, LOST)
        if not isinstance(environment, dict):
            raise RunFolderError(
                f"{self.environment_path} holds {kind_of_value(environment)}, not the versions of a run.", LOST
            )
        run_format = environment.get("run_format")
        if run_format != RUN_FORMAT:
            raise RunFolderError(
                f"{self.root} has run format {run_format}, written by Bakeoff "
                f"{environment.get('bakeoff', '(unknown)')}. This is Bakeoff {bakeoff.__version__}, which reads "
                f"format {RUN_FORMAT}.",
                "read it with the version that wrote it, or run the pilot again: bakeoff run CONFIG",
            )

    def model_sums(self) -> dict[str, Sums]:
        """The checksums of the local models that this run was started with, by their names in `models:`.

        Empty for a run of a version that wrote none. Raises RunFolderError if they are broken.
        """
        if not self.environment_path.exists():
            return {}
        sums = self.read_json(self.environment_path).get("models", {})
        if not isinstance(sums, dict) or not all(isinstance(parts, dict) for parts in sums.values()):
            raise RunFolderError(f"{self.environment_path}: 'models' holds no checksums by name and part.", RESTORE)
        return sums

    def require(self, *paths: Path) -> None:
        """Raises RunFolderError if one of these files does not exist yet."""
        for path in paths:
            if not path.exists() and self.is_running and not self._is_mine:
                raise RunFolderError(
                    f"The run in {self.root} has not ended yet: another process is working on it.",
                    "wait for it; if it was stopped, continue it: bakeoff run CONFIG --resume",
                )
            if not path.exists():
                raise RunFolderError(
                    f"The run in {self.root} is not finished: it has no {path.relative_to(self.root)}.", FINISH
                )

    def questions(self) -> list[Question]:
        return jsonl.read(self.splits_path, Question)

    def answers(self, contender: str, phase: str = "") -> list[Answer]:
        """One answer per question. If a question failed and was asked again, the later answer."""
        return list(
            {answer.question_id: answer for answer in jsonl.read(self.answers_path(contender, phase), Answer)}.values()
        )

    def scores(self) -> Iterator[Score]:
        """The scores of the answers of both phases, one at a time, because there may be a million."""
        return jsonl.iterate(self.scores_path, Score)

    def stages(self) -> list[Stage]:
        return jsonl.read(self.stages_path, Stage)

    def comparison(self) -> Comparison:
        """The content of comparison.json. Raises RunFolderError if it is missing or broken."""
        return self.record(self.comparison_path, Comparison)

    def data(self) -> DataSummary:
        """The content of data.json. Raises RunFolderError if it is missing or broken."""
        return self.record(self.data_path, DataSummary)

    def spending(self) -> Spending | None:
        """The content of spending.json: what the run has spent on paid models. None if it paid for none."""
        return self.record(self.spending_path, Spending) if self.spending_path.exists() else None

    def record(self, path: Path, kind: type[R], remedy: str = "") -> R:
        """One of the run's JSON files as a record. Raises RunFolderError with the first bad field."""
        content = self.read_json(path, remedy or FINISH)
        try:
            return kind.model_validate(content)
        except ValidationError as error:
            first = error.errors()[0]
            where = f"'{'.'.join(str(part) for part in first['loc'])}': " if first["loc"] else ""
            raise RunFolderError(f"{path}: {where}{message_of(first)}.", remedy or RESTORE) from error

    def read_json(self, path: Path, remedy: str = FINISH) -> Any:
        """The content of one of the run's JSON files. Raises RunFolderError if it is missing or broken."""
        try:
            return plain_json(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunFolderError(*unreadable(f"Cannot read {path}", error, remedy)) from error

    @property
    def is_running(self) -> bool:
        """Whether a process is working on the run, that is, holds its lock."""
        return is_held(self.root / ".lock")

    def check_free(self) -> None:
        """Raises RunFolderError if a process is working on the run: it need not wait for what comes before `lock`."""
        if self.is_running:
            raise self._in_use

    @property
    def _in_use(self) -> RunFolderError:
        return RunFolderError(
            f"Another process is using {self.root}.", "wait for it, or choose another folder with --name"
        )

    @property
    def _is_mine(self) -> bool:
        """Whether it is this process that works on the run."""
        with suppress(OSError):
            return (self.root / ".lock").read_text() == str(os.getpid())
        return False

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keeps other processes out of this folder. Raises RunFolderError if one is using it."""
        self.root.mkdir(parents=True, exist_ok=True)
        with held(self.root / ".lock", self._in_use, 0o666) as lock:
            os.ftruncate(lock, 0)
            os.write(lock, str(os.getpid()).encode())
            yield


def begin(config: Config, runs: Path) -> RunFolder:
    """A new folder for this configuration: runs/<name>, or runs/<name>-2 and so on if that exists.

    Raises BakeoffError if the system refuses to make it.
    """
    number = 1 + max((number for number, _ in _folders(config.name, runs)), default=0)
    while (root := runs / (config.name if number == 1 else f"{config.name}-{number}")).exists():
        number += 1
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:  # there is nothing to resume yet
        raise refused(error, "start the run again") from error
    folder = RunFolder(root)
    _write_config(config, folder)
    return folder


def unfinished(name: str, runs: Path) -> Path | None:
    """The newest folder of this name that has no verdict yet; None if there is none."""
    waiting = [item for item in _folders(name, runs) if not RunFolder(item[1]).verdict_path.exists()]
    return max(waiting)[1] if waiting else None


def continued(name: str, runs: Path) -> Path | None:
    """The folder that `--resume` goes on with: the newest unfinished one of this name, else the newest."""
    taken = _folders(name, runs)
    return unfinished(name, runs) or (max(taken)[1] if taken else None)


def resume(config: Config, runs: Path, fresh: Config | None = None) -> RunFolder:
    """The folder of this configuration's name that is `continued`, if its configuration is the same.

    What the configuration leaves to the known answers stays as the run began. `fresh` is what a new run would use; it
    is written into a folder that has no configuration yet. Raises RunFolderError if there is no run or if the
    configuration has changed, and names the keys that differ.
    """
    root = continued(config.name, runs)
    if root is None:
        raise RunFolderError(f"There is no run named '{config.name}' in {runs} to resume.", "leave --resume out")
    folder = RunFolder(root)
    if not folder.config_path.exists():
        _write_config(fresh or config, folder)
    begun = folder.begun_config()
    if begun.answers != "auto":
        config = config.settled(begun.answers, begun.generation.max_new_tokens)
    may_differ = {"budget", "executor"}  # a budget may be raised, and other machines may go on
    before, now = begun.model_dump(exclude=may_differ), config.model_dump(exclude=may_differ)
    changed = sorted(key for key in now if now[key] != before[key])
    if changed:
        raise RunFolderError(
            f"{folder.root} was started with another configuration. Keys that differ: {', '.join(changed)}.",
            "restore those keys, or leave out --resume to start a new run",
        )
    return folder


def _folders(name: str, runs: Path) -> list[tuple[int, Path]]:
    """The folders of this name with their numbers."""
    folders = [(1, runs / name)] if (runs / name).exists() else []
    for path in runs.glob(f"{name}-*"):
        suffix = path.name[len(name) + 1 :]
        if suffix.isdecimal() and int(suffix) > 1 and not _is_named(path, path.name):
            folders.append((int(suffix), path))
    return folders


def _is_named(path: Path, name: str) -> bool:
    """Whether the run in this folder has exactly this name: a run named 'a-2' is not a second run of 'a'."""
    try:
        return read_mapping(path / "config.yaml").get("name") == name
    except ConfigError:
        return False


def _write_config(config: Config, folder: RunFolder) -> None:
    values = config.model_dump(mode="json")
    # A profile's default means "not known". The same value given explicitly means something else.
    values["profile"] = config.profile.model_dump(mode="json", exclude_unset=True)
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=120)
    jsonl.write_text(folder.config_path, text)


def write_record(path: Path, record: Record) -> None:
    """Replaces the file by this record as JSON, as a whole or not at all."""
    write_json(path, record.model_dump(mode="json"))


def write_json(path: Path, content: Any) -> None:
    """Replaces the file by this content as JSON, as a whole or not at all."""
    jsonl.write_text(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
