"""All checks in their order, none of which can end the others.

Takes what is examined, gives findings. What the system refuses within a check is a problem with what helps; a check
that fails itself is a problem too, and never a traceback.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bakeoff.doctor import (
    beside,
    caches,
    databases,
    deployment_files,
    environment,
    file_systems,
    installation,
    machine,
    models,
    network,
    permissions,
    ports,
    run_files,
)
from bakeoff.doctor.examined import Examined
from bakeoff.doctor.finding import Check, Finding, fine, problem
from bakeoff.doctor.written import changed_in
from bakeoff.errors import BakeoffError
from bakeoff.files.cache import cache_folder
from bakeoff.files.room import is_of_system, refused
from bakeoff.models.kept.results import KEPT_AT
from bakeoff.runs.folder import RunFolder

STORES = ("store.sqlite", "log.sqlite")


def examine(asked: Sequence[Examined], ask_servers: bool = False) -> list[Finding]:
    """Every finding, in the order of the subjects. Servers are asked only with `ask_servers`."""
    told = [finding for examined in asked for finding in examined.told]
    checks = [*_general(asked), *(check for examined in asked for check in _of_what(examined, ask_servers))]
    found = [finding for name, check in checks for finding in guarded(name, check)]
    return list({(finding.check, finding.found): finding for finding in (*told, *found)}.values())  # each once


def guarded(name: str, check: Check) -> list[Finding]:
    """What a check finds. If it fails, that is the finding."""
    try:
        return list(check())
    except BakeoffError as error:
        return [problem(name, error.message, error.remedy)]
    except Exception as error:  # noqa: BLE001  (whatever is broken on this machine, the other checks go on)
        if isinstance(error, OSError) and is_of_system(error):
            told = refused(error, "examine it again")
            return [problem(name, told.message, told.remedy)]
        found = f"this check failed itself: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
        return [problem(name, found, "report it with a bundle: bakeoff doctor --bundle support.zip")]


def _general(asked: Sequence[Examined]) -> Iterator[tuple[str, Check]]:
    """What is examined once, whatever it was asked about."""
    places, cache = asked[0].places, cache_folder()
    config = next((examined.config for examined in asked if examined.config is not None), None)
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
    yield "runs", lambda: _may_write("runs", places.runs)
    yield "cache folder", lambda: _may_write("cache", cache)
    yield "cache", caches.cache
    yield "kept results", lambda: caches.kept_results(places.runs / KEPT_AT)
    yield "keys", lambda: permissions.private("keys", [places.keys])
    yield "port", ports.port
    yield "environment", lambda: environment.read(os.environ)
    yield "environment", environment.proxies
    yield "network", lambda: network.needed(config, os.environ)


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
    if examined.kind == "run" and folder is not None:
        yield "run", lambda: run_files.whole(folder, config)
    if examined.kind == "deployment" and folder is not None:
        yield "deployment", lambda: deployment_files.whole(folder)
    if folder is not None:
        yield "stores", lambda: databases.files(folder / name for name in STORES)
        yield "files", lambda: permissions.readable(examined.kind, sorted(folder.iterdir()))
        yield "folder", lambda: _written(examined.kind, folder)
    if examined.kind == "run" and folder is not None:
        yield "shared", lambda: permissions.shared("run", folder)
    if examined.kind == "deployment" and folder is not None:
        yield "private", lambda: permissions.private("deployment", [folder, folder / "log.sqlite"])


def _written(kind: str, folder: Path) -> list[Finding]:
    """Whether this user may change what a run or a deployment changes. A finished run may be read-only."""
    is_open = permissions.may_change(folder)
    if kind == "run" and RunFolder(folder).verdict_path.exists():
        if not is_open:
            return [fine("permissions", f"run: {folder} can only be read, which is enough: the run is finished")]
        is_open = False  # what is in it is not changed any more
    inside = permissions.changed(kind, changed_in(folder)) if is_open else []
    return [*_may_write(kind, folder), *inside]


def _may_write(what: str, folder: Path) -> list[Finding]:
    """Whether this user may write there, and what became of an attempt: rights alone fill no full disk."""
    rights, tried = permissions.writable(what, folder), file_systems.file_system(what, folder)
    failed = any(finding.state == "problem" for finding in tried)
    return [*(finding for finding in rights if finding.state != "ok" or not failed), *tried]


def _library() -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        return databases.library(scratch=Path(folder) / "new.sqlite")
