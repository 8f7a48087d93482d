"""Ragas: test sets with `user_input`, `reference` and `reference_contexts`, or (before 0.2) `question`, `ground_truth`.

`response` (before 0.2: `answer`) and `retrieved_contexts` are what a model said and found, and are not used. Format:
https://docs.ragas.io/en/stable/concepts/components/eval_sample/
"""

import ast
import re
from collections.abc import Mapping
from typing import Any

from bakeoff.questions.tools.converted import Cells, Converted, Numbered, Recorded, left_out

_HOP = re.compile(r"^\s*<\d+-hop>\s*")
_TURNS = re.compile(r"\s*\[\s*(\{|\w+Message)")
_KEPT = ("id", "fact", "asked", "date", "kind", "split", "source")


def read(recorded: Recorded) -> Converted | None:
    """One row per sample of one turn. Conversations of several turns are left out."""
    if "user_input" in recorded.names and recorded.names & {"reference", "reference_contexts", "response"}:
        rows = [(number, _sample(cells)) for number, cells in recorded.rows if not _is_chat(cells["user_input"])]
        n_chats = len(recorded.rows) - len(rows)
        return Converted("Ragas", rows, left_out(n_chats, "sample", "several turns, of which no single one is asked"))
    if "evolution_type" in recorded.names and "ground_truth" in recorded.names:
        return Converted("Ragas", [*map(_older, recorded.rows)])
    return None


def _is_chat(value: Any) -> bool:
    return isinstance(value, list) or (isinstance(value, str) and _TURNS.match(value) is not None)


def _sample(cells: Cells) -> dict[str, Any]:
    return {
        **{name: cells[name] for name in _KEPT if name in cells},
        "question": cells.get("user_input"),
        "answers": _one(cells.get("reference")),
        "evidence": _texts(cells.get("reference_contexts")),
    }


def _older(row: Numbered) -> Numbered:
    """A row of a generated test set of Ragas 0.1: its `contexts` are those that the answer was made from."""
    number, cells = row
    sources = [
        str(each["source"])
        for each in _parsed(cells.get("metadata"))
        if isinstance(each, Mapping) and each.get("source")
    ]
    return number, {
        **{name: cells[name] for name in _KEPT if name in cells},
        "question": cells.get("question"),
        "answers": _one(cells.get("ground_truth")),
        "evidence": _texts(cells.get("contexts")),
        **({"source": [*dict.fromkeys(sources)]} if sources else {}),
    }


def _one(answer: Any) -> Any:
    """A reference is one answer, even with a '|' in it."""
    return [answer] if isinstance(answer, str) and answer.strip() else answer


def _texts(contexts: Any) -> list[str]:
    """The texts of a list, also of one written by Python, without the marks that Ragas puts before them."""
    return [_HOP.sub("", str(text)) for text in _parsed(contexts) if text]


def _parsed(value: Any) -> list[Any]:
    if isinstance(value, str) and value.strip().startswith("["):
        try:
            value = ast.literal_eval(value.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return [value]
    return value if isinstance(value, list) else [value] if value else []
