"""The application of a server: every route of a deployment behind its guards.

Takes a deployment and what is allowed, gives an ASGI application. At its start it opens the default contender. The
code that opened the log closes it, after the last answer.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import BaseRoute

from bakeoff.serve.deployment import Deployment
from bakeoff.serve.documents.live import LiveDocuments
from bakeoff.serve.documents.routes import DocumentsApi
from bakeoff.serve.feedback import FeedbackApi
from bakeoff.serve.guard.asgi import App
from bakeoff.serve.guard.bearer import holder_of
from bakeoff.serve.guard.guarded import Access, guarded
from bakeoff.serve.health import Health
from bakeoff.serve.keys import Holder
from bakeoff.serve.links import Links
from bakeoff.serve.log import Log
from bakeoff.serve.metrics import Gauge, Metrics
from bakeoff.serve.openai.routes import OpenAiApi, exception_handlers
from bakeoff.serve.openapi import OpenApi
from bakeoff.serve.request_log import RequestLog
from bakeoff.serve.server_log import ServerLog
from bakeoff.serve.serving import Serving
from bakeoff.serve.sums import Sums
from bakeoff.serve.web.routes import web_routes


def application(
    deployment: Deployment,
    serving: Serving,
    documents: LiveDocuments,
    log: Log,
    access: Access,
    server_log: ServerLog,
    public_url: str | None = None,
    sums: Sums | None = None,
) -> App:
    """The application. `public_url` is the server's address in citations; None takes it from each request.

    `sums` are those of what is served now; without them the first request for /health makes them.
    """
    metrics = Metrics(_gauges(deployment, log, serving))

    def links(request: Request) -> Links:
        return Links(public_url or str(request.base_url).rstrip("/"), access.keys, _holder(request).name)

    api = OpenAiApi(serving, _holder, links, metrics, access.body.question_characters)
    routes: list[BaseRoute] = [
        *web_routes(_holder, log.keep_texts),
        *api.routes(),
        *DocumentsApi(documents, _holder).routes(),
        *FeedbackApi(log, documents, _holder, links).routes(),
        Health(deployment, log, sums, lambda: serving.opened).route(),
        metrics.route(_holder),
    ]
    routes.append(OpenApi(routes, serving).route())
    app = Starlette(routes=routes, exception_handlers=exception_handlers(), lifespan=_lifespan(serving))
    return guarded(app, access, lambda inner: RequestLog(inner, server_log, metrics.requested))


def _holder(request: Request) -> Holder:
    return holder_of(request.scope)


def _gauges(deployment: Deployment, log: Log, serving: Serving) -> list[Gauge]:
    """What the metrics read of the documents and of the log."""
    store, queue = deployment.world.store, lambda: serving.queue.counts()
    return [
        _gauge("bakeoff_answers_running", "Questions that are being answered.", lambda: queue().running),
        _gauge("bakeoff_answers_waiting", "Questions that wait for their turn.", lambda: queue().waiting),
        _gauge("bakeoff_documents_version", "The version of the documents.", lambda: store.version),
        _gauge("bakeoff_log_backlog", "Entries that wait to be written to the log.", lambda: log.backlog),
        _gauge("bakeoff_log_failing", "1 while the log cannot be written.", lambda: bool(log.problem)),
        _gauge("bakeoff_log_lost", "Answers that were not logged.", lambda: serving.n_unlogged),
    ]


def _gauge(name: str, help: str, read: Callable[[], float]) -> Gauge:
    return Gauge(name=name, help=help, read=read)


def _lifespan(serving: Serving) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await to_thread.run_sync(serving.open, serving.models[0])
        yield

    return lifespan
