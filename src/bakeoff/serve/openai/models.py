"""The list of models: the contenders that answer the caller, and the embedder.

Takes an `Answering` and the caller's labels, gives JSON values.
"""

from typing import Any

from bakeoff.records import Labels
from bakeoff.serve.answering import Answering
from bakeoff.serve.openai.requests import known_model

OWNER = "bakeoff"


def model_names(answering: Answering, labels: Labels = None) -> list[str]:
    """The contenders that answer somebody who holds these labels, the default one first, then the embedder."""
    contenders = [name for name in answering.models if answering.may_answer(name, labels)]
    return [*contenders, *([answering.embedder.name] if answering.embedder else [])]


def model_list(answering: Answering, labels: Labels) -> dict[str, Any]:
    """All models."""
    return {"object": "list", "data": [_model(name, answering.created) for name in model_names(answering, labels)]}


def one_model(answering: Answering, name: str, labels: Labels) -> dict[str, Any]:
    """One model. Raises ApiError with status 404 if there is none of this name."""
    return _model(known_model(name, model_names(answering, labels)), answering.created)


def _model(name: str, created: int) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": created, "owned_by": OWNER}
