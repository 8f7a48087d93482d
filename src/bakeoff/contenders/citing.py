"""Citations of systems that are not Bakeoff's, as hits in the documents of a run.

Takes the name and the text that such a system gives for a source, and the run's documents; gives hits, so that measures
of evidence see them. A name that fits no document, or several, and a text that stands in none cite nothing. Does not
know where names and texts come from.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from bakeoff.corpus.chunk import passage
from bakeoff.records import Chunk, Document, Hit

SHORTEST_QUOTE = 20
"""The fewest characters of a text that is searched in documents that are not named."""
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+://", re.I)


class Source(NamedTuple):
    """What a system cites: the names it gives the source, the likeliest first, the text it quotes, and a score."""

    names: tuple[str, ...] = ()
    text: str = ""
    score: float | None = None


class CitedDocuments:
    """The documents of a run, found by names and quotes."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self._documents = tuple(documents)

    def hits(self, sources: Sequence[Source]) -> tuple[Hit, ...]:
        """The hits of those that are found, in their order, each passage once. A score that is not given falls with the
        rank.
        """
        chunks: dict[str, tuple[Chunk, float | None]] = {}
        for source in sources:
            chunk = self._chunk(source)
            if chunk is not None:
                chunks.setdefault(chunk.id, (chunk, source.score))
        return tuple(
            Hit(chunk=chunk, score=1 / rank if score is None else score, rank=rank)
            for rank, (chunk, score) in enumerate(chunks.values(), 1)
        )

    def shown(self, sources: Sequence[Source]) -> list[Hit]:
        """Passages that a model is to be shown, in their order, with the texts that were given, also of no document of
        the run. A source without a text is left out.
        """
        with_text = [source for source in sources if source.text.strip()]
        return [
            Hit(chunk=self._with_text(source), score=1 / rank if source.score is None else source.score, rank=rank)
            for rank, source in enumerate(with_text, 1)
        ]

    def _with_text(self, source: Source) -> Chunk:
        chunk = self._chunk(source)
        if chunk is None:
            name, text = next(iter(source.names), "unknown"), source.text
            key = hashlib.sha256(text.encode()).hexdigest()[:12]
            return Chunk(id=f"own:{key}", document_id="", source=name, text=text, start=0, end=len(text))
        return chunk if chunk.text else chunk.model_copy(update={"text": source.text})

    def _chunk(self, source: Source) -> Chunk | None:
        document = next((one for name in source.names if (one := self.named(name))), None)
        if document is None:
            found = self._quoted(source.text)
            return passage(found[0], *found[1], found[0].title) if found else None
        place = _Quote(source.text).place_in(document.text)
        return passage(document, *place, document.title) if place else _whole(document)

    def named(self, name: str) -> Document | None:
        """The document that a name means: its source, the end of its path, its file's name, or its title. None if it
        fits several.
        """
        path = _path(name)
        if not path:
            return None
        for group in (self._by_path.get(path, []), list(self._ending(path)), self._by_stem.get(_stem(path), [])):
            if group:
                return group[0] if len(group) == 1 else None
        titled = self._by_title.get(_words(name), [])
        return titled[0] if len(titled) == 1 else None

    def _ending(self, path: str) -> Iterator[Document]:
        """The documents whose path ends as this one does, or the other way round."""
        for document in self._by_file.get(path.rpartition("/")[2], []):
            source = _path(document.source)
            if source.endswith(f"/{path}") or path.endswith(f"/{source}"):
                yield document

    def _quoted(self, text: str) -> tuple[Document, tuple[int, int]] | None:
        """The only document that holds the text, and where. None for a short text, or if several hold it."""
        if len(text.strip()) < SHORTEST_QUOTE:
            return None
        quote = _Quote(text)
        found = [(one, place) for one in self._documents if (place := quote.place_in(one.text))]
        return found[0] if len(found) == 1 else None

    @cached_property
    def _by_path(self) -> Mapping[str, list[Document]]:
        return _grouped((name, one) for one in self._documents for name in {_path(one.source), _path(one.id)})

    @cached_property
    def _by_file(self) -> Mapping[str, list[Document]]:
        return _grouped((_path(one.source).rpartition("/")[2], one) for one in self._documents)

    @cached_property
    def _by_stem(self) -> Mapping[str, list[Document]]:
        return _grouped((_stem(_path(one.source)), one) for one in self._documents)

    @cached_property
    def _by_title(self) -> Mapping[str, list[Document]]:
        return _grouped((_words(one.title), one) for one in self._documents if one.title)


class _Quote:
    """A text that is searched in others, in which any white space counts as one blank."""

    def __init__(self, text: str) -> None:
        self._words = text.split()
        self._written = " ".join(self._words)

    def place_in(self, text: str) -> tuple[int, int] | None:
        """Where it stands in a text, as characters start..end; None if it does not."""
        if not self._words:
            return None
        start = text.find(self._written)
        if start >= 0:
            return start, start + len(self._written)
        if len(self._words) == 1 or max(self._words, key=len) not in text:
            return None
        found = self._pattern.search(text)
        return found.span() if found else None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(r"\s+".join(map(re.escape, self._words)))


def _whole(document: Document) -> Chunk:
    """The whole document, without its text: it may be long, and nobody said which passage was meant."""
    return passage(document, 0, len(document.text), document.title).model_copy(update={"text": ""})


def _grouped(pairs: Iterable[tuple[str, Document]]) -> Mapping[str, list[Document]]:
    groups: dict[str, list[Document]] = defaultdict(list)
    for key, document in pairs:
        groups[key].append(document)
    return groups


def _path(name: str) -> str:
    """A name as a path to compare: without scheme and query, with slashes, in lower case.

    >>> _path("file:///srv/Docs/A%20b.md?x=1"), _path(".\\\\docs\\\\a.md")
    ('srv/docs/a b.md', 'docs/a.md')
    """
    name = name.strip()
    if _SCHEME.match(name):
        split = urlsplit(name)
        name = unquote(split.path) or split.netloc
    return name.replace("\\", "/").removeprefix("./").strip("/").casefold()


def _stem(path: str) -> str:
    """The name of the file without its ending."""
    file = path.rpartition("/")[2]
    return file.rpartition(".")[0] or file


def _words(text: str) -> str:
    return " ".join(text.casefold().split())
