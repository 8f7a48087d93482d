"""The language model of a contender that answers with labels: its prompts, its reader, and why it may have none.

Takes a recipe's model and labels. Does not know how labels are chosen.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bakeoff.contenders.recipe import World
from bakeoff.models.load import has_no_weights
from bakeoff.models.prompts import PromptTemplate
from bakeoff.models.settings import LocalModel, ModelSettings

if TYPE_CHECKING:
    from bakeoff.models.engines.label_scores import CausalReader

ROOM_FOR_QUESTION = 128
"""Tokens that a message may have at least, besides the labels."""
BLANK = "N/A"
"""A message that says nothing: what a label's probability after it is comes from the label and the prompt alone."""


def naming(labels: Sequence[str]) -> PromptTemplate:
    """The prompt that names the labels, before the message: all prompts then begin alike."""
    listed = "\n".join(f"- {label}" for label in labels)
    return PromptTemplate(
        system=f"Which of these labels fits the message? Answer with one label and nothing else.\n{listed}",
        user="{question}",
    )


DESCRIBING = PromptTemplate(system="Name the category of the message in one word.", user="{question}")
"""The prompt after which a model's state is to say what a message is about."""


def why_no_model(settings: ModelSettings) -> str | None:
    """Why the states and probabilities of this model cannot be read, or None."""
    if isinstance(settings, LocalModel) and not has_no_weights(settings):
        return None
    return f"the weights of {settings.label} are not on this machine: only those of a local model can be read"


def why_too_many(settings: ModelSettings, labels: Sequence[str]) -> str | None:
    """Why the labels do not fit into the model's context beside a message, or None."""
    from bakeoff.models.chat import Chat
    from bakeoff.models.weights import resolve_model

    assert isinstance(settings, LocalModel)  # why_no_model has excluded others
    chat = Chat(resolve_model(settings.name))
    n = len(chat.ids(naming(labels).render(""))) + ROOM_FOR_QUESTION + max(map(chat.count_tokens, labels)) + 1
    if n <= chat.context_tokens:
        return None
    return (
        f"a prompt with {len(labels):,} labels and a message has {n:,} tokens; the context of {settings.label} has "
        f"{chat.context_tokens:,}"
    )


def causal_reader(world: World, model: str) -> "CausalReader":
    """The model of this name in `models:`, as its states and probabilities are read."""
    from pathlib import Path

    from bakeoff.models.engines.label_scores import CausalReader
    from bakeoff.models.weights import resolve_model

    settings = world.models[model]
    assert isinstance(settings, LocalModel)
    adapter = Path(settings.adapter).expanduser() if settings.adapter else None
    return CausalReader(resolve_model(settings.name), adapter)
