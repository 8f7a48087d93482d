"""Commands for the keys of a server. They can be used while it runs."""

from pathlib import Path
from typing import Annotated

import typer

from bakeoff.cli.options import Json
from bakeoff.cli.output import console, note, print_json, table

KeyPath = Annotated[
    Path, typer.Option("--keys", help="The file that holds the keys (their hashes).", envvar="BAKEOFF_KEYS")
]
KeyName = Annotated[str, typer.Argument(metavar="NAME", help="The name of the key.", show_default=False)]
DEFAULT = Path("keys.jsonl")

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke the keys of a server.")


@app.command()
def add(
    name: KeyName,
    labels: Annotated[
        str,
        typer.Option("--labels", "-l", metavar="A,B", help="Documents with one of these labels are visible, too."),
    ] = "",
    all_documents: Annotated[bool, typer.Option("--all-documents", help="All documents are visible.")] = False,
    manages: Annotated[
        bool, typer.Option("--manages", help="May change what it sees; with --all-documents also read the log.")
    ] = False,
    keys: KeyPath = DEFAULT,
    as_json: Json = False,
) -> None:
    """Make a key and print it, once. Without labels it sees only documents that have no labels."""
    from bakeoff.errors import ConfigError
    from bakeoff.serve.keys import KeyFile

    given = [label.strip() for label in labels.split(",")] if labels.strip() else []
    if given and all_documents:
        raise ConfigError("--labels and --all-documents contradict each other.", "use one of them")
    key = KeyFile(keys).add(name, None if all_documents else given, manages)
    seen = _visible(None if all_documents else given)
    if as_json:
        print_json({"name": name, "key": key, "labels": None if all_documents else given, "manages": manages})
    else:
        typer.echo(key)
    note(f"{name} sees {seen}. Keep the key: it is not stored and cannot be shown again.")


@app.command("list")
def list_keys(keys: KeyPath = DEFAULT, as_json: Json = False) -> None:
    """List the keys: name, what they see, when they were made. The keys themselves are not stored."""
    from bakeoff.serve.keys import KeyFile

    stored = KeyFile(keys).keys
    if as_json:
        print_json([key.model_dump(mode="json", exclude={"sha256"}) for key in stored])
    elif not stored:
        note(f"{keys} has no keys. Make one with: bakeoff keys add NAME")
    else:
        rows = [
            (key.name, _visible(key.labels), "yes" if key.manages else "no", f"{key.created_at:%Y-%m-%d}")
            for key in stored
        ]
        console().print(table(("key", "sees", "manages", "made"), rows))


@app.command()
def remove(name: KeyName, keys: KeyPath = DEFAULT) -> None:
    """Revoke a key. A running server refuses the next request with it."""
    from bakeoff.serve.keys import KeyFile

    KeyFile(keys).remove(name)
    note(f"{name} is revoked.")


def _visible(labels: list[str] | tuple[str, ...] | None) -> str:
    if labels is None:
        return "all documents"
    return "documents without labels" + (f" or labelled {', '.join(labels)}" if labels else "")
