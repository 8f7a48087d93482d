"""Answers questions with the contenders of a deployment, and writes each answer to the log.

Takes a deployment and questions, gives streams of answers (`serve/answering.py`). The contenders are the very objects
that the pilot measured. Knows no wire format.
"""

import threading
import time
from collections.abc import Generator as Stream
from collections.abc import Mapping, Sequence
from functools import cached_property

from bakeoff.contenders.access import why_refused
from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.recipe import Recipe
from bakeoff.contenders.streaming import stream_of
from bakeoff.errors import BakeoffError, TooLongError, error_line
from bakeoff.measure.collect import ANSWERING_ERRORS
from bakeoff.models.cancelling import caller
from bakeoff.models.settings import ApiModel
from bakeoff.models.threads import usable_cores
from bakeoff.protocols import Contender, Embedder, Generator
from bakeoff.records import Answer, Completion, GenerationSettings, Hit, Labels, Prompt, Question
from bakeoff.serve.answering import Asked, RefusedError
from bakeoff.serve.conversation import Rewriter
from bakeoff.serve.deployment import Deployment
from bakeoff.serve.documents.live import LiveDocuments
from bakeoff.serve.documents.views import Cited
from bakeoff.serve.failures import CANCELLED, TOO_LONG, WITHDRAWN
from bakeoff.serve.guard.rate import Buckets, Rate
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import logged_answer, new_id
from bakeoff.serve.memory import FreeMemory
from bakeoff.serve.queue import N_WAITING, AnswerQueue

GONE = f"{CANCELLED}: the client went away before the answer was complete"
REFUSALS = Rate(per_minute=10, burst=30)
"""How many refused questions of one key are logged. All are counted (`metrics.py`)."""
MOST_OF_REFUSED = 2_000
"""Characters of a refused question that are logged."""


class InTurn:
    """A model that rewrites questions, each in a turn of the queue: a model behind a server gets no more at once."""

    def __init__(self, model: Generator, queue: AnswerQueue) -> None:
        self._model = model
        self._queue = queue

    def generate(self, prompts: Sequence[Prompt], settings: GenerationSettings) -> list[Completion]:
        """As the model's own. Raises RefusedError if the queue is full."""
        with self._queue.turn():
            return self._model.generate(prompts, settings)


class Serving:
    """The contenders of a deployment's release, opened when they are first asked.

    `n_unlogged` counts answers that were given and not logged, since too many entries waited for the disk. Refused
    questions are logged too, of each key at most `REFUSALS`, so that a flood of them does not fill the disk.
    """

    def __init__(self, deployment: Deployment, documents: LiveDocuments, log: Log, n_waiting: int = N_WAITING) -> None:
        self._deployment = deployment
        self._documents = documents
        self._log = log
        self._n_waiting = n_waiting
        self._opening, self._refusing = threading.Lock(), threading.Lock()
        self._opened: dict[str, Contender] = {}
        self._free_memory = FreeMemory()
        self._logged_refusals = Buckets(REFUSALS)
        self.n_unlogged = 0
        self.models = deployment.release.contenders
        self.created = int(deployment.release.created.timestamp())

    @cached_property
    def recipes(self) -> Mapping[str, Recipe]:
        """The recipe of each contender, by name."""
        world = self._deployment.world
        return {name: make_recipe(world.built(name).spec, world.imports_from) for name in self.models}

    @cached_property
    def embedder(self) -> Embedder | None:
        """The embedder of the first contender that has one."""
        names = [recipe.embedder for recipe in self.recipes.values() if recipe.embedder]
        return self._deployment.world.embedder(names[0]) if names else None

    @cached_property
    def rewriter(self) -> Rewriter | None:
        """The model of the default contender if it is behind a server: small local models cannot rewrite questions."""
        recipe, world = self.recipes[self.models[0]], self._deployment.world
        is_large = recipe.asks_model and isinstance(world.models[recipe.spec.model], ApiModel)
        return InTurn(world.generator(recipe.spec.model), self.queue) if is_large else None

    @cached_property
    def queue(self) -> AnswerQueue:
        """As many questions are answered at once as the model of the default contender can."""
        return AnswerQueue(self._n_parallel(self.models[0]), self._n_waiting)

    def _n_parallel(self, name: str) -> int:
        """How many answers at once make sense: what the model says, or the cores if no model is asked."""
        world = self._deployment.world
        built = world.built(name)
        recipe = make_recipe(built.spec, world.imports_from)
        if recipe.asks_model:
            generator = world.generator(recipe.spec.model, recipe.adapter)
            return int(getattr(generator, "n_parallel", 1))
        return min((self._n_parallel(other) for other in recipe.sends_to(built.fitted)), default=usable_cores())

    def open(self, name: str) -> Contender:
        """The contender of this name, ready to answer. It follows the documents as they change.

        One that is open never waits while another one is being opened.
        """
        opened = self._opened.get(name)
        if opened is not None:
            return opened
        with self._opening:
            if name not in self._opened:
                self._opened[name] = self._deployment.world.open(name)
            return self._opened[name]

    @property
    def opened(self) -> tuple[str, ...]:
        """The contenders that are in memory. Another one is opened by its first question, which waits for that."""
        return tuple(self._opened)

    def may_answer(self, model: str, labels: Labels) -> bool:
        """Whether a contender answers somebody who holds these labels."""
        return why_refused(self._deployment.world, model, labels) is None

    def answer(self, asked: Asked, labels: Labels) -> Stream[str | Answer, None, None]:
        """The pieces of the answer, then the Answer. The answer is in the log before the last item is given."""
        begun = time.perf_counter()
        first_ms: float | None = None
        version = self._documents.version
        failure = GONE
        try:
            self._check_labels(asked.model, labels)
            question = Question(
                id=asked.id, text=asked.question, fact=asked.id, access=labels, instructions=asked.system
            )
            contender = self.open(asked.model)  # a question that waits for it takes no turn
            with self.queue.turn():
                for item in stream_of(contender, question):
                    if first_ms is None:
                        first_ms = _ms_since(begun)
                    if isinstance(item, Answer):
                        if self._is_withdrawn(item, version, labels):
                            item = _failed(asked, f"{WITHDRAWN}: a document of it was hidden or erased", begun)
                        item = item.model_copy(update={"latency_ms": _ms_since(begun)})
                        self._write(asked, item, version, first_ms)
                        failure = ""
                    yield item
        except RefusedError as refusal:
            failure = ""
            self._write_refused(asked, refusal, version, begun)
            raise
        except TooLongError as error:
            failure = ""
            too_long = RefusedError(TOO_LONG.message, TOO_LONG.remedy, TOO_LONG.status, TOO_LONG.code)
            self._write_refused(asked, too_long, version, begun)
            raise too_long from error
        except ANSWERING_ERRORS as error:
            failure = error_line(error)
            raise
        finally:
            self._free_memory.give_back()
            if failure:
                self._write(asked, _failed(asked, failure, begun), version, first_ms)

    def _is_withdrawn(self, answer: Answer, version: int, labels: Labels) -> bool:
        """Whether an answer begun at a version rests on a document that was hidden from its reader, or erased, since.

        One that cites nothing may rest on any document.
        """
        if answer.error is not None or self._documents.version == version:
            return False
        if not answer.citations:
            return not answer.abstained and self._documents.narrowed(labels) > version
        cited: set[Cited] = {(hit.chunk.document_id, None) for hit in answer.citations}
        return bool(self._documents.hidden(cited, labels) or self._documents.erased(cited))

    def shadow(self, asked: Asked, labels: Labels) -> None:
        """Answers a question that somebody got another answer to, for the log alone. It takes no turn of the queue.

        Raises CallerGoneError, and logs nothing, if the caller leaves (`models/cancelling.py`).
        """
        begun, version, first_ms = time.perf_counter(), self._documents.version, None
        unseen = asked.model_copy(update={"id": new_id()})
        question = Question(id=unseen.id, text=asked.question, fact=unseen.id, access=labels, instructions=asked.system)
        try:
            for item in stream_of(self.open(asked.model), question):
                caller().raise_if_gone()
                first_ms = _ms_since(begun) if first_ms is None else first_ms
                if isinstance(item, Answer):
                    answer = item.model_copy(update={"latency_ms": _ms_since(begun)})
        except ANSWERING_ERRORS as error:
            answer = _failed(unseen, error_line(error), begun)
        self._write(unseen, answer, version, first_ms, shadow_of=asked.id)

    def versions(self, answer: Answer) -> Mapping[str, int]:
        """The version of each cited document that has the passages where they are cited."""
        return self._documents.cited_versions(answer.citations)

    def numbered(self, answer: Answer) -> Sequence[Hit]:
        """The cited passages that its model was shown with numbers, in their order. A router is asked for its part."""
        recipe, world = self.recipes[answer.contender], self._deployment.world
        if answer.route and answer.route in recipe.sends_to(world.built(answer.contender).fitted):
            recipe = make_recipe(world.built(answer.route).spec, world.imports_from)
        return recipe.numbered(answer.citations)

    def _check_labels(self, contender: str, labels: Labels) -> None:
        """Raises RefusedError if the contender may not answer somebody who holds these labels."""
        reason = why_refused(self._deployment.world, contender, labels)
        if reason is not None:
            raise RefusedError(reason, status=403, code="documents_hidden")

    def _write(
        self,
        asked: Asked,
        answer: Answer,
        documents_version: int,
        first_ms: float | None,
        shadow_of: str | None = None,
    ) -> None:
        """Hands the answer to the log. The caller gets it even if the log cannot take it."""
        entry = logged_answer(
            answer,
            asked.question,
            self.numbered(answer),
            id=asked.id,
            key=asked.key,
            key_id=asked.key_id,
            asked=asked.typed if asked.typed != asked.question else None,
            version=self.version(asked.model),
            release=self._deployment.release.number,
            documents_version=documents_version,
            shadow_of=shadow_of,
            first_token_ms=first_ms,
        )
        try:
            self._log.post(entry)
        except BakeoffError:
            self.n_unlogged += shadow_of is None

    def _write_refused(self, asked: Asked, refusal: RefusedError, version: int, begun: float) -> None:
        """Logs a question that was refused as a failed answer: the error begins with the code of the reason."""
        with self._refusing:
            is_flood = self._logged_refusals.take(asked.key_id) > 0
        if not is_flood:
            cut = {"question": asked.question[:MOST_OF_REFUSED], "typed": asked.typed[:MOST_OF_REFUSED]}
            failed = _failed(asked, f"{refusal.code}: {refusal.message}", begun)
            self._write(asked.model_copy(update=cut), failed, version, None)

    def version(self, contender: str) -> str:
        """The measured sum of a contender, for the log; empty for a run of an older version."""
        return self._deployment.release.measured.sums.get(contender, "")


def _failed(asked: Asked, error: str, begun: float) -> Answer:
    return Answer(question_id=asked.id, contender=asked.model, error=error, latency_ms=_ms_since(begun))


def _ms_since(begun: float) -> float:
    return 1000 * (time.perf_counter() - begun)
