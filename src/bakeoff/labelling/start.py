"""Starts the labelling page on this machine, and judges the run again when labelling has ended.

Takes what the command line says; returns when the page was finished or the process told to stop. Only 127.0.0.1 can
reach the page, and only pages of its own origin may use it.
"""

import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from bakeoff.errors import ConfigError, MissingExtraError
from bakeoff.files.listening import listening_socket
from bakeoff.labelling.judged import JudgedAgain, judge_again
from bakeoff.labelling.labelling import Labelling
from bakeoff.runs.folder import RunFolder

if TYPE_CHECKING:
    import uvicorn

    from bakeoff.serve.guard.asgi import App

HOST = "127.0.0.1"
PORTS = range(8100, 8120)
"""Tried in this order if no port is named: two labellers of one machine each have a page."""
GRACE_S = 2


def label_on_page(
    folder: RunFolder, labeller: str, port: int | None, judges: bool, tell: Callable[[str], None]
) -> JudgedAgain | None:
    """Serves the page until it is finished. Returns the new verdict if the run was judged after that.

    Raises MissingExtraError without the packages of a server, ConfigError for a port in use, and the errors of
    `Labelling` and `judge_again`.
    """
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("The labelling page", "uvicorn", "serve") from error
    labelling = Labelling(folder, labeller)
    with port_listener(PORTS if port is None else (port,)) as listener:
        progress = labelling.progress()
        tell(
            f"Labelling {folder.root.name} as {labelling.labeller}: {progress.mine} of {progress.total} answers so far."
        )
        tell(f"Page: http://{HOST}:{listener.getsockname()[1]}/   Stop with Ctrl-C; every label is kept.")
        judged = _serve(labelling, judges, listener)
    if not judges or not is_waiting(folder):
        return judged
    tell("Judging the run with the labels …")
    return judge_again(folder)


def is_waiting(folder: RunFolder) -> bool:
    """Whether there are labels that came after the last verdict."""
    labels, verdict = folder.labels_path, folder.verdict_path
    return labels.exists() and (not verdict.exists() or verdict.stat().st_mtime_ns < labels.stat().st_mtime_ns)


def guarded_page(labelling: Labelling, judges: bool, stop: Callable[[JudgedAgain | None], None]) -> "App":
    """The page behind the guards of `bakeoff serve`: host, origin, body, security headers. Nobody needs a key."""
    from bakeoff.labelling.page.routes import LabelPage
    from bakeoff.serve.guard.guarded import access_of, guarded
    from bakeoff.serve.keys import KeyFile

    return guarded(LabelPage(labelling, judges, stop).application(), access_of(HOST, KeyFile(Path(os.devnull))))


def _serve(labelling: Labelling, judges: bool, listener: socket.socket) -> JudgedAgain | None:
    """Until the page is finished, or Ctrl-C or SIGTERM; what is being written then is written.

    Returns the new verdict if the page has asked for it.
    """
    results: list[JudgedAgain] = []

    def stop(judged: JudgedAgain | None) -> None:
        results.extend([judged] if judged else [])
        server.should_exit = True

    server = page_server(guarded_page(labelling, judges, stop))
    server.run(sockets=[listener])
    return results[-1] if results else None


def page_server(app: "App") -> "uvicorn.Server":
    """A server for a page, which ends at Ctrl-C or SIGTERM without raising the signal again."""
    import uvicorn

    from bakeoff.serve.running import server_config

    class PageServer(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            """uvicorn's own would raise the signal again at the end, before the run is judged."""
            self.should_exit = True

    config = server_config(app)
    config.timeout_graceful_shutdown = GRACE_S
    return PageServer(config)


def port_listener(ports: Sequence[int]) -> socket.socket:
    """A socket on the first of these ports that is free."""
    for port in ports:
        try:
            return listening_socket(HOST, port, 64)
        except OSError as error:
            reason = error.strerror
    tried = str(ports[0]) if len(ports) == 1 else f"{ports[0]} to {ports[-1]}"
    raise ConfigError(f"No page can be opened at {HOST}, port {tried}: {reason}.", "choose another one with --port")
