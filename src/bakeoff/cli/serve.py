"""The command that serves a run."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from bakeoff.cli.keys import DEFAULT as KEYS
from bakeoff.cli.keys import KeyPath
from bakeoff.cli.options import RunName, Runs, contender_names
from bakeoff.cli.output import note
from bakeoff.models.settings import MOST_CONCURRENCY

LogFormat = Literal["auto", "json", "text"]


def serve(
    run: RunName,
    contender: Annotated[
        list[str] | None,
        typer.Option(
            "--contender",
            "-c",
            help="A contender to serve; may be given several times, the default one first. By default all: the "
            "winner first, else the most accurate.",
            autocompletion=contender_names,
            show_default=False,
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="The address to bind to. Beyond this machine, a key is needed.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", help="A host name that people use for this server.", show_default=False),
    ] = None,
    url: Annotated[str, typer.Option(help="The server's public address, for links in citations.")] = "",
    origin: Annotated[
        list[str] | None,
        typer.Option(
            "--origin",
            help="Another origin whose pages may use this server, such as https://chat.example; several are possible.",
            show_default=False,
        ),
    ] = None,
    proxy: Annotated[
        list[str] | None,
        typer.Option(
            "--proxy",
            metavar="ADDRESS",
            help="The address or network of a proxy to believe about the addresses of clients; several are possible.",
            show_default=False,
        ),
    ] = None,
    deployments: Annotated[Path, typer.Option(help="The folder that holds the deployments.")] = Path("deployments"),
    keys: KeyPath = KEYS,
    per_minute: Annotated[
        int, typer.Option(min=1, help="Most requests of one key (or one address without a key) in a minute.")
    ] = 6000,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MOST_CONCURRENCY,
            help="Answers that a model behind a server writes at once. By default, its `concurrency` in the run.",
            show_default=False,
        ),
    ] = None,
    question_characters: Annotated[
        int, typer.Option(min=1, help="Most characters of a question with its system messages.")
    ] = 8000,
    keep_days: Annotated[
        int | None, typer.Option(help="Delete entries of the log after so many days.", show_default=False)
    ] = None,
    log_texts: Annotated[
        bool, typer.Option("--log-texts/--no-log-texts", help="Whether questions and answers are written to the log.")
    ] = True,
    log_format: Annotated[
        LogFormat, typer.Option(help="The server's lines on stderr; auto: text on a terminal, else json.")
    ] = "auto",
    grace: Annotated[
        float, typer.Option(min=0, help="Seconds that answers in progress may take after a signal to stop.")
    ] = 20.0,
    runs: Runs = Path("runs"),
) -> None:
    """Serve the contenders of a finished run: an OpenAI-compatible API, a web page, live documents.

    The documents of the run are copied once into deployments/RUN; changes to them are made there.
    """
    from bakeoff.serve.start import Listening, Logging, serve_run

    listening = Listening(
        host=host,
        port=port,
        names=tuple(name or ()),
        url=url or None,
        origins=tuple(origin or ()),
        proxies=tuple(proxy or ()),
        per_minute=per_minute,
        grace_s=grace,
        workers=workers,
        most_characters=question_characters,
    )
    logging = Logging(retention_days=keep_days, keep_texts=log_texts, format=log_format)
    serve_run(run, runs, deployments, tuple(contender or ()), listening, logging, keys, note)
