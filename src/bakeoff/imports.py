"""Imports a team's own classes and functions by their full import path.

Knows nothing about what the objects are for.
"""

import importlib
import sys
from pathlib import Path
from typing import Any

from bakeoff.errors import ConfigError


def imported(path: str, folder: Path | None, what: str) -> Any:
    """The object at a full import path (`module.name`). The folder is searched last.

    `what` names the setting in the message. Raises ConfigError if there is no such object, or if importing it fails.
    """
    module, _, name = path.rpartition(".")
    search_in(folder)
    try:
        return getattr(importlib.import_module(module), name)
    except Exception as error:  # a team's own code may raise anything
        raise ConfigError(
            f"{what}: '{path}' cannot be imported: {type(error).__name__}: {error}.",
            "give the full import path (module.name) of something that is installed or is in the folder of "
            "bakeoff.yaml",
        ) from error


def search_in(folder: Path | None) -> None:
    """Add the folder to Python's search path for good: a class may import modules beside it later."""
    if folder is not None and str(folder) not in sys.path:
        sys.path.append(str(folder))
        importlib.invalidate_caches()
