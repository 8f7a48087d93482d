"""Where replies of OpenAI's protocol name the sources of an answer: the places that common servers use.

Takes a reply as JSON, gives what it cites. Reads the first of these places that holds anything, in the message of the
first choice, then in the choice, then in the reply:

- `annotations` of the message (OpenAI's `url_citation` and `file_citation`, also flat; Bakeoff's own server);
- `context.citations`, also in the JSON text of a message of the role `tool` in `context.messages` (Azure OpenAI on your
  data);
- `citations`, `sources`, `source_documents`, `source_nodes`, `documents`, `contexts`, `retrieved_contexts`, `context`,
  `references`, `search_results`: a list of names, of addresses, of texts, or of objects.

Knows no document.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bakeoff.contenders.citing import Source
from bakeoff.errors import ConfigError
from bakeoff.files.plain_json import plain_json

LISTS = (
    *("citations", "sources", "source_documents", "source_nodes", "documents", "contexts", "retrieved_contexts"),
    *("context", "references", "search_results"),
)
"""The keys of lists of sources, in the order in which they are tried."""
NAMES = (
    *("source", "filepath", "file_path", "file_name", "filename", "file", "path", "document", "document_id", "doc_id"),
    *("url", "uri", "link", "name", "title", "id"),
)
"""The keys of an object that may name its document, the likeliest first."""
TEXTS = ("content", "text", "page_content", "snippet", "quote", "passage", "chunk")
"""The keys of an object that may hold the passage."""
INNER = ("url_citation", "file_citation", "source", "document", "metadata", "meta", "node")
"""The keys of objects inside an object that may hold both."""


def cited_in(reply: Mapping[str, Any], place: str = "") -> list[Source]:
    """What a reply cites. `place` is a path such as `choices.0.message.citations`, read in place of the usual ones."""
    if place:
        return sources_in(_at(reply, place))
    choices = reply.get("choices")
    choice = _mapping(choices[0]) if isinstance(choices, list) and choices else {}
    message = _mapping(choice.get("message"))
    places = (message.get("annotations"), *_azure(message), *_azure(choice), *_azure(reply))
    listed = (where.get(key) for where in (message, choice, reply) for key in LISTS)
    return next((found for value in (*places, *listed) if (found := sources_in(value))), [])


def check_place(place: str) -> None:
    """Raises ConfigError for a path with an empty part."""
    if place and not all(place.split(".")):
        raise ConfigError(
            f"options.citations: {place!r} is not a path of keys.",
            "write the keys with dots between them, and places in lists as numbers: choices.0.message.citations",
        )


def sources_in(value: Any) -> list[Source]:
    """The sources in a list of names, texts or objects; in a text or an object alone, one."""
    if isinstance(value, str | Mapping):
        value = [value]
    if not isinstance(value, list):
        return []
    return [source for item in value for source in _sources(item)]


def _sources(item: Any) -> Iterator[Source]:
    """One source, or those of a group: Open WebUI lists the passages of a file, and their metadata beside them."""
    if isinstance(item, str):
        if item.strip():
            yield Source(names=(item,) if len(item) <= 300 else (), text=item)
        return
    if not isinstance(item, Mapping):
        return
    passages, about = item.get("document"), item.get("metadata")
    if isinstance(passages, list):
        each = about if isinstance(about, list) and len(about) == len(passages) else [{}] * len(passages)
        rest = {key: value for key, value in item.items() if key not in ("document", "metadata")}
        for text, of_text in zip(passages, each, strict=True):
            yield _of({**rest, "text": text, "metadata": of_text})
        return
    source = _of(item)
    if source.names or source.text:
        yield source


def _of(item: Mapping[str, Any]) -> Source:
    objects = [item, *(value for key in INNER if isinstance(value := item.get(key), Mapping))]
    objects += [value for one in objects[1:] for key in INNER if isinstance(value := one.get(key), Mapping)]
    names = dict.fromkeys(
        str(value) for key in NAMES for one in objects if isinstance(value := one.get(key), str | int) and str(value)
    )
    texts = (value for key in TEXTS for one in objects if isinstance(value := one.get(key), str) and value.strip())
    score = item.get("score")
    is_number = isinstance(score, int | float) and not isinstance(score, bool)
    return Source(tuple(names), next(texts, ""), float(score) if is_number and score is not None else None)


def _azure(where: Mapping[str, Any]) -> Iterator[Any]:
    context = _mapping(where.get("context"))
    yield context.get("citations")
    messages = context.get("messages")
    for message in messages if isinstance(messages, list) else ():
        if _mapping(message).get("role") == "tool":
            try:
                yield _mapping(plain_json(message.get("content") or "")).get("citations")
            except (ValueError, TypeError):
                continue


def _at(value: Any, place: str) -> Any:
    for key in place.split("."):
        if isinstance(value, list) and key.isdecimal():
            value = value[int(key)] if int(key) < len(value) else None
        else:
            value = _mapping(value).get(key)
    return value


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
