"""OpenAI evals: lines with `input` (a text, or the messages of a chat) and `ideal` (one answer or a list).

The question is the last message of the user. Formats: https://github.com/openai/evals/blob/main/docs/build-eval.md, and
lines {"item": {...}} of the evals on OpenAI's platform, whose fields stand in `item`.
"""

from collections.abc import Mapping
from typing import Any

from bakeoff.questions.tools.converted import Cells, Converted, Recorded


def read(recorded: Recorded) -> Converted | None:
    """One row per line that has an ideal answer, or per item."""
    if recorded.names and all(isinstance(cells.get("item"), Mapping) for _, cells in recorded.rows):
        return Converted("OpenAI evals", [(number, _renamed(cells["item"])) for number, cells in recorded.rows])
    if not {"input", "ideal"} <= recorded.names:
        return None
    return Converted("OpenAI evals", [(number, _renamed(cells)) for number, cells in recorded.rows])


def _renamed(cells: Cells) -> dict[str, Any]:
    """The cells with the question's text under `question` if it is in a chat, and `ideal` as the answers."""
    renamed = dict(cells)
    chat = next((renamed.pop(name) for name in ("input", "messages") if name in renamed), None)
    if chat is not None:
        renamed.setdefault("question", _asked(chat))
    if "ideal" in renamed:
        renamed["answers"] = renamed.pop("ideal")
    return renamed


def _asked(chat: Any) -> str:
    """The text of the last message of a user; a text as it is."""
    if not isinstance(chat, list):
        return str(chat)
    messages = [message for message in chat if isinstance(message, Mapping)]
    asked = [message for message in messages if message.get("role") == "user"] or messages
    content = asked[-1].get("content", "") if asked else ""
    if isinstance(content, list):
        return " ".join(str(part.get("text", "")) for part in content if isinstance(part, Mapping))
    return str(content)
