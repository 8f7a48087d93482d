"""Long lists in messages: the first few, and how many more there are. Knows nothing about what is listed."""

from collections.abc import Sequence

SHOWN = 5


def listed(names: Sequence[str], separator: str = ", ") -> str:
    """'a, b, c, d, e and 7 more'."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return separator.join(names[:SHOWN]) + more
