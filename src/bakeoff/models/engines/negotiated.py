"""What was negotiated with a model's server, in words for the report.

Takes a model's settings and the parameters that its server refused. Sends nothing.
"""

from collections.abc import Sequence

from bakeoff.models.settings import ApiModel
from bakeoff.sentences import listed

DRAWS = "without a temperature its answers are drawn at random, so two runs differ"
THINKS = "it thinks before it answers, and its thinking counts as answer tokens: raise generation.max_new_tokens"
CONSEQUENCES = {
    "temperature": DRAWS,
    "thinking": THINKS,
    "thinkingConfig": THINKS,
    "logprobs": "without log-probabilities no contender of this run gets a threshold for declining",
    "responseLogprobs": "without log-probabilities no contender of this run gets a threshold for declining",
}
"""What follows where a server refuses these parameters."""


def note_about(model: ApiModel, refused: Sequence[str]) -> str:
    """The parameters that the server does not take, and what follows; empty if it takes all.

    >>> model = ApiModel(api="openai", base_url="https://llm.example/v1", model="m")
    >>> note_about(model, ["seed"])
    'The server of m at llm.example takes no seed.'
    """
    if not refused:
        return ""
    consequences = list(dict.fromkeys(CONSEQUENCES[name] for name in refused if name in CONSEQUENCES))
    return "; ".join([f"The server of {model.label} takes no {listed(list(refused))}", *consequences]) + "."


def context_note(model: ApiModel, tokens: int | None) -> str:
    """The context that the server names, where it is larger than the settings use; empty else.

    >>> model = ApiModel(api="openai", base_url="http://gpu:8000/v1", model="m", context_tokens=4096)
    >>> context_note(model, 32768)
    'The server of m at gpu has a context of 32,768 tokens; context_tokens uses 4,096 of them.'
    """
    if tokens is None or tokens <= model.context_tokens:
        return ""
    return (
        f"The server of {model.label} has a context of {tokens:,} tokens; context_tokens uses "
        f"{model.context_tokens:,} of them."
    )
