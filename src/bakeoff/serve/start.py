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
from typing import TYPE_CHECKING, Any, Literal

import bakeoff
from bakeoff.errors import ConfigError, MissingExtraError, RunFolderError
from bakeoff.files.listening import listening_socket
from bakeoff.records import Record
from bakeoff.runs.run import open_run
from bakeoff.serve.deployment import Deployment, deploy, open_deployment
from bakeoff.serve.documents.live import LiveDocuments
from bakeoff.serve.find import find_deployment
from bakeoff.serve.guard.rate import PER_MINUTE
from bakeoff.serve.releases import Release, is_deployment, read_release
from bakeoff.serve.sums import Compared, Sums, check_parts, compared, followed_in, note_followed, sums_of
from bakeoff.serve.trial import Trial

if TYPE_CHECKING:
    from bakeoff.serve.app import MoreGauges, MoreRoutes

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


class Served(Record):
    """What is served: a run by its folder or its name in `runs`, or a deployment by its folder or its name.

    `contenders` are those of the run to serve, the default one first; empty: all.
    """

    name: str
    runs: Path = Path("runs")
    deployments: Path = Path("deployments")
    contenders: tuple[str, ...] = ()


def serve_run(
    served: Served,
    listening: Listening,
    logging: Logging,
    keys: Path,
    tell: Callable[[str], None],
    trial: Trial | None = None,
    more_routes: "MoreRoutes | None" = None,
    more_gauges: "MoreGauges | None" = None,
) -> None:
    """Serves a run or a deployment until the process is told to stop.

    `trial` puts a release beside the live one. `more_routes` and `more_gauges` are those of packages above this one.
    Raises ConfigError for a port in use, a missing key, a bad name, origin or proxy; RunFolderError if a part of the
    run is missing or was changed; MissingExtraError without the packages of a server.
    """
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("A server", "uvicorn", "serve") from error
    from bakeoff.models.spending.tally import tallied
    from bakeoff.pilot.spending import prices_of
    from bakeoff.serve.app import application
    from bakeoff.serve.documents.opening import documents_of, repair_indexes
    from bakeoff.serve.documents.routes import LARGER
    from bakeoff.serve.guard.body import BodyLimits
    from bakeoff.serve.guard.guarded import access_of
    from bakeoff.serve.guard.proxies import checked_proxies
    from bakeoff.serve.guard.rate import rate_of
    from bakeoff.serve.keys import KeyFile
    from bakeoff.serve.log import Log
    from bakeoff.serve.memory import settle
    from bakeoff.serve.opened import OpenRelease
    from bakeoff.serve.running import serve_until_stopped
    from bakeoff.serve.server_log import Background, Forwarding, ServerLog, form_for
    from bakeoff.serve.swapping import LiveReleases

    lines = Background()
    server_log = ServerLog(form_for(logging.format), lines)
    rate = rate_of(listening.per_minute)
    proxies = checked_proxies(listening.proxies)
    body = BodyLimits(larger=LARGER, question_characters=listening.most_characters)
    access = access_of(listening.host, KeyFile(keys), listening.names, listening.origins, rate, body)
    with _bound(listening) as listener:
        python_logging.getLogger().addHandler(Forwarding(server_log))
        deployment = _deployment(served, listening.workers)
        _check_candidate(deployment, trial)
        repair_indexes(deployment)
        sums = sums_of(deployment)
        check_parts(deployment, sums)
        with (
            tallied(prices_of(deployment.config.profile), deployment.spending_path),
            documents_of(deployment) as documents,
            Log(deployment.log_path, logging.retention_days, logging.keep_texts) as log,
        ):
            sums = _current_sums(deployment, documents, sums)
            live = OpenRelease(deployment, documents, log, sums)
            live.get_ready()  # what is said next is true from now on
            settle()
            with LiveReleases(live, documents, log, trial, server_log.line) as releases:
                app = application(releases, documents, log, access, server_log, listening.url, more_routes, more_gauges)
                same = compared(deployment.release, sums, deployment.release.contender)
                if server_log.form == "text":
                    for line in _lines(deployment.release, same, listening):
                        tell(line)
                else:
                    server_log.line("start", **_started(deployment.release, same, listening))
                serve_until_stopped(app, listener, listening.grace_s, server_log, releases.refuse, proxies)
            lines.close()


def _deployment(served: Served, workers: int | None) -> Deployment:
    """The deployment of a run, or one that exists without its run. Raises RunFolderError if it is neither."""
    if not is_deployment(Path(served.name)):
        try:
            run = open_run(served.name, served.runs)
        except RunFolderError:
            if not is_deployment(served.deployments / served.name):
                raise
        else:
            return deploy(run, served.deployments / run.folder.root.name, served.contenders, workers)
    root = find_deployment(served.name, served.deployments)
    if served.contenders:
        raise ConfigError(
            f"{root} is a deployment without its run: it serves the contenders of its release.",
            "leave --contender out, or name the run",
        )
    return open_deployment(root, workers)


def _check_candidate(deployment: Deployment, trial: Trial | None) -> None:
    """Raises RunFolderError if there is no such release, ConfigError if it is the live one."""
    if trial is not None and trial.candidate is not None:
        read_release(deployment.root, trial.candidate)
        if trial.candidate == deployment.release.number:
            raise ConfigError(
                f"Release {trial.candidate} is live already, so it cannot be a candidate.",
                f"see the others with: bakeoff releases {deployment.root}",
            )


def _current_sums(deployment: Deployment, documents: LiveDocuments, before: Sums) -> Sums:
    """The sums after the documents were opened, which brings indexes up to date with them.

    An index that differs from the measured one, though no document ever changed, is made again from the documents;
    unless a server has served this very index.
    """
    sums = sums_of(deployment) if documents.wrote_at_start else before
    release = deployment.release
    differs = [name for name in release.contenders if compared(release, sums, name).changed == ("index",)]
    followed = followed_in(deployment.root)
    is_known = followed.version == sums.version and all(
        one.index in ("", *followed.indexes)
        for name in differs
        for one in (sums.identities[name], *sums.identities[name].behind)
    )
    if differs and sums.version == release.documents_version and not is_known:
        _log.warning("The index of %s is not the one that was measured. It is made again.", ", ".join(differs))
        documents.index_again()
        sums = sums_of(deployment)
    note_followed(deployment.root, sums)
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


def _bound(listening: Listening) -> socket.socket:
    """A socket that listens at this address. Raises ConfigError if that is not possible."""
    try:
        return listening_socket(listening.host, listening.port, 512)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        message = "is used by another program" if taken else f"cannot be used: {error.strerror}"
        raise ConfigError(
            f"The address {listening.host}:{listening.port} {message}.", "choose another one with --port or --host"
        ) from error
