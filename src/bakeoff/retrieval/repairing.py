"""An index that cannot be read, after a power failure for example, gives way to an empty one.

Takes how an index is opened and removed. Documents are not lost with an index: it is made again from the store.
"""

import logging
from collections.abc import Callable

from bakeoff.errors import DamagedIndexError
from bakeoff.protocols import SearchIndex

_log = logging.getLogger(__name__)


def sound_index(opened: Callable[[], SearchIndex], remove: Callable[[], None]) -> SearchIndex:
    """The index, all of which can be read. A damaged one is removed with a warning, and opened again: empty.

    Nobody else may use it meanwhile. Who calls this calls `sync` next.
    """
    try:
        index = opened()
        if index.version:  # else it is new
            index.load()
            index.check()
    except DamagedIndexError as error:
        _log.warning("%s It is made again from the documents, which embeds all of them.", error.message)
        remove()
        index = opened()
    return index
