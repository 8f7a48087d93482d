"""What answers while releases change: the live one, with the one before it and a candidate kept open beside it.

Takes an open release and the deployment's pointer, which it looks at; gives an `Answering`. A release that becomes live
is opened in the background while the former one goes on answering; then they are exchanged in one step. After a start
the one that was live before is opened in the background, too. Answers in
progress end on the release that began them, which is freed after the last one. Knows no HTTP.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from types import TracebackType
from typing import Any, Self

from bakeoff.errors import RunFolderError, error_line
from bakeoff.protocols import Embedder
from bakeoff.records import Answer, Hit, Labels
from bakeoff.serve.answering import Asked
from bakeoff.serve.conversation import Rewriter
from bakeoff.serve.documents.live import LiveDocuments
from bakeoff.serve.log import Log
from bakeoff.serve.memory import settle_again
from bakeoff.serve.opened import OpenRelease, open_release
from bakeoff.serve.releases import current, previous, remove_unused_indexes
from bakeoff.serve.trial import Shadow, Trial

STOPPING_S = 1.0
LOOK_EVERY_S = 0.1
"""How often the pointer is read: a few bytes. A release that is open already is live within this time."""


class LiveReleases:
    """Answers with the live release. Use it as a context manager: within it, it follows the deployment's pointer.

    `problem` says why the release that the pointer names is not the one that answers; empty if it is. `trial` names a
    candidate, which is opened at once: raises BakeoffError if that is not possible. `tell(event, level, **fields)` is
    told of each swap.
    """

    def __init__(
        self,
        live: OpenRelease,
        documents: LiveDocuments,
        log: Log,
        trial: Trial | None = None,
        tell: Callable[..., None] | None = None,
    ) -> None:
        self.problem = ""
        self.live = live
        self._before: OpenRelease | None = None
        self._documents = documents
        self._log = log
        self._trial = trial or Trial()
        self._tell = tell or (lambda event, level, **fields: None)
        self._answering: dict[str, OpenRelease] = {}
        self._seen = live.number
        self._n_unlogged_before = 0
        self._is_closed = False
        self._exchange = threading.Lock()
        self._stopped = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="bakeoff-releases", daemon=True)
        number = self._trial.candidate
        self._candidate = None if number is None else open_release(number, [live], documents, log)
        self._shadow = Shadow(self._trial.shadow, self._is_idle)

    def __enter__(self) -> Self:
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._shadow.close()
        self._watcher.join(STOPPING_S)  # a model that is being loaded holds up no stop

    # What answers.

    @property
    def models(self) -> tuple[str, ...]:
        return self.live.serving.models

    @property
    def created(self) -> int:
        return self.live.serving.created

    @property
    def embedder(self) -> Embedder | None:
        return self.live.serving.embedder

    @property
    def rewriter(self) -> Rewriter | None:
        return self.live.serving.rewriter

    def may_answer(self, model: str, labels: Labels) -> bool:
        """Whether a contender of the live release answers somebody who holds these labels."""
        return self._with(model).serving.may_answer(model, labels)

    def answer(self, asked: Asked, labels: Labels) -> Iterator[str | Answer]:
        """As `Serving.answer`, by the live release; by the candidate for users of the canary."""
        self._shadow.interrupt()
        opened, there = self._chosen(asked, labels)
        is_answered = False
        self._answering[asked.id] = opened
        try:
            with closing(opened.serving.answer(there, labels)) as stream:
                for item in stream:
                    is_answered = isinstance(item, Answer) and item.error is None
                    yield item
        finally:  # also where it is closed as soon as the answer has been read
            self._answering.pop(asked.id, None)
            candidate = self._candidate_for(asked)
            if is_answered and candidate and candidate is not opened:
                unseen = asked.model_copy(update={"model": candidate.contender})
                self._shadow.offer(candidate.serving, unseen, labels)

    def _chosen(self, asked: Asked, labels: Labels) -> tuple[OpenRelease, Asked]:
        """The release that answers, and the question as it is asked of it."""
        candidate = self._candidate_for(asked)
        if candidate and self._trial.is_canary(asked) and candidate.serving.may_answer(candidate.contender, labels):
            return candidate, asked.model_copy(update={"model": candidate.contender})
        return self._with(asked.model), asked

    def versions(self, answer: Answer) -> Mapping[str, int]:
        """The version of each cited document that has the passages where they are cited."""
        return self.live.serving.versions(answer)

    def numbered(self, answer: Answer) -> Sequence[Hit]:
        """The cited passages that the model was shown with numbers, as the release knows that gave the answer."""
        return self._answering.get(answer.question_id, self.live).serving.numbered(answer)

    def _with(self, model: str) -> OpenRelease:
        """The live release; the one before if only that has a contender of this name, which a client just asked for."""
        with self._exchange:
            live, before = self.live, self._before
        return before if before and model not in live.serving.models and model in before.serving.models else live

    def _candidate_for(self, asked: Asked) -> OpenRelease | None:
        """The candidate, unless it is live by now. Who names another contender than the default one wants that one."""
        live, candidate = self.live, self._candidate
        return candidate if candidate and candidate.number != live.number and asked.model == live.contender else None

    # What changes.

    def look(self) -> None:
        """Follows the pointer if it has changed. While a release is being opened, the former one answers."""
        try:
            number = current(self.live.deployment.root)
        except RunFolderError:
            return  # it cannot be read at the moment: what answers goes on
        if number == self._seen:
            return
        self._seen = number
        with _Caught() as caught:
            self._follow(number)
        error = caught.error
        if error is None:
            self._tell("release", "info", release=self.live.number, contender=self.live.contender)
        else:
            why = f"release {number} cannot be opened, so release {self.live.number} answers"
            self.problem = f"{why}: {error_line(error)}"
            self._tell("release", "error", release=number, message=self.problem)

    def _follow(self, number: int) -> None:
        """Makes this release the one that answers, which may take long, and lets go of the one two before it."""
        if number == self.live.number:
            self.problem = ""
            return
        opened = next((one for one in self._kept() if one.number == number), None)
        opened = opened or open_release(number, self._kept(), self._documents, self._log)
        gone = self._before if self._before is not opened else None
        with self._exchange:
            self._before, self.live, self.problem = self.live, opened, ""
            if self._is_closed:
                opened.serving.queue.close(0)
        if gone and gone is not self._candidate:
            self._n_unlogged_before += gone.serving.n_unlogged
        self._documents.follow([index for one in self._kept() for index in one.indexes.values()])
        remove_unused_indexes(opened.deployment.root, {name for one in self._kept() for name in one.indexes})
        del gone
        settle_again()

    def _open_before(self) -> None:
        """Opens the release that was live before this one, so that a rollback opens nothing after a restart either."""
        with _Caught() as caught:
            number = previous(self.live.deployment.root)
            if number is None or number == self.live.number:
                return
            opened = next((one for one in self._kept() if one.number == number), None)
            opened = opened or open_release(number, self._kept(), self._documents, self._log)
            with self._exchange:
                self._before = opened
                if self._is_closed:
                    opened.serving.queue.close(0)
            settle_again()
        if caught.error is not None and not self._stopped.is_set():
            message = f"the release before cannot be opened, so do not roll back to it: {error_line(caught.error)}"
            self._tell("release", "warning", message=message)

    def _watch(self) -> None:
        self._open_before()
        while not self._stopped.wait(LOOK_EVERY_S):
            self.look()

    def _kept(self) -> list[OpenRelease]:
        """All that are open, the live one first, each once."""
        return list(dict.fromkeys(one for one in (self.live, self._before, self._candidate) if one))

    # What others see of it.

    @property
    def opened(self) -> tuple[str, ...]:
        """The contenders of the live release that are in memory."""
        return self.live.serving.opened

    @property
    def n_unlogged(self) -> int:
        """Answers that were given and not logged, since the start."""
        return self._n_unlogged_before + sum(one.serving.n_unlogged for one in self._kept())

    def n_running_and_waiting(self) -> tuple[int, int]:
        """The questions that are being answered, and those that wait."""
        counts = [queue.counts() for queue in {one.serving.queue for one in self._kept()}]
        return sum(one.running for one in counts), sum(one.waiting for one in counts)

    def _is_idle(self) -> bool:
        return self.n_running_and_waiting() == (0, 0) and not self._answering

    def refuse(self) -> None:
        """Refuses new questions and those that wait: the server stops."""
        with self._exchange:
            self._is_closed = True
            kept = self._kept()
        for one in kept:
            one.serving.queue.close(0)

    def state(self) -> dict[str, Any]:
        """What `/health` says of it."""
        candidate = self._candidate
        return {
            "release_before": self._before.number if self._before else None,
            "release_problem": self.problem,
            "candidate": candidate
            and {
                "release": candidate.number,
                "contender": candidate.contender,
                "canary": self._trial.canary,
                "shadow": self._trial.shadow,
                "shadow_answers": self._shadow.n_answered,
                "shadow_dropped": self._shadow.n_dropped,
            },
        }


class _Caught:
    """Holds the error of a block, and ends it. A model's library may raise anything; the former release answers on."""

    def __init__(self) -> None:
        self.error: Exception | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.error = error if isinstance(error, Exception) else None
        return self.error is not None
