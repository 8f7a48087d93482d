"""A scripted contender behind the API, and a real server for it on 127.0.0.1. No model."""

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request

from bakeoff.records import Answer, Chunk, Hit, Labels, Usage
from bakeoff.serve.answering import Asked, RefusedError
from bakeoff.serve.keys import Holder
from bakeoff.serve.openai.routes import OpenAiApi, exception_handlers

HITS = tuple(
    Hit(
        chunk=Chunk(
            id=f"c{rank}", document_id=id, source=f"{id}.md", text=text, start=10, end=10 + len(text), heading=heading
        ),
        score=1 / rank,
        rank=rank,
    )
    for rank, (id, heading, text) in enumerate(
        [
            ("kettles", "Kettles\nCare", "Clean the kettle every month."),
            ("returns", "Returns", "Kettles may be returned within 30 days."),
            ("hours", "", "We are open from nine to five."),
        ],
        1,
    )
)
USAGE = Usage(prompt_tokens=20, completion_tokens=7, seconds=0.1)


class UnitEmbedder:
    """Queries lie on the first axis, passages on the second."""

    name = "axes"
    dimension = 3

    def embed_queries(self, texts: Sequence[str]) -> np.ndarray:
        return np.tile(np.array([1, 0, 0], dtype=np.float32), (len(texts), 1))

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        return np.tile(np.array([0, 1, 0], dtype=np.float32), (len(texts), 1))

    def count_tokens(self, text: str) -> int:
        return len(text.split())


class Scripted:
    """Answers by the words of the question; remembers what it was asked, and whether its streams were closed early."""

    models = ("shop", "shop-large")
    created = 1_700_000_000

    def __init__(self) -> None:
        self.embedder: UnitEmbedder | None = UnitEmbedder()
        self.rewriter = None
        self.asked: list[Asked] = []
        self.labels: list[Labels] = []
        self.n_pieces = 0
        self.closed = threading.Event()
        self.go_on = threading.Event()

    def may_answer(self, model: str, labels: Labels) -> bool:
        return True

    def answer(self, asked: Asked, labels: Labels) -> Iterator[str | Answer]:
        self.asked.append(asked)
        self.labels.append(labels)
        question = asked.question
        if "full queue" in question:
            raise RefusedError("32 questions are waiting.", "ask again later", 429, "queue_full", retry_after_s=3)
        if "break at once" in question:
            yield self._answer(error="the engine is down")
        elif "break halfway" in question:
            yield "Kettles may "
            yield self._answer(error="the engine went down")
        elif "raise" in question:
            yield "Kettles "
            raise RuntimeError("out of memory")
        elif "crash" in question:
            raise ZeroDivisionError
        elif "unknown" in question:
            yield self._answer(text="a withheld guess", abstained=True, citations=HITS)
        elif "forever" in question:
            yield from self._endless()
        elif "marked" in question:
            yield from ("Open from nine [", "3]", ". Clean it [1] monthly [3].")
            yield self._answer(text="Open from nine [3]. Clean it [1] monthly [3].", citations=HITS)
        elif "cut" in question:
            yield from ("Kettles may be", " returned")
            yield self._answer(text="Kettles may be returned", citations=HITS, truncated=True)
        else:
            yield from (" Kettles may", " be returned", " within 30 days.\n")
            yield self._answer(text="Kettles may be returned within 30 days.", citations=HITS)

    def versions(self, answer: Answer) -> Mapping[str, int]:
        return {hit.chunk.document_id: 4 for hit in answer.citations}

    def numbered(self, answer: Answer) -> Sequence[Hit]:
        return answer.citations

    def _endless(self) -> Iterator[str]:
        try:
            while True:
                self.n_pieces += 1
                yield "again "
                time.sleep(0.005)
        finally:
            self.closed.set()

    def _answer(self, **fields) -> Answer:
        return Answer(**{"question_id": "asked", "contender": "shop", "usage": USAGE, **fields})


def _holder(request: Request) -> Holder:
    labels = tuple(request.headers["X-Labels"].split()) if "X-Labels" in request.headers else None
    return Holder(name="tester", labels=labels)


def application(answering: Scripted) -> Starlette:
    """The API alone, without access control: the header X-Labels says what its sender may see."""
    api = OpenAiApi(answering, _holder)
    return Starlette(routes=api.routes(), exception_handlers=exception_handlers())


@contextlib.contextmanager
def served(answering: Scripted) -> Iterator[str]:
    """The address of a running server for this API alone."""
    with running(application(answering)) as url:
        yield url


@contextlib.contextmanager
def running(app: Any) -> Iterator[str]:
    """The address of a running server for an ASGI application."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=2)
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()
