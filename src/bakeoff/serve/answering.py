"""What a server needs from whatever answers its questions: one protocol, and the question as it is asked of it.

Knows no web framework and no wire format. `serve/openai/` translates between this and the clients.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from pydantic import Field

from bakeoff.errors import BakeoffError, error_line
from bakeoff.measure.collect import ANSWERING_ERRORS
from bakeoff.protocols import Embedder
from bakeoff.records import Answer, Hit, Labels, Record
from bakeoff.serve.conversation import Rewriter
from bakeoff.serve.failures import OTHER, failure_of

_log = logging.getLogger(__name__)


class Asked(Record):
    """One question of a client.

    `id` is the id of the reply that the client gets, so feedback on a reply finds its question. `model` is the name of
    a contender. `question` stands on its own; `typed` is the last question as it was written. `system` holds the
    client's system messages, separated by blank lines; they follow the contender's own. `n_turns` counts the messages
    of the conversation. `key` and `key_id` are the name and the id of the key that was used, empty if none was needed;
    `address` is the client's.
    """

    id: str
    model: str
    question: str
    typed: str
    system: str = ""
    n_turns: int = 1
    key: str = ""
    key_id: str = ""
    address: str = ""


class Answering(Protocol):
    """Answers questions with the contenders that are served.

    `models` are their names, the default one first. `created` is when they were released, in Unix seconds. `embedder`
    is None if nothing served has one. `rewriter` makes a follow-up question stand on its own; None if a rule does it.
    """

    @property
    def models(self) -> tuple[str, ...]: ...

    @property
    def created(self) -> int: ...

    @property
    def embedder(self) -> Embedder | None: ...

    @property
    def rewriter(self) -> Rewriter | None: ...

    def may_answer(self, model: str, labels: Labels) -> bool:
        """Whether a contender answers somebody who holds these labels."""
        ...

    def answer(self, asked: Asked, labels: Labels) -> Iterator[str | Answer]:
        """Pieces of the text as they are written, then the whole Answer as the last item.

        A text that is withheld is never among the pieces. An engine that fails gives an Answer with `error` set. The
        iterator is used in worker threads, one at a time. Closing it stops the model. Raises RefusedError if the
        question is not taken, before the first piece.
        """
        ...

    def versions(self, answer: Answer) -> Mapping[str, int]:
        """The version of each cited document that the answer was made from, by the document's id."""
        ...

    def numbered(self, answer: Answer) -> Sequence[Hit]:
        """The cited passages that its model was shown with numbers, in their order; none if it saw no numbers."""
        ...


class RefusedError(BakeoffError):
    """A question that is not taken now, or not at all: a full queue, or a question that the model cannot read.

    `status` is the HTTP status. `code` is a short name of the reason. `retry_after_s` says when to ask again, if that
    helps.
    """

    def __init__(
        self, message: str, remedy: str = "", status: int = 429, code: str = "", retry_after_s: int | None = None
    ) -> None:
        super().__init__(message, remedy)
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s


class Answered(Record):
    """An answer with the version of each cited document, by the document's id, and the passages its marks number.

    `question` is the one that was answered, `is_completed` whether it was completed with what was said before.
    """

    answer: Answer
    question: str = ""
    is_completed: bool = False
    versions: dict[str, int] = Field(default_factory=dict)
    numbered: tuple[Hit, ...] = ()


def answered(answering: Answering, asked: Asked, labels: Labels) -> Iterator[str | Answered]:
    """The stream of `answering.answer`, its last item with the versions. Closing it closes that stream.

    An engine that raises instead of giving an Answer with `error` set is taken to have given one, and the traceback is
    logged, unless its kind says enough. Only RefusedError is passed on.
    """
    stream = answering.answer(asked, labels)
    try:
        for item in stream:
            yield _with_sources(answering, asked, item) if isinstance(item, Answer) else item
    except RefusedError:
        raise
    except ANSWERING_ERRORS as error:
        line = error_line(error)
        if failure_of(line) is OTHER:
            _log.error("An answer failed.", exc_info=error)
        yield Answered(answer=Answer(question_id=asked.id, contender=asked.model, error=line))
    finally:
        close = getattr(stream, "close", None)
        if close is not None:
            close()


def _with_sources(answering: Answering, asked: Asked, answer: Answer) -> Answered:
    return Answered(
        answer=answer,
        question=asked.question,
        is_completed=asked.question != asked.typed,
        versions=dict(answering.versions(answer)),
        numbered=tuple(answering.numbered(answer)),
    )
