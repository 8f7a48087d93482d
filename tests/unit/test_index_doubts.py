"""Rows of an index against the documents of the store: what was edited is found, what is as it was made is not."""

import pytest

from bakeoff.corpus.chunk import chunk_document
from bakeoff.models.embed import HashEmbedder
from bakeoff.records import Chunk, Document
from bakeoff.retrieval.doubts import doubtful

TEXT = """# Tide Valve

![A valve](valve.png)

The valve closes by itself. See [the manual](https://tide.example/manual).

## Warranty

| part | years |
|---|---|
| valve | 5 |
| motor | 3 |

It is five years long. It begins on the day of purchase.
"""
DOCUMENTS = [
    Document(id="a", source="valve.md", title="Tide Valve", text=TEXT),
    Document(id="b", source="empty.md", title="Empty", text="\n\n"),
    Document(id="c", source="secret.md", title="Secret", text="Nobody knows it.\n", access=("hr",)),
]


def chunks_of(document: Document) -> list[Chunk]:
    return chunk_document(document, 24, HashEmbedder().count_tokens)


def rows() -> list[dict]:
    """The rows as a sync writes them."""
    return [
        {**chunk.model_dump(), "passage": chunk.passage, "access": list(document.access)}
        for document in DOCUMENTS
        for chunk in chunks_of(document)
    ]


def test_rows_as_they_were_made_are_not_in_doubt() -> None:
    """With pictures, links, tables, headings and a document without a passage."""
    assert len(rows()) >= 4
    assert doubtful(rows(), DOCUMENTS, chunks_of) == ()


@pytest.mark.parametrize(
    ("change", "ids"),
    [
        (lambda made: made.pop(), ("c",)),
        (lambda made: made.pop(1), ("a",)),
        (lambda made: made[0].update(text="Another text."), ("a",)),
        (lambda made: made[0].update(passage="Another passage."), ("a",)),
        (lambda made: made[1].update(source="other.md"), ("a",)),
        (lambda made: made[-1].update(access=[]), ("c",)),
        (lambda made: made[-1].update(document_id="gone"), ("c", "gone")),
        (lambda made: made.append(dict(made[-1])), ("c",)),
    ],
)
def test_every_other_row_is_in_doubt(change, ids: tuple[str, ...]) -> None:
    """A missing row, a doubled one, and one whose text, passage, source, labels or document is another."""
    made = rows()
    change(made)
    assert doubtful(made, DOCUMENTS, chunks_of) == ids


def test_a_document_is_cut_again_only_where_its_rows_leave_out_words() -> None:
    """So the check takes no tokenizer for most documents."""
    cut = []
    plain = Document(id="p", source="p.md", title="P", text="# P\n\nOne line of words.\n")
    made = [{**chunk.model_dump(), "passage": chunk.passage, "access": []} for chunk in chunks_of(plain)]
    assert doubtful(made, [plain], lambda document: cut.append(document) or []) == ()
    assert cut == []
