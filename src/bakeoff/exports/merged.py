"""`merged`: the model of a contender as one folder, with its adapter merged into the weights, or fully tuned.

Takes weights, gives a folder that transformers' AutoModelForCausalLM, vLLM and llama.cpp's converter open: config,
safetensors, tokenizer, chat template, generation settings and `bakeoff.json`.
"""

import json
from pathlib import Path
from typing import Any, Literal

from bakeoff.exports.origin import Origin
from bakeoff.exports.target import new_path
from bakeoff.exports.weights import Weights, weights_of
from bakeoff.files.jsonl import write_text
from bakeoff.files.plain_json import plain_json

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
        AutoTokenizer.from_pretrained(weights.base, trust_remote_code=False).save_pretrained(folder)
    _add_older_keys(folder / "config.json")
    weights.write_card(folder)


def _add_older_keys(path: Path) -> None:
    """Repeats the rotary embedding's settings where transformers before 5 wrote them.

    Tools that know only those keys would take the default base without a word, and compute something else.
    """
    config = plain_json(path.read_text(encoding="utf-8"))
    rope = config.get("rope_parameters") or {}
    if "rope_theta" in rope:
        older = {key: rope[key] for key in ("rope_theta", "partial_rotary_factor") if key in rope}
        if rope.get("rope_type", "default") != "default":
            older["rope_scaling"] = {key: value for key, value in rope.items() if key not in older}
        write_text(path, json.dumps({**older, **config}, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
