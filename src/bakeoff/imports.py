"""A full import path to the object it names: classes and functions of a team's own.

Knows nothing about what the objects are for.
"""

import importlib
import sys
from pathlib import Path
from typing import Any

from bakeoff.errors import ConfigError


def imported(path: str, folder: Path | None, what: str) -> Any:
    """The object at a full import path (`module.name`), looked for in the folder too, after everything else.

    Raises ConfigError naming `what` where there is none, or where importing it fails.

    >>> imported("math.floor", None, "measures")(2.5)
    2
    >>> imported("math.flour", None, "measures")
    Traceback (most recent call last):
    bakeoff.errors.ConfigError: measures: 'math.flour' cannot be imported: ...
    """
    module, _, name = path.rpartition(".")
    search_in(folder)
    try:
        return getattr(importlib.import_module(module), name)
    except Exception as error:  # a team's own code may raise anything
        raise ConfigError(
            f"{what}: '{path}' cannot be imported: {type(error).__name__}: {error}.",
            "give the full import path (module.name) of something that is installed or lies beside bakeoff.yaml",
        ) from error


def search_in(folder: Path | None) -> None:
    """Modules are found in the folder from now on: a class may import its neighbours later."""
    if folder is not None and str(folder) not in sys.path:
        sys.path.append(str(folder))
        importlib.invalidate_caches()
