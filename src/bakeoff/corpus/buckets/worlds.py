"""A world in a bucket as a whole: copied and removed.

Takes places. Knows no content, but that an index must not be ahead of its documents.
"""

from collections.abc import Sequence

from bakeoff.corpus.buckets.objects import Objects
from bakeoff.corpus.buckets.place import BucketPlace
from bakeoff.corpus.buckets.store import DOCUMENTS, WORLD


def copy_world(source: BucketPlace, target: BucketPlace, but: Sequence[str] = ()) -> None:
    """Copies a world, which others may be writing to, into another one of the same address.

    Objects whose names begin with one of `but` are left out. What is there of the target is deleted first. Indexes come
    first, so that the documents of the copy are as new as they or newer; entries of a log come after what they name.
    """
    remove_world(target)
    there = Objects(source)
    names = [name for name in there.names() if not name.startswith(tuple(but))]
    there.copy(
        [name for name in sorted(names, key=_turn) if name.partition("/")[0] != DOCUMENTS and name != WORLD], target
    )
    documents = there.names(DOCUMENTS)
    there.copy([*sorted(documents, key=_turn), WORLD], target)


def _turn(name: str) -> tuple[bool, str]:
    """Blocks before the entries that name them, entries in their order."""
    return "/blocks/" not in name, name


def remove_world(place: BucketPlace) -> None:
    """Deletes all objects of a world, for good."""
    objects = Objects(place)
    objects.delete(objects.names())
