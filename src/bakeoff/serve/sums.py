"""What is served, compared by its sums with what the run measured.

Takes a deployment, gives the identities of its contenders and what differs. Opens no contender.
"""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from bakeoff.contenders.identities import Identity
from bakeoff.errors import BakeoffError
from bakeoff.files import jsonl
from bakeoff.records import Record
from bakeoff.serve.deployment import FREE, Deployment
from bakeoff.serve.releases import Release, back_to_another, release_folder

FOLLOWED = "index-sums.json"


class Sums(NamedTuple):
    """The identities of what is served, as of a version of the documents."""

    version: int
    identities: Mapping[str, Identity]

    def refused(self, release: Release) -> dict[str, tuple[str, ...]]:
        """For each contender with parts that must be those that were measured and are not: their names."""
        parts = {name: compared(release, self, name).changed for name in self.identities}
        fixed = {name: tuple(part for part in changed if part not in FREE) for name, changed in parts.items()}
        return {name: changed for name, changed in fixed.items() if changed}


class Followed(Record):
    """The sums of the indexes as a server last served them, as of a version of the documents.

    A release of a learning round was measured with an index that was made at once, and the deployment's has followed
    the documents one change after another: their vectors may differ in the last bits, and neither is damaged.
    """

    version: int = -1
    indexes: tuple[str, ...] = ()


class Compared(NamedTuple):
    """One contender as it is served and as it was measured. `measured` is None for a run of an older version."""

    served: Identity
    measured: Identity | None
    changed: tuple[str, ...]
    version: int

    @property
    def same(self) -> bool:
        return self.measured is not None and not self.changed

    @property
    def remarks(self) -> list[str]:
        """What changed since the run, and what can be done about it."""
        if self.measured is None:
            return ["an older version of Bakeoff made the run, without sums"]
        remarks = []
        if "documents" in self.changed:
            remarks.append(f"documents changed since the run: version {self.version}")
        elif "index" in self.changed:
            remarks.append("the vectors of the index are not those that were measured")
        if "bakeoff" in self.changed:
            remarks.append("Bakeoff changed since the run; to measure it again: bakeoff run CONFIG")
        others = [part for part in self.changed if part not in FREE]
        return [*remarks, f"changed since the run: {', '.join(others)}"] if others else remarks


def sums_of(deployment: Deployment) -> Sums:
    """The sums of what would answer now. Takes seconds for a large index.

    Raises RunFolderError for a missing contender or adapter.
    """
    version = deployment.world.store.version
    names = deployment.release.contenders
    return Sums(version, {name: deployment.identity(name) for name in names})


def note_followed(root: Path, sums: Sums) -> None:
    """Notes that a server serves these indexes. Where that cannot be written, the next start makes sure once more."""
    every = {one.index for own in sums.identities.values() for one in (own, *own.behind)}
    followed = Followed(version=sums.version, indexes=tuple(sorted(filter(None, every))))
    if followed != followed_in(root):
        with suppress(OSError):
            jsonl.write_text(root / FOLLOWED, followed.model_dump_json())


def followed_in(root: Path) -> Followed:
    """What was noted last; nothing if the file is lost or damaged."""
    try:
        return Followed.model_validate_json((root / FOLLOWED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Followed()


def check_parts(deployment: Deployment, sums: Sums) -> None:
    """Raises BakeoffError if what would be served is not what was measured."""
    changed = sums.refused(deployment.release)
    if changed:
        parts = "; ".join(f"{name}: {', '.join(names)}" for name, names in changed.items())
        raise BakeoffError(
            f"What release {deployment.release.number} of {deployment.root} would serve is not what was measured. "
            f"Changed since ({parts}).",
            f"restore these parts; or {back_to_another(deployment.root, deployment.release.number)}move "
            f"{release_folder(deployment.root, deployment.release.number)} away and serve the run again",
        )


def compared(release: Release, sums: Sums, contender: str) -> Compared:
    """A contender of the release as it is served, and as it was measured."""
    served, measured = sums.identities[contender], release.measured.of(contender)
    return Compared(served, measured, measured.differences(served) if measured else (), sums.version)
