"""BM25 searches of a LanceDB table that run while the caller does something else.

Takes a table and queries, gives the ids of chunks with their scores. LanceDB's plain calls go to its own event loop and
back several times for one query; here each query goes there once. Knows nothing about vectors or rankings.
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from typing import Any

from bakeoff.retrieval.lance_table import TEXT_COLUMN
from bakeoff.retrieval.search_words import encodable, search_words

AT_ONCE = 4

Scored = list[tuple[str, float]]


class WordSearches:
    """One search for each query. The first few run from now on; iterating gives what each found, in order."""

    def __init__(self, table: Any, queries: Sequence[str], depth: int, condition: str) -> None:
        self._table, self._depth, self._condition = table, depth, condition
        self._waiting = iter(queries)
        self._running: deque[Future[Scored]] = deque()
        for _ in range(AT_ONCE):
            self._begin_next()

    def __iter__(self) -> Iterator[Scored]:
        while self._running:
            found = self._running.popleft().result()
            self._begin_next()
            yield found

    def _begin_next(self) -> None:
        from lancedb.background_loop import LOOP

        for query in self._waiting:
            self._running.append(asyncio.run_coroutine_threadsafe(self._search(query), LOOP.loop))
            return

    async def _search(self, query: str) -> Scored:
        from lancedb.query import MatchQuery

        words = MatchQuery(search_words(encodable(query)), TEXT_COLUMN)  # type: ignore[call-arg]  # its defaults are pydantic's
        search = self._table._table.query().nearest_to_text(words).select(["id", "_score"]).limit(self._depth)
        if self._condition:
            search = search.where(self._condition)  # before the best are chosen: the default
        matches = await search.to_arrow()
        return list(zip(matches["id"].to_pylist(), matches["_score"].to_pylist(), strict=True))
