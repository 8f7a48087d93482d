"""The passages behind an answer, as the documents were when it was given.

Takes a logged answer and the document store, gives passages with the cited place marked. Knows no review.
"""

from bakeoff.labelling.passages import MOST_PASSAGES, Passage, passage_in
from bakeoff.protocols import DocumentStore
from bakeoff.records import Document, SourceSpan
from bakeoff.serve.documents.views import Views
from bakeoff.serve.log_entries import LoggedAnswer, LoggedHit


def passages_behind(answer: LoggedAnswer, store: DocumentStore) -> list[Passage]:
    """The passages that the answer cites, or else the best ones it was made from; at most MOST_PASSAGES.

    Documents that the store never held are left out.
    """
    views, found = Views(store), []
    for hit in _shown(answer):
        shown = views.as_of(hit.document_id, None, answer.documents_version)
        if shown is not None:
            document = Document(id=shown.id, title=shown.title, source=shown.source, text=shown.text)
            found.append(passage_in(document, SourceSpan(source=shown.source, start=hit.start, end=hit.end)))
    return found


def _shown(answer: LoggedAnswer) -> list[LoggedHit]:
    cited = [answer.hits[place - 1] for place in answer.cited if 0 < place <= len(answer.hits)]
    return (cited or list(answer.hits))[:MOST_PASSAGES]
