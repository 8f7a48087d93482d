"""TimeQA's questions written by people, to reading lessons. Reads timeqa in $BAKEOFF_DATA (BSD 3-Clause).

Source: Chen, Wang and Wang 2021, "A Dataset for Answering Time-Sensitive Questions", arXiv:2108.06314.
"""

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chunks import Counted, cut
from finding import Finder
from lesson import Asked, Passage, Shown, together

FILES = ("human_annotated_train.json", "human_annotated_test.json")
N_PASSAGES = (1, 2, 3, 3)
CHUNK_TOKENS = (128, 128, 200)
LONGEST_ANSWER = 12  # words
OTHER_QUESTIONS = 0.2  # how often a question is asked about passages that do not answer it


def lessons(source: Path, draw: random.Random, count: Counted, unanswered: float, share: float) -> Iterator[Shown]:
    """One lesson for each passage of a page that answers questions, for a drawn `share` of the pages.

    `unanswered` scales how many questions have no answer in the passages shown.
    """
    for file in FILES:
        pages = json.loads((source / "timeqa" / file).read_text(encoding="utf-8"))
        for page in pages if share == 1 else draw.sample(pages, round(share * len(pages))):
            yield from _page(page, draw, count, unanswered)


def _page(page: dict[str, Any], draw: random.Random, count: Counted, unanswered: float) -> Iterator[Shown]:
    title = _plain(page["paras"][0])
    n_tokens = draw.choice(CHUNK_TOKENS)
    pieces = {i: cut(title, _plain(text), n_tokens, count) for i, text in enumerate(page["paras"]) if len(text) > 60}
    passages = [passage for piece in pieces.values() for passage, _, _ in piece]
    if not passages:
        return
    finder = Finder(passages)
    by_passage: dict[Passage, list[Asked]] = {}
    nowhere = []
    for text, answers in page["questions"]:
        place = _place(answers, pieces)
        if place:
            by_passage.setdefault(place[0], []).append(Asked(text, short=place[1]))
        elif not any(answer["answer"].strip() for answer in answers) and draw.random() < unanswered:
            nowhere.append(Asked(text))
    everything = [(passage, question) for passage, asked in by_passage.items() for question in asked]
    for gold, asked in by_passage.items():
        others = [passage for passage in finder.like(asked[0].text, 6) if passage != gold]
        shown = together([gold], others, draw, N_PASSAGES)
        elsewhere = [
            Asked(question.text)
            for passage, question in everything
            if passage not in shown
            and draw.random() < OTHER_QUESTIONS * unanswered
            and not _holds(shown, question.short)
        ]
        extra = [nowhere.pop()] if nowhere else []
        yield Shown(shown, (*asked, *elsewhere[:2], *extra))


def _place(answers: list[dict[str, Any]], pieces: dict[int, list[Any]]) -> tuple[Passage, str] | None:
    """The passage that holds the one answer, with the answer's words; None if there are several or it is not there."""
    texts = {_plain(answer["answer"]) for answer in answers if answer["answer"].strip()}
    if len(texts) != 1:
        return None
    text = texts.pop()
    if len(text.split()) > LONGEST_ANSWER:
        return None
    for answer in answers:
        for passage, _, _ in pieces.get(answer.get("para", -1), ()):
            if text in passage.text:
                return passage, text
    return None


def _holds(shown: tuple[Passage, ...], text: str) -> bool:
    return any(text in passage.text for passage in shown)


def _plain(text: str) -> str:
    """The text without the blanks that its tokenizer put in."""
    text = re.sub(r"\s+([.,;:!?)\]%'])", r"\1", text)
    text = re.sub(r"([(\[$])\s+", r"\1", text)
    text = re.sub(r"\b([A-Z])\s+\.", r"\1.", text)
    return re.sub(r"\s+", " ", text.replace("``", '"').replace("''", '"')).strip()
