"""Whether a PEFT adapter fits a model: every tensor that the model takes is there, with its shape and finite values.

An adapter may be somebody else's. PEFT does what its settings say, and some kinds name a tokenizer with code of its
own, a pickle, a module to import or other adapters. So the settings are read here first, and only kinds that are
nothing but weights are given to PEFT.

Takes the folders of a model and of an adapter. Loads the adapter, but of the model its shape only. PEFT itself leaves
out tensors under other names and starts missing ones at zero, so that an adapter of another model would change nothing.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bakeoff.errors import AdapterError, MissingExtraError, ModelUnavailableError
from bakeoff.files.plain_json import plain_json
from bakeoff.models.damage import refusing_damage
from bakeoff.models.other_loads import refuse_kernels, refuse_other_loads

CONFIG, WEIGHTS = FILES = ("adapter_config.json", "adapter_model.safetensors")
SAVE_AGAIN = "copy or train the adapter again"
FOR_THIS_MODEL = "name an adapter that was trained on exactly these weights, or the model that it was trained on"

KINDS = frozenset({
    *("LORA", "ADALORA", "LOHA", "LOKR", "OFT", "BOFT", "IA3", "VERA", "HRA", "LN_TUNING", "FOURIERFT", "VBLORA"),
    *("RANDLORA", "ROAD", "SHIRA", "C3A", "MISS"),
})  # fmt: skip
"""The kinds of adapters (`peft_type`) that can be merged into weights, and whose settings name nothing to be loaded."""
ELSEWHERE = ("megatron_config", "arrow_config", "corda_config", "lora_ga_config")
"""Settings of LoRA that name a module, other adapters, or files that are unpickled."""

Shapes = Mapping[str, tuple[int, ...]]
"""The shapes of tensors by name, as an adapter's file names them."""


def require_adapter(adapter: Path) -> None:
    """Raises ModelUnavailableError if one of the two files of a PEFT adapter is not there, if it is a whole model, or
    if its settings are damaged or name more than weights.
    """
    missing = [name for name in FILES if not (adapter / name).is_file()]
    if CONFIG in missing and (adapter / "config.json").is_file():
        raise ModelUnavailableError(
            f"{adapter} holds a whole model, not an adapter.",
            f"name it as the model itself, for example models: {{generator: {adapter}}}",
        )
    if missing:
        raise ModelUnavailableError(
            f"{adapter} holds no {' and no '.join(missing)}.", "name a folder that a PEFT adapter was saved to"
        )
    with refusing_damage(f"The adapter's settings {adapter / CONFIG}", SAVE_AGAIN):
        settings = plain_json((adapter / CONFIG).read_text(encoding="utf-8"))
        if not isinstance(settings, dict) or "peft_type" not in settings:
            raise ValueError("it names no peft_type")
        kind, named = str(settings["peft_type"]), [key for key in ELSEWHERE if settings.get(key)]
    if kind not in KINDS:
        raise ModelUnavailableError(
            f"The adapter in {adapter} is of the type {kind[:40]}, which cannot be merged into weights here.",
            f"use one of {', '.join(sorted(KINDS))}, or merge it with PEFT and name the model that comes out",
        )
    refuse_kernels(adapter)
    if named:
        raise ModelUnavailableError(
            f"The settings of the adapter in {adapter} name something else to be loaded ({', '.join(named)}).",
            "merge it with PEFT and name the model that comes out",
        )


def read_tensors(adapter: Path) -> dict[str, Any]:
    """The adapter's tensors by name. Raises ModelUnavailableError if its file is damaged, or a value is not finite."""
    import torch
    from safetensors.torch import load_file

    path = adapter / WEIGHTS
    with refusing_damage(f"The adapter's weights {path}", SAVE_AGAIN):
        tensors: dict[str, Any] = load_file(path)
    if not tensors:
        raise ModelUnavailableError(f"The adapter's weights {path} hold no tensor.", SAVE_AGAIN)
    strange = [name for name, tensor in tensors.items() if not bool(torch.isfinite(tensor.float()).all())]
    if strange:
        raise ModelUnavailableError(
            f"The adapter's weights {path} hold values that are not finite numbers, in {_some(strange)}.", SAVE_AGAIN
        )
    return tensors


def shapes_of(tensors: Mapping[str, Any]) -> Shapes:
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def difference(given: Shapes, expected: Shapes) -> str:
    """How an adapter's tensors differ from those that a model takes; an empty string if they do not.

    >>> difference({"a": (4, 32)}, {"a": (4, 64), "b": (2,)})
    "it lacks 1 of 2 tensors that the model takes ('b')"
    """
    missing, unknown = sorted(expected.keys() - given.keys()), sorted(given.keys() - expected.keys())
    if unknown:
        return f"the model takes no tensor {_some(unknown)}"
    if missing:
        return f"it lacks {len(missing)} of {len(expected)} tensors that the model takes ({_some(missing)})"
    for name, shape in given.items():
        if shape != expected[name]:
            return f"'{name}' has the shape {shape}, where the model takes {expected[name]}"
    return ""


def check_adapter(folder: Path, adapter: Path) -> None:
    """Raises ModelUnavailableError if the adapter is damaged or cannot be merged, AdapterError if it does not fit the
    model in `folder`, MissingExtraError without peft.
    """
    require_adapter(adapter)
    try:
        import peft  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("An adapter", error.name or "peft", "local") from error
    tensors = read_tensors(adapter)
    model = _shape_of_both(folder, adapter)
    problem = difference(shapes_of(tensors), _taken(model))
    if problem and not _taken_all_the_same(model, tensors):
        raise AdapterError(f"The adapter in {adapter} does not fit the model in {folder}: {problem}.", FOR_THIS_MODEL)


def _shape_of_both(folder: Path, adapter: Path) -> Any:
    """The model with the adapter's layers, without values: all tensors are on torch's device 'meta'."""
    import peft
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    from bakeoff.models.weights import quiet_libraries

    refuse_other_loads(folder)
    with refusing_damage(f"The adapter's settings {adapter / CONFIG}", SAVE_AGAIN):
        config = peft.PeftConfig.from_pretrained(str(adapter))
    config.inference_mode = False  # marks the adapter's tensors as those to be trained
    with refusing_damage(f"The model's file {folder / 'config.json'}"), torch.device("meta"), quiet_libraries():
        config_of_base = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        base = AutoModelForCausalLM.from_config(config_of_base, trust_remote_code=False)
    try:
        with torch.device("meta"), quiet_libraries():
            model = peft.get_peft_model(base, config)
    except (ValueError, TypeError, RuntimeError, AttributeError, KeyError) as error:
        reason = " ".join(str(error).split())[:200].rstrip(". ")
        raise AdapterError(
            f"The adapter in {adapter} does not fit the model in {folder}: {reason}.", FOR_THIS_MODEL
        ) from error
    if not hasattr(model, "merge_and_unload"):
        raise ModelUnavailableError(
            f"The adapter in {adapter} is of the type {config.peft_type}, which cannot be merged into weights.",
            "use a type that can, such as LoRA",
        )
    return model


def _taken(model: Any) -> Shapes:
    """What PEFT would save of this model's adapter."""
    import peft

    return shapes_of(peft.get_peft_model_state_dict(model, save_embedding_layers=False))


def _taken_all_the_same(model: Any, tensors: Mapping[str, Any]) -> bool:
    """Whether PEFT finds a place for each tensor, and a tensor for each place, where names differ from those it saves.

    So it is with adapters of older versions and those saved with the model's embeddings.
    """
    import peft
    import torch

    shapes = {name: torch.empty_like(tensor, device="meta") for name, tensor in tensors.items()}
    wanted = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    try:
        result: Any = peft.set_peft_model_state_dict(model, shapes)
    except (RuntimeError, KeyError, ValueError):
        return False
    return not result.unexpected_keys and not wanted & set(result.missing_keys)


def _some(names: list[str]) -> str:
    """The first names."""
    return ", ".join(f"'{name}'" for name in names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")
