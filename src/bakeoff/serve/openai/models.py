"""The list of models: the contenders that answer the caller.

Takes an `Answering` and the caller's labels, gives JSON values. The embedder is a model that can be named, but it is
not listed: chat front ends offer everything in the list to people who want to ask.
"""

from typing import Any

from bakeoff.records import Labels
from bakeoff.sentences import one_of
from bakeoff.serve.answering import Answering
from bakeoff.serve.openai.errors import ApiError
from bakeoff.serve.openai.requests import known_model

OWNER = "bakeoff"


def contender_names(answering: Answering, labels: Labels = None) -> list[str]:
    """The contenders that answer somebody who holds these labels, the default one first."""
    return [name for name in answering.models if answering.may_answer(name, labels)]


def embedder_names(answering: Answering) -> list[str]:
    """The name of the embedder, if there is one."""
    return [answering.embedder.name] if answering.embedder else []


def model_list(answering: Answering, labels: Labels) -> dict[str, Any]:
    """The contenders."""
    return {"object": "list", "data": [_model(name, answering.created) for name in contender_names(answering, labels)]}


def one_model(answering: Answering, name: str, labels: Labels) -> dict[str, Any]:
    """A contender, or the embedder. Raises ApiError with status 404 if there is none of this name."""
    names = [*contender_names(answering, labels), *embedder_names(answering)]
    return _model(known_model(name, names), answering.created)


def asked_contender(answering: Answering, name: str, labels: Labels) -> str:
    """The name of a contender to ask. Raises ApiError with status 404 if it is none, and says so of the embedder."""
    if name in embedder_names(answering):
        raise ApiError(
            f"The model '{name}' is an embedder: it answers no questions.",
            f"name {one_of(contender_names(answering, labels))}, or send texts to /v1/embeddings",
            status=404,
            code="model_not_found",
            param="model",
        )
    return known_model(name, contender_names(answering, labels))


def _model(name: str, created: int) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": created, "owned_by": OWNER}
