"""Imports a team's own classes and functions by their full import path, and refuses those that only others named.

Takes import paths. Knows nothing about what the objects are for.

A run folder or a deployment may come from somebody else, and names code too: contenders, models, measures, tools. That
code is imported only if the user named it as well: in a configuration that this process was given (`named_by_you`), in
the bakeoff.yaml of the current folder, or by BAKEOFF_TRUST=1. The same goes for the folder that is searched for it.
"""

import importlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bakeoff import catalogue
from bakeoff.errors import ConfigError
from bakeoff.records import Record

TRUST = "BAKEOFF_TRUST"
LONGEST_CONFIGURATION = 10_000_000
"""A larger one is refused where it is read, so what it names is not looked for."""
"""The environment variable that lets run folders and deployments name any code: 1."""
REMEDY = (
    f"read this code first. If you trust it, start in a folder whose bakeoff.yaml names it, or set {TRUST}=1, which "
    "lets this folder import all that it names"
)
_PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")

_BAKEOFFS = frozenset({*catalogue.RECIPES.values(), catalogue.LIVE})
_yours: set[str] = set()
_of_folders: dict[str, Path] = {}
_trusts_all = False


def named_by_you(settings: Record | str, folder: Path | None = None) -> None:
    """The user chose these settings, so what they name may be imported. `folder` is where their file is."""
    _yours.update(_named(settings, folder))


def named_by_folder(root: Path, settings: Record, folder: Path | None = None) -> None:
    """The run folder or deployment `root` holds these settings: what they name is imported only if the user named it,
    too. `folder` is where they say that the code is.
    """
    for name in _named(settings, folder):
        _of_folders.setdefault(name, root)


def trust_all() -> None:
    """From now on this process imports what any folder names. For a worker: the process that sends its jobs has
    asked.
    """
    global _trusts_all
    _trusts_all = True


def imported(path: str, folder: Path | None, what: str) -> Any:
    """The object at a full import path (`module.name`). The folder is searched last.

    `what` names the setting in the message. Raises ConfigError if only a run folder or a deployment names this path, if
    there is no such object, or if importing it fails.
    """
    if not _is_trusted(path):
        raise ConfigError(f"{what}: {_of_folders[path]} names the code '{path}', and you do not.", REMEDY)
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
    """Add the folder to Python's search path for good: a class may import modules beside it later.

    Not if only a run folder or a deployment names it: a module there could take the place of one that is not installed.
    """
    if folder is not None and str(folder) not in sys.path and _is_trusted(str(folder)):
        sys.path.append(str(folder))
        importlib.invalidate_caches()


def _is_trusted(name: str) -> bool:
    """Whether this is a recipe of Bakeoff's, the user named it, or no run folder or deployment did."""
    if name in _BAKEOFFS or name not in _of_folders or name in _yours or _trusts_all or os.environ.get(TRUST) == "1":
        return True
    here = Path.cwd()
    if Path(name) in (here, here.resolve()):
        return True
    try:
        with (here / "bakeoff.yaml").open("rb") as file:
            text = file.read(LONGEST_CONFIGURATION).decode("utf-8", "replace")
    except OSError:
        return False
    return re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.])", text) is not None


def _named(settings: Record | str, folder: Path | None) -> set[str]:
    values = settings if isinstance(settings, str) else settings.model_dump(mode="json")
    named = {text for text in _texts(values) if _PATH.fullmatch(text)}
    return named | {str(folder)} if folder else named


def _texts(values: Any) -> Iterator[str]:
    """All texts in nested values; those of mappings without their keys."""
    if isinstance(values, str):
        yield values
    elif isinstance(values, Mapping):
        for value in values.values():
            yield from _texts(value)
    elif isinstance(values, list | tuple):
        for value in values:
            yield from _texts(value)
