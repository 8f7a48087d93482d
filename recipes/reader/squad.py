"""SQuAD 2.0 to reading lessons. Reads squad_v2_cs224n in $BAKEOFF_DATA (Wikipedia, CC BY-SA 4.0).

Source: Rajpurkar, Jia and Liang 2018, "Know What You Don't Know: Unanswerable Questions for SQuAD", arXiv:1806.03822.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chunks import Counted, cut
from finding import Finder
from lesson import Asked, Passage, Shown, together

HELD_OUT = tuple((Path(__file__).parent / "held_out.txt").read_text(encoding="utf-8").split())
"""Nothing is trained on these articles. The results are measured on them."""
N_PASSAGES = (1, 2, 3, 3, 3, 4)
CHUNK_TOKENS = (128, 128, 200)
KEPT_UNANSWERABLE, DROPPED_CHUNK = 0.5, 0.12
ASKED_AT_ONCE = 12


def articles(source: Path) -> dict[str, list[dict[str, Any]]]:
    """The paragraphs of each article by its title, with their questions and answers."""
    path = source / "squad_v2_cs224n" / "dev-v2.0.json"
    read = json.loads(path.read_text(encoding="utf-8"))["data"]
    return {article["title"]: article["paragraphs"] for article in read}


def lessons(source: Path, draw: random.Random, count: Counted, unanswered: float) -> Iterator[Shown]:
    """One lesson for each paragraph of the articles that are trained on, with passages of a drawn length.

    `unanswered` scales how many questions have no answer in the passages shown.
    """
    for title, paragraphs in articles(source).items():
        if title not in HELD_OUT:
            yield from _article(title.replace("_", " "), paragraphs, draw, count, unanswered)


def _article(
    title: str, paragraphs: list[dict[str, Any]], draw: random.Random, count: Counted, unanswered: float
) -> Iterator[Shown]:
    n_tokens = draw.choice(CHUNK_TOKENS)
    pieces = [cut(title, paragraph["context"], n_tokens, count) for paragraph in paragraphs]
    finder = Finder([passage for piece in pieces for passage, _, _ in piece])
    for paragraph, piece in zip(paragraphs, pieces, strict=True):
        shown = [part for part in piece if len(piece) == 1 or draw.random() >= DROPPED_CHUNK * unanswered]
        asked = list(_asked(paragraph["qas"], piece, shown, draw, unanswered))
        draw.shuffle(asked)
        asked = asked[:ASKED_AT_ONCE]
        text = " ".join(question.text for question in asked)
        others = [passage for passage in finder.like(text, 8) if all(passage != part[0] for part in piece)]
        if asked:
            yield Shown(together([part[0] for part in shown], others, draw, N_PASSAGES), tuple(asked))


def _asked(
    qas: list[dict[str, Any]],
    piece: list[tuple[Passage, int, int]],
    shown: list[tuple[Passage, int, int]],
    draw: random.Random,
    unanswered: float,
) -> Iterator[Asked]:
    """The questions of a paragraph. One whose answer is not in what is shown is to be declined."""
    for qa in qas:
        text = " ".join(qa["question"].split())
        if qa["is_impossible"]:
            if draw.random() < KEPT_UNANSWERABLE * unanswered:
                yield Asked(text)
            continue
        answer = min(qa["answers"], key=lambda found: len(found["text"]))
        start, end = answer["answer_start"], answer["answer_start"] + len(answer["text"])
        if any(a <= start and end <= b for _, a, b in shown):
            yield Asked(text, short=answer["text"])
        elif not any(a < end and start < b for _, a, b in shown):
            yield Asked(text)
