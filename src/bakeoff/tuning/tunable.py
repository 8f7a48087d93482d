"""Which models the fast training supports, known before one is loaded; and which of their modules LoRA adapts.

Takes a model folder or a model, gives a reason or names. Any other model is tried when it is loaded for training:
`tuned_model` compares what it computes with the plain model.
"""

from collections.abc import Iterable
from pathlib import Path

from bakeoff.models.architecture import takes_only_text, text_config

FUSED = {
    "q_proj": "qkv_proj",
    "k_proj": "qkv_proj",
    "v_proj": "qkv_proj",
    "gate_proj": "gate_up_proj",
    "up_proj": "gate_up_proj",
}
"""Modules that some models (Phi-3) compute together, with the name of the one that computes them."""


def why_not_tunable(folder: Path) -> str:
    """Why the model in this folder cannot be tuned; an empty string if nothing is known against it."""
    config = text_config(folder)
    if not takes_only_text(folder):
        return "it takes more than text; name a version for text only"
    if config.get("attn_logit_softcapping"):
        return "its attention caps the scores of tokens (as Gemma 2 does), which the fast training does not compute"
    return ""


def targets_in(modules: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """The wanted modules by the names that they have in a model, given the names of all its modules.

    >>> targets_in(["layers.0.qkv_proj", "layers.0.o_proj"], ["q_proj", "k_proj", "o_proj"])
    ['qkv_proj', 'o_proj']
    """
    names = {module.rpartition(".")[2] for module in modules}
    return list(dict.fromkeys(name if name in names else FUSED.get(name, name) for name in wanted))
