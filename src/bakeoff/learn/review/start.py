"""Starts the review page on this machine, without a server of the deployment.

Takes what the command line says; returns when the process is told to stop. Only 127.0.0.1 can reach the page, and only
pages of its own origin may use it. The live log and documents of the deployment are read; a server may be running.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from bakeoff.errors import MissingExtraError
from bakeoff.labelling.start import HOST, PORTS, page_server, port_listener
from bakeoff.learn.review.reviewing import Reviewing
from bakeoff.sentences import counted

if TYPE_CHECKING:
    from bakeoff.serve.guard.asgi import App


def review_on_page(reviewing: Reviewing, name: str, port: int | None, tell: Callable[[str], None]) -> None:
    """Serves the page until Ctrl-C. `name` is the deployment's.

    Raises MissingExtraError without the packages of a server, ConfigError for a port in use, InputError if the log
    holds no texts.
    """
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("The review page", "uvicorn", "serve") from error
    reviewing.check_texts()
    with port_listener(PORTS if port is None else (port,)) as listener:
        tell(f"Reviewing {name} as {reviewing.reviewer}: {counted(len(reviewing.queue.open()), 'answer')} to look at.")
        tell(f"Page: http://{HOST}:{listener.getsockname()[1]}/review   Stop with Ctrl-C; every review is kept.")
        page_server(guarded_page(reviewing, name)).run(sockets=[listener])


def guarded_page(reviewing: Reviewing, name: str) -> "App":
    """The page behind the guards of `bakeoff serve`. Nobody needs a key."""
    import os
    from pathlib import Path

    from bakeoff.learn.review.page.local import local_application
    from bakeoff.serve.guard.guarded import access_of, guarded
    from bakeoff.serve.keys import KeyFile

    return guarded(local_application(reviewing, name), access_of(HOST, KeyFile(Path(os.devnull))))
