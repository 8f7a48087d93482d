"""The routes of the review page: its files, the next answers with what a reviewer must know, and reviews.

Takes a deployment's folder and its log, or a `Reviewing`. Gives routes that speak JSON, for those who oversee. The page
itself holds no data and needs no key.
"""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from anyio import to_thread
from pydantic import ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bakeoff.corpus.stores import existing_store
from bakeoff.errors import BakeoffError, InputError
from bakeoff.labelling import page as labelling_page
from bakeoff.learn.review.known import KnownQuestions
from bakeoff.learn.review.passages import passages_behind
from bakeoff.learn.review.queue import Limits
from bakeoff.learn.review.reviewing import Reviewing, Said, View
from bakeoff.records import Question
from bakeoff.serve.deployment import RESTORE
from bakeoff.serve.keys import Holder
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import MOST_ACCEPTED, Action, DocumentIs, LoggedAnswer
from bakeoff.serve.openai.body import json_body
from bakeoff.serve.openai.errors import ApiError
from bakeoff.serve.openai.requests import Sent, parse
from bakeoff.serve.web import routes as web

N_AHEAD = 20
"""Ids of the next answers that the page knows."""
MOST_TEXT = 32_000
FOLDER = Path(__file__).parent
OF_LABELLING = ("label.css", "cards.js", "saver.js", "trail.js")
OF_SERVER = ("style.css", "page.css", "icon.svg", "announce.js", "api.js", "document_text.js", "dom.js", "format.js",
             "key.js", "key_dialog.js", "passage_dialog.js", "problem.js", "sources.js")  # fmt: skip
NOBODY = "reviewer"
"""The name in reviews where nobody needs a key."""


class SentReview(Sent):
    """One review, as the page sends it. What is not given follows from the answer."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: str = Field(max_length=128)
    action: Action
    question: str = Field(default="", max_length=MOST_TEXT)
    answers: list[str] = Field(default_factory=list, max_length=MOST_ACCEPTED)
    fact: str = Field(default="", max_length=1000)
    documents: list[str] = Field(default_factory=list, max_length=MOST_ACCEPTED)
    document_is: DocumentIs | Literal[""] = ""
    note: str = Field(default="", max_length=2000)
    right: bool | None = None

    @property
    def said(self) -> Said:
        return Said(
            action=self.action,
            answers=tuple(answer.strip()[:MOST_TEXT] for answer in self.answers if answer.strip()),
            question=self.question,
            fact=self.fact.strip(),
            documents=tuple(name.strip() for name in self.documents if name.strip()),
            document_is=self.document_is,
            note=self.note.strip(),
            right=self.right,
        )


class ReviewPage:
    """The page of one deployment. `limits` are those of the queue."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._reviewing: Reviewing | None = None
        self._root = Path()
        self._log: Log | None = None
        self._holder_of: Callable[[Request], Holder] = _nobody
        labelling = Path(labelling_page.__file__).parent
        paths = [*(web.FOLDER / name for name in OF_SERVER), *(labelling / name for name in OF_LABELLING)]
        every = [*paths, *(path for path in FOLDER.iterdir() if path.suffix in web.MEDIA_TYPES)]
        self._files = {path.name: web.PageFile(path) for path in every}

    def routes(self, root: Path, log: Log | None, holder_of: Callable[[Request], Holder]) -> Sequence[Route]:
        """`/review` and what is below it. The documents are opened when somebody asks first."""
        self._root, self._log, self._holder_of = root, log, holder_of
        return [
            Route("/review", self.page, methods=["GET"]),
            Route("/review/web/{name}", self.file, methods=["GET"]),
            Route("/review/state", self.state, methods=["GET"]),
            Route("/review/answers/{id}", self.answer, methods=["GET"]),
            Route("/review/reviews", self.review, methods=["POST"]),
        ]

    def reviews_with(self, reviewing: Reviewing) -> None:
        """Uses this object from now on; by default one is made of the folder and the log."""
        self._reviewing = reviewing

    async def page(self, request: Request) -> Response:
        return self._files["index.html"].reply(request)

    async def file(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._files or name == "index.html":
            raise HTTPException(404)
        return self._files[name].reply(request)

    async def state(self, request: Request) -> Response:
        """Which answers come next, which were reviewed, and how good answers are by those that were."""
        holder = self._overseer(request)
        return JSONResponse(await self._answered(lambda of: self._state(of, holder)))

    async def answer(self, request: Request) -> Response:
        """One answer with all that a reviewer must know."""
        self._overseer(request)
        id = request.path_params["id"]
        return JSONResponse(await self._answered(lambda of: _card(of.view(id), of)))

    async def review(self, request: Request) -> Response:
        """Stores a review. The reply comes when it is on the disk."""
        holder = self._overseer(request)
        sent = parse(SentReview, await json_body(request))

        def store(of: Reviewing) -> dict[str, Any]:
            of.say(sent.id, sent.said, holder.name)
            return self._state(of, holder)

        return JSONResponse(await self._answered(store), 201)

    def _overseer(self, request: Request) -> Holder:
        holder = self._holder_of(request)
        if not holder.oversees:
            remedy = "use a key that manages and sees all documents"
            raise ApiError("This key may not review answers: they were given to all keys.", remedy, 403, "not_allowed")
        return holder

    async def _answered(self, make: Callable[[Reviewing], dict[str, Any]]) -> dict[str, Any]:
        """The result for the deployment, made in a thread. What somebody can act on is an error in words."""
        try:
            return await to_thread.run_sync(lambda: make(self._opened()))
        except InputError as error:
            raise ApiError(error.message, error.remedy, 409, "cannot_be_reviewed") from error
        except BakeoffError as error:
            raise ApiError(error.message, error.remedy, 503, "unavailable") from error

    def _opened(self) -> Reviewing:
        with self._lock:
            if self._reviewing is None:
                if self._log is None:
                    raise InputError("There is no log to review.", "serve a deployment")
                store = existing_store(self._root, RESTORE)
                known = KnownQuestions(self._root)
                self._reviewing = Reviewing(self._log, store, NOBODY, known, limits=self._limits)
            return self._reviewing

    def _state(self, of: Reviewing, holder: Holder) -> dict[str, Any]:
        of.check_texts()
        reviews, aside = of.queue.reviews(), of.queue.set_aside
        items = of.queue.items()
        by = holder.name or of.reviewer
        return {
            "deployment": self._root.name,
            "reviewer": by,
            "pending": [item.answer for item in of.queue.open(N_AHEAD)],
            "n_open": sum(item.answer not in reviews for item in items),
            "done": [answer for answer, review in _by_time(of) if review == by][-200:],
            "set_aside": {"over": aside.over, "copies": aside.copies},
            "in_use": of.in_use().sentences,
            "sample": _sample(of),
        }


def _by_time(of: Reviewing) -> list[tuple[str, str]]:
    """The reviewed answers that are still in the log, with the reviewer, the last review at the end."""
    newest = sorted(of.queue.reviews().items(), key=lambda one: one[1].at)[-400:]
    there = of.there([answer for answer, _ in newest])
    return [(answer, review.by) for answer, review in newest if answer in there]


def _sample(of: Reviewing) -> dict[str, int]:
    """How far the random sample of the newest week with open answers is."""
    total = of.in_use().total
    return {"drawn": total.drawn, "reviewed": total.reviewed}


def _card(view: View, of: Reviewing) -> dict[str, Any]:
    answer = view.answer
    return {
        "id": answer.id,
        "why": view.reasons,
        "week": view.item.week if view.item else "",
        "question": answer.question,
        "asked": answer.asked,
        "answer": view.shown,
        "short": view.short,
        "needs_short": view.needs_short,
        "by": f"{answer.contender}, release {answer.release}" if answer.release else answer.contender,
        "at": answer.at.isoformat(),
        "passages": [passage._asdict() for passage in passages_behind(answer, of.store)],
        "sources": list(view.sources),
        "correction": view.correction,
        "flags": list(view.flags),
        "prefill": view.prefill,
        "similar": [_known(question) for question in of.similar(answer.question or "")],
        "others": [_other(other) for other in view.others],
        "review": view.review.model_dump(mode="json", include=SHOWN_OF_REVIEW) if view.review else None,
    }


SHOWN_OF_REVIEW = {"action", "by", "question", "answers", "fact", "documents", "document_is", "note", "right"}


def _known(question: Question) -> dict[str, Any]:
    return {"text": question.text, "fact": question.fact, "answers": list(question.answers)}


def _other(answer: LoggedAnswer) -> dict[str, Any]:
    text = None if answer.declined or answer.error is not None else answer.text
    return {"text": text, "by": f"a candidate, {answer.contender}" if answer.shadow_of else answer.contender}


def _nobody(request: Request) -> Holder:
    return Holder(name="")
