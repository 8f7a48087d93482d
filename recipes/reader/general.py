"""Keeps general knowledge: what the untaught model answers itself, without passages, is trained on as well.

Reads `general.csv` and `instructions.txt` beside this file, asks the untaught model once, and keeps its answers.
Source of the idea: Li and Hoiem 2016, "Learning without Forgetting", arXiv:1606.09282.
"""

import csv
import hashlib
import json
import random
from pathlib import Path

from lesson import Asked

from bakeoff.files.jsonl import write_text
from bakeoff.grading.grade import grade
from bakeoff.models.load import load_generator
from bakeoff.models.prompts import DECLINE, closed_book
from bakeoff.protocols import Generator
from bakeoff.records import GenerationSettings, Message, Prompt
from bakeoff.tuning.packing import Example

HERE = Path(__file__).parent
LENGTHS = ("short", "short", "mixed", "long")
N_UNKNOWN = 60  # questions about our documents that are asked without them, and declined


def examples(untaught: str, unknown: list[Asked], folder: Path, draw: random.Random) -> list[Example]:
    """General questions that the untaught model answers rightly, in its own words, and its replies to instructions."""
    known = _own_answers(untaught, folder / f"own_answers-{_asked()}.json")
    asked = draw.sample(unknown, min(N_UNKNOWN, len(unknown)))
    declined = [Example(prompt=closed_book(draw.choice(LENGTHS)).render(one.text), completion=DECLINE) for one in asked]
    return [*known, *declined]


def _asked() -> str:
    """A short hash of all that the untaught model is asked, so that old answers are not taken for new ones."""
    texts = b"".join((HERE / name).read_bytes() for name in ("general.csv", "instructions.txt"))
    return hashlib.sha256(texts).hexdigest()[:8]


def _own_answers(untaught: str, path: Path) -> list[Example]:
    if not path.exists():
        generator = load_generator(untaught)
        made = [*_questions(generator), *_instructions(generator)]
        write_text(path, json.dumps([example.model_dump() for example in made], indent=0))
    return [Example.model_validate(row) for row in json.loads(path.read_text(encoding="utf-8"))]


def _questions(generator: Generator) -> list[Example]:
    with (HERE / "general.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    made = []
    for length in ("short", "mixed"):
        prompts = [closed_book(length).render(row["question"]) for row in rows]
        for row, prompt, completion in zip(
            rows, prompts, generator.generate(prompts, GenerationSettings(max_new_tokens=48)), strict=True
        ):
            answers = (row["answer"], *filter(None, (row["aliases"] or "").split("|")))
            if not completion.truncated and completion.text.strip() and grade(completion.text, answers).correct:
                made.append(Example(prompt=prompt, completion=completion.text.strip()))
    return made


def _instructions(generator: Generator) -> list[Example]:
    lines = (HERE / "instructions.txt").read_text(encoding="utf-8").splitlines()
    prompts = [Prompt(messages=(Message(role="user", content=line),)) for line in lines if line.strip()]
    completions = generator.generate(prompts, GenerationSettings(max_new_tokens=96))
    return [
        Example(prompt=prompt, completion=completion.text.strip())
        for prompt, completion in zip(prompts, completions, strict=True)
        if completion.text.strip() and not completion.truncated
    ]
