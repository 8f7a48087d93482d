"""The tables of an index that were replaced: kept as long as a search reads them, and the last one for a minute more.

Searches of this process are known by the views that they hold. Another process that opened the folder a moment ago is
not known, so the table that was replaced last stays for a while in any case, and those before it do not. So an index
that is rewritten every few seconds takes the space of a few tables, not of all those of a minute.
"""

import threading
import time
import weakref
from typing import Any

from bakeoff.retrieval.lance_table import pinned

KEPT_S = 60.0  # so long the table that was replaced last stays


class OldTables:
    """Which tables are still to be kept, besides the present one."""

    def __init__(self) -> None:
        self._replaced: dict[str, float] = {}
        """The names in the order in which they were replaced, with the time of that."""
        self._views: dict[str, list[weakref.ref[Any]]] = {}
        self._lock = threading.Lock()

    def view(self, table: Any, version: int) -> Any:
        """The table as of this version, for searches. As long as somebody holds the view, the table is kept."""
        view = pinned(table, version)
        with self._lock:
            self._views[view.name] = [*_living(self._views.get(view.name, [])), weakref.ref(view)]
        return view

    def replaced(self, name: str, is_kept: bool = True) -> None:
        """Notes that another table took the place of this one now. If it is not kept, it goes when no search of this
        process reads it.
        """
        self._replaced.pop(name, None)  # so that it is the last one
        self._replaced[name] = time.monotonic() if is_kept else -KEPT_S

    def kept(self) -> set[str]:
        """The names of those that somebody may still read."""
        last = next(reversed(self._replaced), "")
        return {name for name, since in self._replaced.items() if self._is_read(name) or _is_new(name == last, since)}

    @property
    def has_unread(self) -> bool:
        """Whether there are tables to remove."""
        return len(self.kept()) < len(self._replaced)

    def removed(self, kept: set[str]) -> None:
        """Forgets all but these: they are removed."""
        self._replaced = {name: since for name, since in self._replaced.items() if name in kept}
        with self._lock:
            for name in [name for name, views in self._views.items() if not _living(views)]:
                del self._views[name]

    def _is_read(self, name: str) -> bool:
        with self._lock:
            return bool(_living(self._views.get(name, [])))


def _living(views: list[weakref.ref[Any]]) -> list[weakref.ref[Any]]:
    return [view for view in views if view() is not None]


def _is_new(is_last: bool, since: float) -> bool:
    return is_last and time.monotonic() - since < KEPT_S
