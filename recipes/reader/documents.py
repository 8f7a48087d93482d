"""Our own documents and questions (the folder `documents`) to reading lessons."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chunks import Counted, cut
from finding import Finder
from lesson import Asked, Passage, Shown, together

FOLDER = Path(__file__).parent / "documents"
HELD_OUT = (Path(__file__).parent / "held_out_documents.txt").read_text(encoding="utf-8").split()
"""Nothing is trained on these files. Results are measured on them."""
N_PASSAGES = (1, 2, 3, 3, 3, 4)
ASKED_AT_ONCE = 16
CUT = 0.35  # how often a passage of more than CHUNK_TOKENS is shown in pieces
CHUNK_TOKENS = 128
MISSED = 0.03  # how often a question is also asked without its passage


def files(held_out: bool = False) -> list[Path]:
    """One file for each document that is trained on, in a fixed order, or those that are kept to measure on."""
    return [file for file in sorted(FOLDER.glob("*.jsonl")) if (file.name in HELD_OUT) is held_out]


def questions() -> list[Asked]:
    """Every answerable question, in its first phrasing."""
    rows = [row for file in files() for row in _read(file)[1:] if not row.get("none")]
    return [Asked(row["q"][0], row.get("a", ""), row.get("full", "")) for row in rows]


def _read(file: Path) -> list[dict[str, Any]]:
    """The document, then its questions."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def lessons(draw: random.Random, count: Counted, unanswered: float) -> Iterator[Shown]:
    """Lessons about each passage of each document.

    `unanswered` scales how many questions have no answer in the passages shown.
    """
    for file in files():
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
    for i, gold in enumerate(passages):
        yield from _passage(gold, passages, asked, i, finder, draw, count, MISSED * unanswered)


def _passage(
    gold: Passage,
    passages: list[Passage],
    asked: dict[int, list[Asked]],
    i: int,
    finder: Finder,
    draw: random.Random,
    count: Counted,
    share_missed: float,
) -> Iterator[Shown]:
    own = list(asked[i])
    draw.shuffle(own)
    for start in range(0, len(own), ASKED_AT_ONCE):
        questions = own[start : start + ASKED_AT_ONCE]
        others = [passage for passage in finder.like(" ".join(q.text for q in questions), 6) if passage != gold]
        shown = together([gold], others, draw, N_PASSAGES)
        missed = [
            Asked(question.text)
            for j, elsewhere in asked.items()
            if passages[j] not in shown
            for question in elsewhere
            if question.answerable and draw.random() < share_missed
        ]
        yield Shown(_pieces(shown, draw, count), (*questions, *missed[:3]))


def _pieces(shown: tuple[Passage, ...], draw: random.Random, count: Counted) -> tuple[Passage, ...]:
    """The passages, some of them cut as the product would cut them."""
    pieces: list[Passage] = []
    for passage in shown:
        if draw.random() < CUT and count(passage.text) > CHUNK_TOKENS:
            pieces += [piece for piece, _, _ in cut(passage.heading, passage.text, CHUNK_TOKENS, count)]
        else:
            pieces.append(passage)
    return tuple(pieces)
