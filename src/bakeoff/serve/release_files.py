"""The files of a release: written from those of a run, which are checked against what was measured first.

Takes the folder of a run, fills that of a release as a whole or not at all. Does not know which release is live.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

from bakeoff.contenders.identities import Identities
from bakeoff.contenders.identity import identity_of
from bakeoff.contenders.world import WorldFolder
from bakeoff.errors import RunFolderError
from bakeoff.files.flush import to_disk
from bakeoff.runs.folder import RunFolder, write_record
from bakeoff.serve.releases import EVIDENCE, Release, release_folder, sweep

COPIED = ("contenders", "adapters")


def write_release(folder: RunFolder, root: Path, release: Release) -> None:
    """Writes a release beside its place, then puts it there. Leaves nothing if it fails."""
    target = release_folder(root, release.number)
    half = target.with_name(f".{release.number}")
    sweep(target.parent)
    try:
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
        for path in (half, *half.rglob("*")):
            to_disk(path)
        half.rename(target)
        to_disk(target.parent)
    except OSError:
        shutil.rmtree(half, ignore_errors=True)
        raise


def measured_of(folder: RunFolder) -> Identities:
    """What the run measured. Nothing for a run of a version that did not write it."""
    if not folder.identities_path.exists():
        return Identities()
    return folder.record(folder.identities_path, Identities)


def check_unchanged(folder: RunFolder, contenders: Sequence[str], measured: Identities) -> int:
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
