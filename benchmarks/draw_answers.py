"""Draws answers of finished runs of the public sets, to be judged by hand.

    python benchmarks/draw_answers.py /tmp/drawn squad=250 timeqa=200 cookbook_docs=200 --runs runs

Takes run folders (RUNS/SET, of the folders that public_pilots.py writes) and $BAKEOFF_DATA. Draws pairs of a question
and an answer, evenly over the contenders, at random with a fixed seed. Left out are failed answers, plain refusals,
answers that equal an accepted one, general-knowledge questions, and pairs that graded_answers.csv has already.
SET=N:R draws R of the N among the answers that the rules call right, for a closer look at these.

Writes DIR/judge.jsonl (what a judge may see: question, accepted answers, answer, the source section; shuffled) and
DIR/drawn.csv (the same pairs without the texts of the sets, with their contenders). Judges never see drawn.csv.
"""

import argparse
import csv
import json
import os
import random
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, NamedTuple

from bakeoff.grading.grade import grade, squad_normalise

GRADED = Path(__file__).parents[1] / "tests" / "reference" / "graded_answers.csv"
SEED = 20261127
PLAIN_REFUSALS = {"i dont know", "i do not know"}
COLUMNS = ("number", "set", "question_id", "kind", "contenders", "answer")
PAGE_CHARACTERS = 9000
"""The most that a judge is shown of a page."""


class Pair(NamedTuple):
    """A question of a set and one distinct answer to it, without outer blanks."""

    set: str
    question_id: str
    answer: str


def answers(run: Path) -> dict[Pair, set[str]]:
    """Every distinct answer of the test and of dev, with the contenders that gave it."""
    given: dict[Pair, set[str]] = defaultdict(set)
    for path in sorted((run / "answers").glob("*.jsonl")):
        if path.name.endswith(".latency.jsonl"):
            continue
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            if not row["error"] and row["text"].strip():
                given[Pair(run.name, row["question_id"], row["text"].strip())].add(row["contender"])
    return given


def sort_of(pair: Pair, accepted: list[str]) -> str:
    """'refusal' (plain), 'accepted' (word for word), or 'to judge': nobody needs to judge the first two."""
    plain = squad_normalise(pair.answer)
    if plain in PLAIN_REFUSALS:
        return "refusal"
    return "accepted" if plain in {squad_normalise(text) for text in accepted} else "to judge"


def evenly(given: dict[Pair, set[str]], n: int, draw: random.Random) -> list[Pair]:
    """`n` pairs, taken in turn from those of each contender. Fewer if there are no more."""
    waiting = {name: [] for name in sorted(set().union(*given.values()))}
    for pair in sorted(given):
        for name in given[pair]:
            waiting[name].append(pair)
    for pairs in waiting.values():
        draw.shuffle(pairs)
    chosen: dict[Pair, None] = {}
    while len(chosen) < n and any(waiting.values()):
        for pairs in waiting.values():
            while pairs and pairs[-1] in chosen:
                pairs.pop()
            if pairs and len(chosen) < n:
                chosen[pairs.pop()] = None
    return list(chosen)


def graded_already() -> set[tuple[str, str]]:
    """(question, or its id in a public set; answer) of the pairs that are in the file."""
    with GRADED.open(newline="", encoding="utf-8") as file:
        return {(row.get("question_id") or row["question"], row["answer"]) for row in csv.DictReader(file)}


class Sources:
    """What a judge may read beside a question: the part of the set that the question is about."""

    def __init__(self, source: Path) -> None:
        articles = _read(source / "squad_v2_cs224n" / "dev-v2.0.json")["data"]
        self._paragraphs = {
            qa["id"]: f"{article['title']}\n{paragraph['context']}"
            for article in articles
            for paragraph in article["paragraphs"]
            for qa in paragraph["qas"]
        }
        rows = _read(source / "cookbook_docs" / "anthropic_docs.json")
        self._chunks = {row["chunk_link"]: f"{row['chunk_heading']}\n{row['text']}" for row in rows}
        asked = _read(source / "cookbook_docs" / "docs_evaluation_dataset.json")
        self._links = {row["id"]: row["correct_chunks"] for row in asked}
        self._pages = {page["index"]: page for page in _read(source / "timeqa" / "human_annotated_test.json")}

    def of(self, pair: Pair) -> str:
        """The paragraph (squad), the gold sections (cookbook_docs), or the page around the answers (timeqa)."""
        if pair.set == "squad":
            return self._paragraphs[pair.question_id]
        if pair.set == "cookbook_docs":
            return "\n-----\n".join(self._chunks[link] for link in self._links[pair.question_id])
        index, _, number = pair.question_id.rpartition("-")
        page = self._pages[index]
        places = [answer["para"] for answer in page["questions"][int(number) - 1][1] if answer["answer"].strip()]
        near = {place + step for place in places for step in (-2, -1, 0, 1, 2)}
        texts = [text for i, text in enumerate(page["paras"]) if i in near or not near]
        return "\n".join([page["paras"][0], *texts])[:PAGE_CHARACTERS]


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


class Draw(NamedTuple):
    """The pairs drawn from a run, those that gave them, and its questions by id."""

    pairs: list[Pair]
    contenders: dict[Pair, set[str]]
    questions: dict[str, dict[str, Any]]


def drawn(run: Path, n: int, n_right: int, draw: random.Random) -> Draw:
    """`n` pairs of a run, shuffled, `n_right` of them called right by the rules. Prints how many there were."""
    lines = (run / "splits.jsonl").read_text(encoding="utf-8").splitlines()
    questions = {row["id"]: row for row in map(json.loads, lines) if row["slice"] != "general"}
    given = {pair: names for pair, names in answers(run).items() if pair.question_id in questions}
    known = graded_already()
    sorts = {pair: sort_of(pair, questions[pair.question_id]["answers"]) for pair in given}
    worth = {
        pair: names
        for pair, names in given.items()
        if sorts[pair] == "to judge"
        and known.isdisjoint({(pair.question_id, pair.answer), (questions[pair.question_id]["text"], pair.answer)})
    }
    pairs = evenly(worth, n, draw) if not n_right else with_right(worth, questions, n, n_right, draw)
    draw.shuffle(pairs)
    print(f"{run.name}: {len(given)} pairs, {dict(Counter(sorts.values()))}, {len(pairs)} of {len(worth)} drawn")
    return Draw(pairs, worth, questions)


def with_right(
    worth: dict[Pair, set[str]], questions: dict[str, dict[str, Any]], n: int, n_right: int, draw: random.Random
) -> list[Pair]:
    """`n_right` pairs that the rules call right, and others up to `n`."""

    def called_right(pair: Pair) -> bool:
        question = questions[pair.question_id]
        return grade(pair.answer, question["answers"], question["kind"]).verdict == "right"

    right = {pair: names for pair, names in worth.items() if called_right(pair)}
    others = {pair: names for pair, names in worth.items() if pair not in right}
    return evenly(right, n_right, draw) + evenly(others, n - n_right, draw)


def main() -> None:
    """Draws, and writes both files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument("draws", nargs="+", metavar="SET=N[:R]")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    arguments = parser.parse_args()
    sources = Sources(Path(os.environ["BAKEOFF_DATA"]))
    shown, kept = [], []
    for name, _, numbers in (text.partition("=") for text in arguments.draws):
        n, _, n_right = numbers.partition(":")
        draw = random.Random(f"{SEED} {name}")
        pairs, contenders, questions = drawn(arguments.runs / name, int(n), int(n_right or 0), draw)
        for place, pair in enumerate(pairs, start=1):
            question = questions[pair.question_id]
            number = f"{name}-{place:03}"
            shown.append(
                {
                    "number": number,
                    "question": question["text"],
                    "accepted": question["answers"],
                    "answer": pair.answer,
                    "source": sources.of(pair),
                }
            )
            kept.append((number, *pair[:2], question["kind"], " ".join(sorted(contenders[pair])), pair.answer))
    arguments.output.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in shown)
    (arguments.output / "judge.jsonl").write_text(lines, encoding="utf-8")
    with (arguments.output / "drawn.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([COLUMNS, *kept])


if __name__ == "__main__":
    main()
