"""Whether a deployment is whole: the pointer, the live release with its contenders, documents, indexes, history, log.

Takes a deployment's folder, gives findings. Loads no model, starts no server and writes nothing.
"""

import os
import shlex
from pathlib import Path

from bakeoff.corpus.stores import SQLITE
from bakeoff.doctor import worlds
from bakeoff.doctor.finding import Finding, fine
from bakeoff.doctor.looking import Looking
from bakeoff.errors import RunFolderError
from bakeoff.files.unreadable import NOT_READABLE
from bakeoff.retrieval.opening import INDEXES
from bakeoff.sentences import counted, listed
from bakeoff.serve.deployment import Deployment
from bakeoff.serve.releases import (
    Release,
    back_to_another,
    current,
    history,
    numbers,
    pointer,
    read_release,
    release_folder,
)

LOG = "log.sqlite"


def whole(root: Path) -> list[Finding]:
    """What is wrong with this deployment."""
    look = Looking("deployment")
    changes = look.at(lambda: history(root))
    live = look.at(lambda: current(root), "" if changes else _point(root))
    if live is not None and pointer(root) is None:
        look.add(
            f"{root / 'current'} does not name a release; the only one that was ever live, {live}, is served",
            f"write it again: bakeoff rollback {shlex.quote(str(root))} --to {live}",
        )
    there = look.at(lambda: numbers(root)) or []
    for number in there:
        if number != live:
            _another(look, root, number)
    release = look.at(lambda: read_release(root, live)) if live is not None else None
    if release is None:  # it would say what is needed, but the documents are needed in any case
        worlds.store(look, root, lambda path: _documents(root, path, None))
    else:
        _live(look, root, release)
    log = root / LOG
    if not log.is_file() or not log.stat().st_size:
        told = "nobody has asked it yet, or its log is lost"
        look.note(
            f"{root} has no {LOG}: {told}",
            "if it had one, restore a copy before the next start, which begins a new one",
        )
    if look.n_problems or release is None:
        return look.findings
    said = f"release {live} of {counted(len(there), 'release')} is live, with {listed(release.contenders)}"
    return [fine("deployment", f"{root} is whole: {said}", releases=len(there)), *look.findings]


def _live(look: Looking, root: Path, release: Release) -> None:
    """All that the release which answers needs."""
    deployment = Deployment(root, number=release.number)

    def from_run(folder: Path) -> str:
        source = Path(release.run) / folder.relative_to(release_folder(root, release.number))
        return f"{back_to_another(root, release.number)}restore it from a copy, or from the run ({source})"

    config, had = look.at(lambda: deployment.config), release.documents_version > 0
    if config is None:
        worlds.store(look, root, lambda path: _documents(root, path, release), had)
        return
    remedies = {
        "settings": from_run,
        "adapter": from_run,
        "documents": lambda path: _documents(root, path, release),
        "index": lambda folder: "bakeoff serve makes it again from the documents when it starts",
    }
    worlds.parts(look, deployment.world, release.contenders, release.measured, ("settings", "adapter"), remedies, had)


def _another(look: Looking, root: Path, number: int) -> None:
    """A release that is not live: one that cannot be read cannot be gone back to."""
    other = Looking(look.check)
    other.at(lambda: read_release(root, number))
    for finding in other.findings:
        gone = f"it cannot be made live again; delete {release_folder(root, number)}"
        look.note(finding.found, finding.remedy if finding.remedy == NOT_READABLE else gone)


def _documents(root: Path, path: Path, release: Release | None) -> str:
    """What to do if the documents are lost: those of the run are what a deployment begins with."""
    remedy = f"stop its server, and restore {path} from a copy"
    if release is None or not os.path.isfile(Path(release.run) / SQLITE):  # noqa: PTH113  (no error if it is closed)
        return remedy
    begun = f"copy {Path(release.run) / SQLITE} there and delete {root / INDEXES}, which is made again"
    return f"{remedy}. Without one, to begin again with the documents of the run: {begun}"


def _point(root: Path) -> str:
    """What to do if nothing says which release is live, nor which one ever was."""
    try:
        there = numbers(root)
    except RunFolderError:  # which is said elsewhere
        there = []
    if not there:
        return "restore the folder from a copy, or remove it and make it again from its run: bakeoff serve RUN"
    newest = f"{there[-1]} is the newest: bakeoff rollback {shlex.quote(str(root))} --to {there[-1]}"
    return f"restore it from a copy, or name a release; {newest}"
