"""A folder of BEIR: `corpus.jsonl`, `queries.jsonl` and `qrels/*.tsv`.

Takes the folder, gives its documents and questions with the relevant documents as sources. BEIR has no answers, and
Bakeoff grades answers: queries without a list `answers` are given apart, to be answered.
Format: https://github.com/beir-cellar/beir/wiki/Load-your-custom-dataset
"""

from pathlib import Path
from typing import Any

from bakeoff.errors import InputError
from bakeoff.importing.gathered import Gathered, Texts
from bakeoff.questions.rows.columns import answer_like
from bakeoff.questions.rows.table import read_table
from bakeoff.questions.tools import beir

CORPUS, QUERIES = "corpus.jsonl", "queries.jsonl"


def is_beir(path: Path) -> bool:
    """Whether there are documents and queries in BEIR's form."""
    return (path / CORPUS).is_file() and (path / QUERIES).is_file()


def gather(path: Path, texts: Texts) -> Gathered:
    """What the folder holds. Raises InputError if a file cannot be read or has no ids."""
    gathered = Gathered("BEIR", texts)
    files = _documents(path / CORPUS, gathered)
    queries = [(one.line, dict(zip(one.names, one.values, strict=False))) for one in read_table(path / QUERIES).records]
    relevant, splits = beir.relevant_documents(path / QUERIES)
    for _, cells in queries:
        given = [cells[name] for name in answer_like(sorted(cells)) if cells[name]]
        answers = next(iter(given), None) or beir.answers_of(cells)
        key = str(cells.get("_id", ""))
        sources = [files[name] for name in relevant.get(key, ()) if name in files]
        if relevant and not sources and not texts.known:
            gathered.leave_out("query", "none of the documents is relevant to it in the qrels")
            continue
        row: dict[str, Any] = {"id": key or None, "question": cells.get("text"), "answers": answers, "source": sources}
        if answers is None:
            gathered.unanswered.append(row)
        else:
            gathered.add_question({**row, **({"split": splits[key]} if key in splits else {})})
    why = "BEIR has no answers, and Bakeoff grades answers; fill in unanswered.csv"
    gathered.leave_out("query", why, len(gathered.unanswered))
    return gathered


def _documents(path: Path, gathered: Gathered) -> dict[str, str]:
    """The file of each document by its id."""
    files = {}
    for line, names, values, _ in read_table(path).records:
        cells = dict(zip(names, values, strict=False))
        key = str(cells.get("_id") or "")
        if not key:
            raise InputError(f"{path}, line {line}: a document without '_id'.", "give each document an _id")
        file = gathered.texts.add(str(cells.get("text") or ""), str(cells.get("title") or ""), name=key)
        if file:
            files[key] = file
        elif not gathered.texts.known:
            gathered.leave_out("document", "it has no text")
    return files
