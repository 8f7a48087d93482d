"""A deployment: the folder from which contenders of a run are served, with documents of its own that may change.

Takes a finished run, gives a folder. Its releases are never changed; `current` names the one that is served
(`serve/releases.py` writes both). The document store and the indexes are copied from the run once and live on from
there. Starts no server.

    deployments/<name>/
      releases/<n>/         release.json, config.yaml, contenders/, adapters/, evidence/
      current               the number of the live release
      history.jsonl         each change of `current`
      store.sqlite          the documents (truth)
      indexes/              made from them
      log.sqlite
"""

import logging
import shlex
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path

from bakeoff.contenders.identities import Identity
from bakeoff.contenders.identity import identity_of
from bakeoff.contenders.world import WorldFolder
from bakeoff.corpus.stores import check_store, existing_store
from bakeoff.deployment_commands import command_on, where
from bakeoff.errors import BakeoffError, ConfigError, RunFolderError
from bakeoff.files.strict_yaml import read_mapping
from bakeoff.imports import named_by_folder
from bakeoff.models.settings import ApiModel, ModelSettings
from bakeoff.protocols import DocumentStore
from bakeoff.retrieval.opening import copy_documents
from bakeoff.runs.config import Config, validate
from bakeoff.runs.documents import check_run_store
from bakeoff.runs.folder import RunFolder
from bakeoff.runs.run import Run
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import Decision
from bakeoff.serve.releases import (
    OWNER_ONLY,
    Release,
    add_release,
    back_to_another,
    current,
    explained,
    is_deployment,
    last_change,
    make_current,
    read_release,
    release_folder,
    releases,
)

LOG = "log.sqlite"
FREE = ("documents", "index", "bakeoff")
"""The parts of an identity that may differ from those measured: documents live on, and Bakeoff may be updated."""

RESTORE = "restore that file from a copy; or move the folder away and serve the run again, with the documents it had"

_log = logging.getLogger(__name__)


class Deployment:
    """A deployment's folder with one of its releases. Open it with `open_deployment`, or make one with `deploy`.

    `workers`: the requests that a model behind a server gets at the same time; None: its `concurrency`. `number` is
    the release; None: the live one. What the deployments `beside` it have open (store, embedders, indexes, models that
    are the same) is not opened again.
    """

    def __init__(
        self,
        root: Path,
        workers: int | None = None,
        number: int | None = None,
        beside: Sequence["Deployment"] = (),
    ) -> None:
        self.root = root
        self.log_path, self.spending_path = root / LOG, root / "spending.json"
        self._workers = workers
        self._number = number
        self._beside = tuple(beside)

    def other(self, number: int, beside: Sequence["Deployment"]) -> "Deployment":
        """Another release of the same folder."""
        return Deployment(self.root, self._workers, number, beside)

    @cached_property
    def release(self) -> Release:
        """The release that is served. Raises RunFolderError if it is missing or broken."""
        return read_release(self.root, current(self.root) if self._number is None else self._number)

    @cached_property
    def config(self) -> Config:
        path = release_folder(self.root, self.release.number) / "config.yaml"
        remedy = f"{back_to_another(self.root, self.release.number)}restore the file, or make the deployment again"
        config = validate(read_mapping(path, remedy), str(path))
        named_by_folder(self.root, config, config.imports_from)
        return config

    @cached_property
    def world(self) -> WorldFolder:
        """The contenders of the release, with the live documents."""
        config = self.config
        folder = release_folder(self.root, self.release.number)
        models = {name: self._asked(settings) for name, settings in config.models.items()}
        beside, self._beside = [one.world for one in self._beside], ()  # they may be closed before this one
        return WorldFolder(folder, models, config.imports_from, documents=self.root, beside=beside)

    def _asked(self, settings: ModelSettings) -> ModelSettings:
        if self._workers is None:
            return settings
        if isinstance(settings, ApiModel):
            return settings.model_copy(update={"concurrency": self._workers})
        if settings.engine == "vllm":
            options = settings.vllm_options.model_copy(update={"concurrency": self._workers})
            return settings.model_copy(update={"vllm": options})
        server = settings.answered_by
        return settings.model_copy(update={"answered_by": self._asked(server)}) if server else settings

    def identity(self, contender: str) -> Identity:
        """What would answer now."""
        return identity_of(self.world, contender)


@contextmanager
def stored_documents(root: Path) -> Iterator[DocumentStore]:
    """The documents in this folder, for somebody who only reads them: nothing in it is changed, not even its mode, and
    a server may use it.

    Raises RunFolderError as `open_deployment`.
    """
    with existing_store(root, RESTORE, holds=_had_documents(root)) as store:
        yield store


def open_deployment(root: Path, workers: int | None = None) -> Deployment:
    """The deployment in this folder. Raises RunFolderError if there is none, or if its documents are gone."""
    check_store(root, RESTORE, holds=_had_documents(root))
    _make_private(root)
    return Deployment(root, workers)


def _had_documents(root: Path) -> bool:
    """Whether there were documents when what is served began. Raises RunFolderError if there is no deployment."""
    number = current(root)
    with suppress(RunFolderError):  # a broken release is named by whoever needs it
        return read_release(root, number).documents_version > 0
    return False


def deploy(run: Run, root: Path, contenders: Sequence[str] = (), workers: int | None = None) -> Deployment:
    """The deployment of this run in `root`, with a new release if none there serves these contenders of this run.

    Without `contenders`, all of the run are served, its best one by default. The documents of a deployment that exists
    stay as they are. What is live stays, too, if none is named and the gate or a person has ever decided here; and if
    it was promoted or rolled back to, and this choice was released before: a restart takes no decision back. A start
    that changes what is live says so. Raises RunFolderError if a part of the run is not what was measured.
    """
    here = open_deployment(root, workers) if is_deployment(root) else None
    live = here.release if here and release_folder(root, current(root)).is_dir() else None
    if here and live and not contenders and _was_decided(root):
        _say_kept(run, root, live)
        return here
    chosen, reason = _chosen(run, contenders)
    if here and live and live.is_of(run, chosen):
        return here
    earlier = next((one for one in releases(root) if one.is_of(run, chosen)), None) if here else None
    if here and live and earlier and _was_promoted(root):
        back = command_on(root, "rollback", f"--to {earlier.number}")
        _log.warning(
            "%s stays live: it was promoted, or rolled back to. To serve %s: %s", _named(live), chosen[0], back
        )
        return here
    release = earlier or add_release(root, run, chosen, reason)
    if here is None:
        _copy_documents(run.folder, root)
        for other in _others_of(run, root):
            told = "%s is new. %s is of the same run; what was decided and changed there is not in it. To serve it: %s"
            _log.warning(told, root, other, f"bakeoff serve {shlex.quote(str(other))}")
    elif live is None:
        lost, source = current(root), run.folder.root
        _log.warning("Release %d, which was live, is missing: release %d of %s is now.", lost, release.number, source)
    else:
        decided = ", since it was promoted or rolled back to" if _was_promoted(root) else ""
        back = command_on(root, "rollback", f"--to {live.number}")
        told = "%s was live%s; release %d (%s) is live now: %s. To go back: %s"
        _log.warning(told, _named(live), decided, release.number, release.contender, reason, back)
    make_current(root, release.number, release.reason, by="serve")
    return Deployment(root, workers)


def _say_kept(run: Run, root: Path, live: Release) -> None:
    """Says that what was decided stays live, if the run by itself would serve something else."""
    try:
        best, reason = run.best.contender, run.best.reason
    except RunFolderError:  # it has none that could be served
        return
    if live.contender == best and live.is_of(run, live.contenders):
        return
    there = [one.number for one in releases(root) if one.contender == best and one.is_of(run, one.contenders)]
    told = "%s stays live, as was decided here. By itself the run %s would serve %s now: %s. To serve that: %s"
    if there:
        command = command_on(root, "rollback", f"--to {there[-1]}")
    else:
        command = f"bakeoff serve {shlex.quote(str(run.folder.root))} -c {shlex.quote(best)}{where(root.parent)}"
    _log.warning(told, _named(live), run.folder.root.name, best, reason, command)


def _named(release: Release) -> str:
    return f"Release {release.number} ({release.contender})"


def _others_of(run: Run, root: Path) -> Iterator[Path]:
    """The deployments beside this one that were made of the same run: perhaps it was renamed since."""
    for folder in sorted(root.parent.iterdir()):
        with suppress(BakeoffError, OSError):
            is_other = folder != root and is_deployment(folder)
            if is_other and any(one.is_of(run, one.contenders) for one in releases(folder)):
                yield folder


def _was_promoted(root: Path) -> bool:
    """Whether the live release became live by a promotion or a rollback, and not by the start of a server."""
    change = last_change(root)
    return change is not None and change.by != "serve"


def _was_decided(root: Path) -> bool:
    """Whether the gate or a person ever decided here what is live, also that it stays."""
    path = root / LOG
    if _was_promoted(root):
        return True
    if not path.exists():
        return False
    with Log(path) as log:
        return next(log.entries(Decision), None) is not None


def _chosen(run: Run, contenders: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """The contenders to serve, the default one first, and why that one. Without names, all that can be served.

    Raises ConfigError if one that was named, or the best one, answers outside of Bakeoff.
    """
    for name in contenders:
        run.check_contender(name)
        _check_servable(run, name)
    if contenders:
        return tuple(dict.fromkeys(contenders)), "as you named it"
    best = run.best
    _check_servable(run, best.contender, ", the best of the run,")
    others = [name for name in run.contenders if name != best.contender and not run.comparison.outside(name)]
    return (best.contender, *others), best.reason


def _check_servable(run: Run, name: str, who: str = "") -> None:
    """Raises ConfigError if a contender cannot be served. `who` says more about it."""
    outside = run.comparison.outside(name)
    if outside:
        servable = [other for other in run.contenders if not run.comparison.outside(other)]
        by = "" if outside == name else f" sends questions to '{outside}', which"
        raise ConfigError(
            f"'{name}'{who}{by} answers outside of Bakeoff, so it cannot be served from here.",
            "serve your own system yourself, or name others with --contender: "
            f"{', '.join(servable) or 'this run has none'}",
        )


def _copy_documents(folder: RunFolder, root: Path) -> None:
    """Copies the store and the indexes. A copy that was interrupted is made again."""
    check_run_store(folder)
    with explained(root):
        root.mkdir(OWNER_ONLY, parents=True, exist_ok=True)
        _make_private(root)
        copy_documents(folder.world, root)


def _make_private(root: Path) -> None:
    """Lets only the owner into the folder: documents in it may have labels. A warning where that is not possible.

    The owner's own rights stay as they are: a folder that its owner made read-only is not made writable.
    """
    mode = stat.S_IMODE(root.stat().st_mode)
    if mode & 0o077:
        try:
            root.chmod(mode & OWNER_ONLY)
        except OSError as error:
            _log.warning(
                "Others on this machine may read the documents in %s, and its mode cannot be changed (%s).",
                root,
                error.strerror,
            )
