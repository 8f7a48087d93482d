"""`bakeoff.yaml` to one validated, typed configuration.

Takes a YAML file, gives a frozen `Config` whose relative paths are resolved against the file's folder. Knows nothing
about models or stages. Every key has a default except the documents and the questions.
"""

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError, field_validator

from bakeoff.decide.situation.profile import Profile
from bakeoff.errors import ConfigError
from bakeoff.files.did_you_mean import unknown_key
from bakeoff.files.strict_yaml import read_mapping
from bakeoff.models.prompts import CLOSED_BOOK, GROUNDED, PromptTemplate
from bakeoff.records import Record

CONTENDERS = ("base", "rag", "tuned", "hybrid", "extract", "router", "long-context")

# What pydantic says in its own words of types, said in those of YAML.
PLAIN = {
    "tuple_type": "give one, or a list",
    "model_type": "give keys with their values",
    "dict_type": "give keys with their values",
    "string_type": "give a text",
    "too_short": "give at least one",
}


def _one_or_many(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_one_or_many)]
Paths = Annotated[Names, Field(min_length=1)]


class Updates(Record):
    """What changes after training: new versions of documents, and questions about what changed."""

    documents: Paths
    questions: Paths


class Split(Record):
    """Which share of the facts is held out."""

    test: float = Field(default=0.4, gt=0, lt=1)
    dev: float = Field(default=0.15, gt=0, lt=1)


class Models(Record):
    """Which models answer and embed, and on which engine."""

    generator: str = "HuggingFaceTB/SmolLM2-135M-Instruct"
    engine: str = "auto"
    embedder: str = "sentence-transformers/all-MiniLM-L6-v2"
    max_new_tokens: int = Field(default=24, ge=1)


class Retrieval(Record):
    """How documents are cut and how many passages a question gets."""

    chunk_tokens: int = Field(default=128, ge=16, le=4096)
    k: int = Field(default=3, ge=1, le=50)


class Prompts(Record):
    """The two prompt templates; a tuned model is trained and served with the same one."""

    closed_book: PromptTemplate = CLOSED_BOOK
    grounded: PromptTemplate = GROUNDED


class Training(Record):
    """How long and how strongly models are tuned (LoRA). Epochs are upper limits: dev may stop them sooner."""

    rank: int = Field(default=16, ge=1, le=512)
    learning_rate: float = Field(default=1e-3, gt=0, lt=1)
    tuned_epochs: int = Field(default=8, ge=1)
    hybrid_epochs: int = Field(default=2, ge=1)
    hybrid_examples: int | None = Field(default=None, ge=1)
    declining: float = Field(default=0.1, ge=0, lt=1)
    max_seconds: float | None = Field(default=None, gt=0)


class Measuring(Record):
    """How answers are collected: `latency_questions` one by one, then all, `batch_size` at a time."""

    batch_size: int = Field(default=16, ge=1)
    latency_questions: int = Field(default=20, ge=1)
    wrong_answer_penalty: float = Field(default=0.0, ge=0)


class Config(Record):
    """Everything one pilot is asked to do."""

    name: str
    documents: Paths
    questions: Paths
    general: str | None = "builtin"
    updates: Updates | None = None
    contenders: Names = CONTENDERS
    seed: int = 7
    split: Split = Split()
    models: Models = Models()
    retrieval: Retrieval = Retrieval()
    prompts: Prompts = Prompts()
    training: Training = Training()
    measuring: Measuring = Measuring()
    profile: Profile = Profile()

    def renamed(self, name: str) -> "Config":
        """The same configuration under another name. Raises ConfigError where it is no folder name."""
        validate({"name": name, "documents": self.documents, "questions": self.questions})
        return self.model_copy(update={"name": name})  # a dump would make every default one that was given

    @field_validator("name")
    @classmethod
    def _name_is_a_folder_name(cls, name: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
            raise ValueError(f"{name!r} is not usable as a folder name: use letters, digits, '.', '_' and '-'")
        return name

    @field_validator("contenders")
    @classmethod
    def _contenders_are_known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if not names or len(set(names)) != len(names):
            raise ValueError("name at least one contender, each once")
        for name in names:
            if name not in CONTENDERS and "." not in name:
                raise ValueError(f"{name!r} is neither one of {', '.join(CONTENDERS)} nor an import path")
        if "router" in names and not ("tuned" in names and {"rag", "hybrid"} & set(names)):
            raise ValueError("'router' routes between 'tuned' and 'rag' or 'hybrid': add those, or leave it out")
        return names


def load_config(path: Path) -> Config:
    """The configuration in a YAML file, its relative paths made absolute.

    Raises ConfigError where the file cannot be read, is no YAML mapping, or holds an unknown key or a bad value.
    """
    return validate(_absolute(read_mapping(path), path.resolve().parent), str(path))


def validate(values: dict[str, Any], origin: str = "the configuration") -> Config:
    """A Config from plain values; ConfigError names each bad key, what was found and what is allowed."""
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(_explain(item) for item in error.errors())
        raise ConfigError(f"{origin}: {problems}.", "see docs/configuration.md for every key") from error


def _explain(item: Any) -> str:
    where = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        return unknown_key(Config, item["loc"])
    message = PLAIN.get(item["type"], item["msg"].removeprefix("Value error, "))
    found = "" if isinstance(item["input"], dict) else f" (found {item['input']!r})"
    return f"'{where}': {message}{found}"


def _absolute(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The same values with every path of data resolved against the folder."""
    resolved = dict(values)
    for key in ("documents", "questions"):
        if key in resolved:
            resolved[key] = _resolve(resolved[key], folder)
    if resolved.get("general") not in (None, "builtin"):
        resolved["general"] = _resolve(resolved["general"], folder)
    if isinstance(resolved.get("updates"), dict):
        resolved["updates"] = {
            key: _resolve(value, folder) if key in ("documents", "questions") else value
            for key, value in resolved["updates"].items()
        }
    return resolved


def _resolve(value: Any, folder: Path) -> Any:
    if isinstance(value, str):
        return str(folder / (Path(value).expanduser() if value.startswith("~/") else value))
    return [_resolve(item, folder) for item in value] if isinstance(value, list) else value
