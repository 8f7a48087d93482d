"""The list of models: the contenders that are served, and their embedder.

Takes an `Answering`, gives JSON values.
"""

from typing import Any

from bakeoff.serve.answering import Answering
from bakeoff.serve.openai.requests import known_model

OWNER = "bakeoff"


def model_names(answering: Answering) -> list[str]:
    """The contenders, the default one first, then the embedder."""
    return [*answering.models, *([answering.embedder.name] if answering.embedder else [])]


def model_list(answering: Answering) -> dict[str, Any]:
    """All models."""
    return {"object": "list", "data": [_model(name, answering.created) for name in model_names(answering)]}


def one_model(answering: Answering, name: str) -> dict[str, Any]:
    """One model. Raises ApiError with status 404 if there is none of this name."""
    return _model(known_model(name, model_names(answering)), answering.created)


def _model(name: str, created: int) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": created, "owned_by": OWNER}
