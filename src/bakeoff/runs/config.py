"""`bakeoff.yaml` to one validated, typed configuration.

Takes a YAML file, gives a frozen `Config` whose relative paths are resolved against the file's folder. Knows nothing
about models or stages. Every key has a default except the documents and the questions; a run that classifies needs no
documents.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticKnownError

from bakeoff.catalogue import CLASSIFYING, STANDARD
from bakeoff.contenders.race.settings import RaceSettings
from bakeoff.contenders.spec import NAME, Defaults, Entry, Spec, entry_of, resolve
from bakeoff.corpus.place import checked_address
from bakeoff.corpus.sources import kinds
from bakeoff.corpus.sources.kinds import Named
from bakeoff.decide.situation.plain_errors import explain
from bakeoff.decide.situation.profile import Profile
from bakeoff.errors import ConfigError
from bakeoff.files.did_you_mean import NOT_WRITTEN, keys_instead, unknown, unknown_with_allowed
from bakeoff.files.names import is_taken_by_windows
from bakeoff.files.plain_types import message_of
from bakeoff.files.strict_yaml import check_provider_keys, check_secrets, read_mapping
from bakeoff.imports import named_by_you
from bakeoff.llm_judge.settings import Grading, judge_model
from bakeoff.measure.settings import Measuring
from bakeoff.models.found import found
from bakeoff.models.prompts import Prompts, closed_book, grounded
from bakeoff.models.settings import Models, ModelSettings
from bakeoff.models.spending.rows import Budget
from bakeoff.questions.settings import Split
from bakeoff.records import GenerationSettings, Length, Record
from bakeoff.retrieval.presentation import ASPECTS, Presentation
from bakeoff.retrieval.settings import Retrieval
from bakeoff.runs.executor import ExecutorSettings
from bakeoff.style.settings import Style, place_in
from bakeoff.tuning.settings import Tuning

JUDGE_KEYS = ("grading", "models")
RULES = ("style", "rules")
# Pydantic's messages about types, in terms of YAML.
PLAIN = {
    "tuple_type": "give one value, or a list",
    "dict_type": "give keys with their values",
    "string_type": "give a text",
    "too_short": "give at least one",
}


def _one_or_many(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_one_or_many)]
Paths = Annotated[Names, Field(min_length=1)]


def _entries(value: Any) -> Any:
    return [entry_of(item) for item in value] if isinstance(value, list | tuple) else [entry_of(value)]


Entries = Annotated[tuple[Entry, ...], BeforeValidator(_entries)]


class Updates(Record):
    """What changes after training: new versions of documents, and questions about what changed."""

    documents: Annotated[Named, Field(min_length=1)]
    questions: Paths


class Config(Record):
    """All settings of one pilot. `folder` is where bakeoff.yaml is; your own classes may be there too.

    With the task 'classify', accepted answers are labels of a closed set, and questions without one are out of scope.
    Then documents are not needed, questions of general knowledge and updates are not asked, and the contenders are
    those that answer with labels, unless others are named.
    """

    name: str
    task: Literal["answer", "classify"] = "answer"
    documents: Named
    questions: Paths
    columns: dict[str, str | Names] = Field(default_factory=dict)
    general: str | None = "builtin"
    updates: Updates | None = None
    contenders: Entries = tuple(Entry(like=name) for name in STANDARD)
    models: Models = Field(default_factory=dict, validate_default=True)
    retrieval: Retrieval = Retrieval()
    tuning: Tuning = Tuning()
    answers: Literal["auto"] | Length = "auto"
    prompts: Prompts = Prompts()
    generation: GenerationSettings = GenerationSettings()
    presentation: Literal["auto", "fixed"] | Presentation = "auto"
    measures: Names = ()
    style: Style | None = None
    measuring: Measuring = Measuring()
    grading: Grading = Grading()
    split: Split = Split()
    budget: Budget | None = None
    race: RaceSettings | None = None
    store: str = Field(default="", exclude_if=lambda address: not address)
    executor: ExecutorSettings | None = None
    seed: int = 7
    threads: int | None = Field(default=None, ge=1)
    profile: Profile = Profile()
    folder: str | None = Field(default=None, json_schema_extra=NOT_WRITTEN)

    @field_validator("store")
    @classmethod
    def _is_place(cls, address: str) -> str:
        return checked_address(address) if address else address

    def renamed(self, name: str) -> "Config":
        """The same configuration under another name. Raises ConfigError if it is not a folder name."""
        validate({"name": name, "task": self.task, "documents": self.documents, "questions": self.questions})
        return self.model_copy(update={"name": name})  # a dump would mark every default as explicitly given

    def settled(self, length: Length, max_new_tokens: int) -> "Config":
        """The same configuration with these values for what it leaves open.

        `length` is the wording of the prompts unless `answers` or the prompts are given, `max_new_tokens` the limit
        unless one is given.
        """
        length = length if self.answers == "auto" else self.answers
        worded = Prompts(closed_book=closed_book(length), grounded=grounded(length))
        limits = {"max_new_tokens": max_new_tokens, **_given(self.generation)}
        values = {
            "answers": length,
            "prompts": worded.model_copy(update=_given(self.prompts)),
            "generation": GenerationSettings(**limits),
        }
        return self.model_copy(update=values)

    @property
    def specs(self) -> tuple[Spec, ...]:
        """Every contender's complete settings, in order. Raises ConfigError as `contenders.spec.resolve`."""
        return self.resolved(self.contenders)

    def resolved(self, entries: Sequence[Entry]) -> tuple[Spec, ...]:
        """The same for other entries of `contenders:`."""
        defaults = Defaults(
            retrieval=self.retrieval,
            tuning=self.tuning,
            prompts=self.prompts,
            generation=self.generation,
            presentation=self.presentation if isinstance(self.presentation, Presentation) else Presentation(),
            to_choose=ASPECTS if self.presentation == "auto" else (),
        )
        return resolve(entries, defaults, self.models)

    @property
    def judge(self) -> ModelSettings | None:
        """The settings of the judge model; None without one. Raises ConfigError if the model is not known."""
        return judge_model(self.grading.judge, self.models)

    @property
    def imports_from(self) -> Path | None:
        """The folder where your own classes may be."""
        return Path(self.folder) if self.folder else None

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_the_task(cls, values: Any) -> Any:
        if not isinstance(values, dict) or values.get("task") != "classify":
            return values
        return {"documents": (), "general": None, "contenders": list(CLASSIFYING), **values}

    @field_validator("tuning")
    @classmethod
    def _is_tuned_here(cls, tuning: Tuning) -> Tuning:
        if tuning.host is not None:
            raise ValueError(
                "host costs money, so give it to each contender it is for: {like: tuned, tuning: {host: ...}}"
            )
        return tuning

    @field_validator("documents")
    @classmethod
    def _has_documents(cls, documents: Named, others: ValidationInfo) -> Named:
        if not documents and others.data.get("task") == "answer":
            raise PydanticKnownError("too_short", {"field_type": "Tuple", "min_length": 1, "actual_length": 0})
        return documents

    @field_validator("general", "updates")
    @classmethod
    def _is_about_answers(cls, value: Any, others: ValidationInfo) -> Any:
        if value is not None and others.data.get("task") == "classify":
            raise ValueError("a run with task: classify asks no questions of general knowledge and has no updates")
        return value

    @field_validator("name")
    @classmethod
    def _name_is_a_folder_name(cls, name: str) -> str:
        if not re.fullmatch(NAME, name):
            raise ValueError(f"{name!r} cannot be used as a folder name: use letters, digits, '.', '_' and '-'")
        if is_taken_by_windows(name):
            raise ValueError(f"{name!r} cannot be used as a folder name on Windows: use another name")
        return name

    @field_validator("contenders")
    @classmethod
    def _at_least_one(cls, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        if not entries:
            raise ValueError("name at least one contender")
        return entries


class JudgeConfig(Record):
    """What a file says about the judge of a finished run. `grading` is None, and `models` empty, if it has no such key.

    `models` are those that the file names, `folder` is where it is.
    """

    grading: Grading | None = None
    models: dict[str, ModelSettings] = Field(default_factory=dict)
    folder: Path


class _GradingAndModels(Record):
    grading: Grading | None = None
    models: Models = Field(default_factory=dict)


def load_judge_config(path: Path) -> JudgeConfig:
    """`grading:` and `models:` of a YAML file, with relative paths made absolute. Its other keys are not read.

    Raises ConfigError if the file cannot be read, has neither key, or holds an unknown key or a bad value there.
    """
    folder = path.resolve().parent
    values = {key: value for key, value in _absolute(read_mapping(path), folder).items() if key in JUDGE_KEYS}
    if not values:
        raise ConfigError(
            f"{path} has neither `grading:` nor `models:`, so it names no judge.",
            "write there, for example:  grading: {judge: MODEL}",
        )
    check_provider_keys(values, path)
    try:
        parsed = _GradingAndModels.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(_explain(item) for item in error.errors())
        raise ConfigError(f"{path}: {problems}.", "see docs/configuration.md for every key") from None
    check_secrets(values, path)
    named = {name: model for name, model in parsed.models.items() if name in (values.get("models") or {})}
    config = JudgeConfig(grading=parsed.grading, models=named, folder=folder)
    named_by_you(config, folder)
    return config


def _given(record: Record) -> dict[str, Any]:
    """The fields of a record that were given, not left at their defaults."""
    return {key: getattr(record, key) for key in record.model_fields_set}


def load_config(path: Path) -> Config:
    """The configuration in a YAML file, with relative paths made absolute.

    Raises ConfigError if the file cannot be read, is not a YAML mapping, or holds an unknown key, a bad value, or a
    setting of a contender that its recipe does not use.
    """
    from bakeoff.contenders.given import check_used
    from bakeoff.contenders.load import make_recipes
    from bakeoff.runs.race import racers_of

    folder = path.resolve().parent
    values = read_mapping(path)
    check_provider_keys(values, path)
    config = validate({**_absolute(values, folder), "folder": str(folder)}, str(path))
    named_by_you(config, folder)
    check_secrets(values, path)
    named = [recipe for recipe in make_recipes(config.specs, folder) if not recipe.spec.trained_as]
    check_used(config.contenders, named, sorted(config.tuning.model_fields_set))
    racers_of(config)
    searching = [recipe.spec.name for recipe in named if recipe.retrieves]
    if searching and not config.documents:
        raise ConfigError(
            f"{path}: '{searching[0]}' searches documents, and the configuration names none.",
            f"give documents:, or use contenders that need none: {', '.join(CLASSIFYING)}",
        )
    return config


def validate(values: dict[str, Any], origin: str = "the configuration") -> Config:
    """A Config from plain values. A ConfigError names each bad key, its value and what is allowed."""
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(_explain(item, values) for item in error.errors())
        raise ConfigError(f"{origin}: {problems}.", "see docs/configuration.md for every key") from None
    except UnicodeEncodeError as error:
        raise ConfigError(
            f"{origin}: a text in it holds half a character (a lone surrogate).", "write the whole character"
        ) from error
    _ = config.specs, config.judge  # a contender or a judge that is not possible is an error in the configuration
    if config.style and config.style.examples and config.style.embedder not in config.models:
        raise ConfigError(
            f"style.embedder: {unknown('model', config.style.embedder, config.models)}.", "name one of models:"
        )
    return config


def _explain(item: Any, values: Mapping[str, Any] | None = None) -> str:
    where = f"'{'.'.join(str(part) for part in item['loc'])}'"
    if values and item["loc"][:2] == RULES and item["loc"][2:]:
        where = f"'style.rules': {place_in(values['style']['rules'], item['loc'][2:])}"
    if item["type"] == "extra_forbidden":
        return unknown_with_allowed(Config, item["loc"])
    if item["loc"][:1] == ("profile",):
        return explain(Profile, {**item, "loc": item["loc"][1:]}, ("profile",))
    if item["type"] == "model_type":
        return f"{where}: {keys_instead(Config, item['loc'], item['input'])}{found(item)}"
    message = PLAIN.get(item["type"]) or message_of(item)
    return f"{where}: {message}{found(item)}"


def _absolute(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The same values with every data path resolved against the folder."""
    resolved = dict(values)
    resolve = {"documents": kinds.absolute, "questions": _resolve}
    for key in resolve:
        if key in resolved:
            resolved[key] = resolve[key](resolved[key], folder)
    if isinstance(resolved.get("models"), dict):
        resolved["models"] = {name: _absolute_model(model, folder) for name, model in resolved["models"].items()}
    if isinstance(resolved.get("grading"), dict) and "judge" in resolved["grading"]:
        resolved["grading"] = {
            **resolved["grading"],
            "judge": _absolute_model(resolved["grading"]["judge"], folder),
        }
    resolved = _absolute_tuning(resolved, folder)
    if isinstance(resolved.get("contenders"), list):
        resolved["contenders"] = [
            _absolute_answers(_absolute_tuning(entry, folder), folder) for entry in resolved["contenders"]
        ]
    if resolved.get("general") not in (None, "builtin"):
        resolved["general"] = _resolve(resolved["general"], folder)
    if isinstance(resolved.get("style"), dict) and isinstance(resolved["style"].get("examples"), str):
        resolved["style"] = {**resolved["style"], "examples": _resolve(resolved["style"]["examples"], folder)}
    if isinstance(resolved.get("updates"), dict):
        resolved["updates"] = {
            key: resolve[key](value, folder) if key in resolve else value for key, value in resolved["updates"].items()
        }
    return resolved


def _absolute_tuning(entry: Any, folder: Path) -> Any:
    """The same settings, with the files of their `tuning.preferences` and where these start from resolved."""
    tuning = entry.get("tuning") if isinstance(entry, dict) else None
    preferences = tuning.get("preferences") if isinstance(tuning, dict) else None
    if not isinstance(tuning, dict) or not isinstance(preferences, dict):
        return entry
    paths = {key: _resolve(preferences[key], folder) for key in ("files", "start_from") if preferences.get(key)}
    return {**entry, "tuning": {**tuning, "preferences": {**preferences, **paths}}}


def _absolute_answers(entry: Any, folder: Path) -> Any:
    """The same contender, with its file of recorded answers resolved."""
    options = entry.get("options") if isinstance(entry, dict) else None
    if not isinstance(options, dict) or not isinstance(options.get("answers"), str):
        return entry
    return {**entry, "options": {**options, "answers": _resolve(options["answers"], folder)}}


def _absolute_model(model: Any, folder: Path) -> Any:
    """The same model, with its folder, file or adapter resolved if it is written as a path."""
    if isinstance(model, str):
        return _resolve(model, folder) if model.startswith(("./", "../", "~/")) else model
    if isinstance(model, dict):
        paths = {key: _absolute_model(model[key], folder) for key in ("name", "adapter") if key in model}
        if isinstance(model.get("adapter"), str):
            paths["adapter"] = _resolve(model["adapter"], folder)
        return {**model, **paths}
    return model


def _resolve(value: Any, folder: Path) -> Any:
    if isinstance(value, str):
        return str(folder / (Path(value).expanduser() if value.startswith("~/") else value))
    return [_resolve(item, folder) for item in value] if isinstance(value, list) else value
