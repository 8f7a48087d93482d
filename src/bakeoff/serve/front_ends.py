"""Chores of chat front ends: prompts that ask for a title, tags or follow-up questions of a chat, not for an answer.

Takes the text of a message, gives the reply to a chore, or None for a question. Knows the default prompts of Open WebUI
and LibreChat by a few of their words. No chore is answered by a model, and none is a question of a user.

Sources: `open_webui/config.py` of Open WebUI, `src/utils/title.ts` of LibreChat's agents package (2025 and 2026).
"""

import json
import re

TITLE_WORDS = 6
"""A title has at most this many words of the question."""
UNTITLED = "New chat"
MOST_CHARACTERS = 32_000
"""A longer text is no chore: front ends show only the last messages of a chat."""

_HISTORY = re.compile(r"<chat_history>(.*)</chat_history>", re.DOTALL)
_JSON_KEY = re.compile(r'"(title|tags|follow_ups|queries|prompt|text)"\s*:')
_SAID_BY_USER = re.compile(
    r"(?:^|\n|\|\|>)[ \t]*user:\s*(.+?)(?=\n[ \t]*(?:\|\|>)?(?:user|assistant|ai|response|title):|\Z)", re.I | re.S
)


def chore_reply(text: str) -> str | None:
    """The reply to a chore, in the form that the front end reads; None if the text is a question.

    A title is the first words of the first question. Nothing is invented for the rest: no tags but "General", no
    follow-up questions, no search queries, no text to continue.
    """
    return None if len(text) > MOST_CHARACTERS else _open_webui(text) or _librechat(text)


def _open_webui(text: str) -> str | None:
    """Open WebUI puts the chat between tags and names the key of the JSON object it wants."""
    history = _HISTORY.search(text)
    if history is None:
        return _emoji(text)
    instructions = text[: history.start()] + text[history.end() :]
    key = _JSON_KEY.search(instructions)
    if key is not None:
        return json.dumps({key.group(1): _value(key.group(1), history.group(1))}, ensure_ascii=False)
    return _title(history.group(1)) if re.search(r"\btitle\b", instructions, re.IGNORECASE) else None


def _value(key: str, history: str) -> str | list[str]:
    values: dict[str, str | list[str]] = {"tags": ["General"], "follow_ups": [], "queries": [], "text": ""}
    return values[key] if key in values else _title(history)


def _emoji(text: str) -> str | None:
    return "💬" if "facial expression" in text and "fitting emoji" in text else None


def _librechat(text: str) -> str | None:
    """LibreChat asks for a title in three ways; one of them wants JSON."""
    if _SAID_BY_USER.search(text) is None:
        return None
    if "5-word-or-less title" in text or "concise title (max 40 characters)" in text:
        return _title(text)
    if "title in the detected language" in text:
        return json.dumps({"language": "", "title": _title(text)}, ensure_ascii=False)
    return None


def _title(history: str) -> str:
    """The first words of what the user wrote first."""
    said = _SAID_BY_USER.search(history)
    words = re.sub(r"[^\w\s'’.-]", " ", said.group(1) if said else "").split()
    return " ".join(words[:TITLE_WORDS]).strip(" .-'’") or UNTITLED
