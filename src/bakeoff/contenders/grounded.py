"""Grounded: retrieve passages, then write the answer from them (`rag`, and `hybrid` with a tuned model).

Takes questions, gives answers that cite the chunks shown. Does not know how the index or the model was made.
"""

from collections.abc import Iterator, Sequence

from bakeoff.contenders.declining import answer_from
from bakeoff.contenders.finding import Finder, Found, Plain, share_since
from bakeoff.contenders.streaming import as_written, whole
from bakeoff.models.kept.clock import now
from bakeoff.models.prompts import PromptTemplate
from bakeoff.protocols import Generator, Retriever
from bakeoff.records import Answer, GenerationSettings, Hit, Prompt, Question
from bakeoff.retrieval.presentation import Presentation

AS_RETRIEVED = Presentation()


class Grounded:
    """A retriever and a generator. The generator sees the best k passages, or fewer if its context is too short.

    A `Finder` in place of the retriever finds passages in its own way. `presentation` says in which order and how they
    are shown. Citations are always best first.
    """

    decides_before_streaming = True

    def __init__(
        self,
        name: str,
        retriever: Retriever | Finder,
        generator: Generator,
        template: PromptTemplate,
        k: int,
        settings: GenerationSettings,
        decline_below: float | None = None,
        presentation: Presentation = AS_RETRIEVED,
    ) -> None:
        self.name = name
        self._finder = retriever if isinstance(retriever, Finder) else Plain(retriever)
        self._generator = generator
        self._template = template
        self._k = k
        self._settings = settings
        self._decline_below = decline_below
        self._presentation = presentation

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each question, in order. Its citations are the chunks in its prompt."""
        return self._answered(questions, self._found(questions, questions))

    def stream(self, question: Question) -> Iterator[str | Answer]:
        """The pieces of the answer, then the whole answer with the chunks shown."""
        if self._decline_below is not None:
            return whole(self, question)
        return self._written(question, self._found([question], [question])[0])

    def _found(self, questions: Sequence[Question], searched: Sequence[Question]) -> list[Found]:
        """The passages shown with each question: those found for what is searched in its place, as far as they fit."""
        found = self._finder.find(searched, self._k)
        begun = now()
        shown = [self._fitting(question, one.hits) for question, one in zip(questions, found, strict=True)]
        fitted = share_since(begun, len(questions))
        return [Found(hits, one.usage + fitted, one.error) for hits, one in zip(shown, found, strict=True)]

    def _answered(self, questions: Sequence[Question], found: Sequence[Found]) -> list[Answer]:
        """One answer for each question from its passages. Without an answer where these could not be found."""
        pairs = list(zip(questions, found, strict=True))
        prompts = [self._prompt(question, one.hits) for question, one in pairs if one.error is None]
        completions = iter(self._generator.generate(prompts, self._settings) if prompts else [])
        return [
            answer_from(question, self.name, next(completions), self._decline_below, one.hits, one.usage)
            if one.error is None
            else self._failed(question, one)
            for question, one in pairs
        ]

    def _written(self, question: Question, found: Found) -> Iterator[str | Answer]:
        """The answer from these passages as it is written, for a contender without a threshold."""
        if found.error is not None:
            return iter([self._failed(question, found)])
        prompt = self._prompt(question, found.hits)
        return as_written(self.name, question, self._generator, prompt, self._settings, found.hits, found.usage)

    def _failed(self, question: Question, found: Found) -> Answer:
        return Answer(question_id=question.id, contender=self.name, usage=found.usage, error=found.error)

    def _prompt(self, question: Question, hits: Sequence[Hit]) -> Prompt:
        passages = self._presentation.texts([hit.chunk for hit in hits])
        return self._template.render(question.text, passages, question.instructions)

    def _fitting(self, question: Question, hits: Sequence[Hit]) -> Sequence[Hit]:
        passages = [self._presentation.text(hit.chunk) for hit in hits]
        return hits[: n_fitting(question, passages, self._template, self._generator, self._settings.max_new_tokens)]


def n_fitting(
    question: Question, passages: Sequence[str], template: PromptTemplate, generator: Generator, max_new_tokens: int
) -> int:
    """Number of passages, best first, that fit into the model's context with the question and the answer."""
    without = template.render(question.text, (), question.instructions)
    room = generator.context_tokens - max_new_tokens - 64  # 64: the chat template's own tokens
    room -= sum(generator.count_tokens(message.content) for message in without.messages)
    for n, passage in enumerate(passages):
        room -= generator.count_tokens(template.without_tags(passage)) + 4
        if room < 0:
            return n
    return len(passages)
