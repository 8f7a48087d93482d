"""BEIR: `queries.jsonl` with `_id` and `text`; relevant documents in `qrels/*.tsv` (or `qrels.tsv`) beside it.

A set of BEIR has no answers: each line needs a list `answers` before it can be graded. The relevant documents become
sources, the files of qrels splits. Format: https://github.com/beir-cellar/beir/wiki/Load-your-custom-dataset
"""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bakeoff.errors import InputError
from bakeoff.files.small import small_file
from bakeoff.files.unreadable import unreadable
from bakeoff.questions.rows.columns import answer_like
from bakeoff.questions.tools.converted import Cells, Converted, Recorded, left_out

SPLITS = ("test", "dev", "train")
MOST_BYTES = 50_000_000
"""Of a file of relevant documents: about two million lines."""


def read(recorded: Recorded) -> Converted | None:
    """One row per query that has relevant documents. Raises InputError if the file has no answers."""
    if not {"_id", "text"} <= recorded.names:
        return None
    if not answer_like(sorted(recorded.names)) and not any(answers_of(cells) for _, cells in recorded.rows):
        raise InputError(
            f"{recorded.path}: queries of BEIR, which have no answers. Bakeoff grades answers.",
            'add a list to each line: "answers": ["..."]',
        )
    relevant, splits = relevant_documents(recorded.path)
    rows = [(number, _cells(cells, relevant, splits)) for number, cells in recorded.rows]
    known = [(number, cells) for number, cells in rows if cells.get("source") or not relevant]
    return Converted("BEIR", known, left_out(len(rows) - len(known), "query", "no document is relevant in the qrels"))


def _cells(cells: Cells, relevant: Mapping[str, list[str]], splits: Mapping[str, str]) -> dict[str, Any]:
    key = str(cells.get("_id"))
    kept = {name: value for name, value in cells.items() if name not in ("_id", "text", "metadata")}
    answers = {"answers": answers_of(cells)} if answers_of(cells) else {}
    source = {"source": relevant[key]} if relevant.get(key) else {}
    split = {"split": splits[key]} if key in splits else {}
    return {**kept, **answers, **source, **split, "id": key, "question": cells.get("text")}


def answers_of(cells: Cells) -> Any:
    metadata = cells.get("metadata")
    return metadata.get("answers") or metadata.get("answer") if isinstance(metadata, Mapping) else None


def relevant_documents(path: Path) -> tuple[dict[str, list[str]], dict[str, str]]:
    """(the relevant documents of each query, its split). Of several files, the first of test, dev and train counts."""
    relevant: dict[str, list[str]] = defaultdict(list)
    splits: dict[str, str] = {}
    folder = path.parent / "qrels"
    files = sorted(folder.glob("*.tsv"), key=lambda file: (_order(file), file.name)) or [*path.parent.glob("qrels.tsv")]
    for file in files:
        for line in _lines(file):
            query, document, score = [*line.split("\t"), "", "", ""][:3]
            if query == "query-id" or not _positive(score):
                continue
            if document not in relevant[query]:
                relevant[query].append(document)
            if file.stem in SPLITS:
                splits.setdefault(query, file.stem)
    return relevant, splits if len(set(splits.values())) > 1 else {}


def _lines(file: Path) -> list[str]:
    try:
        return small_file(file, MOST_BYTES).decode("utf-8", "replace").splitlines()
    except OSError as error:
        raise InputError(*unreadable(f"Cannot read the relevant documents {file}", error, "split the file")) from error


def _order(file: Path) -> int:
    return SPLITS.index(file.stem) if file.stem in SPLITS else len(SPLITS)


def _positive(score: str) -> bool:
    try:
        return float(score) > 0
    except ValueError:
        return False
