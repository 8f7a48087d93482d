"""The application of a server: every route of a deployment behind its guards.

Takes a deployment and what is allowed, gives an ASGI application. At its start it brings the indexes up to date with
the documents and opens the default contender; at its end it writes what waits for the log.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import BaseRoute

from bakeoff.serve.deployment import Deployment
from bakeoff.serve.feedback import FeedbackApi
from bakeoff.serve.guard.asgi import App
from bakeoff.serve.guard.bearer import holder_of
from bakeoff.serve.guard.guarded import Access, guarded
from bakeoff.serve.health import Health
from bakeoff.serve.keys import Holder
from bakeoff.serve.log import Log
from bakeoff.serve.openai.routes import OpenAiApi, exception_handlers
from bakeoff.serve.serving import Serving
from bakeoff.serve.web.routes import web_routes

GRACE_S = 20.0
"""Answers in progress may take this long after the server was told to stop."""


def application(deployment: Deployment, log: Log, access: Access, public_url: str | None = None) -> App:
    """The application. `public_url` is the server's address in citations; None takes it from each request."""
    serving = Serving(deployment, log)
    api = OpenAiApi(serving, _holder, public_url)
    routes: list[BaseRoute] = [
        *web_routes(),
        *api.routes(),
        *FeedbackApi(log).routes(),
        Health(deployment).route(),
    ]
    app = Starlette(routes=routes, exception_handlers=exception_handlers(), lifespan=_lifespan(serving, log))
    return guarded(app, access)


def _holder(request: Request) -> Holder:
    return holder_of(request.scope)


def _lifespan(serving: Serving, log: Log) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await to_thread.run_sync(serving.open, serving.models[0])
        try:
            yield
        finally:
            await to_thread.run_sync(serving.queue.close, GRACE_S)
            await to_thread.run_sync(log.close)

    return lifespan
