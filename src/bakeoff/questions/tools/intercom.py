"""Intercom: conversations with their parts, as the export or the API gives them in JSON.

The answer is the first comment of a team mate. Bots and AI agents do not count: a model's answer is no gold answer.
Format: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations
"""

from collections.abc import Mapping
from typing import Any

from bakeoff.errors import InputError
from bakeoff.questions.tools import threads
from bakeoff.questions.tools.converted import Cells, Converted, Recorded, left_out

CUSTOMERS = ("user", "lead", "contact", "visitor")
_BY_AI = ("from_ai_agent", "is_ai_answer")


def read(recorded: Recorded) -> Converted | None:
    """One row per conversation that a customer began and a team mate answered.

    Raises InputError for a table of conversations without messages.
    """
    if "conversation_parts" not in recorded.names or "source" not in recorded.names:
        names = {name.strip().lower() for name in recorded.names}
        if recorded.is_table and "conversation id" in names and not names & {"question", "answer", "answers"}:
            raise InputError(
                f"{recorded.path}: a table of Intercom's conversations without messages, so it has no answers.",
                "export the conversations as JSON (data export, or the API), which has their messages",
            )
        return None
    rows = [(number, row) for number, conversation in recorded.rows if (row := _conversation(conversation))]
    why = "no customer began them, or no team mate answered"
    return Converted("Intercom", rows, left_out(len(recorded.rows) - len(rows), "conversation", why))


def _conversation(conversation: Cells) -> dict[str, Any] | None:
    source, parts = conversation.get("source"), conversation.get("conversation_parts")
    listed = parts.get("conversation_parts") if isinstance(parts, Mapping) else parts
    if not isinstance(source, Mapping) or not isinstance(listed, list) or _author(source).get("type") not in CUSTOMERS:
        return None
    replies = [str(part["body"]) for part in listed if isinstance(part, Mapping) and _is_reply(part)]
    question = threads.asked(source.get("subject"), source.get("body"))
    if not replies or not question:
        return None
    return threads.cells(conversation.get("id"), question, replies[0], conversation.get("created_at"))


def _is_reply(part: Mapping[str, Any]) -> bool:
    """Whether a team mate wrote it for the customer: not a note, and not by a model."""
    author = _author(part)
    by_person = author.get("type") == "admin" and not any(author.get(mark) for mark in _BY_AI)
    return by_person and part.get("part_type") != "note" and not part.get("redacted") and bool(part.get("body"))


def _author(part: Mapping[str, Any]) -> Mapping[str, Any]:
    author = part.get("author")
    return author if isinstance(author, Mapping) else {}
