"""The command that imports the data of another tool as a folder that a pilot starts from."""

from pathlib import Path
from typing import Annotated

import typer

from bakeoff.cli.options import Json
from bakeoff.cli.output import note, print_json
from bakeoff.cli.prepare import Columns, columns_of
from bakeoff.sentences import counted


def import_(
    source: Annotated[
        Path,
        typer.Argument(
            help="A folder of BEIR or of a data set (Hugging Face's save_to_disk, Parquet, JSONL), or results of Ragas "
            "or promptfoo.",
            show_default=False,
        ),
    ],
    to: Annotated[Path, typer.Option("--to", help="The new folder.", show_default=False)],
    documents: Annotated[
        list[str] | None,
        typer.Option(
            "--documents", "-d", help="The documents that the questions are about; then none are made of passages."
        ),
    ] = None,
    columns: Columns = None,
    most_questions: Annotated[
        int | None, typer.Option(min=1, help="Of more questions, so many are drawn.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Import documents, questions and recorded answers of another tool, and write a bakeoff.yaml for them.

    What a system answered becomes a contender with recorded answers. Nothing is downloaded or overwritten.
    """
    from bakeoff.importing.project import import_project

    imported = import_project(source, to, documents or (), columns_of(columns or []), most_questions)
    if as_json:
        print_json(imported)
        return
    for text in (*imported.left_out, *imported.notes):
        note(text)
    recorded = [f"{counted(n, 'answer')} of {system}" for system, n in imported.answers.items()]
    found = [counted(imported.n_documents, "document"), counted(imported.n_questions, "question"), *recorded]
    typer.echo("\n".join([f"{imported.tool}: {', '.join(found)} in {imported.folder}.", "", *imported.lines]))
