"""Runs an application on a socket until it is told to stop.

Takes an ASGI application and a socket that listens. Knows no routes. Importing this loads uvicorn.

After SIGTERM or Ctrl-C the port is closed, so new connections are refused, questions that wait for their turn get 503,
and kept connections are closed after the response in progress. Answers may take `grace_s` more; then they are cut off.
If even that does not end them (an engine or a remote server that does not return), the process ends after LAST_S more.
The exit code is 0: it was asked to stop. A second signal ends it at once, unless it comes within SAME_S: some programs
(`timeout`, shells in a terminal) signal a process and its group.
"""

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType

import uvicorn
from anyio import to_thread

from bakeoff.serve.guard.asgi import App
from bakeoff.serve.guard.connections import ConnectionLimits, Refused, connection_class, ignored
from bakeoff.serve.server_log import ServerLog

LAST_S = 5.0
"""Seconds from the end of the grace until the process ends in any case."""
SAME_S = 1.0
GAVE_UP = 70
"""The exit code if it does. Source: sysexits.h, EX_SOFTWARE."""


def serve_until_stopped(
    app: App,
    listener: socket.socket,
    grace_s: float,
    server_log: ServerLog,
    refuse: Callable[[], object],
    proxies: Sequence[str] = (),
) -> None:
    """Serves until a signal came and the answers in progress have ended. `refuse` makes the application refuse more.

    Only these `proxies` are believed about the addresses of clients (`X-Forwarded-For`, `X-Forwarded-Proto`).
    """

    def refused(status: int, reason: str, request_id: str) -> None:
        server_log.line("not a request", "warning", request_id=request_id, status=status, reason=reason)

    config = server_config(app, proxies, refused)
    begun = time.monotonic()
    server = StoppableServer(
        config,
        grace_s,
        stopping=lambda name: server_log.line("stopping", signal=name, grace_s=grace_s),
        refuse=refuse,
        giving_up=lambda: server_log.line("stopped", "error", message="An answer did not end; the process does."),
    )
    server.run(sockets=[listener])
    server_log.line("stopped", up_s=round(time.monotonic() - begun, 1))


def server_config(app: App, proxies: Sequence[str] = (), refused: Refused = ignored) -> uvicorn.Config:
    """uvicorn's settings. Without proxies nobody is believed, whatever uvicorn's variables in the environment say."""
    return uvicorn.Config(
        app,
        http=connection_class(ConnectionLimits(), refused),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
    )


class StoppableServer(uvicorn.Server):
    """`stopping` is called with the name of the signal, in its handler; `giving_up` before the process ends by force.

    `refuse` is called in a thread when the port is about to be closed.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        grace_s: float,
        stopping: Callable[[str], None],
        refuse: Callable[[], object],
        giving_up: Callable[[], None],
    ) -> None:
        config.timeout_graceful_shutdown = grace_s  # type: ignore[assignment]  # uvicorn gives it to wait_for
        super().__init__(config)
        self._grace_s = grace_s
        self._told = 0.0
        self._stopping = stopping
        self._refuse = refuse
        self._giving_up = giving_up

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The handler of SIGTERM and SIGINT. uvicorn's own would raise the signal again after the last answer."""
        if self.should_exit:
            if time.monotonic() - self._told > SAME_S:
                os._exit(128 + sig)  # the log is a database with a journal: nothing half written stays
            return
        self.should_exit, self._told = True, time.monotonic()
        last = threading.Timer(self._grace_s + LAST_S, self._give_up)
        last.daemon = True
        last.start()
        self._stopping(signal.Signals(sig).name)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """uvicorn's own, which cancels answers after the grace; then it waits until their threads have noticed."""
        await to_thread.run_sync(self._refuse)
        await super().shutdown(sockets)
        if self.server_state.tasks:
            await asyncio.wait(list(self.server_state.tasks))

    def _give_up(self) -> None:
        self._giving_up()
        os._exit(GAVE_UP)
