"""Writes public data sets as folders for `bakeoff run`: documents, questions, bakeoff.yaml.

    python benchmarks/public_pilots.py cookbook_docs /tmp/pilots
    bakeoff run /tmp/pilots/cookbook_docs/bakeoff.yaml       # and the same with squad

Reads the sets in $BAKEOFF_DATA. The project contains none of them.
"""

import argparse
import json
import os
import random
import re
from pathlib import Path

import yaml

HELD_OUT = (Path(__file__).parents[1] / "recipes" / "reader" / "held_out.txt").read_text().split()
SEED = 11
N_ANSWERABLE, N_UNANSWERABLE = 280, 120


def cookbook_docs(source: Path, folder: Path) -> dict:
    """232 documentation sections as documents, 100 questions with their gold sections and reference answers."""
    sections = json.loads((source / "cookbook_docs" / "anthropic_docs.json").read_text())
    rows = [{"id": row["chunk_link"], "title": row["chunk_heading"], "text": row["text"]} for row in sections]
    _write_lines(folder / "documents" / "docs.jsonl", rows)
    asked = json.loads((source / "cookbook_docs" / "docs_evaluation_dataset.json").read_text())
    _write_lines(
        folder / "questions.jsonl",
        [
            {
                "id": row["id"],
                "question": row["question"],
                "answers": [row["correct_answer"]],
                "source": [f"docs.jsonl#{link}" for link in row["correct_chunks"]],
            }
            for row in asked
        ],
    )
    # With the default split the test has 40 questions, too few to find significant differences.
    return {
        "split": {"test": 0.6, "dev": 0.1},
        "retrieval": {"chunk_tokens": 256, "k": 3},
    }


def squad(source: Path, folder: Path) -> dict:
    """16 Wikipedia articles as documents, and 400 sampled questions, 120 of them unanswerable.

    The questions are about the four articles on which the default model was not trained.
    """
    articles = json.loads((source / "squad_v2_cs224n" / "dev-v2.0.json").read_text())["data"]
    answerable, unanswerable = [], []
    (folder / "documents").mkdir(parents=True, exist_ok=True)
    for article in articles:
        name = re.sub(r"\W+", "_", article["title"]).strip("_") + ".md"
        title = article["title"].replace("_", " ")
        paragraphs = [" ".join(qa["context"].split()) for qa in article["paragraphs"]]
        (folder / "documents" / name).write_text(f"# {title}\n\n" + "\n\n".join(paragraphs) + "\n")
        for paragraph in article["paragraphs"] if article["title"] in HELD_OUT else ():
            for qa in paragraph["qas"]:
                if qa["is_impossible"]:
                    unanswerable.append({"id": qa["id"], "question": qa["question"], "kind": "unanswerable"})
                else:
                    answerable.append(_answerable(qa, paragraph["context"], name))
    draw = random.Random(SEED)
    _write_lines(
        folder / "questions.jsonl", draw.sample(answerable, N_ANSWERABLE) + draw.sample(unanswerable, N_UNANSWERABLE)
    )
    return {}


def _answerable(qa: dict, context: str, name: str) -> dict:
    """A question with its distinct answers, and the words around the first answer as its evidence."""
    answers = list(dict.fromkeys(answer["text"] for answer in qa["answers"]))
    start = qa["answers"][0]["answer_start"]
    end = start + len(answers[0])
    first = context.rfind(" ", 0, max(0, start - 60)) + 1  # whole words only
    last = context.find(" ", end + 60)
    evidence = context[first : last if last >= 0 else len(context)]
    return {
        "id": qa["id"],
        "question": qa["question"].strip(),
        "answers": answers,
        "source": name,
        "evidence": " ".join(evidence.split()),
    }


def _write_lines(path: Path, rows: list[dict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


SETS = {"cookbook_docs": cookbook_docs, "squad": squad}


def main() -> None:
    """Writes one pilot folder and prints its path."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=SETS)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    folder = arguments.output / arguments.set
    more = SETS[arguments.set](Path(os.environ["BAKEOFF_DATA"]), folder)
    config = {"name": arguments.set, "documents": ["documents"], "questions": ["questions.jsonl"], **more}
    (folder / "bakeoff.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    print(f"bakeoff run {folder / 'bakeoff.yaml'}")


if __name__ == "__main__":
    main()
