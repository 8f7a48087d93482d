"""The routes of the labelling page: its files, the next answers, labels, documents, and the end of labelling.

Takes a `Labelling`. Gives routes that speak JSON. Neither the contender nor the rules' grade of an answer leaves here.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from anyio import to_thread
from pydantic import ConfigDict
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from bakeoff.errors import BakeoffError, InputError
from bakeoff.labelling.judged import JudgedAgain, judge_again
from bakeoff.labelling.labelling import Labelling
from bakeoff.labelling.outlook import outlook
from bakeoff.labelling.passages import passages_of
from bakeoff.measure.labels import Label, LabelVerdict
from bakeoff.records import Document
from bakeoff.runs.commands import run_command
from bakeoff.runs.documents import run_store
from bakeoff.serve.documents.layout import lines_of, span_in
from bakeoff.serve.documents.page import document_page
from bakeoff.serve.documents.views import Shown
from bakeoff.serve.guard.asgi import App
from bakeoff.serve.openai.body import json_body
from bakeoff.serve.openai.requests import Sent, parse
from bakeoff.serve.openai.routes import exception_handlers
from bakeoff.serve.web import routes as web

N_AHEAD = 20
"""Ids of the next answers that the page knows."""
SHARED = ("style.css", "page.css", "icon.svg", "announce.js", "api.js", "document_text.js", "dom.js", "format.js",
          "key.js", "passage_dialog.js", "problem.js", "sources.js")  # fmt: skip
"""What the page uses of the web page of `bakeoff serve`."""


class SentLabel(Sent):
    """One verdict, as the page sends it. `seconds` is how long the answer was in view."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: str
    verdict: LabelVerdict
    note: str = ""
    seconds: float | None = None


class LabelPage:
    """`judges`: whether finishing compares and judges the run again. `stop` is called with the result after that."""

    def __init__(self, labelling: Labelling, judges: bool, stop: Callable[[JudgedAgain | None], None]) -> None:
        self._labelling = labelling
        self._judges = judges
        self._stop = stop
        self._store = run_store(labelling.folder)
        folder = Path(__file__).parent
        paths = [*(web.FOLDER / name for name in SHARED), *folder.iterdir()]
        self._files = {path.name: web.PageFile(path) for path in paths if path.suffix in web.MEDIA_TYPES}

    def application(self) -> App:
        """The page without guards."""
        routes = [
            Route("/", self.page, methods=["GET"]),
            Route("/web/{name}", self.file, methods=["GET"]),
            Route("/state", self.state, methods=["GET"]),
            Route("/answers/{id}", self.answer, methods=["GET"]),
            Route("/labels", self.label, methods=["POST"]),
            Route("/outlook", self.outlook, methods=["GET"]),
            Route("/documents/{id:path}", self.document, methods=["GET"]),
            Route("/finish", self.finish, methods=["POST"]),
        ]
        return Starlette(routes=routes, exception_handlers={**exception_handlers(), BakeoffError: _on_error})

    async def page(self, request: Request) -> Response:
        return self._files["index.html"].reply(request)

    async def file(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._files:
            raise HTTPException(404)
        return self._files[name].reply(request)

    async def state(self, request: Request) -> Response:
        return JSONResponse(await to_thread.run_sync(self._state))

    async def answer(self, request: Request) -> Response:
        """One answer with its question and sources. With `others`, also what other labellers say about it."""
        others = request.query_params.get("others") == "yes"
        return JSONResponse(await to_thread.run_sync(self._answer, request.path_params["id"], others))

    async def label(self, request: Request) -> Response:
        """Writes a verdict. The reply comes when it is on the disk."""
        sent = parse(SentLabel, await json_body(request))
        await to_thread.run_sync(self._add, sent)
        return JSONResponse(await to_thread.run_sync(self._state))

    async def outlook(self, request: Request) -> Response:
        """What the labels do to the closest contrasts, and what more of them would."""
        return JSONResponse({"sentences": await to_thread.run_sync(outlook, self._labelling)})

    async def document(self, request: Request) -> Response:
        """A whole document, the evidence marked: as a page, or with `form=lines` for the panel."""
        document = await to_thread.run_sync(self._store.get, request.path_params["id"])
        if document is None:
            raise HTTPException(404)
        span = span_in(document.text, *(_number(request, name) for name in ("start", "end")))
        if request.query_params.get("form") != "lines":
            return HTMLResponse(await to_thread.run_sync(document_page, _shown(document), span))
        about = {"id": document.id, "title": document.title, "source": document.source, "state": "current"}
        return JSONResponse({**about, "lines": await to_thread.run_sync(lines_of, document.text, span)})

    async def finish(self, request: Request) -> Response:
        """Judges the run again, and ends the page's server after the reply."""
        await json_body(request)
        judged: JudgedAgain | None = None
        if self._judges and self._labelling.labels():
            judged = await to_thread.run_sync(judge_again, self._labelling.folder)
        root = self._labelling.folder.root
        content = {"judged": judged.model_dump() if judged else None, "again": run_command("report", root)}
        return JSONResponse(content, background=BackgroundTask(self._stop, judged))

    def _state(self) -> dict[str, Any]:
        labelling = self._labelling
        return {
            "run": labelling.folder.root.name,
            "labeller": labelling.labeller,
            "judges": self._judges,
            "progress": labelling.progress()._asdict(),
            "pending": labelling.pending(N_AHEAD),
            "done": labelling.done(),
            "disputed": labelling.disputed(),
        }

    def _answer(self, id: str, others: bool) -> dict[str, Any]:
        graded, mine = self._labelling.graded(id), self._labelling.mine(id)
        said = self._labelling.of_others(id) if others else []
        return {
            "id": id,
            "question": graded.question.text,
            "answers": graded.question.answers,
            "answer": graded.unit.text,
            "passages": [passage._asdict() for passage in passages_of(graded.question, self._store)],
            "label": _said(mine) if mine else None,
            "others": [{"labeller": label.labeller, **_said(label)} for label in said],
        }

    def _add(self, sent: SentLabel) -> None:
        self._labelling.add(self._labelling.label(sent.id, sent.verdict, sent.note, sent.seconds))


def _said(label: Label) -> dict[str, str]:
    return {"verdict": label.verdict, "note": label.note}


def _number(request: Request, name: str) -> int | None:
    given = request.query_params.get(name, "")
    return int(given) if given.isdecimal() and len(given) < 16 else None


def _shown(document: Document) -> Shown:
    return Shown(
        **document.model_dump(include={"id", "title", "source", "text"}),
        updated_at=document.updated_at or datetime.now(UTC),
        version=1,
        labels=document.access,
        state="current",
    )


async def _on_error(request: Request, error: Exception) -> Response:
    """What a person can act on, in its own words: the page is on the machine of the one who started it."""
    status = 404 if isinstance(error, InputError) and request.method == "GET" else 409
    return JSONResponse({"error": {"message": str(error).replace("\n  -> ", " What to do: ")}}, status)
