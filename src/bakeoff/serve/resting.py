"""Which logged answers rest on documents that are not for everybody: those with labels, and those that were erased.

Takes a log and what is known of the documents, gives ids of answers. What a trainer reads has neither. Opens no file.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from bakeoff.records import Labels
from bakeoff.serve.documents.views import Cited
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer, Review

_AT_ONCE = 1000


class Past(Protocol):
    """What `documents.views.Views` knows of a store."""

    def hidden(self, cited: Iterable[Cited], labels: Labels) -> set[Cited]: ...

    def erased(self, cited: Iterable[Cited]) -> set[Cited]: ...

    def erased_when(self) -> range: ...

    def first_restricted(self) -> int | None: ...

    def ids_of(self, sources: Iterable[str]) -> dict[str, set[str]]: ...


class Resting(NamedTuple):
    """The ids of answers that rest on documents with labels, or on erased ones. An answer may be in both."""

    restricted: frozenset[str] = frozenset()
    erased: frozenset[str] = frozenset()


class _Rests(NamedTuple):
    """An answer, or what a reviewer says in its place: what it was made from. `version` is that of the documents."""

    id: str
    cited: set[Cited]
    version: int | None
    is_of_all: bool


def resting(log: Log, documents: Past) -> Resting:
    """Which answers and reviewed answers rest on what not everybody may see, then or now, and on what was erased.

    An answer that names no passages may have been made from any document that was there.
    """
    first, gone = documents.first_restricted(), documents.erased_when()
    restricted, erased = set[str](), set[str]()
    for batch in _batches(log, documents):
        cited = {one for rests in batch for one in rests.cited}
        hidden, lost = documents.hidden(cited, ()), documents.erased(cited)
        for id, own, version, is_of_all in batch:
            since = first is not None and (version is None or version >= first)
            if not hidden.isdisjoint(own) or (is_of_all and since):
                restricted.add(id)
            if not lost.isdisjoint(own) or (is_of_all and bool(gone) and (version is None or version in gone)):
                erased.add(id)
    return Resting(frozenset(restricted), frozenset(erased))


def _batches(log: Log, documents: Past) -> Iterator[list[_Rests]]:
    answers, reviews = list[_Rests](), list[Review]()
    for answer in log.entries(LoggedAnswer):
        answers.append(_of_answer(answer))
        if len(answers) >= _AT_ONCE:
            yield answers
            answers = []
    yield answers
    for review in log.entries(Review):
        reviews.append(review)
        if len(reviews) >= _AT_ONCE:
            yield _of_reviews(reviews, documents)
            reviews = []
    yield _of_reviews(reviews, documents)


def _of_answer(answer: LoggedAnswer) -> _Rests:
    cited: set[Cited] = {(hit.document_id, answer.documents_version) for hit in answer.hits}
    is_of_all = bool(answer.text) and not answer.declined and not answer.hits
    return _Rests(answer.id, cited, answer.documents_version, is_of_all)


def _of_reviews(reviews: Sequence[Review], documents: Past) -> list[_Rests]:
    """The log may have deleted the answers: a review says itself what it was made from."""
    named = {one.answer: {*one.documents, *(passage.source for passage in one.passages)} for one in reviews}
    ids = documents.ids_of(source for sources in named.values() for source in sources)
    return [
        _Rests(
            one.answer,
            {(id, one.documents_version) for source in named[one.answer] for id in ids.get(source, ())},
            one.documents_version,
            bool(one.shown) and not one.passages,
        )
        for one in reviews
    ]
