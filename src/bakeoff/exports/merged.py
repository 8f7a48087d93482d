"""`merged`: the model of a contender as one folder, with its adapter merged into the weights.

Takes weights, gives a folder that transformers' AutoModelForCausalLM, vLLM and llama.cpp's converter open: config,
safetensors, tokenizer, chat template, generation settings and `bakeoff.json`.
"""

from pathlib import Path
from typing import Any, Literal

from bakeoff.exports.origin import Origin
from bakeoff.exports.target import new_path
from bakeoff.exports.weights import Weights, weights_of

Precision = Literal["float32", "bfloat16", "float16"]


def export_merged(origin: Origin, out: Path, contender: str | None = None, precision: Precision = "float32") -> str:
    """Writes the merged model and returns the contender.

    float32 is what a CPU measured; the other two take half the room and round each weight once, after merging. Raises
    ConfigError for a contender without weights here, ModelUnavailableError if they are damaged.
    """
    weights = weights_of(origin, contender)
    with new_path(out) as folder:
        write_merged(weights, folder, precision)
    return weights.contender


def write_merged(weights: Weights, folder: Path, precision: Precision) -> None:
    """Fills a new folder with the merged model."""
    import torch
    from transformers import AutoTokenizer, GenerationConfig

    from bakeoff.models.chat import Chat
    from bakeoff.models.engines.transformers import load_model
    from bakeoff.models.weights import quiet_libraries

    model: Any = load_model(weights.base, weights.adapter, torch.float32).to(getattr(torch, precision))
    model.config._name_or_path = weights.contender
    chat = Chat(weights.base)
    pad = chat.tokenizer.pad_token_id
    ends = sorted(chat.end_ids)
    model.generation_config = GenerationConfig(
        do_sample=False, eos_token_id=ends, pad_token_id=pad if pad is not None else ends[0]
    )
    with quiet_libraries():
        model.save_pretrained(folder)
        AutoTokenizer.from_pretrained(weights.base).save_pretrained(folder)
    weights.write_card(folder)
