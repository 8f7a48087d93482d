"""The reader: SmolLM2-135M-Instruct with an adapter of ours that taught it to answer from passages (docs/reader.md).

Takes the folder of the untaught model, gives a folder with the adapter merged into its weights, made once in the cache.
Checks both against pinned checksums first. Imports torch only to merge.
"""

import hashlib
import json
from pathlib import Path

from bakeoff.errors import MissingExtraError, ModelUnavailableError
from bakeoff.files.cache import cache_folder, remove_unused
from bakeoff.files.jsonl import write_text
from bakeoff.models.checksums import MADE_FORMAT, ORIGIN, file_sha256, made_intact

READER = "bakeoff-reader"
UNTAUGHT = "HuggingFaceTB/SmolLM2-135M-Instruct"
ADAPTER = Path(__file__).parent / "adapters" / "reader"
PINNED = {
    "adapter_config.json": "9282a93f980d5c7f6fb8af42e2b0ade7d88763e35f96b2d0c29b5fe94689bdb0",
    "adapter_model.safetensors": "55ca267d1c64344bfe0b50652199c7614b817f479e1ceb36c7d3af79f76b3ba1",
}
"""The adapter's files with their SHA-256 sums. recipes/reader/ship.py writes them."""
FORMAT = "1"  # raise this when the merged folder changes, so that older ones in the cache are not used


def reader_folder(untaught: Path, untaught_sha256: str) -> Path:
    """The folder of the merged model. It is made first if it does not exist, or if what is there is damaged.

    Readers of other versions are removed from the cache, except those used in the last hour.

    `untaught_sha256` is the checksum of the file that the untaught model was converted from. Raises
    ModelUnavailableError if the adapter is missing or damaged.
    """
    check_adapter_files()
    folder = reader_place(untaught_sha256)
    made_intact(folder, lambda half: _merge(untaught, untaught_sha256, half))
    remove_unused(other for other in folder.parent.glob(f"{READER}-*") if other.name != folder.name)
    return folder


def reader_place(untaught_sha256: str) -> Path:
    """Where the folder of the merged model is, made or not."""
    key = " ".join([FORMAT, MADE_FORMAT, untaught_sha256, *PINNED.values()])
    return cache_folder() / "models" / f"{READER}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def check_adapter_files() -> None:
    """Raises ModelUnavailableError if a file of the adapter is missing or has another checksum."""
    for name, pinned in PINNED.items():
        file = ADAPTER / name
        if not file.exists():
            found = "is missing"
        elif (sha256 := file_sha256(file)) != pinned:
            found = f"has the SHA-256 sum {sha256}, not the pinned {pinned}"
        else:
            continue
        raise ModelUnavailableError(
            f"The reader's adapter {file} {found}, so it was not used.",
            f"install bakeoff again, or set models.generator to {UNTAUGHT}, the model without the adapter",
        )


def _merge(untaught: Path, untaught_sha256: str, folder: Path) -> None:
    """Writes the merged weights in float32, with the tokenizer."""
    try:
        import torch
        from transformers import AutoTokenizer

        from bakeoff.models.engines.transformers import load_model
        from bakeoff.models.weights import quiet_libraries
    except ImportError as error:
        raise MissingExtraError("The default model", error.name or "transformers", "local") from error
    model = load_model(untaught, ADAPTER, torch.float32)
    model.config._name_or_path = READER
    with quiet_libraries():
        model.save_pretrained(folder)
        AutoTokenizer.from_pretrained(untaught, trust_remote_code=False).save_pretrained(folder)
    write_text(folder / ORIGIN, json.dumps({"base_sha256": untaught_sha256, "adapter": PINNED}))
