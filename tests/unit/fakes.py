"""Small deterministic stand-ins for the parts that need models or an index."""

from collections.abc import Sequence

import numpy as np

from bakeoff.records import Answer, Chunk, Completion, GenerationSettings, Hit, Prompt, Question, Usage


def question(id: str, text: str = "", answers: Sequence[str] = ("yes",), **more) -> Question:
    """A question whose fact is its id unless given."""
    return Question(id=id, text=text or f"question {id}", answers=tuple(answers), **{"fact": id, **more})


def answer(id: str, text: str = "yes", **more) -> Answer:
    """An answer of the contender 'rag' unless given."""
    return Answer(question_id=id, text=text, **{"contender": "rag", **more})


def chunk(source: str, text: str = "some text", start: int = 0, heading: str = "") -> Chunk:
    """A chunk of the document at `source`."""
    return Chunk(
        id=f"{source}:{start}",
        document_id=source,
        source=source,
        text=text,
        start=start,
        end=start + len(text),
        heading=heading,
    )


class FakeGenerator:
    """Answers with the last line of the prompt, reversed through a mapping; counts words as tokens."""

    name = "fake"

    def __init__(self, replies: dict[str, str] | None = None, context_tokens: int = 1000, logprob: float = -0.5):
        self.replies = replies or {}
        self.context_tokens = context_tokens
        self.logprob = logprob
        self.prompts: list[Prompt] = []

    def generate(self, prompts: Sequence[Prompt], settings: GenerationSettings) -> list[Completion]:
        self.prompts += prompts
        return [self._complete(prompt) for prompt in prompts]

    def _complete(self, prompt: Prompt) -> Completion:
        last = prompt.messages[-1].content.splitlines()[-1].removeprefix("Question: ")
        text = self.replies.get(last, "unknown")
        usage = Usage(prompt_tokens=self.count_tokens(prompt.messages[-1].content), completion_tokens=1, seconds=0.01)
        return Completion(text=text, usage=usage, logprob=self.logprob)

    def stream(self, prompt: Prompt, settings: GenerationSettings):
        completion = self._complete(prompt)
        yield completion.text
        yield completion

    def count_tokens(self, text: str) -> int:
        return len(text.split())


class FakeRetriever:
    """Gives the same chunks to every query."""

    def __init__(self, chunks: Sequence[Chunk]):
        self.chunks = chunks

    def search(self, queries: Sequence[str], k: int) -> list[list[Hit]]:
        hits = [Hit(chunk=one, score=1 / rank, rank=rank) for rank, one in enumerate(self.chunks[:k], 1)]
        return [hits for _ in queries]


class WordEmbedder:
    """One dimension for each word of a fixed vocabulary, rows of unit length."""

    name = "words"

    def __init__(self, vocabulary: str):
        self.words = vocabulary.split()
        self.dimension = len(self.words) + 1

    def embed_queries(self, texts: Sequence[str]) -> np.ndarray:
        return self.embed_passages(texts)

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        rows = np.array([[float(word in text.lower()) for word in self.words] + [0.01] for text in texts])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
