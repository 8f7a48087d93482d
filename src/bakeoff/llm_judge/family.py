"""Whether a judge and a contender are models of one family: such a judge tends to prefer texts like its own.

Takes the settings of models. Reads the names, and the settings of local models; loads no weights.
Source: Panickssery, Bowman and Feng 2024, LLM Evaluators Recognize and Favor Their Own Generations, arXiv:2404.13076.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from bakeoff.errors import BakeoffError
from bakeoff.models.architecture import text_config
from bakeoff.models.load import has_no_weights
from bakeoff.models.settings import LocalModel, ModelSettings
from bakeoff.models.weights import resolve_model
from bakeoff.sentences import listed

FAMILIES: Mapping[str, str] = {
    "smollm": r"smollm|bakeoff-reader",
    "gpt": r"gpt-?\d|chatgpt|gpt-oss|\bo[134](?:-|$)|davinci",
    "claude": r"claude",
    "gemini": r"gemini|gemma",
    "llama": r"llama(?!index|\.cpp)|vicuna|alpaca",
    "mistral": r"mistral|mixtral|ministral|magistral|codestral",
    "qwen": r"qwen|qwq",
    "deepseek": r"deepseek",
    "phi": r"\bphi-?\d",
    "command": r"\bcommand|\baya\b|cohere",
    "grok": r"\bgrok",
    "granite": r"granite",
    "olmo": r"olmo",
    "falcon": r"falcon",
    "glm": r"\b(?:chat)?glm",
    "kimi": r"kimi|moonshot",
    "nemotron": r"nemotron",
    "minimax": r"minimax",
}
"""Names of families with a pattern of the names of their models."""


def family(settings: ModelSettings) -> str:
    """The family of a model by its name, else by the type of its architecture. Empty if neither says it.

    >>> family(LocalModel(name="Qwen/Qwen3-4B"))
    'qwen'
    """
    name = settings.name if isinstance(settings, LocalModel) else settings.model
    tail = Path(name).name.lower() if name.startswith(("/", ".", "~")) else name.lower()
    by_name = next((family for family, pattern in FAMILIES.items() if re.search(pattern, tail)), "")
    return by_name or _architecture(settings)


def _architecture(settings: ModelSettings) -> str:
    if not isinstance(settings, LocalModel) or has_no_weights(settings):
        return ""
    try:
        return f"type {text_config(resolve_model(settings.name)).get('model_type', '')}"
    except BakeoffError:  # it cannot be read: then loading it says so
        return ""


def family_warning(judge: ModelSettings, contenders: Mapping[str, ModelSettings]) -> str:
    """A warning if the judge is the model of a contender, or of its family; empty if not.

    `contenders` are the models of the contenders that ask one, by the contender's name.
    """
    same = [name for name, settings in contenders.items() if _is_same(judge, settings)]
    own = family(judge)
    related = [name for name, model in contenders.items() if name not in same and own and family(model) == own]
    kinds = [
        *([f"the model of {listed(same)}"] if same else []),
        *([f"of the same family ({own}) as the model of {listed(related)}"] if related else []),
    ]
    if not kinds:
        return ""
    return (
        f"The judge {judge.label} is {' and '.join(kinds)}. Models tend to prefer texts like their own: use a judge of "
        "another family, or look at its error for each contender."
    )


def _is_same(judge: ModelSettings, other: ModelSettings) -> bool:
    if isinstance(judge, LocalModel) and isinstance(other, LocalModel):
        return judge.name == other.name
    if isinstance(judge, LocalModel) or isinstance(other, LocalModel):
        return False
    return (judge.model, judge.base_url) == (other.model, other.base_url)
