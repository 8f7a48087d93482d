"""What else a library would load for the files in a model's folder: each such model is refused by name.

A folder can name files outside of itself, code on a hub, or an adapter. Its sums would not cover them. Takes a folder,
reads its JSON files. Loads nothing.
"""

import importlib.util
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from bakeoff.errors import ModelUnavailableError
from bakeoff.files.plain_json import plain_json
from bakeoff.models.damage import ADAPTER, is_plain, read_json_object, refusing_damage, shards_of

IMPLEMENTATION = "_implementation"
"""What the keys contain by which transformers picks code: attn_implementation, _experts_implementation."""
SETTINGS = ("config.json", "generation_config.json", ADAPTER, "sentence_bert_config.json")
BUILT_IN = ("eager", "sdpa", "flex_attention", "batched_mm", "grouped_mm")
"""The code that transformers has itself. It asks a hub for all others that are not installed."""
INSTALLED = {"flash_attention_2": "flash_attn", "flash_attention_3": "flash_attn_interface"}
"""The packages that have further code. Without them transformers asks a hub for it."""
WEIGHTS_KEY = "transformers_weights"
TOKENIZER, TOKENIZER_FILES = "tokenizer_config.json", "fast_tokenizer_files"
MODULES = "modules.json"
SHOWN_CHARACTERS = 100


def refuse_other_loads(folder: Path) -> None:
    """Raises ModelUnavailableError if loading this folder would load more than the files of weights that lie in it.

    That is: an adapter's settings beside the weights, weights, a tokenizer or layers in other folders, code from a hub.
    """
    _refuse_adapter_inside(folder)
    refuse_kernels(folder)
    _refuse_weights_elsewhere(folder)
    _refuse_tokenizer_elsewhere(folder)
    _refuse_modules_elsewhere(folder)


def refuse_kernels(folder: Path) -> None:
    """Raises ModelUnavailableError if the settings of a model or an adapter name code that is not built in.

    transformers would download and run it: a name such as "org/name" is a repository of a hub.
    """
    for name in SETTINGS:
        for key, value in _implementations(read_json_object(folder / name)):
            if value is None or isinstance(value, bool) or _is_built_in(value):
                continue
            raise ModelUnavailableError(
                f"{folder / name} asks for {key}: {str(value)[:SHOWN_CHARACTERS]!r}, code that is not part of "
                "transformers and would be fetched from a hub.",
                f"remove {key} from {name}, or set it to one of: {', '.join((*BUILT_IN, *INSTALLED))} "
                "(the last two with their packages installed)",
            )


def _refuse_adapter_inside(folder: Path) -> None:
    """transformers would hand such a folder to PEFT, which does what the settings say: load other folders, files of
    pickles, or another model from the hub. Adapters come by `adapter:`, where their settings are read first.
    """
    if (folder / ADAPTER).exists():
        raise ModelUnavailableError(
            f"The model's folder {folder} holds {ADAPTER}, an adapter's settings, beside the model's weights.",
            "move the adapter's files to a folder of their own and name it as the model's `adapter`, or delete them",
        )


def _refuse_weights_elsewhere(folder: Path) -> None:
    shards_of(folder)
    named = read_json_object(folder / "config.json").get(WEIGHTS_KEY)
    if named is not None and not is_plain(named):
        raise ModelUnavailableError(
            f"{folder / 'config.json'} names weights that are no safetensors file in the model's own folder "
            f"({WEIGHTS_KEY}: {str(named)[:SHOWN_CHARACTERS]!r}).",
            f"remove {WEIGHTS_KEY} from config.json, or name a *.safetensors file of the folder",
        )


def _refuse_tokenizer_elsewhere(folder: Path) -> None:
    """Of these files transformers takes the one that is named for its own version."""
    named = read_json_object(folder / TOKENIZER).get(TOKENIZER_FILES)
    if named is None:
        return
    for name in named if isinstance(named, list) else [named]:
        if not is_plain(name, ".json"):
            raise ModelUnavailableError(
                f"{folder / TOKENIZER} names a tokenizer that is no file in the model's own folder ({TOKENIZER_FILES}: "
                f"{str(name)[:SHOWN_CHARACTERS]!r}).",
                f"remove {TOKENIZER_FILES} from {TOKENIZER}, or name *.json files of the folder",
            )


def _refuse_modules_elsewhere(folder: Path) -> None:
    """The layers of a sentence model, of which each has a folder."""
    if not (folder / MODULES).exists():
        return
    with refusing_damage(f"The model's file {folder / MODULES}"):
        paths = [str(module.get("path", "")) for module in plain_json((folder / MODULES).read_text(encoding="utf-8"))]
    for path in paths:
        if ".." in PurePosixPath(path).parts or set(path) & {"\\", ":", "\0"} or path.startswith("/"):
            raise ModelUnavailableError(
                f"{folder / MODULES} names a part that is not in the model's own folder (path: "
                f"{path[:SHOWN_CHARACTERS]!r}).",
                "copy that part into the model's folder, and name it there",
            )


def _implementations(settings: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a key that picks code, at any depth; of a mapping, which has one for each part, each."""
    if isinstance(settings, dict):
        for name, value in settings.items():
            yield from _implementations(value, key or (name if IMPLEMENTATION in name else ""))
    elif key:
        yield key, settings
    elif isinstance(settings, list):
        for value in settings:
            yield from _implementations(value)


def _is_built_in(value: Any) -> bool:
    name = str(value).removeprefix("paged|")
    package = INSTALLED.get(name)
    return name in BUILT_IN or (package is not None and importlib.util.find_spec(package) is not None)
