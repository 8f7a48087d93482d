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
    first, so that the documents of the copy are as new as they or newer. No index may be packed meanwhile.
    """
    remove_world(target)
    there = Objects(source)
    names = [name for name in there.names() if not name.startswith(tuple(but))]
    there.copy([name for name in names if name.partition("/")[0] != DOCUMENTS and name != WORLD], target)
    there.copy(there.names(DOCUMENTS), target)
    there.copy([WORLD], target)


def remove_world(place: BucketPlace) -> None:
    """Deletes all objects of a world, for good. What says that there is one goes first."""
    objects = Objects(place)
    objects.delete([WORLD])
    objects.delete(objects.names())
