"""Which documents stay although they were not read: those that a problem is about. And many problems as few.

Takes problems and the sources of documents. Opens nothing.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from bakeoff.records import Problem
from bakeoff.sentences import counted


def kept(sources: Iterable[str], problems: Iterable[Problem]) -> list[str]:
    """Those of these sources that are merely unreadable now: their file, a folder above it, or their part of the file.

    >>> kept(["hr/pay.md", "hr/leave.md", "mail.eml#map.pdf"], [Problem(source="hr/pay.md", reason="it is locked")])
    ['hr/pay.md']
    """
    unread = unread_names(problems)
    return [source for source in sources if is_unread(source, unread)]


def kept_of_file(
    file: str, documents: Mapping[str, str], problems: Iterable[Problem], is_empty: bool
) -> dict[str, str]:
    """Those of a file's documents of the last time, by source, that may be in what could not be read of it now.

    `is_empty` if nothing of it could be read.
    """
    unread = unread_names(problems)
    every = file in unread or bool(unread and is_empty)
    return {source: hash_ for source, hash_ in documents.items() if every or is_unread(source, unread)}


def unread_names(problems: Iterable[Problem]) -> frozenset[str]:
    """What was not read and may be shown as it was before, by the names that problems give it."""
    return frozenset(
        name for one in problems if not one.is_read and not one.withdraws for name in (one.source, *one.also)
    )


def is_unread(source: str, unread: Collection[str]) -> bool:
    """Whether one of these names is about the document."""
    return bool(unread) and any(name in unread for name in _names(source))


def _names(source: str) -> Iterator[str]:
    """The names under which a problem may be about a document: itself, its file, its part of the file, folders; and
    the empty name, which is everything.
    """
    file, _, part = source.partition("#")
    yield from (source, file)
    if part:
        first = part.partition("#")[0]
        yield from (f"{file}, {first}", f"{file}#{first}")
    while "/" in file:
        file = file.rpartition("/")[0]
        yield file
    yield ""


def grouped(problems: Iterable[Problem], noun: str) -> Iterator[Problem]:
    """One problem per reason. It names the first `noun`, says how many more there are, and is about all of them.

    >>> one = next(grouped([Problem(source=name, reason="it is locked") for name in ("a", "b", "c")], "page"))
    >>> one.line, one.also
    ('not read: a: it is locked (2 more pages like it)', ('b', 'c'))
    """
    groups: dict[tuple[str, str, bool, bool], list[Problem]] = {}
    for one in problems:
        groups.setdefault((one.reason, one.remedy, one.is_read, one.withdraws), []).append(one)
    for first, *more in groups.values():
        others = f" ({counted(len(more), f'more {noun}')} like it)" if more else ""
        also = (*first.also, *(name for one in more for name in (one.source, *one.also)))
        yield first.model_copy(update={"reason": first.reason + others, "also": also})
