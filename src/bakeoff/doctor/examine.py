"""All checks in their order, none of which can end the others.

Takes what is examined, gives findings. A check that fails itself is a problem too, and never a traceback.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bakeoff.doctor import (
    beside,
    caches,
    databases,
    environment,
    file_systems,
    installation,
    machine,
    models,
    network,
    permissions,
    ports,
)
from bakeoff.doctor.examined import Examined
from bakeoff.doctor.finding import Check, Finding, problem
from bakeoff.errors import BakeoffError
from bakeoff.files.cache import cache_folder
from bakeoff.models.kept.results import KEPT_AT

STORES = ("store.sqlite", "log.sqlite")


def examine(examined: Examined, ask_servers: bool = False) -> list[Finding]:
    """Every finding, in the order of the subjects. Servers are asked only with `ask_servers`."""
    named = {name: check for part in (_general(examined), _of_what(examined, ask_servers)) for name, check in part}
    return [*examined.told, *(finding for name, check in named.items() for finding in guarded(name, check))]


def guarded(name: str, check: Check) -> list[Finding]:
    """What a check finds. If it fails, that is the finding."""
    try:
        return list(check())
    except BakeoffError as error:
        return [problem(name, error.message, error.remedy)]
    except Exception as error:  # noqa: BLE001  (whatever is broken on this machine, the other checks go on)
        found = f"this check failed itself: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
        return [problem(name, found, "report it with a bundle: bakeoff doctor --bundle support.zip")]


def _general(examined: Examined) -> Iterator[tuple[str, Check]]:
    """What needs no configuration."""
    places, cache = examined.places, cache_folder()
    yield "system", machine.system
    yield "python", installation.python
    yield "packages", installation.packages
    yield "extras", installation.extras
    yield "torch", installation.torch_build
    yield "processor", lambda: machine.processor(machine.cpu_flags())
    yield "threads", machine.threads
    yield "gpu", machine.gpu
    yield "memory", machine.memory_now
    yield "clock", machine.clock
    yield "user", permissions.user
    yield "sqlite", _library
    yield "disk space of runs", lambda: file_systems.disk_space("runs", places.runs)
    yield "disk space of the cache", lambda: file_systems.disk_space("cache", cache)
    yield "runs", lambda: [*permissions.writable("runs", places.runs), *file_systems.file_system("runs", places.runs)]
    yield "cache folder", lambda: [*permissions.writable("cache", cache), *file_systems.file_system("cache", cache)]
    yield "cache", caches.cache
    yield "kept results", lambda: caches.kept_results(places.runs / KEPT_AT)
    yield "keys", lambda: permissions.private("keys", [places.keys])
    yield "port", ports.port
    yield "environment", lambda: environment.read(os.environ)
    yield "network", lambda: network.needed(examined.config, os.environ)


def _of_what(examined: Examined, ask_servers: bool) -> Iterator[tuple[str, Check]]:
    """What is about a configuration, a run or a deployment; without one, the default models."""
    config, folder = examined.config, examined.folder
    if config is not None:
        yield "models", lambda: models.named_models(config, ask_servers)
        yield "variables", lambda: environment.named(config, os.environ)
    elif examined.kind == "nothing":
        yield "models", models.default_models
    if config is not None and examined.kind == "configuration":  # nobody else's: it names who is connected to
        yield "database", lambda: beside.database(config)
        yield "workers", lambda: beside.workers(config)
    if config is not None and examined.kind == "run" and folder is not None:
        yield "models of the run", lambda: models.unchanged(config, folder)
    if folder is not None:
        yield "stores", lambda: databases.files(folder / name for name in STORES)
        yield "folder", lambda: permissions.writable(examined.kind, folder)
        yield "files", lambda: permissions.readable(examined.kind, sorted(folder.iterdir()))
        yield "folder's file system", lambda: file_systems.file_system(examined.kind, folder)
    if examined.kind == "run" and folder is not None:
        yield "shared", lambda: permissions.shared("run", folder)
    if examined.kind == "deployment" and folder is not None:
        yield "private", lambda: permissions.private("deployment", [folder, folder / "log.sqlite"])


def _library() -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        return databases.library(scratch=Path(folder) / "new.sqlite")
