"""The routes of the web page: the page itself, its files, and what the key of a request may do.

Takes the files beside this module, gives routes. The page holds no data and needs no key; what it shows it asks for
with the user's key. Knows nothing about answers.
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bakeoff.serve.guard import bearer
from bakeoff.serve.keys import Holder

FOLDER = Path(__file__).parent
MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
HEADERS = {"Cache-Control": "no-cache", "X-DNS-Prefetch-Control": "off"}
"""Browsers ask each time whether a file changed, and look up no name of a link before it is followed."""


class PageFile:
    """One file of the page, kept in memory with its hash as ETag."""

    def __init__(self, path: Path) -> None:
        self._content = path.read_bytes()
        self._etag = f'"{hashlib.sha256(self._content).hexdigest()[:32]}"'
        self._media_type = MEDIA_TYPES[path.suffix]

    def reply(self, request: Request) -> Response:
        """The file, or 304 if the browser has it."""
        headers = {**HEADERS, "ETag": self._etag}
        known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
        if self._etag in known:
            return Response(status_code=304, headers=headers)
        return Response(self._content, headers=headers, media_type=self._media_type)


def web_routes(
    holder_of: Callable[[Request], Holder] | None = None, keeps_texts: bool = True, pages: Sequence[str] = ()
) -> list[Route]:
    """`/`, `/web/<file>` and `/access`. `holder_of` says who sent a request; by default, whom the guard recognised.

    `keeps_texts`: whether the log keeps questions, answers and right answers. `pages` are other pages of the server,
    for those who oversee.
    """
    files = {path.name: PageFile(path) for path in FOLDER.iterdir() if path.suffix in MEDIA_TYPES}
    who = holder_of or (lambda request: bearer.holder_of(request.scope))

    async def page(request: Request) -> Response:
        return files["index.html"].reply(request)

    async def file(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in files:
            raise HTTPException(404)
        return files[name].reply(request)

    async def access(request: Request) -> Response:
        """The page asks this first: it shows whether a key is needed, and what the page can do with it."""
        holder = who(request)
        rights = {
            "oversees": holder.oversees,
            "keeps_texts": keeps_texts,
            "pages": list(pages) if holder.oversees else [],
        }
        return JSONResponse({**holder.model_dump(mode="json", exclude={"id"}), **rights})

    return [
        Route("/", page, methods=["GET"]),
        Route("/web/{name}", file, methods=["GET"]),
        Route("/access", access, methods=["GET"]),
    ]
