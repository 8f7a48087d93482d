"""LangChain: a chain, agent or other Runnable as a contender, a retriever for `own-retriever`.

Takes the object, gives an adapter. Citations are the documents in the chain's output; without any there, those that its
retrievers found. Tokens are those that its chat models report to callbacks.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bakeoff.contenders.citing import Source
from bakeoff.contenders.frameworks.wrapped import BuiltFrom, Said, Wrapped, WrappedRetriever, refuse_others
from bakeoff.contenders.reply_citations import sources_in
from bakeoff.errors import ContenderError

ANSWERS = ("answer", "result", "output", "output_text", "text", "messages")
"""The keys of an output that may hold the answer, the likeliest first."""
DOCUMENTS = ("context", "source_documents", "documents", "docs", "sources")
"""The keys of an output that may hold documents."""


def from_chain(
    chain: Any = None, *, built_from: BuiltFrom | None = None, input_key: str = "", answer_key: str = ""
) -> Wrapped:
    """A contender around a Runnable.

    It gets the question as a text, or under `input_key` (`messages`: as a chat). Its output is a text, a message, or a
    mapping with the answer under `answer_key`. Raises ConfigError for an object without `invoke`.
    """
    refuse_others(chain, "invoke", "a Runnable")
    return Wrapped(lambda own, text: _said(own, _input(text, input_key), answer_key), chain, built_from)


def from_retriever(retriever: Any = None, *, built_from: BuiltFrom | None = None) -> WrappedRetriever:
    """A retriever around one of LangChain. Raises ConfigError for an object without `invoke`."""
    refuse_others(retriever, "invoke", "a retriever")
    return WrappedRetriever(lambda own, text: _sources(own.invoke(text)), retriever, built_from)


def _input(text: str, key: str) -> Any:
    if key == "messages":
        return {"messages": [{"role": "user", "content": text}]}
    return {key: text} if key else text


def _said(chain: Any, given: Any, answer_key: str) -> Said:
    seen = _listener()
    output = chain.invoke(given, config={"callbacks": [seen]})
    listed = (output.get(key) for key in DOCUMENTS) if isinstance(output, Mapping) else ()
    cited = next((documents for value in listed if (documents := _documents(value))), seen.documents)
    return Said(_text(output, answer_key), _sources(cited), seen.prompt_tokens, seen.completion_tokens)


def _listener() -> Any:
    """A callback handler that keeps the documents that were found and counts tokens."""
    from langchain_core.callbacks import BaseCallbackHandler

    class Listener(BaseCallbackHandler):
        def __init__(self) -> None:
            self.documents: list[Any] = []
            self.prompt_tokens = self.completion_tokens = 0

        def on_retriever_end(self, documents: Sequence[Any], **_: Any) -> None:
            self.documents += documents

        def on_llm_end(self, response: Any, **_: Any) -> None:
            for generations in response.generations:
                used = (
                    getattr(getattr(generations[0], "message", None), "usage_metadata", None) if generations else None
                )
                self.prompt_tokens += (used or {}).get("input_tokens", 0)
                self.completion_tokens += (used or {}).get("output_tokens", 0)

    return Listener()


def _text(output: Any, answer_key: str) -> str:
    """The text of an output. Raises ContenderError if it has none."""
    if isinstance(output, Mapping):
        key = next((key for key in ([answer_key] if answer_key else ANSWERS) if key in output), None)
        if key is None:
            raise ContenderError(
                f"The chain's output has the keys {', '.join(map(str, output))}, none of which is known for an answer.",
                "name the one with the answer: from_chain(chain, answer_key=KEY)",
            )
        output = output[key]
    if isinstance(output, list) and output:  # the messages of an agent
        output = output[-1]
    if isinstance(output, str):
        return output
    text = getattr(output, "text", None)  # of a message; a method in older versions
    text = text() if callable(text) and not isinstance(text, str) else text
    if isinstance(text, str):
        return text
    raise ContenderError(
        f"The chain's output is a {type(output).__name__}, which is no text and no message.",
        "end the chain with a StrOutputParser, or name the answer's key: answer_key=KEY",
    )


def _documents(value: Any) -> list[Any]:
    return [one for one in value if hasattr(one, "page_content")] if isinstance(value, list | tuple) else []


def _sources(documents: Iterable[Any]) -> list[Source]:
    return sources_in(
        [
            {"text": one.page_content, "metadata": dict(one.metadata or {}), "id": getattr(one, "id", None)}
            for one in documents
        ]
    )
