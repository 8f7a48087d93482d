"""Writes what an import found as a folder that a pilot starts from.

Takes the path of another tool's data, gives the folder: `documents/`, `questions.jsonl`, `answers/SYSTEM.jsonl` and
`bakeoff.yaml`, in which each system is a contender with recorded answers. The folder is written whole or not at all.
"""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from bakeoff.errors import ConfigError, InputError
from bakeoff.exports.target import new_path
from bakeoff.importing import beir_folder, promptfoo_results, rows
from bakeoff.importing.data_sets import rows_in
from bakeoff.importing.gathered import Gathered, Texts
from bakeoff.pilot.first_config import first_config
from bakeoff.questions.rows.columns import Mapped
from bakeoff.questions.splits.draw import Draw
from bakeoff.records import Record
from bakeoff.sentences import counted

QUESTIONS, UNANSWERED, CONFIG = "questions.jsonl", "unanswered.csv", "bakeoff.yaml"
SEED = 7
LONGEST_SYSTEM = 80


class Imported(Record):
    """What was written. `answers` counts those of each system; `left_out` are sentences with counts and reasons."""

    tool: str
    folder: str
    n_documents: int
    n_questions: int
    n_unanswered: int = 0
    answers: dict[str, int] = Field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


def import_project(
    source: Path,
    folder: Path,
    documents: Sequence[str] = (),
    columns: Mapped | None = None,
    most_questions: int | None = None,
) -> Imported:
    """Imports a file or folder of another tool into a new folder.

    `documents` are those that the questions are about, where they exist already: then none are made of passages. Of
    more questions than `most_questions`, so many are drawn, always the same. Raises ConfigError if the folder exists,
    InputError if the data cannot be read or hold neither a question nor a document.
    """
    if folder.exists():
        raise ConfigError(
            f"{folder} exists already, and an import overwrites nothing.", "name another folder with --to"
        )
    gathered = gather(source, Texts(known=bool(documents)), columns or {})
    if most_questions is not None and len(gathered.questions) > most_questions:
        drawn = set(Draw(SEED).order([row["id"] for row in gathered.questions], "import")[:most_questions])
        gathered.keep([row for row in gathered.questions if row["id"] in drawn])
    if not gathered.questions and not gathered.unanswered:
        raise InputError(f"{source} holds no question to use. {' '.join(gathered.left_out)}", "see docs/questions.md")
    with new_path(folder) as path:
        _write(gathered, path)
    return _with_config(gathered, folder, documents, columns)


def gather(source: Path, texts: Texts, columns: Mapped) -> Gathered:
    """What a file or folder holds, by the tool that it is of. Raises InputError if it cannot be read."""
    if not source.exists():
        raise InputError(f"There is no {source}.", "check the path")
    if source.is_dir() and beir_folder.is_beir(source):
        return beir_folder.gather(source, texts)
    if results := promptfoo_results.read(source):
        return promptfoo_results.gather(results, source, texts)
    return rows.gather(rows_in(source), source, texts, columns)


def _write(gathered: Gathered, path: Path) -> None:
    path.mkdir()
    for name, text in gathered.texts.files.items():
        file = path / "documents" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    if gathered.questions:
        _write_lines(path / QUESTIONS, gathered.questions)
    if gathered.unanswered:
        (path / UNANSWERED).write_text(_to_fill_in(gathered.unanswered), encoding="utf-8")
    for system, answers in gathered.answers.items():
        _write_lines(path / "answers" / f"{system}.jsonl", [*answers.values()])


def _write_lines(path: Path, lines: Sequence[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "".join(json.dumps(line, ensure_ascii=False, default=str) + "\n" for line in lines), encoding="utf-8"
    )


def _to_fill_in(questions: Sequence[dict[str, Any]]) -> str:
    """A table with an empty column for answers."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["id", "question", "answers", "source"])
    table.writerows([row["id"], row["question"], "", "|".join(row["source"])] for row in questions)
    return text.getvalue()


def _with_config(gathered: Gathered, folder: Path, documents: Sequence[str], columns: Mapped | None) -> Imported:
    """The result, once bakeoff.yaml is written; without questions there is none."""
    lines: tuple[str, ...] = ()
    where = [*documents] or ([str(folder / "documents")] if gathered.texts.files else [])
    if gathered.questions and where:
        recorded = {_contender(system): f"answers/{system}.jsonl" for system in gathered.answers}
        written = first_config(
            where, [folder / QUESTIONS], folder / CONFIG, columns=_still_there(columns, gathered), recorded=recorded
        )
        lines = written.lines
    return Imported(
        tool=gathered.tool,
        folder=str(folder),
        n_documents=len(gathered.texts.files),
        n_questions=len(gathered.questions),
        n_unanswered=len(gathered.unanswered),
        answers={system: len(answers) for system, answers in gathered.answers.items()},
        left_out=tuple(gathered.left_out),
        notes=tuple([*gathered.notes, *_missing(gathered, where)]),
        lines=lines,
    )


def _missing(gathered: Gathered, where: Sequence[str]) -> list[str]:
    notes = []
    if not where:
        notes.append("No passage was found to make documents of: name yours with --documents, or write bakeoff.yaml.")
    if gathered.unanswered:
        notes.append(
            f"{counted(len(gathered.unanswered), 'question')} wait for answers in {UNANSWERED}: fill in the column "
            f"answers, then: bakeoff init documents --questions {UNANSWERED}"
        )
    return notes


def _still_there(columns: Mapped | None, gathered: Gathered) -> dict[str, Any]:
    """The mapping of columns that the question file still has under their own names."""
    names = {name for row in gathered.questions for name in row}
    return {field: name for field, name in (columns or {}).items() if isinstance(name, str) and name in names}


def _contender(system: str) -> str:
    """A name for a contender that is none of Bakeoff's own."""
    return f"{system[:LONGEST_SYSTEM]}-recorded"
