"""Haystack: a pipeline as a contender.

Takes the pipeline, gives an adapter. The question goes to the inputs that are not connected and called like a question,
unless `question` names others. The answer is read from the last component with answers or replies, citations from the
last one before it with documents (a ranker's, not the retriever's). Tokens are those in the replies' `meta`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bakeoff.contenders.citing import Source
from bakeoff.contenders.frameworks.wrapped import BuiltFrom, Said, Wrapped, refuse_others
from bakeoff.contenders.reply_citations import sources_in
from bakeoff.errors import ContenderError

QUESTIONS = ("query", "question", "text", "queries", "messages")
"""The names of inputs that take the question."""
ANSWERS = ("answers", "replies")


def from_pipeline(
    pipeline: Any = None,
    *,
    built_from: BuiltFrom | None = None,
    question: Sequence[str] = (),
    answer: str = "",
) -> Wrapped:
    """A contender around a pipeline.

    `question` are the inputs that get the question, `answer` is the output with the answer, each as
    `component.socket`. Raises ConfigError for an object without `run`.
    """
    refuse_others(pipeline, "run", "a pipeline")
    return Wrapped(lambda own, text: _said(own, text, question, answer), pipeline, built_from)


def _said(pipeline: Any, text: str, question: Sequence[str], answer: str) -> Said:
    order = _order(pipeline)
    outputs = pipeline.run(_inputs(pipeline, text, question), include_outputs_from=set(order))
    component, socket = _answering(outputs, order, answer)
    value = outputs[component][socket]
    first = value[0] if isinstance(value, list) and value else value
    if not value:
        raise ContenderError(f"The pipeline's output {component}.{socket} is empty.", "see why it gave no answer")
    documents = getattr(first, "documents", None) or _found(outputs, order[: order.index(component) + 1])
    return Said(_text(first), _sources(documents), *_tokens(outputs))


def _order(pipeline: Any) -> list[str]:
    """The components in an order in which each stands after those that it gets something from."""
    import networkx

    graph = pipeline.graph
    return list(networkx.topological_sort(graph)) if networkx.is_directed_acyclic_graph(graph) else list(graph.nodes)


def _inputs(pipeline: Any, text: str, question: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The values of the inputs that get the question. Raises ContenderError if none is found."""
    free = pipeline.inputs()
    places = [place.partition(".")[::2] for place in question] or [
        (component, socket)
        for component, sockets in free.items()
        for socket, about in sockets.items()
        if socket in QUESTIONS and about.get("is_mandatory")
    ]
    if not places:
        known = ", ".join(f"{component}.{socket}" for component, sockets in free.items() for socket in sockets)
        raise ContenderError(
            f"No input of the pipeline is called like a question; it has {known}.",
            "name those that get it: from_pipeline(pipeline, question=['COMPONENT.SOCKET'])",
        )
    inputs: dict[str, dict[str, Any]] = {}
    for component, socket in places:
        inputs.setdefault(component, {})[socket] = _asked(text, socket)
    return inputs


def _asked(text: str, socket: str) -> Any:
    if socket == "messages":
        from haystack.dataclasses import ChatMessage

        return [ChatMessage.from_user(text)]
    return [text] if socket == "queries" else text


def _answering(outputs: Mapping[str, Any], order: Sequence[str], answer: str) -> tuple[str, str]:
    """The component and the output with the answer. Raises ContenderError if there is none."""
    named = answer.partition(".")[::2] if answer else None
    places = [named] if named else [(name, key) for name in reversed(order) for key in ANSWERS]
    place = next(((name, key) for name, key in places if key in outputs.get(name, {})), None)
    if place is None:
        known = ", ".join(f"{name}.{key}" for name, values in outputs.items() for key in values)
        raise ContenderError(
            f"The pipeline gave no output {answer or 'with answers or replies'}; it gave {known}.",
            "name the one with the answer: from_pipeline(pipeline, answer='COMPONENT.SOCKET')",
        )
    return place


def _found(outputs: Mapping[str, Any], order: Sequence[str]) -> Sequence[Any]:
    return next((outputs[name]["documents"] for name in reversed(order) if outputs.get(name, {}).get("documents")), ())


def _text(answer: Any) -> str:
    """The text of a reply, a chat message or an answer."""
    for key in ("data", "text"):
        value = getattr(answer, key, None)
        if isinstance(value, str):
            return value
    return str(answer)


def _tokens(outputs: Mapping[str, Any]) -> tuple[int, int]:
    """The tokens of all replies: in the `meta` of a component's output, or of each message."""
    n_prompt = n_completion = 0
    for values in outputs.values():
        replies = values.get("replies") or ()
        for meta in values.get("meta") or [getattr(reply, "meta", None) for reply in replies]:
            used = meta.get("usage") if isinstance(meta, Mapping) else None
            if isinstance(used, Mapping):
                n_prompt += used.get("prompt_tokens") or 0
                n_completion += used.get("completion_tokens") or 0
    return n_prompt, n_completion


def _sources(documents: Iterable[Any]) -> list[Source]:
    return sources_in(
        [
            {"text": one.content or "", "metadata": dict(one.meta or {}), "score": one.score, "id": one.id}
            for one in documents
        ]
    )
