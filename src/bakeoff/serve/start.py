"""Starts a server: the deployment of a run, its log, its guards, and uvicorn around all of it.

Takes what the command line says; returns when the server has stopped. Checks everything that can be wrong before it
listens: the run, its parts, keys, and the port.
"""

import errno
import logging as python_logging
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import bakeoff
from bakeoff.errors import BakeoffError, ConfigError, MissingExtraError
from bakeoff.records import Record
from bakeoff.runs.run import open_run
from bakeoff.serve.deployment import Deployment, deploy
from bakeoff.serve.documents.live import LiveDocuments
from bakeoff.serve.guard.rate import PER_MINUTE
from bakeoff.serve.releases import Release
from bakeoff.serve.sums import Compared, Sums, compared, sums_of

SHOWN = 12
"""Characters of a sum that a person compares by eye."""

_log = python_logging.getLogger(__name__)


class Listening(Record):
    """Where a server listens. `names` are the host names that people use for it, `url` its public address.

    `origins`: other origins whose pages may use it. `proxies`: addresses and networks of the proxies that it believes
    about the addresses of clients.

    `per_minute` is the most requests of one key, or of one address without a key, in a minute. Answers in progress may
    take `grace_s` seconds after the server was told to stop. `workers` are the requests that a model behind a server
    gets at the same time; None: as the run says. `most_characters` are the most of a question with its system messages.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    names: tuple[str, ...] = ()
    url: str | None = None
    origins: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    per_minute: int = PER_MINUTE
    grace_s: float = 20.0
    workers: int | None = None
    most_characters: int = 8000

    @property
    def address(self) -> str:
        """The address to open in a browser on this machine."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::", "") else self.host
        return self.url or f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


class Logging(Record):
    """What the log keeps: entries of the last `retention_days` (None: all), with or without texts.

    `format` is that of the server's own lines on stderr; 'auto' is text on a terminal, else json.
    """

    retention_days: int | None = None
    keep_texts: bool = True
    format: Literal["auto", "json", "text"] = "auto"


def serve_run(
    run: str,
    runs: Path,
    deployments: Path,
    contenders: tuple[str, ...],
    listening: Listening,
    logging: Logging,
    keys: Path,
    tell: Callable[[str], None],
) -> None:
    """Serves a run until the process is told to stop.

    Raises ConfigError for a port in use, a missing key, a bad name, origin or proxy; RunFolderError if a part of the
    run is missing or was changed; MissingExtraError without the packages of a server.
    """
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("A server", "uvicorn", "serve") from error
    from bakeoff.serve.app import application
    from bakeoff.serve.documents.opening import documents_of
    from bakeoff.serve.documents.routes import LARGER
    from bakeoff.serve.guard.body import BodyLimits
    from bakeoff.serve.guard.guarded import access_of
    from bakeoff.serve.guard.proxies import checked_proxies
    from bakeoff.serve.guard.rate import rate_of
    from bakeoff.serve.keys import KeyFile
    from bakeoff.serve.log import Log
    from bakeoff.serve.running import serve_until_stopped
    from bakeoff.serve.server_log import Background, Forwarding, ServerLog, form_for
    from bakeoff.serve.serving import Serving

    lines = Background()
    server_log = ServerLog(form_for(logging.format), lines)
    rate = rate_of(listening.per_minute)
    proxies = checked_proxies(listening.proxies)
    body = BodyLimits(larger=LARGER, question_characters=listening.most_characters)
    access = access_of(listening.host, KeyFile(keys), listening.names, listening.origins, rate, body)
    with _bound(listening) as listener:
        opened = open_run(run, runs)
        deployment = deploy(opened, deployments / opened.folder.root.name, contenders, listening.workers)
        python_logging.getLogger().addHandler(Forwarding(server_log))
        sums = sums_of(deployment)
        _check_parts(deployment, sums)
        with (
            documents_of(deployment) as documents,
            Log(deployment.log_path, logging.retention_days, logging.keep_texts) as log,
        ):
            sums = _current_sums(deployment, documents, sums)
            serving = Serving(deployment, documents, log)
            app = application(deployment, serving, documents, log, access, server_log, listening.url, sums)
            served = compared(deployment.release, sums, deployment.release.contender)
            serving.open(deployment.release.contender)  # what is said next is true from now on
            if server_log.form == "text":
                for line in _lines(deployment.release, served, listening):
                    tell(line)
            else:
                server_log.line("start", **_started(deployment.release, served, listening))
            serve_until_stopped(app, listener, listening.grace_s, server_log, lambda: serving.queue.close(0), proxies)
            lines.close()


def _current_sums(deployment: Deployment, documents: LiveDocuments, before: Sums) -> Sums:
    """The sums after the documents were opened, which brings indexes up to date with them.

    An index that differs from the measured one, though no document ever changed, is made again from the documents.
    """
    sums = sums_of(deployment) if documents.wrote_at_start else before
    release = deployment.release
    differs = [name for name in release.contenders if compared(release, sums, name).changed == ("index",)]
    if differs and sums.version == release.documents_version:
        _log.warning("The index of %s is not the one that was measured. It is made again.", ", ".join(differs))
        documents.index_again()
        sums = sums_of(deployment)
    return sums


def _started(release: Release, served: Compared, listening: Listening) -> dict[str, Any]:
    """What the first line says to a program."""
    return {
        "address": listening.address,
        "contender": release.contender,
        "contenders": list(release.contenders),
        "release": release.number,
        "measured_sha256": served.measured.sha256 if served.measured else None,
        "served_sha256": served.served.sha256,
        "same": served.same,
        "remarks": "; ".join(served.remarks),
        "verdict": release.standing.verdict,
        "bakeoff": bakeoff.__version__,
        "pid": os.getpid(),
    }


def _lines(release: Release, served: Compared, listening: Listening) -> list[str]:
    """The same for a person."""
    measured = served.measured.sha256[:SHOWN] if served.measured else "none"
    compared = "the same" if served.same else "; ".join(served.remarks)
    standing = release.standing
    tested = standing.tested.get(release.contender)
    known = [tested.sentence if tested else "", f"The verdict: {standing.verdict}" if standing.verdict else ""]
    return [
        f"Serving {release.contender}: {release.reason}.",
        *filter(None, known),
        f"SHA-256 measured {measured}, served {served.served.sha256[:SHOWN]}: {compared}.",
        f"Web page: {listening.address}/   API: {listening.address}/v1   Stop with Ctrl-C.",
    ]


def _check_parts(deployment: Deployment, sums: Sums) -> None:
    """Raises RunFolderError if what would be served is not what was measured."""
    changed = sums.refused(deployment.release)
    if changed:
        parts = "; ".join(f"{name}: {', '.join(names)}" for name, names in changed.items())
        raise BakeoffError(
            f"What {deployment.root} would serve is not what was measured. Changed since ({parts}).",
            f"restore these parts, or delete {deployment.root / 'current'} and serve the run again",
        )


def _bound(listening: Listening) -> socket.socket:
    """A socket that listens at this address. Raises ConfigError if that is not possible."""
    family = socket.AF_INET6 if ":" in listening.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((listening.host, listening.port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        taken = error.errno == errno.EADDRINUSE
        message = "is used by another program" if taken else f"cannot be used: {error.strerror}"
        raise ConfigError(
            f"The address {listening.host}:{listening.port} {message}.", "choose another one with --port or --host"
        ) from error
    return listener
