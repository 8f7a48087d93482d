"""`beir`: the documents and questions of a run as a folder of BEIR, with the answers that BEIR does not have.

Takes a finished run, gives `corpus.jsonl`, `queries.jsonl` (with the accepted answers as `answers` of `metadata`) and
`qrels/SPLIT.tsv`. Format: https://github.com/beir-cellar/beir/wiki/Load-your-custom-dataset
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bakeoff.errors import ConfigError
from bakeoff.exports.measured import documents_of, open_documents
from bakeoff.exports.target import new_path
from bakeoff.records import Question
from bakeoff.runs.run import Run


def export_beir(run: Run, out: Path, restricted: bool = False) -> tuple[int, int, list[str]]:
    """Writes the folder; returns the numbers of documents and queries, and what was left out: documents with labels,
    unless they are asked for, and questions that rest on them.

    A query is a question that names a document of the run. Raises ConfigError if there is none, or the path exists.
    """
    every = documents_of(run)
    documents, notes = open_documents(every, restricted)
    closed = every.keys() - documents.keys()
    asked = [one for one in run.folder.questions() if one.slice != "general" and closed.isdisjoint(_sources(one))]
    queries = [question for question in asked if _sources(question) & documents.keys()]
    if not queries:
        raise ConfigError(
            f"None of the {len(asked)} questions names a document of the run, and BEIR holds only such questions.",
            "name it in a column 'source' of the question files and run again, or export --to ragas or promptfoo",
        )
    with new_path(out) as folder:
        (folder / "qrels").mkdir(parents=True)
        _write(
            folder / "corpus.jsonl",
            ({"_id": one.source, "title": one.title, "text": one.text} for one in documents.values()),
        )
        _write(folder / "queries.jsonl", map(_query, queries))
        for split in dict.fromkeys(question.split or "test" for question in queries):
            (folder / "qrels" / f"{split}.tsv").write_text(_qrels(queries, split, documents.keys()), encoding="utf-8")
    n = len(asked) - len(queries)
    if n:
        notes.append(f"{n} question{'s' if n != 1 else ''} left out: no document of the run is named for the answer.")
    return len(documents), len(queries), notes


def _query(question: Question) -> dict[str, Any]:
    return {"_id": question.id, "text": question.text, "metadata": {"answers": list(question.answers)}}


def _qrels(queries: Iterable[Question], split: str, known: Iterable[str]) -> str:
    names = set(known)
    lines = [
        f"{question.id}\t{source}\t1"
        for question in queries
        if (question.split or "test") == split
        for source in sorted(_sources(question) & names)
    ]
    return "\n".join(["query-id\tcorpus-id\tscore", *lines]) + "\n"


def _sources(question: Question) -> set[str]:
    return {span.source for span in question.source_spans}


def _write(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
