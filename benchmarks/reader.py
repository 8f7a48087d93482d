"""How well the reader reads: the share of right and of declined answers, for the untaught model and for the reader.

    BAKEOFF_DATA=... python benchmarks/reader.py
    BAKEOFF_DATA=... python benchmarks/reader.py --adapter /tmp/reader/adapter    # one that is not in the package yet
    python benchmarks/reader.py --rounded --adapter /tmp/reader/pass-3            # as it would be shipped, in bfloat16
    python benchmarks/reader.py --choosing --only reader --adapter /tmp/reader/pass-2    # to choose what to ship

Asks questions of the four SQuAD articles and of the six of our own documents on which nothing was trained, with the
best three passages that the product's retrieval finds in all sixteen articles and in all of our documents. Then asks
the product's general questions without passages. The product's rules grade the answers. Greedy, no threshold.
With --choosing it asks questions of four other documents in place of all that, so that no result is chosen by.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from public_pilots import SETS

from bakeoff.contenders.direct import Direct
from bakeoff.contenders.grounded import Grounded
from bakeoff.corpus.sources.folders import read_documents
from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.measure.collect import ask
from bakeoff.measure.score import score_answers
from bakeoff.measure.statistics import share_estimate
from bakeoff.models.embed import load_embedder
from bakeoff.models.load import load_generator
from bakeoff.models.prompts import CLOSED_BOOK, GROUNDED
from bakeoff.models.reader import UNTAUGHT
from bakeoff.models.settings import DEFAULT_EMBEDDER, DEFAULT_GENERATOR, LocalModel
from bakeoff.protocols import Contender
from bakeoff.questions.evidence.locate import locate_evidence
from bakeoff.questions.read import read_questions
from bakeoff.records import Document, GenerationSettings, Question
from bakeoff.retrieval.hybrid import HybridIndex

ROOT = Path(__file__).parents[1]
RECIPE = ROOT / "recipes" / "reader"
BATCH = 16
SETTINGS = GenerationSettings(max_new_tokens=32)


def main() -> None:
    """Asks both models and prints one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--adapter", help="folder of an adapter for the untaught model, in place of the reader's own")
    parser.add_argument("--rounded", action="store_true", help="round this adapter to bfloat16 first, as ship.py does")
    parser.add_argument("--k", type=int, default=3)
    parser.add_argument("--chunk-tokens", type=int, default=128)
    parser.add_argument("--engine", default="auto", choices=("auto", "openvino", "transformers"))
    parser.add_argument("--only", choices=("untaught", "reader"))
    parser.add_argument("--choosing", action="store_true")
    parser.add_argument("--texts", type=Path, help="file for all answers")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="reader-"))
    if chosen.adapter and chosen.rounded:
        chosen.adapter = rounded(Path(chosen.adapter), folder / "rounded")
    taught = LocalModel(name=UNTAUGHT, adapter=chosen.adapter) if chosen.adapter else LocalModel(name=DEFAULT_GENERATOR)
    models = {"untaught": LocalModel(name=UNTAUGHT), "reader": taught}
    if chosen.choosing:
        sets = {"to choose on": own_documents("harder_documents", "choosing_documents.txt")}
    else:
        sets = {"SQuAD": squad(folder), "own documents": own_documents("documents", "held_out_documents.txt")}
    indexes = {name: indexed(folder / name, read[0], chosen.chunk_tokens) for name, read in sets.items()}
    general = read_questions([ROOT / "src" / "bakeoff" / "general.csv"])
    knows: dict[str, set[str]] = {}
    print(
        "| questions | model | evidence retrieved | answerable: right | declined | unanswerable: declined | seconds |"
    )
    print("|---|---|---|---|---|---|---|")
    for name, settings in models.items():
        if chosen.only and name != chosen.only:
            continue
        generator = load_generator(settings.model_copy(update={"engine": chosen.engine}))
        for title, (_, questions) in sets.items():
            reads = Grounded("rag", indexes[title], generator, GROUNDED, chosen.k, SETTINGS)
            begun = time.perf_counter()
            scores = scored(reads, questions, chosen.texts)
            print_row(title, name, questions, scores, time.perf_counter() - begun)
        if chosen.choosing:
            continue
        kept = scored(Direct("base", generator, CLOSED_BOOK, SETTINGS), general, chosen.texts)
        knows[name] = {key for key, value in kept["knows"].items() if value}
    print()
    for name, known in knows.items():
        print(f"General questions that the {name} model answers: {len(known)} of {len(general)}")
    if len(knows) == 2 and knows["untaught"]:
        kept_share = len(knows["untaught"] & knows["reader"]) / len(knows["untaught"])
        print(f"Of those that the untaught model answers, the reader still does: {kept_share:.2f}")


def rounded(adapter: Path, folder: Path) -> str:
    """A copy of the adapter in bfloat16."""
    import torch
    from safetensors.torch import load_file, save_file

    folder.mkdir()
    shutil.copy2(adapter / "adapter_config.json", folder)
    tensors = load_file(adapter / "adapter_model.safetensors")
    save_file(
        {name: tensor.to(torch.bfloat16) for name, tensor in tensors.items()}, folder / "adapter_model.safetensors"
    )
    return str(folder)


def squad(folder: Path) -> tuple[list[Document], list[Question]]:
    """All sixteen articles, and the questions of the pilot on SQuAD."""
    if "BAKEOFF_DATA" not in os.environ:
        sys.exit("set BAKEOFF_DATA to the folder that holds squad_v2_cs224n")
    SETS["squad"](Path(os.environ["BAKEOFF_DATA"]), folder)
    documents = list(read_documents([folder / "documents"]).documents)
    return documents, locate_evidence(read_questions([folder / "questions.jsonl"]), documents)[0]


def own_documents(folder: str, kept_back: str) -> tuple[list[Document], list[Question]]:
    """All documents of a folder, and the questions with short answers or none about those that are kept back."""
    documents, questions = [], []
    names = (RECIPE / kept_back).read_text(encoding="utf-8").split()
    for file in sorted((RECIPE / folder).glob("*.jsonl")):
        about, *rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        sections = "\n\n".join(f"## {heading}\n\n{text}" for heading, text in about["passages"])
        text = f"# {about['title']}\n\n{sections}\n"
        documents.append(Document(id=file.stem, text=text, title=about["title"], source=f"{file.stem}.md"))
        for i, row in enumerate(rows if file.name in names else ()):
            if row.get("a") or row.get("none"):
                answers = (row["a"],) if row.get("a") else ()
                name = f"{file.stem}-{i}"
                questions.append(Question(id=name, text=row["q"][0], answers=answers, fact=name))
    return documents, questions


def indexed(folder: Path, documents: Sequence[Document], chunk_tokens: int) -> HybridIndex:
    """An index of these documents."""
    store = SqliteStore(folder / "store.sqlite")
    store.replace_all(documents)
    embedder = load_embedder(LocalModel(name=DEFAULT_EMBEDDER))
    index = HybridIndex.open(folder / "index", embedder, max_tokens=chunk_tokens)
    index.sync(store)
    return index


def scored(contender: Contender, questions: Sequence[Question], texts: Path | None) -> dict[str, dict[str, float]]:
    """Values by measure and question id."""
    values: dict[str, dict[str, float]] = {}
    for start in range(0, len(questions), BATCH):
        batch = questions[start : start + BATCH]
        answers = ask(contender, batch)
        for score in score_answers(batch, answers):
            if score.value is not None:
                values.setdefault(score.measure, {})[score.question_id] = score.value
        if texts:
            with texts.open("a", encoding="utf-8") as file:
                for question, answer in zip(batch, answers, strict=True):
                    right = values["correct"].get(question.id)
                    row = {"question": question.text, "gold": question.answers, "answer": answer.text, "right": right}
                    file.write(json.dumps(row | {"declined": answer.abstained}, ensure_ascii=False) + "\n")
    return values


def print_row(
    title: str, name: str, questions: Sequence[Question], scores: dict[str, dict[str, float]], seconds: float
) -> None:
    """One line of the table, with 95 % intervals."""
    facts = {question.id: question.fact for question in questions}
    answerable = {question.id for question in questions if question.answerable}
    cells = []
    for measure, wants in (("evidence_hit", True), ("correct", True), ("abstained", True), ("abstained", False)):
        chosen = {key: value for key, value in scores.get(measure, {}).items() if (key in answerable) == wants}
        share = share_estimate(chosen, facts)
        cells.append(f"{share.value:.3f} ({share.low:.3f} to {share.high:.3f})" if chosen else "-")
    print(f"| {title} | {name} | {' | '.join(cells)} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
