"""The command that shows a file of the corpus as it was read, and as it is cut."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bakeoff.cli.options import Json
from bakeoff.cli.output import note, print_json
from bakeoff.models.defaults import DEFAULT_EMBEDDER

if TYPE_CHECKING:
    from bakeoff.records import Chunk, Document


def show(
    documents: Annotated[Path, typer.Argument(metavar="DOCS", help="A folder, file or glob, or a bakeoff.yaml.")],
    file: Annotated[
        str, typer.Argument(help="The file: its path below DOCS, the end of it, or table.csv#row.", show_default=False)
    ],
    chunks: Annotated[bool, typer.Option("--chunks", help="Show how it is cut into passages.")] = False,
    tokens: Annotated[int, typer.Option(help="The most tokens of a passage (retrieval.chunk_tokens).", min=1)] = 128,
    embedder: Annotated[str, typer.Option(help="The model whose tokens count, or hash.")] = DEFAULT_EMBEDDER,
    as_json: Json = False,
) -> None:
    """Show a file as it was read: its title, labels, metadata and text, and what was left out."""
    from bakeoff.corpus.sources.named import is_config, read_named
    from bakeoff.corpus.sources.one_file import read_one

    reading = read_one(documents, file, read_named([documents]) if is_config(documents) else None)
    cut = {one.id: _chunks(one, tokens, embedder) for one in reading.documents} if chunks else {}
    if as_json:
        shown = [
            one.model_dump(mode="json")
            | ({"chunks": [chunk.model_dump(mode="json") for chunk in cut[one.id]]} if chunks else {})
            for one in reading.documents
        ]
        print_json({"documents": shown, "problems": [problem.model_dump() for problem in reading.problems]})
        return
    for problem in reading.problems:
        note(problem.line + (f" ({problem.remedy})" if problem.remedy else ""))
    for document in reading.documents:
        typer.echo("\n".join(_head(document)) + "\n")
        typer.echo("\n\n".join(_cut(cut[document.id])) if chunks else document.text)
        typer.echo("")


def _chunks(document: "Document", tokens: int, embedder: str) -> "list[Chunk]":
    from bakeoff.corpus.chunk import chunk_document
    from bakeoff.models.embed import load_embedder

    return chunk_document(document, tokens, load_embedder(embedder).count_tokens)


def _head(document: "Document") -> Iterator[str]:
    from bakeoff.writing.words import count_words

    yield f"source:  {document.source}"
    yield f"title:   {document.title or '(none)'}"
    yield f"labels:  {', '.join(document.access) or '(none: everybody sees it)'}"
    if document.updated_at:
        yield f"updated: {document.updated_at:%Y-%m-%d %H:%M} UTC"
    for key, value in document.meta.items():
        yield f"{key}: {value}"
    yield f"length:  {len(document.text):,} characters, {count_words(document.text):,} words"


def _cut(chunks: "list[Chunk]") -> Iterator[str]:
    for number, chunk in enumerate(chunks, 1):
        heading = f" under {chunk.heading}" if chunk.heading else ""
        yield f"--- passage {number} of {len(chunks)}, characters {chunk.start} to {chunk.end}{heading}\n{chunk.shown}"
