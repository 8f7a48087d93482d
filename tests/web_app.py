"""A whole server for tests of the web page: scripted contenders and documents in memory, behind the real guards.

The page, the chat API, the feedback API and the log are the real ones. No model.
"""

import contextlib
import hashlib
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from bakeoff.records import Answer, Chunk, Hit, Labels, Usage
from bakeoff.serve.answering import Asked, RefusedError
from bakeoff.serve.documents.layout import lines_of, span_in
from bakeoff.serve.documents.page import document_page
from bakeoff.serve.documents.views import Shown
from bakeoff.serve.feedback import FeedbackApi
from bakeoff.serve.guard.bearer import holder_of
from bakeoff.serve.guard.guarded import access_of, guarded
from bakeoff.serve.keys import KeyFile
from bakeoff.serve.links import Links
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import logged_answer
from bakeoff.serve.openai.errors import ApiError
from bakeoff.serve.openai.routes import OpenAiApi, exception_handlers
from bakeoff.serve.web.routes import web_routes

RETURNS = (
    "Returns and refunds 🫖\n\n"
    + "A kettle is a simple thing, and it should stay that way. " * 12
    + "\n\nKettles may be returned within 30 days of delivery, if they are complete. Refunds take five days.\n\n"
    + "Spare parts can be ordered for ten years. " * 12
)
CARE = """# Care of the kettle

Descale it once a month with one part vinegar to three parts water. Do **not** immerse the base.

## How often

| Water | Descale it | Filter |
| --- | --- | --- |
| soft | every 8 weeks | `K-1` |
| hard | every 4 weeks | `K-2` |

1. Fill it and wait.
2. Rinse it twice.
  - with cold water

```
never --immerse
```
"""
SPANS = {"shop/returns": "Kettles may be returned within 30 days of delivery", "care": "Descale it once a month"}
TITLES = {"shop/returns": "Returns and refunds", "care": "Care of the kettle"}

PLAIN = "A kettle may be returned within **30 days** of delivery, if it is clean and complete. [1]"
RICH = """## In short
A kettle lasts longer if you descale it *once a month* [2]. Use `1:3` vinegar and water:

1. Fill it, wait for ten minutes
2. Rinse it twice
   - with cold water
   - and with warm

| Water | Interval |
|:------|---------:|
| soft  | 8 weeks  |
| hard  | 4 weeks  |

```text
base: never immerse
```

> It should stay simple. [1]

More at [the maker's site](https://kettles.example/care)."""
HOSTILE = """<img src=x onerror="window.hacked=1"> <script>window.hacked=1</script> </script>

![tracking pixel](http://evil.example/x.png) and [a trap](javascript:window.hacked=1) or
<a href="javascript:alert(1)">this</a>

[data](data:text/html,<script>window.hacked=1</script>) [file](file:///etc/passwd) [relative](/log/export?form=csv)
[your bank](https://evil.example/login)

<iframe src="http://evil.example"></iframe> <style>body{display:none}</style> [1]"""


VERDICT = "Build on rag, but do not ship it yet: it has the highest accuracy, but misses a goal."
TESTED: dict[str, dict[str, float | None]] = {
    "rag": {"n_questions": 217, "right": 0.525, "wrong": 0.364, "declined": 0.111},
    "hybrid": {"n_questions": 217, "right": 0.4, "wrong": None, "declined": None},
}


class Scripted:
    """Contenders that answer by the words of the question, and write what they answered to the log."""

    models = ("rag", "hybrid", "extract")
    created = 1_700_000_000
    embedder = None
    rewriter = None

    def __init__(self, log: Log, pace_s: float = 0.0) -> None:
        self.log = log
        self.pace_s = pace_s
        self.asked: list[Asked] = []
        self.go_on = threading.Event()
        self.stopped = threading.Event()
        self.n_full = 0

    def may_answer(self, model: str, labels: Labels) -> bool:
        return True

    def answer(self, asked: Asked, labels: Labels) -> Iterator[str | Answer]:
        self.asked.append(asked)
        question = asked.typed.lower()
        if "full" in question and self.n_full > 0:
            self.n_full -= 1
            raise RefusedError("32 questions are waiting.", "ask again in 1 s", 429, "queue_full", 1)
        if "forever" in question:
            yield from self._endless()
        if "moon" in question:
            yield self._logged(asked, text="a withheld guess", abstained=True)
            return
        if "broken" in question:
            yield "A kettle "
            yield self._logged(asked, error="RuntimeError: the engine went down")
            return
        if "wait at first" in question:
            self.go_on.wait(10)
        text = HOSTILE if "hostile" in question else RICH if "care" in question else PLAIN
        words = text.split(" ")
        for i, word in enumerate(words):
            if i == len(words) // 2 and "pause" in question:
                self.go_on.wait(10)
            time.sleep(self.pace_s)
            yield word if i == 0 else f" {word}"
        yield self._logged(asked, text=text)

    def versions(self, answer: Answer) -> Mapping[str, int]:
        return {hit.chunk.document_id: 7 for hit in answer.citations}

    def numbered(self, answer: Answer) -> Sequence[Hit]:
        return answer.citations

    def _endless(self) -> Iterator[str]:
        try:
            while True:
                yield "again and "
                time.sleep(0.02)
        finally:
            self.stopped.set()

    def _logged(self, asked: Asked, **fields: object) -> Answer:
        hits = (
            ()
            if fields.get("error") or "from memory" in asked.typed
            else tuple(_hit(id, rank) for rank, id in enumerate(SPANS, 1))
        )
        answer = Answer(
            question_id="asked", contender=asked.model, citations=hits, usage=Usage(), latency_ms=420.0, **fields
        )
        served = {
            "id": asked.id,
            "key": asked.key,
            "key_id": asked.key_id,
            "asked": asked.typed,
            "documents_version": 7,
        }
        self.log.post(logged_answer(answer, asked.question, self.numbered(answer), **served))
        return answer


def _hit(id: str, rank: int) -> Hit:
    text = DOCUMENTS[id]
    start = text.index(SPANS[id])
    chunk = Chunk(
        id=f"c{rank}",
        document_id=id,
        source=f"{id}.md",
        text=SPANS[id],
        start=start,
        end=start + len(SPANS[id]),
        heading=TITLES[id],
    )
    return Hit(chunk=chunk, score=1 / rank, rank=rank)


DOCUMENTS = {"shop/returns": RETURNS, "care": CARE}


class Documents:
    """Routes for documents in memory, as the page needs them."""

    def __init__(self) -> None:
        self.texts = dict(DOCUMENTS)
        self.labels: dict[str, list[str]] = {}
        self.changes = [
            {
                "version": 1,
                "kind": "added",
                "id": id,
                "title": TITLES[id],
                "source": f"{id}.md",
                "at": "2026-11-20T09:30:00Z",
            }
            for id in DOCUMENTS
        ]
        self.version = 7

    def routes(self) -> list[Route]:
        return [
            Route("/documents", self.list, methods=["GET"]),
            Route("/documents", self.add, methods=["POST"]),
            Route("/documents/changes", self.changed, methods=["GET"]),
            Route("/documents/{id:path}", self.show, methods=["GET"]),
            Route("/documents/{id:path}", self.remove, methods=["DELETE"]),
        ]

    async def list(self, request: Request) -> Response:
        query, limit = request.query_params.get("query", "").lower(), int(request.query_params.get("limit", 50))
        after = request.query_params.get("after", "")
        ids = sorted(id for id in self.texts if query in (id + TITLES.get(id, "")).lower() and id > after)
        shown = [self._entry(id) for id in ids[:limit]]
        return JSONResponse(
            {"documents": shown, "version": self.version, "next": ids[limit - 1] if len(ids) > limit else None}
        )

    def _entry(self, id: str) -> dict[str, object]:
        return {
            "id": id,
            "title": TITLES.get(id, ""),
            "source": f"{id}.md" if id in DOCUMENTS else id,
            "updated_at": "2026-11-20T09:30:00Z",
            "version": self.version,
            "labels": self.labels.get(id, []),
            "n_characters": len(self.texts[id]),
        }

    async def changed(self, request: Request) -> Response:
        return JSONResponse({"changes": self.changes[::-1], "n_copied": len(DOCUMENTS)})

    async def show(self, request: Request) -> Response:
        id = request.path_params["id"]
        text = self.texts.get(id, DOCUMENTS.get(id))
        if text is None:
            raise ApiError(f"There is no document '{id}'.", status=404, code="document_not_found")
        numbers = {
            name: int(request.query_params[name])
            for name in ("version", "start", "end")
            if name in request.query_params
        }
        span = span_in(text, numbers.get("start"), numbers.get("end"))
        about = {**self._about(id), "version": numbers.get("version", 7), "state": "replaced"}
        if "text/html" in request.headers.get("accept", ""):
            shown = Shown(**about, updated_at=datetime(2026, 11, 20, tzinfo=UTC), labels=(), text=text)
            return HTMLResponse(document_page(shown, span))
        return JSONResponse({**about, "lines": lines_of(text, span)})

    def _about(self, id: str) -> dict[str, Any]:
        return {"id": id, "title": TITLES.get(id, ""), "source": f"{id}.md" if id in DOCUMENTS else id}

    async def remove(self, request: Request) -> Response:
        self._check(request)
        id = request.path_params["id"]
        if self.texts.pop(id, None) is None:
            raise ApiError(f"There is no document '{id}'.", status=404, code="document_not_found")
        self._note("removed", id)
        return JSONResponse({"id": id, "version": self.version})

    async def add(self, request: Request) -> Response:
        self._check(request)
        added: list[dict[str, str]] = []
        updated: list[dict[str, str]] = []
        problems, same_name = [], []
        folder, asks = request.query_params.get("folder", ""), request.query_params.get("same_name") == "ask"
        form = await request.form()
        for file in form.getlist("files"):
            content, name = await file.read(), f"{folder}/{file.filename}".lstrip("/")
            there = [id for id in self.texts if f"/{id}".endswith(f"/{file.filename}")]
            if asks and there and name not in there:
                same_name.append({"source": name, "there": there})
                continue
            if b"\0" in content:
                problems.append({"source": name, "reason": "it is not a text"})
                continue
            same = [{"same_as": id} for id, text in self.texts.items() if text == content.decode() and id != name]
            (updated if name in self.texts else added).append({"source": name, **(same[0] if same else {})})
            self.texts[name] = content.decode()
            self.labels[name] = [label for label in request.query_params.get("labels", "").split(",") if label]
            self._note("added", name)
        await form.close()
        report = {"added": added, "updated": updated, "unchanged": [], "problems": problems, "same_name": same_name}
        return JSONResponse({**report, "version": self.version})

    def _note(self, kind: str, id: str) -> None:
        self.version += 1
        self.changes.append({"version": self.version, "kind": kind, **self._about(id), "at": "2026-11-26T10:00:00Z"})

    @staticmethod
    def _check(request: Request) -> None:
        if not holder_of(request.scope).manages:
            raise ApiError("This key may not change documents.", status=403, code="not_allowed")


class NothingHidden:
    """What may be seen, as `FeedbackApi` asks for it: everything."""

    def hidden(self, cited: Iterable[object], labels: Labels) -> set[object]:
        return set()

    def narrowed(self, labels: Labels) -> int:
        return 0

    def erased(self, cited: Iterable[object]) -> set[object]:
        return set()

    def erased_when(self) -> range:
        return range(0)

    def first_restricted(self) -> int | None:
        return None

    def ids_of(self, sources: Iterable[str]) -> dict[str, set[str]]:
        return {}


class WebServer:
    """The running server, and what tests look at behind it."""

    def __init__(self, folder: Path, pace_s: float = 0.0, keep_texts: bool = True) -> None:
        self.log = Log(folder / "log.sqlite", keep_texts=keep_texts)
        self.keys = KeyFile(folder / "keys.jsonl")
        self.answering = Scripted(self.log, pace_s)
        self.documents = Documents()
        self.address = ""
        self.verdict = VERDICT
        self.tested = TESTED
        self.opened = set(self.answering.models)

    def application(self) -> Starlette:
        def links(request: Request) -> Links:
            return Links(self.address, self.keys, holder_of(request.scope).name)

        api = OpenAiApi(self.answering, lambda request: holder_of(request.scope), links)
        served = hashlib.sha256(b"served").hexdigest()

        async def health(request: Request) -> Response:
            standing = {"verdict": self.verdict, "tested": self.tested, "opened": sorted(self.opened)}
            facts = {
                "status": "ok",
                **standing,
                "contender": "rag",
                "contenders": {name: served for name in self.answering.models},
            }
            changed = ["documents", "index"] if self.documents.version > 7 else []
            sums = {"served_sha256": served, "measured_sha256": served, "same": not changed, "changed": changed}
            return JSONResponse({**facts, **sums, "documents_version": self.documents.version})

        routes = [
            *web_routes(keeps_texts=self.log.keep_texts, pages=("/review", "/monitor")),
            *api.routes(),
            *FeedbackApi(self.log, NothingHidden(), links=links).routes(),
            *self.documents.routes(),
            Route("/health", health),
        ]
        return Starlette(routes=routes, exception_handlers=exception_handlers())


@contextlib.contextmanager
def running(server: WebServer) -> Iterator[WebServer]:
    """The server, listening on 127.0.0.1 behind its guards."""
    listener = socket.create_server(("127.0.0.1", 0))
    app = guarded(server.application(), access_of("127.0.0.1", server.keys))
    config = uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
    uvicorn_server = uvicorn.Server(config)
    thread = threading.Thread(target=uvicorn_server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    server.address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        yield server
    finally:
        server.answering.go_on.set()
        uvicorn_server.should_exit = True
        thread.join(timeout=10)
        listener.close()
        server.log.close()
