"""What clients send, as records: unknown keys are ignored, and what is used must have the right type.

Takes JSON values, gives records and conversations. Raises ApiError, which names the wrong place. Settings of a model
(temperature, max_tokens, stop ...) are ignored: a contender answers with the settings it was measured with.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema

from bakeoff.files.did_you_mean import closest
from bakeoff.files.plain_types import message_of
from bakeoff.sentences import one_of
from bakeoff.serve.conversation import Conversation, Role, Turn
from bakeoff.serve.openai.errors import ApiError

MOST_QUESTION_CHARACTERS = 8_000
"""Of the question and the client's system messages, unless the operator allows more: models on a CPU read about a
thousand tokens in a second, and write for nobody else meanwhile.
"""
MOST_EMBEDDED_TEXTS = 2_048
"""As many as OpenAI takes in one request."""

_TEXT_PARTS = ("text", "input_text", "output_text")
_ROLES: dict[str, Role] = {"developer": "system", "function": "tool"}
"""Roles that are another role under another name."""

# What values that are read by hand must be, for the OpenAPI document. Texts need one character that is no blank.
_A_TEXT = {"type": "string", "pattern": r"\S"}
_PARTS = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "required": ["type", "text"],
        "properties": {"type": {"enum": list(_TEXT_PARTS)}, "text": _A_TEXT},
    },
}
_CONTENT = {"anyOf": [{"type": "string"}, _PARTS, {"type": "null"}]}
_ITEM = {
    "type": "object",
    "required": ["role", "content"],
    "properties": {
        "type": {"const": "message"},
        "role": {"enum": ["user", "assistant", "system", "developer"]},
        "content": {"anyOf": [_A_TEXT, _PARTS]},
    },
}
_INPUT = {"anyOf": [_A_TEXT, {"type": "array", "minItems": 1, "items": _ITEM}]}
_TEXTS = {"anyOf": [_A_TEXT, {"type": "array", "minItems": 1, "maxItems": MOST_EMBEDDED_TEXTS, "items": _A_TEXT}]}


class Sent(BaseModel):
    """A record of what a client sent."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


AnyRequest = TypeVar("AnyRequest", bound=Sent)


class SentMessage(Sent):
    """One message. `content` is a text, or a list of parts of which all are texts."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Annotated[Any, WithJsonSchema(_CONTENT)] = None


class StreamOptions(Sent):
    include_usage: bool | None = None


class Format(Sent):
    """The form in which the answer is wanted: 'text', 'json_object' or 'json_schema'."""

    type: str


class ChatRequest(Sent):
    """A request for a chat completion."""

    model: str
    messages: Annotated[list[SentMessage], Field(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = None
    response_format: Format | None = None
    tool_choice: Any = None


class TextSettings(Sent):
    format: Format | None = None


class ResponsesRequest(Sent):
    """A request for a response. `input` is a text or a list of items; only the messages among them are read."""

    model: str
    input: Annotated[Any, WithJsonSchema(_INPUT)]
    instructions: str | None = None
    stream: bool | None = None
    text: TextSettings | None = None
    previous_response_id: str | None = None
    conversation: Any = None
    background: bool | None = None
    metadata: dict[str, str] | None = None
    tool_choice: Any = None


class EmbeddingsRequest(Sent):
    """A request for embeddings. `input_type` 'query' or 'search_query' embeds the texts as queries."""

    model: str
    input: Annotated[Any, WithJsonSchema(_TEXTS)]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: int | None = None
    input_type: str | None = None


def parse(kind: type[AnyRequest], value: Any) -> AnyRequest:
    """The record of a JSON value. Raises ApiError for the first thing that is wrong."""
    if not isinstance(value, dict):
        raise ApiError(f"The body is {_json_name(value)}, not a JSON object.", "send an object with the key 'model'")
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        param = place(first["loc"])
        missing = first["type"] == "missing"
        message = (
            f"'{param}' is missing." if missing else f"'{param}': {message_of(first)}; found {_shown(first['input'])}."
        )
        code = "missing_required_parameter" if missing else "invalid_value"
        raise ApiError(message, code=code, param=param) from None


def place(location: Sequence[str | int]) -> str:
    """A place in a request, as OpenAI writes it.

    >>> place(("messages", 0, "role"))
    'messages[0].role'
    """
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")


def chat_conversation(request: ChatRequest) -> Conversation:
    """The conversation of a chat request. Raises ApiError for what cannot be answered."""
    if request.n is not None and request.n != 1:
        raise ApiError(f"'n' is {request.n}; this server gives one answer.", "leave 'n' out", param="n")
    conversation = _conversation(
        [
            Turn(role=_role(message.role), text=_text(message.content, f"messages[{i}].content"))
            for i, message in enumerate(request.messages)
        ]
    )
    return _checked(conversation, "messages")


def responses_conversation(request: ResponsesRequest) -> Conversation:
    """The conversation of a request for a response; `instructions` come first, as a system message."""
    for name in ("previous_response_id", "conversation", "background"):
        if getattr(request, name):
            raise ApiError(
                f"'{name}' is not supported: this server keeps no conversations.",
                "send the earlier messages in 'input'",
                code="unsupported_parameter",
                param=name,
            )
    if isinstance(request.input, str):
        turns = [Turn(role="user", text=request.input)]
    elif isinstance(request.input, list):
        turns = [turn for i, item in enumerate(request.input) for turn in _turns_of_item(item, i)]
    else:
        raise ApiError(f"'input' must be a text or a list; found {_shown(request.input)}.", param="input")
    instructions = [Turn(role="system", text=request.instructions)] if request.instructions else []
    return _checked(_conversation(instructions + turns), "input")


def refuse_form(form: Format | None, tool_choice: Any, param: str) -> None:
    """Raises ApiError if the client depends on JSON or on the call of a tool, which a contender cannot give."""
    if form is not None and form.type != "text":
        raise ApiError(
            f"'{param}' is '{form.type}'; this server answers in plain text.",
            f"leave '{param}' out",
            code="unsupported_value",
            param=param,
        )
    if tool_choice == "required" or isinstance(tool_choice, dict):
        raise ApiError(
            "'tool_choice' demands a tool call; this server calls no tools.",
            "leave 'tool_choice' out, or set it to 'auto' or 'none'",
            code="unsupported_value",
            param="tool_choice",
        )


def refuse_long(conversation: Conversation, most_characters: int, param: str) -> None:
    """Raises ApiError if the question and the system messages are longer than is allowed."""
    n = len(conversation.question) + len(conversation.system)
    if n > most_characters:
        raise ApiError(
            f"The question and the system messages have {n:,} characters; at most {most_characters:,} are allowed.",
            "shorten the question",
            code="string_above_max_length",
            param=param,
        )


def known_model(model: str, models: Sequence[str]) -> str:
    """The model's name. Raises ApiError with status 404 if it is not one of these."""
    if model in models:
        return model
    meant = closest(model, models)
    raise ApiError(
        f"The model '{model[:100]}' does not exist." + (f" Did you mean '{meant}'?" if meant else ""),
        f"name {one_of(models)}" if models else "",
        status=404,
        code="model_not_found",
        param="model",
    )


def texts_to_embed(request: EmbeddingsRequest) -> list[str]:
    """The texts of a request. Raises ApiError for none, too many, an empty one, or numbers of tokens."""
    texts = [request.input] if isinstance(request.input, str) else request.input
    if not isinstance(texts, list) or not texts:
        raise ApiError("'input' must be a text or a list of texts, not empty.", param="input")
    if len(texts) > MOST_EMBEDDED_TEXTS:
        raise ApiError(f"'input' has {len(texts):,} texts; at most {MOST_EMBEDDED_TEXTS:,} are allowed.", param="input")
    if any(isinstance(text, int | list) and not isinstance(text, bool) for text in texts):
        raise ApiError(
            "'input' holds numbers of tokens; this server's embedder has other tokens.",
            "send texts (LangChain: OpenAIEmbeddings(check_embedding_ctx_length=False))",
            param="input",
        )
    for i, text in enumerate(texts):
        if not isinstance(text, str) or not text.strip():
            raise ApiError(f"'input[{i}]' must be a text, not empty; found {_shown(text)}.", param=f"input[{i}]")
    return texts


def _conversation(turns: Sequence[Turn]) -> Conversation:
    return Conversation(turns=tuple(turns))


def _turns_of_item(item: Any, i: int) -> list[Turn]:
    """The message of an input item; nothing for items of other types, such as calls of tools."""
    if not isinstance(item, dict):
        raise ApiError(f"'input[{i}]' must be an object; found {_shown(item)}.", param=f"input[{i}]")
    if item.get("type", "message") != "message":
        return []
    message = parse_at(SentMessage, item, f"input[{i}]")
    return [Turn(role=_role(message.role), text=_text(message.content, f"input[{i}].content"))]


def parse_at(kind: type[AnyRequest], value: Any, where: str) -> AnyRequest:
    """Same as `parse`, for a value inside a request."""
    try:
        return parse(kind, value)
    except ApiError as error:
        param = f"{where}.{error.param}"
        message = error.message.replace(f"'{error.param}'", f"'{param}'", 1)
        raise ApiError(message, error.remedy, code=error.code, param=param) from None


def _checked(conversation: Conversation, param: str) -> Conversation:
    if not conversation.question:
        raise ApiError(
            f"'{param}' has no question: no message with the role 'user' has a text.",
            "add a message with the role 'user'",
            code="invalid_value",
            param=param,
        )
    return conversation


def _role(name: str) -> Role:
    return _ROLES.get(name, name)  # type: ignore[arg-type]


def _text(content: Any, where: str) -> str:
    """The text of a message. Parts that are no text, such as images, raise ApiError."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise ApiError(f"'{where}' must be a text or a list of parts; found {_shown(content)}.", param=where)
    return "\n".join(_part(part, f"{where}[{i}]") for i, part in enumerate(content))


def _part(part: Any, where: str) -> str:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind == "refusal":
        return ""
    if kind not in _TEXT_PARTS or not isinstance(part.get("text"), str):
        found = f"a part of the type '{str(kind)[:40]}'" if kind else _shown(part)
        raise ApiError(f"'{where}' must be a text part; found {found}.", "send only text", param=where)
    return str(part["text"])


def _shown(value: Any) -> str:
    """A short name of a value for a message."""
    if isinstance(value, str | int | float | bool):
        return repr(value) if len(repr(value)) <= 60 else f"{repr(value)[:57]}..."
    return _json_name(value)


def _json_name(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")
