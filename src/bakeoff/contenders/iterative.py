"""Iterative: the answer is searched for with the question, and the question is answered again from what that finds.

Takes questions, gives the answers of the last round. A next round searches for "question answer"; the model is shown
the question and the new passages, not its earlier answer. No method to say when to stop is needed: the number of rounds
is fixed, and a round that would show the same passages is not asked again.

Source: ITER-RETGEN, Shao et al. 2023, arXiv:2305.15294.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from bakeoff.contenders.finding import Found
from bakeoff.contenders.grounded import Grounded
from bakeoff.contenders.streaming import whole
from bakeoff.grading.abstention import is_abstention
from bakeoff.records import Answer, Question

NewPassages = dict[int, Found]
"""By the number of a question: what it is to be answered from again, with the usage of all that was done before."""


class Iterative(Grounded):
    """A grounded contender that searches and answers in `rounds` rounds."""

    def __init__(self, *given: Any, rounds: int) -> None:
        super().__init__(*given)
        self._rounds = rounds

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each question, in order; its usage is that of all rounds."""
        return self._answers_after(questions, self._rounds)

    def stream(self, question: Question) -> Iterator[str | Answer]:
        """The pieces of the last round's answer, then the whole answer."""
        if self._decline_below is not None:
            return whole(self, question)
        answers = self._answers_after([question], self._rounds - 1)
        answers, new = self._searched_again([question], answers)
        return self._written(question, new[0]) if new else _in_one_piece(answers[0])

    def _answers_after(self, questions: Sequence[Question], rounds: int) -> list[Answer]:
        answers = super().answer(questions)
        for _ in range(rounds - 1):
            answers, new = self._searched_again(questions, answers)
            again = self._answered([questions[i] for i in new], list(new.values()))
            for i, answer in zip(new, again, strict=True):
                answers[i] = answer
        return answers

    def _searched_again(
        self, questions: Sequence[Question], answers: Sequence[Answer]
    ) -> tuple[list[Answer], NewPassages]:
        """The answers with what searching again took, and new passages for those for which it found others.

        Failed answers stay as they are, and so do those that say "I don't know.": nothing new could be searched for.
        """
        after = list(answers)
        numbers = [i for i, answer in enumerate(answers) if answer.error is None and not is_abstention(answer.text)]
        searched = [questions[i].model_copy(update={"text": f"{questions[i].text} {answers[i].text}"}) for i in numbers]
        new: NewPassages = {}
        found = self._found([questions[i] for i in numbers], searched) if numbers else []
        for i, one in zip(numbers, found, strict=True):
            usage = answers[i].usage + one.usage
            after[i] = answers[i].model_copy(update={"usage": usage})
            if _chunks(one) != [hit.chunk.id for hit in answers[i].citations]:
                new[i] = Found(one.hits, usage, one.error)
        return after, new


def _chunks(found: Found) -> list[str]:
    return [hit.chunk.id for hit in found.hits]


def _in_one_piece(answer: Answer) -> Iterator[str | Answer]:
    if answer.text and not answer.abstained:
        yield answer.text
    yield answer
