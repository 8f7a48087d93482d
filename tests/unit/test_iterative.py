"""Rounds of searching and answering: what is searched for, when it ends, usage, declining, streams."""

from collections.abc import Sequence

import pytest

from bakeoff.contenders.iterative import Iterative
from bakeoff.contenders.streaming import stream_of
from bakeoff.models.prompts import GROUNDED
from bakeoff.records import Answer, Completion, GenerationSettings, Hit, Labels, Prompt, Usage, ask
from tests.unit.fakes import chunk

WRITE = GenerationSettings(max_new_tokens=8)
FIRST = chunk("first.md", "It was made by Ada.")
BORN = chunk("born.md", "Ada was born in York.")
SEEN = chunk("seen.md", "York is in England.")


class Index:
    """Finds what belongs to the last name in the query; notes queries and labels."""

    def __init__(self) -> None:
        self.queries: list[str] = []
        self.access: list[Labels] = []

    def search(self, queries: Sequence[str], k: int, access: Labels = None) -> list[list[Hit]]:
        self.queries += queries
        self.access += [access] * len(queries)
        return [[Hit(chunk=self._one(query), score=1.0, rank=1)] for query in queries]

    def search_visible(self, queries: Sequence[str], k: int, access: tuple[str, ...]) -> list[list[Hit]]:
        return self.search(queries, k, access)

    def _one(self, query: str) -> object:
        return SEEN if query.endswith("York.") else BORN if query.endswith("Ada.") else FIRST


class Reader:
    """Answers with the last word of the passage; each answer takes 10 tokens and a second."""

    name, context_tokens = "reader", 1000

    def __init__(self, broken: str = "\0") -> None:
        self.broken = broken
        self.prompts: list[str] = []

    def generate(self, prompts: Sequence[Prompt], settings: GenerationSettings) -> list[Completion]:
        return [self._complete(prompt) for prompt in prompts]

    def _complete(self, prompt: Prompt) -> Completion:
        text = prompt.messages[-1].content
        self.prompts.append(text)
        usage = Usage(prompt_tokens=10, completion_tokens=1, seconds=1.0)
        if self.broken in text:
            return Completion(text="", usage=usage, error="Refused.")
        if "unknown" in text:
            return Completion(text="I don't know.", usage=usage, logprob=-0.1)
        return Completion(text=text.split("\n")[0].split()[-1], usage=usage, logprob=-0.5)

    def stream(self, prompt: Prompt, settings: GenerationSettings):
        completion = self._complete(prompt)
        yield completion.text
        yield completion

    def count_tokens(self, text: str) -> int:
        return len(text.split())


def contender(index: Index, reader: Reader, rounds: int = 2, below: float | None = None) -> Iterative:
    return Iterative("rag", index, reader, GROUNDED, 1, WRITE, below, rounds=rounds)


def test_the_answer_is_searched_for_with_the_question() -> None:
    """Each round finds what the answer before leads to; the model is shown the question as it was asked."""
    index, reader = Index(), Reader()
    (answer,) = contender(index, reader, rounds=3).answer([ask("Where?")])
    assert index.queries == ["Where?", "Where? Ada.", "Where? York."]
    assert [prompt.split("\n\n")[-1] for prompt in reader.prompts] == ["Question: Where?"] * 3
    assert answer.text == "England." and [hit.chunk.source for hit in answer.citations] == ["seen.md"]
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (30, 3) and answer.usage.seconds > 3


def test_a_round_that_finds_nothing_new_is_not_asked() -> None:
    """From the fourth round on the passages stay the same: searched once more each time, but not answered."""
    index, reader = Index(), Reader()
    index._one = lambda query: FIRST if query.endswith("?") else BORN  # type: ignore[method-assign]
    (answer,) = contender(index, reader, rounds=4).answer([ask("Where?")])
    assert len(index.queries) == 4 and len(reader.prompts) == 2
    assert answer.text == "York." and answer.usage.prompt_tokens == 20


def test_what_says_that_it_does_not_know_or_failed_is_final() -> None:
    """Each question of a batch goes its own way."""
    index, reader = Index(), Reader(broken="broken")
    unknown, failed, fine = contender(index, reader).answer([ask("unknown?"), ask("broken?"), ask("Where?")])
    assert unknown.abstained and failed.error == "Refused." and fine.text == "York."
    assert index.queries == ["unknown?", "broken?", "Where?", "Where? Ada."]


def test_every_round_is_searched_with_the_labels_of_who_asks() -> None:
    """Also the later ones."""
    index = Index()
    contender(index, Reader()).answer([ask("Where?", ("hr",)), ask("Where?", ())])
    assert index.access == [("hr",), (), ("hr",), ()]


@pytest.mark.parametrize(("below", "abstained"), [(-1.0, False), (-0.2, True)])
def test_a_threshold_is_applied_to_the_last_answer(below: float, abstained: bool) -> None:
    """An answer that it would withhold is still searched for. A withheld text is not streamed."""
    index = Index()
    made = contender(index, Reader(), below=below)
    (answer,) = made.answer([ask("Where?")])
    assert (answer.text, answer.abstained) == ("York.", abstained) and index.queries[1] == "Where? Ada."
    items = list(stream_of(made, ask("Where?")))
    assert items[:-1] == ([] if abstained else ["York."])


def test_the_last_round_is_streamed() -> None:
    """The pieces are those of the last answer only; usage and latency hold all rounds."""
    made = contender(Index(), Reader())
    (expected,) = made.answer([ask("Where?")])
    *pieces, last = stream_of(made, ask("Where?"))
    assert pieces == ["York."] and isinstance(last, Answer)
    assert (last.text, last.citations, last.confidence) == (expected.text, expected.citations, expected.confidence)
    assert last.usage.prompt_tokens == 20 and last.latency_ms and last.latency_ms > 1000
    *pieces, last = stream_of(made, ask("unknown?"))
    assert not pieces and isinstance(last, Answer) and last.abstained and last.usage.prompt_tokens == 10


def test_a_stream_that_fails_in_the_first_round_says_so() -> None:
    """One item: the answer with the error."""
    (last,) = stream_of(contender(Index(), Reader(broken="Where")), ask("Where?"))
    assert isinstance(last, Answer) and last.error == "Refused."
