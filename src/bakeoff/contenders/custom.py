"""A team's own contender, checked against the contract: one answer per question, in order, under its configured name.

Takes a class (or function) that returns an object with `answer(questions)`. Fills in optional values that the measures
need. Does not know how the object answers. It is never asked for somebody who may not see every document, unless the
class has `respects_labels = True`: then it must show and cite only what `question.access` lets see. What it streams is
held back until its answer, unless the class has `decides_before_streaming = True`.

An object may also have `use_documents(documents)`: it is called with the documents of the run before the first
question, and again, on a new object, with those after the update. If it has `not_updated`, a sentence that says why it
does not know changed documents, it is not asked about them.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from bakeoff.contenders.recipe import Fitted, Given, Recipe
from bakeoff.contenders.spec import Spec
from bakeoff.contenders.streaming import whole
from bakeoff.errors import ConfigError, ContenderError
from bakeoff.grading.grade import is_abstention
from bakeoff.models.kept.clock import now
from bakeoff.records import Answer, Document, Hit, Question


class Custom(Recipe):
    """The recipe for a plain class with `answer(questions)`, named by its import path."""

    title = "Your own"
    summary = "your own class"
    asks_model = False
    declines = False

    def __init__(self, spec: Spec, made_by: Any) -> None:
        super().__init__(spec)
        self.made_by = made_by
        self._made: Any = None

    @property
    def keeps_to_labels(self) -> bool:
        """Whether your own class says so, by `respects_labels = True`."""
        return vars(self.made_by).get("respects_labels") is True

    def numbered(self, hits: Sequence[Hit]) -> Sequence[Hit]:
        """All, in their order, if your own class says `cites_by_number = True`; else none."""
        return hits if getattr(self.made_by, "cites_by_number", False) is True else ()

    @property
    def not_updated(self) -> str:
        """Why its object says that it does not know changed documents."""
        if self._made is None:
            self._made = self._make()
        return str(getattr(self._made, "not_updated", ""))

    def check(self, others: Sequence[Recipe]) -> None:
        """Makes one instance now, so that mistakes show before any work is done."""
        self._made = self._make()

    def open(self, world: Any, fitted: Fitted, given: Given | None = None) -> "HeldToContract":
        """The contender, with its answers checked against the contract.

        Raises ContenderError if it cannot use the documents of the run.
        """
        contender = self._make()
        if callable(getattr(contender, "use_documents", None)):
            use_documents(contender, world.store.documents(), self.spec.name)
        return HeldToContract(self.spec.name, contender)

    def _make(self) -> Any:
        path = self.spec.recipe
        contender = made(self.made_by, f"The contender '{path}'")
        if not callable(getattr(contender, "answer", None)):
            raise ConfigError(
                f"The contender '{path}' has no method answer(questions).",
                "give the class a method answer(questions) that returns one Answer for each question",
            )
        return contender


def made(made_by: Any, what: str) -> Any:
    """What a team's own class or function gives. `what` names it. Raises ConfigError for any error in it."""
    try:
        return made_by()
    except Exception as error:  # a team's own code may raise anything
        raise ConfigError(
            f"{what} could not be created: {type(error).__name__}: {error}.",
            "it is called without arguments; fix the class",
        ) from error


def use_documents(own: Any, documents: Iterable[Document], name: str) -> None:
    """Gives a team's own object the documents of the run. Raises ContenderError for any error in it."""
    try:
        own.use_documents(list(documents))
    except Exception as error:  # a team's own code may raise anything
        raise ContenderError(
            f"'{name}' cannot use the documents of the run: {type(error).__name__}: {error}",
            "fix its use_documents(documents), or the function that builds it from documents",
        ) from error


class HeldToContract:
    """A team's own contender, with its answers checked and completed."""

    def __init__(self, name: str, inner: Any) -> None:
        self.name = name
        self._inner = inner

    @property
    def decides_before_streaming(self) -> bool:
        """Whether the class says of itself that it declines before its first piece or not at all."""
        return getattr(self._inner, "decides_before_streaming", False) is True

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """The inner contender's answers, under the name in the configuration.

        An answer whose text says "I don't know" counts as declined. An answer without a time gets its share of the time
        of the call. Raises ContenderError if there is not exactly one answer for each question, in order, and for any
        error that the inner contender raises.
        """
        begun = now()
        answers = self._answers(questions)
        seconds = (now() - begun) / max(1, len(questions))
        asked, answered = [item.id for item in questions], [item.question_id for item in answers]
        if asked != answered:
            raise ContenderError(
                f"'{self.name}' was asked {len(asked)} questions and returned {len(answered)} answers, or in another "
                "order.",
                "answer(questions) must return one Answer for each question, in their order, with its question_id",
            )
        return [self._completed(item, seconds) for item in answers]

    def stream(self, question: Question) -> Iterator[str | Answer]:
        """Its own stream if it has one, else its answer in one piece. Raises ContenderError for any error in it."""
        if not callable(getattr(self._inner, "stream", None)):
            yield from whole(self, question)
            return
        try:
            for item in self._inner.stream(question):
                yield self._completed(item, 0.0) if isinstance(item, Answer) else str(item)
        except Exception as error:  # a team's own code may raise anything
            raise ContenderError(
                f"'{self.name}' failed with {type(error).__name__}: {error}", "fix its stream(question)"
            ) from error

    def _answers(self, questions: Sequence[Question]) -> list[Answer]:
        try:
            answers = list(self._inner.answer(questions))
        except Exception as error:  # a team's own code may raise anything; Ctrl-C is not an Exception
            raise ContenderError(
                f"'{self.name}' failed with {type(error).__name__}: {error}",
                "fix its answer(questions), then continue with: bakeoff run CONFIG --resume",
            ) from error
        other = next((type(item).__name__ for item in answers if not isinstance(item, Answer)), None)
        if other:
            raise ContenderError(
                f"'{self.name}' answered with a {other} instead of an Answer.",
                "answer(questions) must return a list of bakeoff.Answer, one for each question",
            )
        return answers

    def _completed(self, answer: Answer, seconds: float) -> Answer:
        usage = answer.usage if answer.usage.seconds else answer.usage.model_copy(update={"seconds": seconds})
        abstained = answer.abstained or (answer.error is None and is_abstention(answer.text))
        return answer.model_copy(update={"contender": self.name, "usage": usage, "abstained": abstained})
