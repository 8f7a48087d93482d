"""SQuAD questions with short passages, for the training benchmarks: reading, cutting, retrieval with BM25.

Reads squad_v2_cs224n in $BAKEOFF_DATA. The project does not contain it.
"""

import json
import os
import random
import sys
from dataclasses import dataclass
from pathlib import Path

import bm25s

from bakeoff.models.prompts import DECLINE, GROUNDED
from bakeoff.tuning.lora import Example

WORDS_PER_PASSAGE = 100
N_PASSAGES = 3


@dataclass(frozen=True)
class Asked:
    """A question with its accepted answers and the passage that holds the first of them."""

    article: str
    question: str
    answers: tuple[str, ...]
    passage: str


@dataclass(frozen=True)
class Squad:
    """All answerable questions of all articles, and all passages."""

    asked: tuple[Asked, ...]
    passages: tuple[str, ...]

    @property
    def articles(self) -> list[str]:
        return sorted({question.article for question in self.asked})


def read_squad() -> Squad:
    """The dev set's articles, their paragraphs cut into passages of at most 100 words."""
    if "BAKEOFF_DATA" not in os.environ:
        sys.exit("set BAKEOFF_DATA to the folder that holds squad_v2_cs224n")
    path = Path(os.environ["BAKEOFF_DATA"]) / "squad_v2_cs224n" / "dev-v2.0.json"
    asked, passages = [], []
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            starts, texts = _cut(paragraph["context"])
            passages += texts
            for qa in paragraph["qas"]:
                if qa["is_impossible"]:
                    continue
                first = qa["answers"][0]
                holder = max(i for i, start in enumerate(starts) if start <= first["answer_start"])
                if first["text"] in texts[holder]:
                    answers = tuple(dict.fromkeys(answer["text"] for answer in qa["answers"]))
                    asked.append(Asked(article["title"], qa["question"], answers, texts[holder]))
    return Squad(tuple(asked), tuple(dict.fromkeys(passages)))


def _cut(context: str) -> tuple[list[int], list[str]]:
    """Where each passage starts, and the passages."""
    words, at = [], 0
    for word in context.split(" "):
        words.append(at)
        at += len(word) + 1
    starts = words[::WORDS_PER_PASSAGE]
    return starts, [context[a:b].strip() for a, b in zip(starts, [*starts[1:], len(context)], strict=True)]


class Finder:
    """BM25 over passages."""

    def __init__(self, passages: tuple[str, ...]) -> None:
        self.passages = passages
        self._index = bm25s.BM25()
        self._index.index(bm25s.tokenize(list(passages), stopwords="en", show_progress=False), show_progress=False)

    def find(self, questions: list[str], k: int) -> list[list[str]]:
        """The k best passages for each question, best first."""
        tokens = bm25s.tokenize(questions, stopwords="en", show_progress=False)
        rows, _ = self._index.retrieve(tokens, k=k, show_progress=False)
        return [[self.passages[i] for i in row] for row in rows]


def hybrid_examples(asked: list[Asked], finder: Finder, without: float, seed: int) -> list[Example]:
    """Each question with the right passage among the best wrong ones, in random order. A share has only wrong ones."""
    draw = random.Random(seed)
    examples = []
    passages_of = finder.find([question.question for question in asked], N_PASSAGES + 1)
    for question, passages in zip(asked, passages_of, strict=True):
        wrong = [passage for passage in passages if passage != question.passage]
        if draw.random() < without:
            shown, completion = wrong[:N_PASSAGES], DECLINE
        else:
            shown, completion = [question.passage, *wrong[: N_PASSAGES - 1]], question.answers[0]
        draw.shuffle(shown)
        examples.append(Example(prompt=GROUNDED.render(question.question, shown), completion=completion))
    return examples
