"""Whether a question from use finds the fact that it asks for, so that nothing that is trained on is tested.

    python benchmarks/learning_leaks.py [--kinds gold,sentence,reply] [--n 144]

Takes the questions of examples/support-desk. Of each fact with several phrasings the last one is held back and comes in
as a reviewed question; the rest are known, with their splits. The accepted answer is the file's (gold), the sentence of
the document that holds it, or a reply that states it in other words. The documents named are the right one among
three, as retrieval finds it, or three wrong ones. `other phrasings known`: how many find their fact, and in how
many the question is tested although its fact is trained on, or trained on although its fact is tested. `fact unknown`:
the other phrasings are taken away, too, so the question should get a fact of its own.
"""

import argparse
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from printed_tables import header, line

from bakeoff.learn.combined import combined
from bakeoff.learn.reviewed import FROM_USE, Reviewed
from bakeoff.pilot.prepare import Prepared, prepare
from bakeoff.records import Question
from bakeoff.runs.config import load_config

EXAMPLE = Path(__file__).parents[1] / "examples" / "support-desk" / "bakeoff.yaml"
KINDS = ("gold", "sentence", "reply")
SEED = 7
BEGIN = datetime(2026, 3, 2, tzinfo=UTC)


def reviews(
    held: Sequence[Question], sources: Sequence[str], kind: str, named: str, sampled: bool
) -> Iterator[Reviewed]:
    """The held-back phrasings as a reviewer accepts them."""
    rng = random.Random(SEED)
    for i, question in enumerate(held):
        right = {span.source for span in question.source_spans}
        wrong = rng.sample([source for source in sources if source not in right], 3)
        answers = {
            "gold": question.answers,
            "sentence": (question.evidence or question.answers[0],),
            "reply": (f"The answer to your question is {question.answers[0]}, as far as the manual says.",),
        }[kind]
        yield Reviewed(
            id=str(i),
            question=question.text,
            answers=answers,
            sampled=sampled,
            key_id=f"user {i}",
            sources=tuple([*sorted(right), *wrong[:2]] if named == "right" else wrong),
            at=BEGIN + timedelta(minutes=i),
        )


def outcome(asked: Question | None, truth: Question, splits: set[str]) -> str:
    """What became of a held-back phrasing whose fact is known in these splits."""
    if asked is None:
        return "set aside"
    if asked.fact == truth.fact:
        return "found"
    if asked.split == "test" and "train" in splits:
        return "tested, is trained on"
    if asked.split == "train" and "train" not in splits:
        return "trained on, is tested"
    return "other"


def rows(ready: Prepared, held: Sequence[Question], kind: str, named: str) -> Iterator[tuple[object, ...]]:
    ids, facts = {question.id for question in held}, {question.fact for question in held}
    known = [question for question in ready.questions if question.slice != "changed" and question.id not in ids]
    sources = [document.source for document in ready.documents]
    splits = defaultdict(set)
    for question in known:
        splits[question.fact].add(question.split)
    for sampled in (True, False):
        n: dict[str, int] = defaultdict(int)
        asked = list(reviews(held, sources, kind, named, sampled))
        there = {q.id: q for q in combined(known, asked, ready.documents, SEED).questions}
        for one, truth in zip(asked, held, strict=True):
            n[outcome(there.get(FROM_USE + one.id), truth, splits[truth.fact])] += 1
        unknown = [question for question in known if question.fact not in facts]
        there = {q.id: q for q in combined(unknown, asked, ready.documents, SEED).questions}
        new = [there.get(FROM_USE + one.id) for one in asked]
        old = {question.fact for question in unknown}
        joined = sum(question is not None and question.fact in old for question in new)
        cells = (n["found"], n["tested, is trained on"], n["trained on, is tested"], n["other"], n["set aside"])
        yield (kind, named, "sample" if sampled else "complaint", *cells, joined, new.count(None))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kinds", default=",".join(KINDS))
    options.add_argument("--n", type=int, default=None, help="so many held-back phrasings")
    given = options.parse_args()
    ready = prepare(load_config(EXAMPLE))
    by_fact = defaultdict(list)
    for question in ready.questions:
        if question.answers and question.slice not in ("general", "changed"):
            by_fact[question.fact].append(question)
    held = [phrasings[-1] for phrasings in by_fact.values() if len(phrasings) > 1][: given.n]
    print(f"{len(held)} phrasings are held back.")
    header(
        "answer", "documents", "from", "found", "tested, fact trained on", "trained on, fact tested", "other",
        "set aside", "fact unknown: joined", "set aside",
    )  # fmt: skip
    for kind in given.kinds.split(","):
        for named in ("right", "wrong"):
            for cells in rows(ready, held, kind, named):
                line(*cells)


if __name__ == "__main__":
    main()
