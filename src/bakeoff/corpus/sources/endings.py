"""Which of many files are read: by their endings and by the globs of `paths:`; the others are counted, not listed.

Takes names, gives names and one problem. A code repository or a bucket may have 100,000 files that are no documents.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath
from typing import TypeVar

from bakeoff.corpus.sources.folders import fits
from bakeoff.formats.parse import SUFFIXES
from bakeoff.records import Problem
from bakeoff.sentences import counted

T = TypeVar("T")
NAMED = 4
LONGEST = 512
"""The longest name of a document that a server takes."""


def matches(name: str, paths: Sequence[str]) -> bool:
    """Whether a name is one of these paths, below one, or matches one as a glob. Without paths every name does.

    >>> matches("docs/hr/pay.md", ["docs"]), matches("docs/hr/pay.md", ["docs/*.md"]), matches("a/b.md", ["**/*.md"])
    (True, False, True)
    """
    parts = PurePosixPath(name).parts
    return not paths or any(fits(parts, PurePosixPath(path).parts, False) for path in paths)


def is_hidden(name: str) -> bool:
    """Whether a file or a folder above it is hidden, or is the lock file of an office program."""
    return any(part.startswith((".", "~$")) for part in name.split("/"))


def readable(names: Iterable[str], paths: Sequence[str]) -> tuple[list[str], list[Problem]]:
    """The names that match and can be read, in order, and a problem that counts those of other kinds."""
    chosen: list[str] = []
    others: Counter[str] = Counter()
    n_hidden = 0
    for name in names:
        if not matches(name, paths):
            continue
        suffix = PurePosixPath(name).suffix.lower()
        if is_hidden(name):
            n_hidden += 1
        elif suffix in SUFFIXES:
            chosen.append(name)
        else:
            others[f"*{suffix}" if suffix else "files without an ending"] += 1
    return chosen, [*_of_other_kinds(others), *_hidden(n_hidden)]


def _of_other_kinds(others: Counter[str]) -> list[Problem]:
    if not others:
        return []
    named = ", ".join(ending for ending, _ in others.most_common(NAMED))
    more = f" and {len(others) - NAMED} more endings" if len(others) > NAMED else ""
    return [
        Problem(
            source=named + more,
            reason=counted(others.total(), "file is", "files are") + " of kinds that are not read",
            remedy=f"convert them to one of {', '.join(SUFFIXES)}, if they hold documents",
        )
    ]


def _hidden(n: int) -> list[Problem]:
    if not n:
        return []
    reason = counted(n, "hidden file is", "hidden files are") + " not read"
    return [Problem(source=".*", reason=reason, remedy="rename them if they hold documents")]


def clean_names(items: Iterable[T], key: Callable[[T], str]) -> tuple[dict[str, T], list[Problem]]:
    """The items by the name that their documents get, and a problem for each name that no document may have."""
    named: dict[str, T] = {}
    problems: list[Problem] = []
    for item in items:
        raw = key(item)
        name = unicodedata.normalize("NFC", raw)
        if not name.endswith("/") and not _is_clean(name):
            reason = "its name cannot be that of a document"
            remedy = f"use at most {LONGEST} characters in UTF-8, no control characters, and no empty or '..' part"
            problems.append(Problem(source=_shown(name), reason=reason, remedy=remedy))
        elif not name.endswith("/") and named.setdefault(name, item) is not item:
            problems.append(Problem(source=_shown(name), reason="another file has this name", remedy="rename one"))
    return named, problems


def _is_clean(name: str) -> bool:
    has_control = any(unicodedata.category(character) in ("Cc", "Cs") for character in name)
    return len(name) <= LONGEST and "�" not in name and not has_control and not {"", ".", ".."} & set(name.split("/"))


def _shown(name: str) -> str:
    return repr(name[:80])
