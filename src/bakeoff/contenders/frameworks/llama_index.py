"""LlamaIndex: a query engine as a contender, a retriever for `own-retriever`.

Takes the object, gives an adapter. Citations are the source nodes of the response. Tokens are those that the model's
replies report, as LlamaIndex's instrumentation shows them; 0 for models that report none.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bakeoff.contenders.citing import Source
from bakeoff.contenders.frameworks.wrapped import BuiltFrom, Said, Wrapped, WrappedRetriever, refuse_others
from bakeoff.contenders.reply_citations import sources_in


def from_query_engine(engine: Any = None, *, built_from: BuiltFrom | None = None) -> Wrapped:
    """A contender around a query engine. Raises ConfigError for an object without `query`."""
    refuse_others(engine, "query", "a query engine")
    return Wrapped(_said, engine, built_from)


def from_retriever(retriever: Any = None, *, built_from: BuiltFrom | None = None) -> WrappedRetriever:
    """A retriever around one of LlamaIndex. Raises ConfigError for an object without `retrieve`."""
    refuse_others(retriever, "retrieve", "a retriever")
    return WrappedRetriever(lambda own, text: _sources(own.retrieve(text)), retriever, built_from)


def _said(engine: Any, text: str) -> Said:
    with _counting() as counted:
        response = engine.query(text)
    sources = _sources(getattr(response, "source_nodes", None) or ())
    answer = getattr(response, "response", None)
    return Said(str(response) if answer is None else str(answer), sources, *counted)


@contextmanager
def _counting() -> Iterator[list[int]]:
    """The prompt tokens and the completion tokens that models report within the block."""
    from llama_index.core.instrumentation import get_dispatcher
    from llama_index.core.instrumentation.event_handlers import BaseEventHandler

    counted = [0, 0]

    class Counter(BaseEventHandler):
        @classmethod
        def class_name(cls) -> str:
            return "BakeoffCounter"

        def handle(self, event: Any, **_: Any) -> None:
            if event.class_name() in ("LLMChatEndEvent", "LLMCompletionEndEvent"):
                for place, n in enumerate(_tokens(getattr(event, "response", None))):
                    counted[place] += n

    dispatcher, counter = get_dispatcher(), Counter()
    dispatcher.add_event_handler(counter)
    try:
        yield counted
    finally:
        dispatcher.event_handlers.remove(counter)


def _tokens(response: Any) -> tuple[int, int]:
    """What a model's response says of its tokens: in its additional values, or as `usage` of the raw reply."""
    raw = getattr(response, "raw", None)
    usage = raw.get("usage") if isinstance(raw, Mapping) else getattr(raw, "usage", None)
    for where in (getattr(response, "additional_kwargs", None), usage):
        read = where.get if isinstance(where, Mapping) else lambda key, of=where: getattr(of, key, None)
        for names in (("prompt_tokens", "completion_tokens"), ("input_tokens", "output_tokens")):
            n_prompt, n_completion = map(read, names)
            if isinstance(n_prompt, int) and isinstance(n_completion, int):
                return n_prompt, n_completion
    return 0, 0


def _sources(nodes: Iterable[Any]) -> list[Source]:
    return sources_in(
        [
            {
                "text": one.node.get_content(),
                "metadata": dict(one.node.metadata or {}),
                "id": getattr(one.node, "ref_doc_id", None),
                "score": one.score,
            }
            for one in nodes
        ]
    )
