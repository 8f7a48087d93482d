"""What an import found: documents by file name, question rows, answers by system, and what was left out.

Takes texts and rows, keeps each text once. Writes nothing.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bakeoff.files.names import is_taken_by_windows
from bakeoff.questions.naming import made_id
from bakeoff.questions.rows.columns import answer_like
from bakeoff.sentences import counted

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
PLURALS = {"query": "queries", "latency": "latencies"}
LONGEST_NAME = 80
IN_A_FOLDER = 1_000
"""The most documents of one folder."""


class Texts:
    """Documents by the name of their file. With `known`, the documents exist already, and none is made."""

    def __init__(self, known: bool = False) -> None:
        self.known = known
        self.files: dict[str, str] = {}
        self._by_text: dict[str, str] = {}
        self._taken: set[str] = set()

    def add(self, text: str, title: str = "", name: str = "") -> str:
        """The file of this text, which is made if there is none; empty if no documents are made, or without a text."""
        text = text.strip()
        if self.known or not text:
            return ""
        whole = f"{title.strip()}\n\n{text}" if title.strip() and not text.startswith(title.strip()) else text
        if not name and whole in self._by_text:
            return self._by_text[whole]
        file = self._file(name or title, whole)
        self.files[file] = whole + "\n"
        self._by_text.setdefault(whole, file)
        return file

    def _file(self, wanted: str, text: str) -> str:
        """A name that is safe for files and new, whatever the case. The sum of the text makes it so if it must."""
        stem = _UNSAFE.sub("-", wanted)[:LONGEST_NAME].strip("-.")
        if not stem or stem.casefold() in self._taken or is_taken_by_windows(stem):
            stem = f"{stem or 'text'}-{hashlib.sha256((wanted + text).encode()).hexdigest()[:10]}"
        self._taken.add(stem.casefold())
        folder = f"{len(self.files) // IN_A_FOLDER:03}/" if len(self.files) >= IN_A_FOLDER else ""
        return f"{folder}{stem}.txt"


class Gathered:
    """What is in the files of a tool. `unanswered` are rows of questions that nobody can grade yet."""

    def __init__(self, tool: str, texts: Texts) -> None:
        self.tool = tool
        self.texts = texts
        self.questions: list[dict[str, Any]] = []
        self.unanswered: list[dict[str, Any]] = []
        self.answers: dict[str, dict[str, dict[str, Any]]] = {}
        self.notes: list[str] = []
        self._left_out: Counter[tuple[str, str]] = Counter()
        self._asked: dict[str, dict[str, Any]] = {}

    def add_question(self, row: Mapping[str, Any]) -> None:
        """Adds a row unless it has no question, or its question was asked before."""
        text = " ".join(str(row.get("question") or "").split())
        if not text:
            self.leave_out("row", "it has no question")
        elif text in self._asked:
            same = _answers(self._asked[text]) == _answers(row)
            why = "its question was there before" if same else "its question was there before, with another answer"
            self.leave_out("row", why)
        else:
            self._asked[text] = dict(row)
            self.questions.append(
                {"id": made_id(text), **{key: value for key, value in row.items() if value is not None}}
            )

    def add_answer(self, system: str, row: Mapping[str, Any]) -> None:
        """Adds what a system answered. Of several answers to a question, the first that is no error counts."""
        from bakeoff.contenders.recorded_answers import NUMBER_COLUMNS, is_amount, question_key

        system = _UNSAFE.sub("-", system).strip("-._") or "system"
        kept = {key: value for key, value in row.items() if key == "answer" or value not in (None, "", [])}
        for name in [name for name in kept if name in NUMBER_COLUMNS and not is_amount(kept[name])]:
            del kept[name]
            self.leave_out("value", f"{name} should be a number of 0 or more")
        question = question_key(kept["question"])
        before = self.answers.setdefault(system, {}).get(question)
        if before is None or ("error" in before and "error" not in kept):
            self.answers[system][question] = kept
        if before is not None:
            self.leave_out("answer", "the same system answered the question more than once")

    def leave_out(self, what: str, why: str, n: int = 1) -> None:
        """Counts what is not used."""
        self._left_out[what, why] += n

    @property
    def left_out(self) -> list[str]:
        """What was left out, and why, a sentence each."""
        return [
            f"{counted(n, what, PLURALS.get(what, ''))} {'was' if n == 1 else 'were'} left out: {why}."
            for (what, why), n in self._left_out.items()
            if n
        ]

    def keep(self, questions: Sequence[dict[str, Any]]) -> None:
        """Keeps these questions alone."""
        self.leave_out("question", "more than --most-questions", len(self.questions) - len(questions))
        self.questions = list(questions)


def _answers(row: Mapping[str, Any]) -> list[Any]:
    """The accepted answers of a row, in whatever columns they stand."""
    return [row[name] for name in answer_like(sorted(row))]
