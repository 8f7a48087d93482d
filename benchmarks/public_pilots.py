"""Writes public data sets as folders for `bakeoff run`: documents, questions, bakeoff.yaml.

    python benchmarks/public_pilots.py cookbook_docs /tmp/pilots
    bakeoff run /tmp/pilots/cookbook_docs/bakeoff.yaml       # and the same with squad, timeqa

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
N_PAGES = 100


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


def timeqa(source: Path, folder: Path) -> dict:
    """100 sampled Wikipedia pages as documents, with all of their questions, whose answers depend on the year.

    Questions without an answer on the page are unanswerable. Where several answers hold in the years asked about,
    one is enough, as in the set's own measure. The default model was trained on some of these questions.
    """
    pages = json.loads((source / "timeqa" / "human_annotated_test.json").read_text(encoding="utf-8"))
    questions = []
    (folder / "documents").mkdir(parents=True, exist_ok=True)
    for page in random.Random(SEED).sample(pages, N_PAGES):
        paragraphs = [_without_blanks(text) for text in page["paras"]]
        name = re.sub(r"\W+", "_", page["link"].removeprefix("/wiki/")).strip("_") + ".md"
        (folder / "documents" / name).write_text(f"# {paragraphs[0]}\n\n" + "\n\n".join(paragraphs[1:]) + "\n")
        for number, (text, answers) in enumerate(page["questions"], start=1):
            row = {"id": f"{page['index']}-{number}", "question": text.strip()}
            accepted = [answer for answer in answers if answer["answer"].strip()]
            questions.append(row | _of_page(accepted, page["paras"], name))
    _write_lines(folder / "questions.jsonl", questions)
    return {}


def _of_page(accepted: list[dict], paragraphs: list[str], name: str) -> dict:
    """The distinct answers, and the words around the first one as the evidence."""
    if not accepted:
        return {"kind": "unanswerable"}
    first = accepted[0]
    evidence = _around(paragraphs[first["para"]], first["from"], first["end"])
    answers = list(dict.fromkeys(_without_blanks(answer["answer"]) for answer in accepted))
    return {"answers": answers, "source": name, "evidence": _without_blanks(evidence)}


def _without_blanks(text: str) -> str:
    """The text without the blanks that the set's tokenizer put in."""
    text = re.sub(r"\s+([.,;:!?)\]%'])", r"\1", text)
    text = re.sub(r"([(\[$])\s+", r"\1", text)
    return " ".join(text.replace("``", '"').replace("''", '"').split())


def _around(text: str, start: int, end: int) -> str:
    """Up to 60 characters on both sides, whole words only."""
    first = text.rfind(" ", 0, max(0, start - 60)) + 1
    last = text.find(" ", end + 60)
    return text[first : last if last >= 0 else len(text)]


def _answerable(qa: dict, context: str, name: str) -> dict:
    """A question with its distinct answers, and the words around the first answer as its evidence."""
    answers = list(dict.fromkeys(answer["text"] for answer in qa["answers"]))
    start = qa["answers"][0]["answer_start"]
    evidence = _around(context, start, start + len(answers[0]))
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


SETS = {"cookbook_docs": cookbook_docs, "squad": squad, "timeqa": timeqa}


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
