"""Puts a trained adapter into the package, in bfloat16, and pins its checksum.

python recipes/reader/ship.py FOLDER/pass-2
"""

import argparse
import hashlib
import json
import re
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from bakeoff.models import reader

LARGEST_BYTES = 15_000_000
KEPT = ("base_model_name_or_path", "bias", "fan_in_fan_out", "lora_alpha", "lora_dropout", "peft_type", "r")


def main() -> None:
    """Writes both files and the constant in the source."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("adapter", type=Path)
    trained = parser.parse_args().adapter
    tensors = {
        name: tensor.to(torch.bfloat16) for name, tensor in load_file(trained / "adapter_model.safetensors").items()
    }
    reader.ADAPTER.mkdir(parents=True, exist_ok=True)
    weights = reader.ADAPTER / "adapter_model.safetensors"
    save_file(tensors, weights, {"format": "pt"})
    if weights.stat().st_size > LARGEST_BYTES:
        raise SystemExit(f"{weights} has {weights.stat().st_size:,} bytes; at most {LARGEST_BYTES:,} are shipped")
    config = json.loads((trained / "adapter_config.json").read_text(encoding="utf-8"))
    kept = {name: config[name] for name in KEPT} | {
        "base_model_name_or_path": reader.UNTAUGHT,
        "target_modules": sorted(config["target_modules"]),
        "task_type": config["task_type"],
        "inference_mode": True,
    }
    (reader.ADAPTER / "adapter_config.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    source = Path(reader.__file__)
    code = source.read_text(encoding="utf-8")
    for name in reader.PINNED:
        sha256 = hashlib.sha256((reader.ADAPTER / name).read_bytes()).hexdigest()
        code, n = re.subn(rf'"{re.escape(name)}": "\w*"', f'"{name}": "{sha256}"', code)
        if n != 1:
            raise SystemExit(f"{source} names {name} {n} times with its sum; once is needed")
    source.write_text(code, encoding="utf-8")
    print(f"{weights}: {weights.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
