"""A deployment: the folder from which contenders of a run are served, with documents of its own that may change.

Takes a finished run, gives a folder. Its releases are never changed; `current` names the one that is served. The
document store and the indexes are copied from the run once and live on from there. Starts no server.

    deployments/<name>/
      releases/<n>/         release.json, config.yaml, contenders/, adapters/, evidence/
      current               the number of a release
      store.sqlite          the documents (truth)
      indexes/              made from them
      log.sqlite
"""

import contextlib
import logging
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import bakeoff
from bakeoff.contenders.identity import Identities, Identity, identity_of
from bakeoff.contenders.world import WorldFolder
from bakeoff.errors import RunFolderError, disk_is_full
from bakeoff.files import jsonl
from bakeoff.files.room import room_remedy
from bakeoff.files.strict_yaml import read_mapping
from bakeoff.models.settings import ApiModel, ModelSettings
from bakeoff.records import Record
from bakeoff.runs.config import Config, validate
from bakeoff.runs.folder import RunFolder, write_record
from bakeoff.runs.run import Run
from bakeoff.serve.standing import Standing, standing_of

EVIDENCE = ("comparison.json", "verdict.json", "environment.json", "data.json")
COPIED = ("contenders", "adapters")
FREE = ("documents", "index", "bakeoff")
"""The parts of an identity that may differ from those measured: documents live on, and Bakeoff may be updated."""
OWNER_ONLY = 0o700

_log = logging.getLogger(__name__)


class Release(Record):
    """What is served: contenders of a run, the default one first, and the reason for this choice.

    `standing` is how all contenders of the run did in its test.

    `measured` are the identities that the run wrote into its report; empty for a run of an older version.
    `documents_version` is the version of the documents that were measured; -1 if it was not written.
    """

    number: int
    run: str
    contenders: tuple[str, ...]
    reason: str
    created: datetime
    bakeoff: str
    measured: Identities = Identities()
    standing: Standing = Standing()
    documents_version: int = -1

    @property
    def contender(self) -> str:
        return self.contenders[0]


class Deployment:
    """A deployment's folder. Open it with `open_deployment`, or make one from a run with `deploy`.

    `workers`: the requests that a model behind a server gets at the same time; None: its `concurrency`.
    """

    def __init__(self, root: Path, workers: int | None = None) -> None:
        self.root = root
        self._workers = workers
        self.log_path = root / "log.sqlite"

    @cached_property
    def release(self) -> Release:
        """The release that is served. Raises RunFolderError if it is missing or broken."""
        path = self.release_folder(_current(self.root)) / "release.json"
        try:
            return Release.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunFolderError(
                f"Cannot read {path}: {' '.join(str(error).split())}.", "make the deployment again from its run"
            ) from error

    @cached_property
    def config(self) -> Config:
        path = self.release_folder(self.release.number) / "config.yaml"
        return validate(read_mapping(path), str(path))

    @cached_property
    def world(self) -> WorldFolder:
        """The contenders of the release, with the live documents."""
        config = self.config
        folder = self.release_folder(self.release.number)
        models = {name: self._asked(settings) for name, settings in config.models.items()}
        return WorldFolder(folder, models, config.imports_from, documents=self.root)

    def _asked(self, settings: ModelSettings) -> ModelSettings:
        if isinstance(settings, ApiModel) and self._workers is not None:
            return settings.model_copy(update={"concurrency": self._workers})
        return settings

    def release_folder(self, number: int) -> Path:
        return self.root / "releases" / str(number)

    def identity(self, contender: str) -> Identity:
        """What would answer now."""
        return identity_of(self.world, contender)


def open_deployment(root: Path, workers: int | None = None) -> Deployment:
    """The deployment in this folder. Raises RunFolderError if there is none."""
    _current(root)
    _make_private(root)
    return Deployment(root, workers)


def deploy(run: Run, root: Path, contenders: Sequence[str] = (), workers: int | None = None) -> Deployment:
    """The deployment of this run in `root`, with a new release if none there serves these contenders of this run.

    Without `contenders`, all of the run are served, its best one by default. The documents of a deployment that exists
    stay as they are. Raises RunFolderError if a part of the run is not what was measured.
    """
    chosen, reason = _chosen(run, contenders)
    here = open_deployment(root, workers) if (root / "current").exists() else None
    if here and _is_same(here.release, run, chosen):
        return here
    measured = _measured(run.folder)
    version = _check_unchanged(run.folder, chosen, measured)
    earlier = next((one for one in _releases(root) if _is_same(one, run, chosen)), None) if here else None
    if earlier:
        jsonl.write_text(root / "current", f"{earlier.number}\n")
        return Deployment(root, workers)
    release = Release(
        number=1 + max((int(path.name) for path in root.glob("releases/*") if path.name.isdecimal()), default=0),
        run=str(run.folder.root.resolve()),
        contenders=chosen,
        reason=reason,
        created=datetime.now(UTC),
        bakeoff=bakeoff.__version__,
        measured=measured,
        standing=standing_of(run.folder.root),
        documents_version=version,
    )
    try:
        if here is None:
            _copy_documents(run.folder, root)
        _write_release(run.folder, root, release)
    except OSError as error:
        remedy = f"{room_remedy(error)}, then retry" if disk_is_full(error) else "check the path and its permissions"
        raise RunFolderError(f"Cannot write the deployment in {root}: {_reason(error)}.", remedy) from error
    return Deployment(root, workers)


def _chosen(run: Run, contenders: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """The contenders to serve, the default one first, and why that one."""
    for name in contenders:
        run.check_contender(name)
    if contenders:
        return tuple(dict.fromkeys(contenders)), "as you named it"
    best = run.best
    return (best.contender, *(name for name in run.contenders if name != best.contender)), best.reason


def _is_same(release: Release, run: Run, contenders: Sequence[str]) -> bool:
    """Whether a release serves these contenders as this run left them."""
    folder = run.folder
    same_run = release.run == str(folder.root.resolve()) and release.measured == _measured(folder)
    return same_run and tuple(contenders) == release.contenders


def _releases(root: Path) -> Iterator[Release]:
    """The releases of a deployment, those that cannot be read left out."""
    for path in root.glob("releases/*/release.json"):
        with contextlib.suppress(OSError, ValueError):
            yield Release.model_validate_json(path.read_text(encoding="utf-8"))


def _measured(folder: RunFolder) -> Identities:
    """What the run measured. Nothing for a run of a version that did not write it."""
    if not folder.identities_path.exists():
        return Identities()
    return folder.record(folder.identities_path, Identities)


def _check_unchanged(folder: RunFolder, contenders: Sequence[str], measured: Identities) -> int:
    """The version of the run's documents.

    Raises RunFolderError if an adapter, an index or other files of the run are not those that were measured. Bakeoff
    itself may be newer.
    """
    config = folder.config()
    world = WorldFolder(folder.world, config.models, config.imports_from)
    for name in contenders:
        identity, before = identity_of(world, name), measured.of(name)
        parts = [part for part in before.differences(identity) if part != "bakeoff"] if before else []
        if parts:
            raise RunFolderError(
                f"'{name}' is no longer what the run in {folder.root} measured. Changed since: {', '.join(parts)}.",
                "restore the run's folder, the model or the class, or run the pilot again: bakeoff run CONFIG",
            )
    return world.store.version


def _copy_documents(folder: RunFolder, root: Path) -> None:
    """Copies the store and the indexes. A copy that was interrupted is made again."""
    root.mkdir(OWNER_ONLY, parents=True, exist_ok=True)
    _make_private(root)
    for name in ("indexes", "indexes.part"):
        shutil.rmtree(root / name, ignore_errors=True)
    if (folder.world / "indexes").exists():
        shutil.copytree(folder.world / "indexes", root / "indexes.part")
        (root / "indexes.part").rename(root / "indexes")
    shutil.copy2(folder.world / "store.sqlite", root / "store.sqlite.part")
    (root / "store.sqlite.part").replace(root / "store.sqlite")


def _make_private(root: Path) -> None:
    """Lets only the owner into the folder: documents in it may have labels. A warning where that is not possible."""
    if root.stat().st_mode & 0o077:
        try:
            root.chmod(OWNER_ONLY)
        except OSError as error:
            _log.warning(
                "Others on this machine may read the documents in %s, and its mode cannot be changed (%s).",
                root,
                error.strerror,
            )


def _write_release(folder: RunFolder, root: Path, release: Release) -> None:
    """Writes a release as a whole, then makes it the current one."""
    target = root / "releases" / str(release.number)
    half = target.with_name(f".{release.number}")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    for part in COPIED:
        if (folder.world / part).exists():
            shutil.copytree(folder.world / part, half / part, ignore=shutil.ignore_patterns("checkpoint*"))
    shutil.copy2(folder.config_path, half / "config.yaml")
    (half / "evidence").mkdir()
    for name in EVIDENCE:
        if (folder.root / name).exists():
            shutil.copy2(folder.root / name, half / "evidence" / name)
    write_record(half / "release.json", release)
    half.rename(target)
    jsonl.write_text(root / "current", f"{release.number}\n")


def _reason(error: OSError) -> str:
    """What the system said. A tree that could not be copied has a list of (from, to, reason)."""
    if isinstance(error, shutil.Error):
        return str(error.args[0][0][2])
    return error.strerror or str(error)


def _current(root: Path) -> int:
    """The number of the current release. Raises RunFolderError if this is not a deployment."""
    path = root / "current"
    try:
        return int(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunFolderError(
            f"{root} is not a deployment: {path} does not name a release.",
            "make one from a run: bakeoff serve RUN",
        ) from error
