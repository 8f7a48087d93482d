"""The world in which documents have changed: a copy of a run's world, which the update is applied to.

Takes the world and the place of the copy. A contender that an earlier session of the run left out is built in the world
alone, after the copy was made: what the copy lacks of it is brought, and what the copy has made itself is kept.
"""

import filecmp
import shutil
from collections.abc import Collection
from pathlib import Path

from bakeoff.corpus.stores import remove_store
from bakeoff.models.tuned_folder import DEPLOYMENT
from bakeoff.pilot.executors.parts import files_of
from bakeoff.pilot.reuse import copy_folder
from bakeoff.retrieval.opening import copy_documents

OWN = ("adapters", "contenders")
"""What an update can have made in the copy: models tuned further, and what contenders prepare for themselves."""
NOT_COPIED = ("checkpoint*", DEPLOYMENT)


def bring_up_to_date(world: Path, copy: Path, without: Collection[str], is_indexed: bool) -> None:
    """Makes the copy if there is none, whole or not at all, and brings it what it lacks.

    The tuned models in `without` are not brought, because they are tuned further for the new documents. `is_indexed`:
    every index that is wanted has been brought up to date in the copy.
    """
    if not copy.exists() or not is_indexed:
        _copy_documents(world, copy)
    for source in sorted((world / "adapters").glob("*")):
        target = copy / "adapters" / source.name
        if source.name not in without and not _holds(target, source):
            copy_folder(source, target, instead=True, but=NOT_COPIED)
    for built in sorted(world.glob("contenders/*/contender.json")):
        if not (copy / "contenders" / built.parent.name / built.name).exists():
            copy_folder(built.parent, copy / "contenders" / built.parent.name, instead=True, but=NOT_COPIED)


def _copy_documents(world: Path, copy: Path) -> None:
    """Copies the store and the indexes as they were before the update, and keeps what the update has made otherwise.

    All at once, because an index is brought up to date from the version of the documents that it holds.
    """
    half, gone = (copy.with_name(copy.name + ending) for ending in (".part", ".gone"))
    for left in (half, gone):  # of a copy that was killed
        remove_store(left)
        shutil.rmtree(left, ignore_errors=True)
    half.mkdir(parents=True)
    copy_documents(world, half)
    for part in OWN:
        if (copy / part).exists():
            shutil.copytree(copy / part, half / part)
    if copy.exists():
        copy.replace(gone)
    half.replace(copy)
    remove_store(gone)
    shutil.rmtree(gone, ignore_errors=True)


def _holds(copy: Path, source: Path) -> bool:
    """Whether a copy has every file of a folder. A file that was copied has the size and the time of the first."""
    return all(
        (same := copy / file.relative_to(source)).exists() and filecmp.cmp(file, same)
        for file in files_of(source, NOT_COPIED)
    )
