"""Our own documents and questions (the folders `documents` and `harder_documents`) to reading lessons.

The harder ones have more questions that look answerable and are not, more passages that resemble each other, and more
answers of one to three sentences.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chunks import Counted, cut
from files import files
from finding import Finder
from lesson import Asked, Passage, Shown

N_PASSAGES = (1, 2, 3, 3, 3, 4)
ASKED_AT_ONCE = 16
CUT = 0.35  # how often a passage of more than CHUNK_TOKENS is shown in pieces
CHUNK_TOKENS = 128
MISSED = 0.03  # how often a question is also asked without its passage


def questions() -> list[Asked]:
    """Every answerable question of the easier documents, in its first phrasing."""
    rows = [row for file in files(harder=False) for row in _read(file)[1:] if not row.get("none")]
    return [Asked(row["q"][0], row.get("a", ""), row.get("full", "")) for row in rows]


def _read(file: Path) -> list[dict[str, Any]]:
    """The document, then its questions."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def lessons(draw: random.Random, count: Counted, unanswered: float, harder: bool) -> Iterator[Shown]:
    """Lessons about each passage of each document, with the harder ones or without.

    `unanswered` scales how many questions have no answer in the passages shown.
    """
    for file in files(harder):
        document, *rows = _read(file)
        yield from _document(document, rows, draw, count, unanswered)


def _document(
    document: dict[str, Any], rows: list[dict[str, Any]], draw: random.Random, count: Counted, unanswered: float
) -> Iterator[Shown]:
    passages = [Passage(f"{document['title']} > {heading}", text) for heading, text in document["passages"]]
    finder = Finder(passages)
    asked: dict[int, list[Asked]] = {i: [] for i in range(len(passages))}
    for row in rows:
        for text in row["q"]:
            if row.get("none"):
                if draw.random() >= unanswered:
                    continue
                near = passages.index(draw.choice(finder.like(text, 2)))
                asked[near].append(Asked(text))
            else:
                asked[row["p"]].append(Asked(text, row.get("a", ""), row.get("full", "")))
    for group in _groups(len(passages), draw):
        yield from _lessons(group, passages, asked, draw, count, MISSED * unanswered)


def _groups(n_passages: int, draw: random.Random) -> Iterator[list[int]]:
    """All passages in a drawn order, cut into groups that are shown together."""
    order = draw.sample(range(n_passages), n_passages)
    while order:
        n = draw.choice(N_PASSAGES)
        yield order[:n]
        order = order[n:]


def _lessons(
    group: list[int],
    passages: list[Passage],
    asked: dict[int, list[Asked]],
    draw: random.Random,
    count: Counted,
    share_missed: float,
) -> Iterator[Shown]:
    """The questions about a group of passages, some at a time, with the passages in another order each time."""
    own = [question for i in group for question in asked[i]]
    others = [question for i, some in asked.items() if i not in group for question in some if question.answerable]
    own += [Asked(question.text) for question in others if draw.random() < share_missed]
    draw.shuffle(own)
    for start in range(0, len(own), ASKED_AT_ONCE):
        shown = tuple(passages[i] for i in draw.sample(group, len(group)))
        yield Shown(_pieces(shown, draw, count), tuple(own[start : start + ASKED_AT_ONCE]))


def _pieces(shown: tuple[Passage, ...], draw: random.Random, count: Counted) -> tuple[Passage, ...]:
    """The passages, some of them cut as the product would cut them."""
    pieces: list[Passage] = []
    for passage in shown:
        if draw.random() < CUT and count(passage.text) > CHUNK_TOKENS:
            pieces += [piece for piece, _, _ in cut(passage.heading, passage.text, CHUNK_TOKENS, count)]
        else:
            pieces.append(passage)
    return tuple(pieces)
