"""Lists in sentences. Knows nothing about what is listed."""

from collections.abc import Iterable, Sequence

SHOWN = 5


def listed(names: Iterable[str]) -> str:
    """All of them: 'a, b and c'."""
    *before, last = [*names] or [""]
    return f"{', '.join(before)} and {last}" if before else last


def first_few(names: Sequence[str], separator: str = ", ") -> str:
    """The first few, and how many more there are: 'a, b, c, d, e and 7 more'."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return separator.join(names[:SHOWN]) + more
