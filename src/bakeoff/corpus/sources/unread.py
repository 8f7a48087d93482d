"""Which documents stay although they were not read: those that a problem is about.

Takes problems and the sources of documents. Opens nothing.
"""

from collections.abc import Collection, Iterable, Iterator

from bakeoff.records import Problem


def kept(sources: Iterable[str], problems: Iterable[Problem]) -> list[str]:
    """Those of these sources that are merely unreadable now: their file, a folder above it, or their part of the file.

    >>> kept(["hr/pay.md", "hr/leave.md", "mail.eml#map.pdf"], [Problem(source="hr/pay.md", reason="it is locked")])
    ['hr/pay.md']
    """
    unread = unread_names(problems)
    return [source for source in sources if is_unread(source, unread)]


def unread_names(problems: Iterable[Problem]) -> frozenset[str]:
    """What was not read, by the names that problems give it."""
    return frozenset(problem.source for problem in problems if not problem.is_read)


def is_unread(source: str, unread: Collection[str]) -> bool:
    """Whether one of these names is about the document."""
    return bool(unread) and any(name in unread for name in _names(source))


def _names(source: str) -> Iterator[str]:
    """The names under which a problem may be about a document: itself, its file, its part of the file, folders."""
    file, _, part = source.partition("#")
    yield from (source, file)
    if part:
        yield f"{file}, {part.partition('#')[0]}"
    while "/" in file:
        file = file.rpartition("/")[0]
        yield file
