"""The review page without a server of the deployment: its routes, and the documents that it links to.

Takes a `Reviewing`. Gives an application without guards.
"""

from pathlib import Path

from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bakeoff.learn.review.page.routes import ReviewPage
from bakeoff.learn.review.reviewing import Reviewing
from bakeoff.serve.documents.layout import lines_of, span_in
from bakeoff.serve.documents.page import document_page
from bakeoff.serve.documents.views import Views
from bakeoff.serve.guard.asgi import App
from bakeoff.serve.guard.bearer import EVERYONE
from bakeoff.serve.openai.routes import exception_handlers
from bakeoff.serve.web.routes import web_routes


def local_application(reviewing: Reviewing, name: str) -> App:
    """The application. `name` is the deployment's."""
    page = ReviewPage()
    page.reviews_with(reviewing)
    views = Views(reviewing.store)

    async def document(request: Request) -> Response:
        """A document as of a version, the passage marked: as a page, or with `form=lines` for the panel."""
        version = _number(request, "version")
        shown = await to_thread.run_sync(views.as_of, request.path_params["id"], None, version)
        if shown is None:
            raise HTTPException(404)
        span = span_in(shown.text, _number(request, "start"), _number(request, "end"))
        if request.query_params.get("form") != "lines":
            return HTMLResponse(await to_thread.run_sync(document_page, shown, span))
        about = shown.model_dump(mode="json", include={"id", "title", "source", "state"})
        return JSONResponse({**about, "lines": await to_thread.run_sync(lines_of, shown.text, span)})

    async def home(request: Request) -> Response:
        return RedirectResponse("/review")

    files = [route for route in web_routes(lambda request: EVERYONE) if route.path == "/web/{name}"]
    routes = [
        Route("/", home, methods=["GET"]),
        *files,
        *page.routes(Path(name), None, lambda request: EVERYONE),
        Route("/documents/{id:path}", document, methods=["GET"]),
    ]
    return Starlette(routes=routes, exception_handlers=exception_handlers())


def _number(request: Request, name: str) -> int | None:
    given = request.query_params.get(name, "")
    return int(given) if given.isdecimal() and len(given) < 16 else None
