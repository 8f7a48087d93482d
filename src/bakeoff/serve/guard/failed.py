"""Answers with an error object where the application failed, or was cut off, before it began its response.

Takes an ASGI application. The error goes on to the HTTP server, which writes it to the server's log.
"""

import asyncio

from bakeoff.serve.guard.asgi import CLOSE, App, Event, Receive, Scope, Send, refuse
from bakeoff.serve.guard.request_id import request_id_of


class Failures:
    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_begun = False

        async def sending(event: Event) -> None:
            nonlocal is_begun
            is_begun = True
            await send(event)

        try:
            await self._app(scope, receive, sending)
        except asyncio.CancelledError:
            if not is_begun:
                await refuse(send, 503, "The server is stopping.", "stopping", [CLOSE])
            raise
        except Exception:
            if not is_begun:
                await refuse(send, 500, failed_message(request_id_of(scope)), None, [CLOSE])
            raise


def failed_message(request_id: str) -> str:
    """What a client is told of an error of the server's own."""
    about = f", under the request's id {request_id}" if request_id else ""
    return f"The server failed; its log says why{about}."
