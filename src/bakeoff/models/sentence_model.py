"""Reads the configuration of a sentence-transformers folder: modules, pooling, projections, prompts, window.

Takes a folder, gives a record. Opens no weights. A model with an unknown module is refused by name, because its vectors
would differ from those its authors intended.
Source: sentence-transformers 6.2 (`modules.json`, `config_sentence_transformers.json`, Pooling, Dense).
"""

import hashlib
import re
from pathlib import Path
from typing import Literal

import yaml

from bakeoff.errors import ModelUnavailableError
from bakeoff.files.plain_json import plain_json
from bakeoff.files.strict_yaml import plain_yaml
from bakeoff.models.checksums import file_sha256
from bakeoff.models.damage import read_json_object, refusing_damage
from bakeoff.records import Record

Pooling = Literal["mean", "cls"]
POOLINGS: dict[str, Pooling] = {
    "mean": "mean",
    "cls": "cls",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
}
ACTIVATIONS = ("Identity", "Tanh")
FIRST = ("Transformer", "Pooling")
_FRONT_MATTER = re.compile(r"---\s*\n(.*?)\n---\s*(?:\n|$)", re.DOTALL)
_CODE = re.compile(r"[a-z]{2,3}")
QUERY_PROMPTS = ("query",)
PASSAGE_PROMPTS = ("document", "passage", "corpus")


class Projection(Record):
    """A Dense module: a linear layer over the pooled vector, then the activation."""

    weights: Path
    activation: Literal["Identity", "Tanh"]


class SentenceModel(Record):
    """How texts become vectors.

    The prompts are put in front of a text. `window` counts tokens, including special ones. `languages` are those that
    the model's card names (ISO 639-1); None if it names none, or all.
    """

    pooling: Pooling = "mean"
    projections: tuple[Projection, ...] = ()
    query_prompt: str = ""
    passage_prompt: str = ""
    lower_case: bool = False
    window: int = 512
    languages: tuple[str, ...] | None = None

    @property
    def fingerprint(self) -> str:
        """A short hash of the pooling and of the projections with their weights."""
        parts: list[str] = [self.pooling]
        parts += [f"{file_sha256(projection.weights)} {projection.activation}" for projection in self.projections]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def read_sentence_model(folder: Path) -> SentenceModel:
    """The folder's configuration. If it holds a transformer only, mean pooling and nothing else.

    Raises ModelUnavailableError if a module, pooling, activation or prompt is not supported, and names it.
    """
    modules = _modules(folder)
    pooling, with_prompt = _pooling(folder, _path(modules, "Pooling", "1_Pooling"))
    query, passage = _prompts(folder)
    if not with_prompt and (query or passage):
        raise _refusal(folder, "leaves its prompts out of the pooling (include_prompt: false)")
    known = int(read_json_object(folder / "config.json").get("max_position_embeddings") or 512)
    limits = read_json_object(folder / "sentence_bert_config.json")
    return SentenceModel(
        pooling=pooling,
        projections=tuple(_projection(folder, path) for name, path in modules if name == "Dense"),
        query_prompt=query,
        passage_prompt=passage,
        lower_case=bool(limits.get("do_lower_case")),
        window=int(min(limits.get("max_seq_length") or known, known)),
        languages=_languages(folder / "README.md"),
    )


def _languages(card: Path) -> tuple[str, ...] | None:
    """The languages in the front matter of a model's card. None without one, and for `multilingual`."""
    if not card.exists():
        return None
    front = _FRONT_MATTER.match(card.read_text(encoding="utf-8", errors="replace"))
    try:
        named = (plain_yaml(front[1]) or {}).get("language") if front else None
    except (yaml.YAMLError, AttributeError):  # a card is written for people: one that is damaged says nothing
        return None
    codes = [named] if isinstance(named, str) else [str(code) for code in named] if isinstance(named, list) else []
    return tuple(codes) if codes and all(_CODE.fullmatch(code) for code in codes) else None


def _modules(folder: Path) -> list[tuple[str, str]]:
    """The modules as (class, path): a transformer, a pooling, any Dense layers, and a normalisation."""
    path = folder / "modules.json"
    if not path.exists():
        return []
    with refusing_damage(f"The model's file {path}"):
        listed = plain_json(path.read_text(encoding="utf-8"))
        modules = [(str(module["type"]).rpartition(".")[2], str(module["path"])) for module in listed]
    names = [name for name, _ in modules]
    middle = names[2:-1] if names[-1:] == ["Normalize"] else names[2:]
    if tuple(names[:2]) != FIRST or set(middle) - {"Dense"}:
        raise _refusal(folder, f"is made of {', '.join(names) or 'no modules'}")
    if modules[0][1]:
        raise _refusal(folder, f"keeps its transformer in the folder {modules[0][1]}")
    return modules


def _path(modules: list[tuple[str, str]], wanted: str, otherwise: str) -> str:
    return next((path for name, path in modules if name == wanted), otherwise)


def _pooling(folder: Path, path: str) -> tuple[Pooling, bool]:
    """How token vectors become one vector, and whether the tokens of a prompt count."""
    config = read_json_object(folder / path / "config.json")
    named = config.get("pooling_mode")
    modes = [key for key, value in config.items() if key.startswith("pooling_mode_") and value is True]
    if named is not None:
        modes = [named] if isinstance(named, str) else list(named)
    if len(modes) > 1 or not set(modes) <= POOLINGS.keys():
        raise _refusal(folder, f"pools by {', '.join(modes)}")
    return POOLINGS[modes[0]] if modes else "mean", config.get("include_prompt") is not False


def _projection(folder: Path, path: str) -> Projection:
    config = read_json_object(folder / path / "config.json")
    activation = str(config.get("activation_function", "Tanh")).rpartition(".")[2]
    strange = [key for key in ("module_input_name", "module_output_name") if _elsewhere(config.get(key))]
    if config.get("use_residual") or strange or activation not in ACTIVATIONS:
        what = "a residual" if config.get("use_residual") else ", ".join(strange) or f"the activation {activation}"
        raise _refusal(folder, f"has a Dense module ({path}) with {what}")
    weights = folder / path / "model.safetensors"
    if not weights.exists():
        raise _refusal(folder, f"has a Dense module ({path}) without model.safetensors")
    return Projection(weights=weights, activation=activation)  # type: ignore[arg-type]


def _elsewhere(name: str | None) -> bool:
    return name not in (None, "sentence_embedding")


def _prompts(folder: Path) -> tuple[str, str]:
    """The texts put in front of queries and of passages: by their usual names, else the default prompt, else none."""
    config = read_json_object(folder / "config_sentence_transformers.json")
    prompts = config.get("prompts") or {}
    default = config.get("default_prompt_name")
    if default is not None and default not in prompts:
        raise _refusal(folder, f"has a default prompt {default!r} that is not among its prompts")
    query, passage = (
        next((prompts[name] for name in (*names, default) if name in prompts), "")
        for names in (QUERY_PROMPTS, PASSAGE_PROMPTS)
    )
    return str(query or ""), str(passage or "")


def _refusal(folder: Path, why: str) -> ModelUnavailableError:
    return ModelUnavailableError(
        f"The embedder in {folder} {why}. This is not supported.",
        "choose an embedder with mean or first-token pooling, and Dense layers with tanh or no activation",
    )
