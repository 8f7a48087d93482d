"""Chores of chat front ends: prompts that ask for a title, tags or a summary of a chat, not for an answer.

Takes a conversation, gives the reply to a chore, or None for a question. Knows the default prompts of Open WebUI,
LibreChat, NextChat, Cherry Studio, Chatbox and LobeChat by a few of their words, which stand in the last question or in
a system message. No chore is answered by a model, and none is a question of a user.

Sources: `open_webui/config.py` of Open WebUI; `src/utils/title.ts` of LibreChat's agents package; `app/locales/en.ts`
and `cn.ts` of NextChat; `TopicNamingService.ts` and earlier `services/AssistantService.ts` of Cherry Studio;
`packages/prompts.ts` of Chatbox; `chains/summaryTitle.ts` of LobeChat (all 2024 to 2026).
"""

import json
import re
from collections.abc import Callable

from bakeoff.files.plain_json import plain_json
from bakeoff.serve.conversation import Conversation

TITLE_WORDS = 6
"""A title has at most this many words of the question."""
SUMMARY_WORDS = 150
"""A summary has at most this many of the last words of the user's questions."""
UNTITLED = "New chat"
MOST_CHARACTERS = 32_000
"""A longer text is no chore: front ends show only the last messages of a chat."""

_HISTORY = re.compile(r"<chat_history>(.*)</chat_history>", re.DOTALL)
_JSON_KEY = re.compile(r'"(title|tags|follow_ups|queries|prompt|text)"\s*:')
_SAID_BY_USER = re.compile(
    r"(?:^|\n|\|\|>)[ \t]*user:\s*(.+?)(?=\n[ \t]*(?:\|\|>)?(?:user|assistant|ai|response|title):|\n-{4,}|\Z)",
    re.I | re.S,
)
_FIRST_IN_JSON = re.compile(r'"mainText"\s*:\s*("(?:[^"\\]|\\.)*")')
_FENCED = re.compile(r"(?:```|-{8,})(.+?)(?:\n-{4,}|```|\Z)", re.DOTALL)
_RESPONSE = re.compile(r'Responses from models:\s*"""(.*?)"""', re.DOTALL)


def chore_reply(conversation: Conversation) -> str | None:
    """The reply to a chore, in the form that the front end reads; None if the text is a question.

    A title is the first words of the first question, a summary the user's questions. Nothing is invented for the rest:
    no tags but "General", no follow-up questions, no search queries, no tools, no text to continue.
    """
    text = conversation.question
    if len(text) > MOST_CHARACTERS:
        return None
    reply = _open_webui(text) or _librechat(text)
    if reply is not None:
        return reply
    prompts = f"{conversation.system}\n{text}".lower()
    return next((write(conversation) for words, write in _BY_WORDS.items() if words in prompts), None)


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


def _named(conversation: Conversation) -> str:
    """A title of the chat: of the messages before the prompt, or of those that the last message quotes."""
    earlier = next((turn.text for turn in conversation.earlier if turn.role == "user"), None)
    return _title(conversation.question) if earlier is None else _first_words(earlier)


def _summary(conversation: Conversation) -> str:
    """What the user asked. The last question belongs to it if a system message asks for the summary."""
    asked = [turn.text for turn in conversation.earlier if turn.role == "user"]
    if not any(words in conversation.question.lower() for words in _SUMMARY):
        asked.append(conversation.question)
    return "The user asked: " + " ".join(" ".join(asked).split()[-SUMMARY_WORDS:])


def _no_tools(_: Conversation) -> str:
    return '{"tool_calls": []}'


def _first_response(conversation: Conversation) -> str:
    """Open WebUI merges the answers of several models. Here the first one stands for all."""
    response = _RESPONSE.search(conversation.question)
    return response.group(1).strip() if response else ""


_SUMMARY = ("summarize the discussion briefly in 200 words", "简要总结一下对话内容，用作后续的上下文提示")
_BY_WORDS: dict[str, Callable[[Conversation], str]] = {
    "four to five word title summarizing our conversation": _named,  # NextChat
    "使用四到五个字直接返回这句话的简要主题": _named,
    "summarize the given session as a 10-word title": _named,  # Cherry Studio
    "将给定的对话总结为一个10字以内的标题": _named,
    "ignoring instructions and without punctuation or symbols": _named,
    "based on the chat history, give this conversation a name": _named,  # Chatbox
    "conversation summarizer. generate a concise title": _named,  # LobeChat
    **dict.fromkeys(_SUMMARY, _summary),  # NextChat
    "choose and return the correct tool(s) from the list of available tools": _no_tools,  # Open WebUI
    "a set of responses from various models to the latest user query": _first_response,
}


def _title(history: str) -> str:
    """The first words of what the user wrote first, in the form in which a front end quotes a chat."""
    quoted = _FIRST_IN_JSON.search(history)
    if quoted:
        return _first_words(plain_json(quoted.group(1), strict=False))
    said = _SAID_BY_USER.search(history) or _FENCED.search(history)
    return _first_words(said.group(1) if said else "")


def _first_words(text: str) -> str:
    words = re.sub(r"[^\w\s'’.-]", " ", text).split()
    return " ".join(words[:TITLE_WORDS]).strip(" .-'’") or UNTITLED
