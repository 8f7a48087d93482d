"""The run folder: where each file of a run lies, and how a run is begun or taken up again.

Takes a configuration, gives paths. Knows nothing about what the stages write into them.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

import bakeoff
from bakeoff.errors import ConfigError, RunFolderError
from bakeoff.files import jsonl
from bakeoff.files.strict_yaml import read_mapping
from bakeoff.measure.comparison import Comparison
from bakeoff.records import Answer, Question, Record, Score, Stage
from bakeoff.runs.config import Config, validate
from bakeoff.runs.data import DataSummary

FINISH = "finish the run first: bakeoff run CONFIG --resume; if it was finished, restore the file"
RESTORE = "the file was changed by hand or by another version: restore it, or start a new run"
RUN_FORMAT = 2  # changes when an older folder can no longer be read

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
        self.comparison_path = root / "comparison.json"
        self.verdict_path = root / "verdict.json"
        self.report_path = root / "report.html"
        self.world = root
        self.updated_world = root / "update"

    def answers_path(self, contender: str, phase: str = "") -> Path:
        """Where a contender's answers go; phase is '' (the test), 'dev', 'latency' or 'updated'."""
        return self.root / "answers" / (f"{contender}.{phase}.jsonl" if phase else f"{contender}.jsonl")

    def config(self) -> Config:
        """The configuration this run was begun with.

        Raises RunFolderError where there is no run here, or one of a version whose folders this one cannot read,
        ConfigError where the configuration was broken since.
        """
        if not self.config_path.exists():
            raise RunFolderError(
                f"{self.root} is not a run folder: it has no config.yaml.",
                "name a folder that 'bakeoff run' wrote, such as runs/<name>",
            )
        self.check_format()
        return validate(read_mapping(self.config_path), str(self.config_path))

    def check_format(self) -> None:
        """Raise RunFolderError where another version wrote this run in another format.

        A run that has only just begun does not say its format yet.
        """
        if not self.environment_path.exists() and not self.comparison_path.exists():
            return
        environment = self.read_json(self.environment_path)
        if not isinstance(environment, dict):
            raise RunFolderError(
                f"{self.environment_path} holds {type(environment).__name__}, not the versions of a run.",
                "restore the file, or start a new run",
            )
        found = environment.get("run_format")
        if found != RUN_FORMAT:
            raise RunFolderError(
                f"{self.root} has run format {found}, written by Bakeoff {environment.get('bakeoff', '(unknown)')}; "
                f"this is Bakeoff {bakeoff.__version__}, which reads format {RUN_FORMAT}.",
                "read it with the version that wrote it, or run the pilot again: bakeoff run CONFIG",
            )

    def require(self, *paths: Path) -> None:
        """Raise RunFolderError where one of these files is not there yet."""
        for path in paths:
            if not path.exists():
                raise RunFolderError(
                    f"The run in {self.root} is not finished: it has no {path.relative_to(self.root)}.", FINISH
                )

    def questions(self) -> list[Question]:
        return jsonl.read(self.splits_path, Question)

    def answers(self, contender: str, phase: str = "") -> list[Answer]:
        """One answer a question: of one that failed and was asked again, the later."""
        return list({one.question_id: one for one in jsonl.read(self.answers_path(contender, phase), Answer)}.values())

    def scores(self) -> Iterator[Score]:
        """The scores of the answers of both phases, one by one: there may be a million."""
        return jsonl.iterate(self.scores_path, Score)

    def stages(self) -> list[Stage]:
        return jsonl.read(self.stages_path, Stage)

    def comparison(self) -> Comparison:
        """What comparison.json holds. Raises RunFolderError where it is missing or broken."""
        return self.record(self.comparison_path, Comparison)

    def data(self) -> DataSummary:
        """What data.json holds. Raises RunFolderError where it is missing or broken."""
        return self.record(self.data_path, DataSummary)

    def record(self, path: Path, kind: type[R], remedy: str = RESTORE) -> R:
        """One of the run's JSON files as a record. Raises RunFolderError, naming the first field that does not fit."""
        content = self.read_json(path)
        try:
            return kind.model_validate(content)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise RunFolderError(f"{path}: '{where}': {first['msg']}.", remedy) from error

    def read_json(self, path: Path) -> Any:
        """The content of one of the run's JSON files. Raises RunFolderError where it is missing or broken."""
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunFolderError(f"Cannot read {path}: {error}.", FINISH) from error

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep a second process out of this folder. Raises RunFolderError where one is at work in it."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise RunFolderError(
                    f"Another process is at work in {self.root}.", "wait for it, or choose another folder with --name"
                ) from error
            file.write(str(os.getpid()))
            yield


def begin(config: Config, runs: Path) -> RunFolder:
    """A new folder for this configuration: runs/<name>, or runs/<name>-2 and so on where that is taken."""
    number = 1 + max((number for number, _ in _folders(config.name, runs)), default=0)
    while (root := runs / (config.name if number == 1 else f"{config.name}-{number}")).exists():
        number += 1
    folder = RunFolder(root)
    _write_config(config, folder)
    return folder


def resume(config: Config, runs: Path) -> RunFolder:
    """The newest folder of this configuration's name, checked to have been begun with this same configuration.

    Raises RunFolderError where there is none or the configuration has changed, naming the keys that differ.
    """
    taken = _folders(config.name, runs)
    if not taken:
        raise RunFolderError(f"There is no run named '{config.name}' in {runs} to resume.", "leave --resume out")
    folder = RunFolder(max(taken)[1])
    if not folder.config_path.exists():
        _write_config(config, folder)
    before, now = folder.config().model_dump(), config.model_dump()
    changed = sorted(key for key in now if now[key] != before[key])
    if changed:
        raise RunFolderError(
            f"{folder.root} was begun with another configuration: {', '.join(changed)} differ.",
            "restore those keys, or start a new run by leaving --resume out",
        )
    return folder


def _folders(name: str, runs: Path) -> list[tuple[int, Path]]:
    """The folders of this name with their numbers."""
    found = [(1, runs / name)] if (runs / name).exists() else []
    for path in runs.glob(f"{name}-*"):
        suffix = path.name[len(name) + 1 :]
        if suffix.isdecimal() and int(suffix) > 1 and not _is_named(path, path.name):
            found.append((int(suffix), path))
    return found


def _is_named(path: Path, name: str) -> bool:
    """Whether the run in this folder has this very name: a run named 'a-2' is no second run of 'a'."""
    try:
        return read_mapping(path / "config.yaml").get("name") == name
    except ConfigError:
        return False


def _write_config(config: Config, folder: RunFolder) -> None:
    values = config.model_dump(mode="json")
    # A profile's default is "not known", which is another thing than the same value given.
    values["profile"] = config.profile.model_dump(mode="json", exclude_unset=True)
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=120)
    jsonl.write_text(folder.config_path, text)


def write_record(path: Path, record: Record) -> None:
    """Replace the file by this record as JSON, all or nothing."""
    write_json(path, record.model_dump(mode="json"))


def write_json(path: Path, content: Any) -> None:
    """Replace the file by this content as JSON, all or nothing."""
    jsonl.write_text(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
