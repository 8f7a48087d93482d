"""What the folder of a tuned model holds: a PEFT adapter, or a whole model after all its weights were trained.

Takes a folder. Loads nothing.
"""

from pathlib import Path

from bakeoff.models.adapter_check import CONFIG


def is_whole_model(folder: Path) -> bool:
    """Whether the folder holds a whole model, which replaces its base, and not an adapter, which is added to it."""
    return (folder / "config.json").is_file() and not (folder / CONFIG).is_file()
