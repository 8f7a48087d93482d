"""Freshness: how old the documents behind answers are, and whether the documents are still updated.

Takes the figures of a window, the store's last change and the profile's interval of updates. An old document need not
be wrong, since an update changes only some; so an alarm is raised only if no document changed for twice the interval.
"""

from datetime import datetime

from bakeoff.learn.monitor.windows import Figures
from bakeoff.records import Record

TIMES = 2.0
"""A document is old, and updates are overdue, after so many intervals."""


class Freshness(Record):
    """`age_days` is the median age of the documents behind answers; `old_share` that of answers with an old one."""

    age_days: float | None = None
    old_share: float | None = None
    limit_days: float | None = None
    changed_at: datetime | None = None
    is_overdue: bool = False


def limit_days(update_interval_days: float | None) -> float | None:
    """The age from which on a document is old; None if documents never change."""
    return None if update_interval_days is None else TIMES * update_interval_days


def freshness(window: Figures, limit: float | None, changed_at: datetime | None, now: datetime) -> Freshness:
    """The freshness in a window."""
    silent = (now - changed_at).total_seconds() / 86400 if changed_at else None
    return Freshness(
        age_days=window.document_age_days,
        old_share=window.old_share if limit is not None else None,
        limit_days=limit,
        changed_at=changed_at,
        is_overdue=limit is not None and silent is not None and silent > limit,
    )
