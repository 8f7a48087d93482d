"""The folder of synthetic questions: with what it was begun, what is done, and what people said.

Takes records, keeps them in `begun.json`, `done.jsonl` and `reviews.jsonl`. Gives the questions as a run reads them.
All other files of the folder are made from these (`written.py`).
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from bakeoff.errors import ConfigError, RunFolderError
from bakeoff.files import jsonl
from bakeoff.files.locks import held
from bakeoff.files.room import refused
from bakeoff.files.spreadsheet_csv import Cell
from bakeoff.questions.rows.aliases import as_cell
from bakeoff.records import Document, Question, Record
from bakeoff.sentences import first_few
from bakeoff.synthesis.drafts import Done, Kept

Verdict = Literal["accepted", "rejected", "edited", "withdrawn"]
FIELDS = (
    *("id", "question", "answers", "kind", "fact", "source", "evidence"),
    *("synthetic", "synthetic_method", "synthetic_review", "paraphrase_of", "paraphrase_sum"),
)
"""The columns of the question files, as docs/questions.md describes them."""


class Review(Record):
    """What a person said about one question. `question` and `answers` are the person's words if it was edited.

    'withdrawn' takes back what was said before: nobody has reviewed the question then.
    """

    id: str
    verdict: Verdict
    question: str = ""
    answers: tuple[str, ...] = ()
    note: str = ""


class Begun(Record):
    """With what a folder was begun. Going on with something else would mix two sets.

    `documents` and `questions` are sums of what these hold.
    """

    settings: dict[str, Any]
    documents: str
    questions: str = ""
    reword: str = ""
    writer: str = ""
    reader: str = ""


class Folder:
    """One folder of synthetic questions."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.work = root / "work"
        self.done_path = root / "done.jsonl"
        self.begun_path = root / "begun.json"
        self.reviews_path = root / "reviews.jsonl"
        self._lock_path = root / ".lock"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keeps other processes out of this folder: two would pay for everything twice, and mix their lines.

        Raises RunFolderError if one is using it, BakeoffError if the system refuses to make the folder.
        """
        refusal = RunFolderError(
            f"Another bakeoff synthesize is using {self.root}.",
            "wait until it has ended, or name another folder with --output",
        )
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise refused(error, "name another folder with --output") from error
        with held(self._lock_path, refusal):
            yield

    def check_new(self, resume: bool) -> None:
        """Raises ConfigError if the folder holds something that is not to be gone on with."""
        if self.root.exists() and not self.root.is_dir():
            raise ConfigError(f"{self.root} is a file.", "name a folder with --output")
        if self.begun_path.exists() and not resume:
            raise ConfigError(
                f"{self.root} already holds synthetic questions.",
                "go on with --resume (what is done is not asked again), or name another folder with --output",
            )
        own = (self.work, self._lock_path)
        others = [path.name for path in self.root.iterdir() if path not in own] if self.root.exists() else []
        if others and not self.begun_path.exists():
            raise ConfigError(
                f"{self.root} exists and holds other files: {first_few(sorted(others))}.",
                "name another folder with --output, or empty it",
            )

    def begun_with(self, begun: Begun, resume: bool) -> list[Done]:
        """The units that are done. Writes nothing. Raises ConfigError as `check_new`, and if it was begun otherwise."""
        self.check_new(resume)
        if not self.begun_path.exists():
            return []
        before = Begun.model_validate_json(self.begun_path.read_text(encoding="utf-8"))
        changed = [name for name in Begun.model_fields if getattr(before, name) != getattr(begun, name)]
        if changed:
            raise ConfigError(
                f"{self.root} was begun with other {', '.join(changed)}: " + _differences(before, begun, changed),
                "go on with the same documents, questions, models and options, or name another folder with --output",
            )
        return self.done()

    def begin(self, begun: Begun) -> None:
        """From now on the folder is gone on with only by --resume."""
        if not self.begun_path.exists():
            jsonl.write_text(self.begun_path, begun.model_dump_json(indent=1))

    def done(self) -> list[Done]:
        return jsonl.read(self.done_path, Done)

    def add(self, done: Done) -> None:
        jsonl.append(self.done_path, [done])

    def reviews(self) -> dict[str, Review]:
        """The last review of each question, without those that were withdrawn."""
        last = {review.id: review for review in jsonl.read(self.reviews_path, Review)}
        return {name: review for name, review in last.items() if review.verdict != "withdrawn"}

    def kept(self) -> list[Kept]:
        """Every question that passed the checks, in the order in which they were made."""
        return [kept for unit in self.done() for kept in unit.kept]


def _differences(before: Begun, now: Begun, names: Sequence[str]) -> str:
    return "; ".join(f"{name} was {getattr(before, name)!r}, now {getattr(now, name)!r}" for name in names) + "."


def documents_sum(documents: Sequence[Document]) -> str:
    """A short sum of all texts, so that a resumed making notices that documents changed."""
    digest = hashlib.sha256()
    for document in sorted(documents, key=lambda document: document.source):
        digest.update(f"{document.source}\0{document.text}\0".encode())
    return digest.hexdigest()[:16]


def questions_sum(existing: Sequence[Question], to_reword: Sequence[Question]) -> str:
    """A short sum of the questions that are known and of those to reword, whatever their order; empty without any."""
    reworded = {question.id for question in to_reword}
    known = sorted(
        (question.id, question.text, question.answers, question.fact, question.id in reworded) for question in existing
    )
    return hashlib.sha256(repr(known).encode()).hexdigest()[:16] if known else ""


def as_question(kept: Kept, review: Review | None) -> Question:
    """The question as a run reads it, in the words of the person who edited it."""
    question = kept.draft.as_question()
    if review is None or question.synthetic is None:
        return question
    mark = question.synthetic.model_copy(update={"accepted": review.verdict != "rejected"})
    fields: dict[str, Any] = {"synthetic": mark}
    if review.verdict == "edited":
        fields |= {"text": review.question or question.text, "answers": review.answers}
        fields |= {"kind": _kind(question.kind, review.answers)}
    return question.model_copy(update=fields)


def _kind(before: str, answers: Sequence[str]) -> str:
    """The kind of a question that was edited: a person may find an answer where there was none, or none."""
    if not answers:
        return "unanswerable"
    return "" if before == "unanswerable" else before


def question_row(kept: Kept, review: Review | None) -> dict[str, Any]:
    """One line of questions.jsonl."""
    question = as_question(kept, review)
    return {
        "id": question.id,
        "question": question.text,
        "answers": list(question.answers),
        "kind": question.kind,
        "fact": question.fact,
        "source": kept.draft.source if question.answers else "",
        "evidence": question.evidence if question.answers else "",
        "synthetic": True,
        "synthetic_method": kept.draft.method,
        "synthetic_review": review.verdict if review else "",
        "paraphrase_of": kept.draft.paraphrase_of,
        "paraphrase_sum": kept.draft.paraphrase_sum,
    }


def cells(row: Mapping[str, Any]) -> Iterator[Cell]:
    """The line as a row of questions.csv."""
    for name in FIELDS:
        value = row[name]
        yield as_cell(value) if isinstance(value, list) else "yes" if value is True else value


def totals(done: Sequence[Done]) -> tuple[Counter[str], Counter[str]]:
    """(how many questions were kept by method, how many were dropped by reason)."""
    kept = Counter(of.draft.method for unit in done for of in unit.kept)
    dropped: Counter[str] = Counter()
    for unit in done:
        dropped.update(unit.dropped)
    return kept, dropped
