"""The command that serves a run or a deployment."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bakeoff.cli.keys import DEFAULT as KEYS
from bakeoff.cli.keys import KeyPath
from bakeoff.cli.options import DEPLOYMENTS, Deployments, Runs, command_for, contender_names, served_names
from bakeoff.cli.output import note
from bakeoff.errors import ConfigError, MissingExtraError
from bakeoff.models.defaults import MOST_CONCURRENCY

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from bakeoff.serve.app import HolderOf
    from bakeoff.serve.log import Log

LogFormat = Literal["auto", "json", "text"]


def serve(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            help="A run or a deployment: its folder, or its name below --runs or --deployments.",
            autocompletion=served_names,
            show_default=False,
        ),
    ],
    contender: Annotated[
        list[str] | None,
        typer.Option(
            "--contender",
            "-c",
            help="A contender to serve; may be given several times, the default one first. By default all: the "
            "winner first, else the most accurate that keeps the limits.",
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
    deployments: Deployments = DEPLOYMENTS,
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
    candidate: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="A release to try beside the live one, by --shadow, by --canary or by both.",
            show_default=False,
        ),
    ] = None,
    shadow: Annotated[
        float, typer.Option(min=0, max=1, help="The share of questions that the candidate answers too, unseen.")
    ] = 0.0,
    canary: Annotated[float, typer.Option(min=0, max=1, help="The share of users whom the candidate answers.")] = 0.0,
    webhook: Annotated[
        str,
        typer.Option(metavar="URL", help="An address that is told when an alarm begins and ends. By default nobody."),
    ] = "",
    grace: Annotated[
        float, typer.Option(min=0, help="Seconds that answers in progress may take after a signal to stop.")
    ] = 20.0,
    runs: Runs = Path("runs"),
) -> None:
    """Serve the contenders of a finished run: an OpenAI-compatible API, a web page, live documents.

    The documents of the run are copied once into deployments/RUN; changes to them are made there. A deployment that
    exists is served by its name or its folder too, without its run. A running server follows promotions and rollbacks.
    """
    from bakeoff.learn.monitor.webhook import checked_webhook
    from bakeoff.serve.start import Listening, Logging, Served, serve_run
    from bakeoff.serve.trial import Trial

    if (candidate is None) != (shadow == canary == 0):
        raise ConfigError(
            "A candidate is tried by a share of questions or of users, and a share needs a candidate.",
            "give --candidate N with --shadow SHARE, --canary SHARE, or both; the numbers: "
            f"{command_for('releases', run, deployments)}",
        )

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
    served = Served(name=run, runs=runs, deployments=deployments, contenders=tuple(contender or ()))
    trial = Trial(candidate=candidate, shadow=shadow, canary=canary)
    told = checked_webhook(webhook) if webhook else None
    try:
        from bakeoff.learn.monitor.server import MonitorOfServer
        from bakeoff.learn.review.page.routes import ReviewPage
    except ImportError as error:
        raise MissingExtraError("A server", "uvicorn", "serve") from error
    monitor, review = MonitorOfServer(told), ReviewPage()

    def more_routes(root: Path, log: "Log", holder_of: "HolderOf") -> "list[BaseRoute]":
        return [*monitor.routes(root, log, holder_of), *review.routes(root, log, holder_of)]

    serve_run(served, listening, logging, keys, note, trial, more_routes, monitor.gauges)
