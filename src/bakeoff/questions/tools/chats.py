"""Chats to train on, as OpenAI's fine-tuning and TRL read them: one line {"messages": [...]} for each.

The question is the user's message, the answer the assistant's; a system message is not used. Chats of several turns are
left out, because their last question cannot be asked alone, and so are those whose answer declines or has no text.
Formats: OpenAI, "Supervised fine-tuning"; TRL, "Dataset formats" (conversational language modelling).
"""

from collections.abc import Mapping
from typing import Any

from bakeoff.grading.abstention import is_abstention
from bakeoff.questions.tools.converted import Cells, Converted, Recorded, left_out

KEPT = ("id", "fact", "asked", "date", "kind", "split", "source")
OTHER_TURNS = "not one message of a user and one answer"
NO_TEXT = "the message or the answer has no text"
DECLINES = "the answer declines"
WHY = (OTHER_TURNS, NO_TEXT, DECLINES)
"""The reasons why a chat is left out."""


def read(recorded: Recorded) -> Converted | None:
    """One row per chat of one question and one answer."""
    if "messages" not in recorded.names or recorded.names & {"question", "answer", "answers"}:
        return None
    if not all(_is_chat(cells.get("messages")) for _, cells in recorded.rows):
        return None
    rows, reasons = [], []
    for number, cells in recorded.rows:
        found = _row(cells)
        if isinstance(found, str):
            reasons.append(found)
        else:
            rows.append((number, found))
    notes = [note for why in WHY if (note := left_out(reasons.count(why), "chat", why))]
    return Converted("chats", rows, tuple(text for note in notes for text in note))


def _is_chat(value: Any) -> bool:
    return (
        isinstance(value, list) and bool(value) and all(isinstance(turn, Mapping) and "role" in turn for turn in value)
    )


def _row(cells: Cells) -> dict[str, Any] | str:
    """A chat as a row, or the reason why it is left out."""
    turns = [turn for turn in cells["messages"] if turn["role"] not in ("system", "developer")]
    if [turn["role"] for turn in turns] != ["user", "assistant"]:
        return OTHER_TURNS
    question, answer = (_text(turn.get("content")) for turn in turns)
    if not question or not answer:
        return NO_TEXT
    if is_abstention(answer):
        return DECLINES
    return {**{name: cells[name] for name in KEPT if name in cells}, "question": question, "answers": [answer]}


def _text(content: Any) -> str:
    """The text of a message, also of one in parts."""
    if isinstance(content, list):
        content = " ".join(str(part.get("text", "")) for part in content if isinstance(part, Mapping))
    return content.strip() if isinstance(content, str) else ""
