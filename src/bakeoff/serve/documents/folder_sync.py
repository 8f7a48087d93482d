"""What has to be sent so that the documents of a server equal those of a folder.

Takes documents that were read and those that are listed, gives a `Difference` and the `Edit`s that make it. Talks to
nobody.
"""

import shlex
from collections.abc import Iterable, Iterator, Sequence

from bakeoff.corpus.sources import opened
from bakeoff.corpus.sources.unread import is_unread, unread_names
from bakeoff.corpus.store import content_hash
from bakeoff.errors import InputError
from bakeoff.formats.part import Problem
from bakeoff.records import Document, Record
from bakeoff.serve.documents.live import Edit
from bakeoff.serve.documents.views import Listed

MOST_AT_ONCE = 200
CHARACTERS_AT_ONCE = 400_000
MOST_DELETED_AT_ONCE = 1000
DELETED_SHARE = 0.5


class Difference(Record):
    """`changed` are to be added or replaced, `deleted` are ids. `n_same` documents need not be sent."""

    changed: tuple[Document, ...] = ()
    deleted: tuple[str, ...] = ()
    n_same: int = 0

    def check_deleted(self, n_listed: int) -> None:
        """Raises InputError if more than half of the documents would go: the wrong folder, perhaps."""
        check_deleted(len(self.deleted), n_listed, "the folder", "check the folder and --prefix, or say --yes")


def check_deleted(n_deleted: int, n_listed: int, where: str, remedy: str) -> None:
    """Raises InputError if more than half of the documents would be deleted."""
    if n_deleted > DELETED_SHARE * n_listed:
        raise InputError(
            f"{n_deleted} of {n_listed} documents are not in {where} and would be deleted. Nothing was changed.", remedy
        )


def placed(documents: Iterable[Document], prefix: str, labels: Sequence[str] | None = None) -> list[Document]:
    """The documents below a prefix of sources; with these labels instead of their own, if some are given."""
    below = opened.placed(documents, prefix)
    return below if labels is None else [one.model_copy(update={"access": tuple(labels)}) for one in below]


def difference(
    read: Sequence[Document], listed: Sequence[Listed], problems: Sequence[Problem] = (), keep_labels: bool = True
) -> Difference:
    """Compares by source and content. What stands in a file that could not be read is not deleted, nor an id that a
    new document takes.

    A document keeps the id that it has on the server, and, with `keep_labels`, its labels there if it has none here:
    nothing is shown to more people by accident. `problems` have the same sources as the listed documents.
    """
    there = {one.source: one for one in listed}
    here = {document.source for document in read}
    unread = unread_names(problems)
    changed = []
    for document in read:
        known = there.get(document.source)
        if known is None:
            changed.append(document)
            continue
        kept = in_place_of(known, document, keep_labels)
        if known.sha256 != content_hash(kept):
            changed.append(kept)
    taken = {document.id for document in changed}
    gone = [one for one in listed if one.source not in here and not is_unread(one.source, unread)]
    deleted = [one.id for one in gone if one.id not in taken]
    return Difference(changed=tuple(changed), deleted=tuple(deleted), n_same=len(read) - len(changed))


def new_beside(changed: Iterable[Document], listed: Sequence[Listed]) -> Iterator[str]:
    """A sentence about the new documents whose files have the names of others in other folders, if there are some."""
    folders: dict[str, str] = {}
    for one in listed:
        folder, _, name = one.source.partition("#")[0].rpartition("/")
        folders.setdefault(name, folder)
    there = {one.source for one in listed}
    new = {one.source.partition("#")[0] for one in changed if one.source not in there}
    alike = {path: folders[path.rpartition("/")[2]] for path in sorted(new) if path.rpartition("/")[2] in folders}
    alike = {path: folder for path, folder in alike.items() if folder != path.rpartition("/")[0]}
    if alike:
        path, folder = next(iter(alike.items()))
        name = path.rpartition("/")[2]
        old = f"{folder}/{name}" if folder else name
        more = f" ({len(alike) - 1} more like it)" if len(alike) > 1 else ""
        how = f"with --prefix {shlex.quote(folder + '/')}" if folder else "without its folder"
        yield (
            f"{path} is a new document beside {old}, which is still there{more}. If it was to replace that one, remove "
            f"it and add the file {how}."
        )


def in_place_of(known: Listed, document: Document, keep_labels: bool = True) -> Document:
    """The document as it replaces the one that is there: with its id, and with its labels if it has none of its own."""
    access = known.labels if keep_labels and not document.access else document.access
    return document.model_copy(update={"id": known.id, "access": access})


def edits(documents: Iterable[Document], deleted: Sequence[str]) -> list[Edit]:
    """These changes as edits that fit into one request each: a single one if possible, none if there is nothing to do.

    Deletions come with the last additions or after them. So a document that was moved is in its old place, in its new
    one or in both at any time; and nothing is left out if it stops in between.
    """
    *before, last = [tuple(group) for group in batches(documents)] or [()]
    starts = range(0, len(deleted), MOST_DELETED_AT_ONCE)
    first, *after = [tuple(deleted[start : start + MOST_DELETED_AT_ONCE]) for start in starts] or [()]
    every = [*map(Edit, before), Edit(last, first), *(Edit((), ids) for ids in after)]
    return [edit for edit in every if edit.documents or edit.deleted]


def batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """The documents in groups that fit into one request each."""
    group: list[Document] = []
    n_characters = 0
    for document in documents:
        if group and (len(group) >= MOST_AT_ONCE or n_characters + len(document.text) > CHARACTERS_AT_ONCE):
            yield group
            group, n_characters = [], 0
        group.append(document)
        n_characters += len(document.text)
    if group:
        yield group
