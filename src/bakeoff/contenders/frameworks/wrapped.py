"""What the adapters of all libraries share: a contender, or a retriever, around an object that is asked in its own way.

Takes a function that asks the object, gives answers with citations in the run's documents. An error of the object is
the error of that question alone. Knows no library.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from bakeoff.contenders.citing import CitedDocuments, Source
from bakeoff.errors import ConfigError, ContenderError, error_line
from bakeoff.models.kept.clock import now
from bakeoff.models.spending.tokens import as_count
from bakeoff.records import Answer, Document, Hit, Question, Usage

LONGEST_ERROR = 500
NOT_UPDATED = "it was made before the update; make it with built_from=FUNCTION, which gets the documents of the run"

BuiltFrom = Callable[[Sequence[Document]], Any]
"""Takes the documents of a run, gives the object that answers from them."""


class Said(NamedTuple):
    """What an object said to one question. Tokens are 0 if the object does not count them."""

    text: str
    sources: Sequence[Source] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Own:
    """An object of a library, given as it is or built from the documents of the run."""

    def __init__(self, given: Any, built_from: BuiltFrom | None) -> None:
        if (given is None) == (built_from is None):
            raise ConfigError(
                "An adapter needs either an object or built_from, and not both.",
                "pass the object as it is, or built_from=FUNCTION, which takes the documents and returns the object",
            )
        self._given = given
        self._built_from = built_from
        self._documents = CitedDocuments(())

    @property
    def not_updated(self) -> str:
        """Why the object does not know changed documents; empty if it is built from them."""
        return NOT_UPDATED if self._built_from is None else ""

    def use_documents(self, documents: Sequence[Document]) -> None:
        """Takes the documents that citations are in, and builds the object from them if it is to be built."""
        self._documents = CitedDocuments(documents)
        if self._built_from is not None:
            self._given = self._built_from(documents)

    def _object(self) -> Any:
        if self._given is None:
            raise ContenderError(
                "The object was not built yet: nobody called use_documents(documents).", "call it first"
            )
        return self._given


class Wrapped(_Own):
    """A contender around an object that answers."""

    name = ""

    def __init__(self, ask: Callable[[Any, str], Said], given: Any, built_from: BuiltFrom | None) -> None:
        super().__init__(given, built_from)
        self._ask = ask

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each question, in order, one after the other."""
        own = self._object()
        return [self._answer(own, question) for question in questions]

    def _answer(self, own: Any, question: Question) -> Answer:
        begun = now()
        try:
            said = self._ask(own, question.text)
        except Exception as error:  # noqa: BLE001  (a team's own object may raise anything; it costs this question)
            usage = Usage(seconds=now() - begun)
            message = error_line(error)[:LONGEST_ERROR]
            return Answer(question_id=question.id, contender=self.name, usage=usage, error=message)
        seconds = now() - begun
        n_prompt, n_new = as_count(said.prompt_tokens) or 0, as_count(said.completion_tokens) or 0
        return Answer(
            question_id=question.id,
            contender=self.name,
            text=said.text.strip(),
            citations=self._documents.hits(said.sources),
            usage=Usage(prompt_tokens=n_prompt, completion_tokens=n_new, seconds=seconds),
        )


class WrappedRetriever(_Own):
    """A retriever (`protocols.Retriever`) around an object that finds passages."""

    def __init__(self, find: Callable[[Any, str], Sequence[Source]], given: Any, built_from: BuiltFrom | None) -> None:
        super().__init__(given, built_from)
        self._find = find

    def search(self, queries: Sequence[str], k: int) -> list[list[Hit]]:
        """At most k hits for each query, in the order in which the object gave them."""
        own = self._object()
        return [self._documents.shown(self._find(own, query))[:k] for query in queries]


def refuse_others(given: Any, method: str, what: str) -> None:
    """Raises ConfigError if there is an object without this method. `what` says what it should be."""
    if given is not None and not callable(getattr(given, method, None)):
        raise ConfigError(
            f"A {type(given).__name__} is no {what}: it has no method {method}().",
            f"pass {what}, or built_from=FUNCTION, which takes the documents and returns one",
        )
