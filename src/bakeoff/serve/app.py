"""The application of a server: every route of a deployment behind its guards.

Takes the releases that answer and what is allowed, gives an ASGI application. At its start it opens the default
contender. The code that opened the log closes it, after the last answer.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from bakeoff.models.spending.ledger import ledger
from bakeoff.models.spending.rows import Spent
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
from bakeoff.serve.swapping import LiveReleases
from bakeoff.serve.web.routes import web_routes

HolderOf = Callable[[Request], Holder]
MoreRoutes = Callable[[Path, Log, HolderOf], Sequence[BaseRoute]]
"""Takes the deployment's folder, its log and who asks; gives routes of a package above this one."""
MoreGauges = Callable[[Path, Log], Sequence[Gauge]]
"""Takes the deployment's folder and its log; gives gauges of a package above this one."""


def application(
    releases: LiveReleases,
    documents: LiveDocuments,
    log: Log,
    access: Access,
    server_log: ServerLog,
    public_url: str | None = None,
    more_routes: MoreRoutes | None = None,
    more_gauges: MoreGauges | None = None,
) -> App:
    """The application. `public_url` is the server's address in citations; None takes it from each request.

    `more_routes` and `more_gauges` are those of packages above this one; like all others, such routes are described in
    `operations.py`.
    """
    root = releases.live.deployment.root
    metrics = Metrics([*_gauges(documents, log, releases), *(more_gauges(root, log) if more_gauges else ())])

    def links(request: Request) -> Links:
        return Links(public_url or str(request.base_url).rstrip("/"), access.keys, _holder(request).name)

    api = OpenAiApi(releases, _holder, links, metrics, access.body.question_characters)
    more = more_routes(root, log, _holder) if more_routes else ()
    pages = [route.path for route in more if isinstance(route, Route) and route.path.count("/") == 1]
    routes: list[BaseRoute] = [
        *web_routes(_holder, log.keep_texts, pages),
        *api.routes(),
        *DocumentsApi(documents, _holder).routes(),
        *FeedbackApi(log, documents, _holder, links).routes(),
        Health(lambda: releases.live, log, releases.state).route(),
        metrics.route(_holder),
        *more,
    ]
    routes.append(OpenApi(routes, releases).route())
    app = Starlette(routes=routes, exception_handlers=exception_handlers(), lifespan=_lifespan(releases))
    return guarded(app, access, lambda inner: RequestLog(inner, server_log, metrics.requested))


def _holder(request: Request) -> Holder:
    return holder_of(request.scope)


def _gauges(documents: LiveDocuments, log: Log, releases: LiveReleases) -> list[Gauge]:
    """What the metrics read of releases, the documents and the log."""
    counts = releases.n_running_and_waiting
    return [
        _gauge("bakeoff_paid_calls", "Calls of paid models, of earlier processes too.", lambda: _spent().calls),
        _gauge("bakeoff_paid_usd", "US dollars for them, as far as prices are known.", lambda: _spent().usd),
        _gauge("bakeoff_answers_running", "Questions that are being answered.", lambda: counts()[0]),
        _gauge("bakeoff_answers_waiting", "Questions that wait for their turn.", lambda: counts()[1]),
        _gauge("bakeoff_release", "The number of the release that answers.", lambda: releases.live.number),
        _gauge("bakeoff_release_failing", "1 while the live release cannot be opened.", lambda: bool(releases.problem)),
        _gauge("bakeoff_documents_version", "The version of the documents.", lambda: documents.store.version),
        _gauge("bakeoff_log_backlog", "Entries that wait to be written to the log.", lambda: log.backlog),
        _gauge("bakeoff_log_failing", "1 while the log cannot be written.", lambda: bool(log.problem)),
        _gauge("bakeoff_log_lost", "Answers that were not logged.", lambda: releases.n_unlogged),
    ]


def _spent() -> Spent:
    """What this deployment has spent on paid models."""
    current = ledger()
    return current.spending().total if current else Spent()


def _gauge(name: str, help: str, read: Callable[[], float]) -> Gauge:
    return Gauge(name=name, help=help, read=read)


def _lifespan(releases: LiveReleases) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await to_thread.run_sync(releases.live.get_ready)
        yield

    return lifespan
