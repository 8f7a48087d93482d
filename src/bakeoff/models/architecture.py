"""What config.json says of a local language model: its sizes, its attention, its context.

Takes a model folder, gives plain values. Loads no weights.
"""

from pathlib import Path
from typing import Any

from bakeoff.errors import ModelUnavailableError
from bakeoff.models.damage import refusing_damage
from bakeoff.models.remembered import remembered


def text_config(folder: Path) -> dict[str, Any]:
    """The settings of the language model in config.json, with the defaults that transformers has for its type.

    Of a model that also takes images, those of the part that reads and writes text. Raises ModelUnavailableError if
    the file is damaged, or transformers does not know the type; code that comes with a model is never run.
    """

    def read() -> dict[str, Any]:
        settings: dict[str, Any] = _config(folder).get_text_config(decoder=True).to_dict()
        return {name: value for name, value in settings.items() if name != "_name_or_path"}

    return remembered("text", [folder / "config.json"], read)


def _config(folder: Path) -> Any:
    from transformers import AutoConfig, __version__

    with refusing_damage(f"The model's file {folder / 'config.json'}"):
        try:
            return AutoConfig.from_pretrained(folder, trust_remote_code=False)
        except ValueError as error:
            reason = " ".join(str(error).split())[:200]
            raise ModelUnavailableError(
                f"transformers {__version__} cannot read {folder / 'config.json'}: {reason}",
                "update transformers, or use a model of a type that it knows",
            ) from error


def takes_only_text(folder: Path) -> bool:
    """Whether the whole model is a language model."""
    config = _config(folder)
    return bool(config.get_text_config(decoder=True) is config)


def rope(config: dict[str, Any]) -> dict[str, Any]:
    """The settings of the rotary position embedding. `rope_type` is always set."""
    settings = config.get("rope_parameters") or config.get("rope_scaling") or {}
    return {**settings, "rope_type": settings.get("rope_type", settings.get("type", "default"))}


def has_window(config: dict[str, Any]) -> bool:
    """Whether the attention of some layer sees fewer tokens than the context holds."""
    window = config.get("sliding_window")
    slides = "sliding_attention" in (config.get("layer_types") or ["sliding_attention"])
    return bool(window) and slides and window < config["max_position_embeddings"]
