"""`adapter`: the tuned weights of a contender as a folder that PEFT opens and vLLM loads.

Takes weights, gives `adapter_config.json`, `adapter_model.safetensors` and `bakeoff.json`. Changes no number in them.
Source: PEFT, "PEFT checkpoint format"; vLLM, "LoRA Adapters".
"""

import json
import shutil
from pathlib import Path

from bakeoff.exports.origin import Origin
from bakeoff.exports.target import new_path
from bakeoff.exports.weights import require_adapter, weights_of
from bakeoff.files.jsonl import write_text
from bakeoff.files.plain_json import plain_json
from bakeoff.models.adapter_check import CONFIG, WEIGHTS, check_adapter


def export_adapter(origin: Origin, out: Path, contender: str | None = None, base: str | None = None) -> tuple[str, str]:
    """Writes the adapter; returns the contender and a note on its base model.

    `base` is the name or folder of the base model that is written into the adapter; by default its name on the hub, or
    the folder of this machine. Raises ConfigError for a contender without an adapter, ModelUnavailableError if the
    adapter is damaged.
    """
    weights = weights_of(origin, contender)
    adapter = require_adapter(origin, weights)
    check_adapter(weights.base, adapter)
    named = base or weights.base_name
    with new_path(out) as folder:
        folder.mkdir()
        shutil.copyfile(adapter / WEIGHTS, folder / WEIGHTS)
        config = plain_json((adapter / CONFIG).read_text(encoding="utf-8"))
        config["base_model_name_or_path"] = named
        write_text(folder / CONFIG, json.dumps(config, indent=2, sort_keys=True) + "\n")
        weights.write_card(folder)
    note = f"The adapter belongs to the base model {named}."
    if base is None and weights.is_made_here:
        note += (
            f" Only this machine has it: {weights.label} is made from a package. Elsewhere, export an untuned "
            "contender too (--to merged) and name its folder with --base, or export the tuned one as a whole."
        )
    return weights.contender, note
