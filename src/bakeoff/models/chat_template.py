"""A prompt's messages to the text that a model reads, by the chat template of its tokenizer.

Takes a tokenizer and a prompt. Knows nothing about token limits and engines. Three rules hold for every template:

- The text holds the messages given and nothing else that a template would add as a system message of its own.
- A template that refuses the roles (or ignores the system message) gets the system text at the beginning of the first
  user message, and neighbouring messages of one role as one message. A blank line separates the parts.
- Thinking is switched off, and the date is always the same, so that a tuned model is asked as it was trained.
"""

from itertools import groupby
from typing import Any

from jinja2 import TemplateError

from bakeoff.errors import InputError
from bakeoff.models.thinking import with_thinking_closed
from bakeoff.records import Message, Prompt

Messages = list[dict[str, Any]]
NO_THINKING = {"enable_thinking": False, "thinking": False}
"""The names by which templates know the switch. One that a template does not know changes nothing."""
DAY = {"%d": "01", "%m": "01", "%Y": "2025", "%y": "25", "%b": "Jan", "%B": "January", "%A": "Wednesday", "%a": "Wed"}
"""The day that every prompt is written on, by the parts of a date that templates ask for."""
_DAY = (
    "{%- macro strftime_now(format) -%}{{ format"
    + "".join(f" | replace('{part}', '{value}')" for part, value in DAY.items())
    + " }}{%- endmacro %}{{ '' }}"
)
"""Written before a template that asks for the date; its last part keeps a blank beginning of the template."""
_ANSWER = "Xyzzy"


def render(tokenizer: Any, prompt: Prompt) -> str:
    """The prompt in the tokenizer's chat template, ending where the assistant's answer begins.

    Raises InputError if the template refuses the messages even with the system text in the first user message.
    """
    messages: Messages = [message.model_dump() for message in prompt.messages]
    text = _accepted(tokenizer, messages)
    if text is None:
        messages = without_system_role(messages)
        try:
            text = _applied(tokenizer, messages)
        except TemplateError as error:
            raise InputError(
                f"The model's chat template refuses the messages: {error}.", "begin with a user's message"
            ) from error
    if messages[0]["role"] != "system":
        text = _without_default(tokenizer, messages, text)
    return with_thinking_closed(text)


def without_system_role(messages: Messages) -> Messages:
    """The same texts as alternating messages of user and assistant.

    >>> without_system_role([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}])
    [{'role': 'user', 'content': 'Be brief.\\n\\nWhy?'}]
    """
    as_user = [{**message, "role": message["role"].replace("system", "user")} for message in messages]
    return [
        {"role": role, "content": "\n\n".join(message["content"] for message in together)}
        for role, together in groupby(as_user, key=lambda message: message["role"])
    ]


def turn_end(tokenizer: Any) -> int | None:
    """The token that the template writes after an assistant's message. None if it writes plain text or nothing."""
    turns = [{"role": "user", "content": "x"}, {"role": "assistant", "content": _ANSWER}]
    try:
        text = _applied(tokenizer, turns, add_generation_prompt=False)
    except TemplateError:
        return None
    ids = tokenizer(text.rpartition(_ANSWER)[2].lstrip(), add_special_tokens=False)["input_ids"]
    return ids[0] if ids and ids[0] in tokenizer.added_tokens_decoder else None


def skeleton(tokenizer: Any) -> str:
    """A conversation of every role in the template, as far as it takes them: what it writes around contents."""
    system, user, answer = (Message(role=role, content="x") for role in ("system", "user", "assistant"))
    for messages in ((system, user, answer, user), (user,)):
        try:
            return render(tokenizer, Prompt(messages=messages))
        except InputError:
            continue
    return ""


def _applied(tokenizer: Any, messages: Messages, add_generation_prompt: bool = True) -> str:
    template = tokenizer.get_chat_template()
    return str(
        tokenizer.apply_chat_template(
            messages,
            chat_template=_DAY + template if "strftime_now" in template else template,
            add_generation_prompt=add_generation_prompt,
            tokenize=False,
            **NO_THINKING,
        )
    )


def _accepted(tokenizer: Any, messages: Messages) -> str | None:
    """The messages in the template; None if it refuses them or leaves out a system message."""
    try:
        text = _applied(tokenizer, messages)
    except TemplateError:
        return None
    systems = [message["content"].strip() for message in messages if message["role"] == "system"]
    return text if all(system in text for system in systems) else None


def _without_default(tokenizer: Any, messages: Messages, text: str) -> str:
    """The text without the system message that the template adds where none is given."""
    system = {"role": "system", "content": "x"}
    try:
        alone = _applied(tokenizer, [system], add_generation_prompt=False)
        after = _applied(tokenizer, [system, *messages])
    except TemplateError:  # a template that does not support system messages adds none
        return text
    body = after.removeprefix(alone)
    if body in (after, "") or not text.endswith(body):
        return text
    begin = tokenizer.bos_token or ""
    return body if body.startswith(begin) or not text.startswith(begin) else begin + body
