"""The tokenizer of a model folder, as transformers' `AutoTokenizer` gives it.

Takes a folder. Knows nothing about prompts.
"""

from pathlib import Path
from typing import Any

from bakeoff.models.damage import refusing_damage
from bakeoff.models.remembered import remembered


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer. Its class is the one that `AutoTokenizer` chose the first time, which does not import torch.

    Raises ModelUnavailableError if it cannot be read.
    """
    import transformers

    def choose() -> dict[str, Any]:
        kind = type(transformers.AutoTokenizer.from_pretrained(folder, trust_remote_code=False))
        is_public = getattr(transformers, kind.__name__, None) is kind
        return {"class": kind.__name__ if is_public else "AutoTokenizer"}

    with refusing_damage(f"The tokenizer of the model in {folder}"):
        files = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix != ".safetensors")
        kind = remembered(f"tokenizer {folder}", files, choose)["class"]
        return getattr(transformers, kind).from_pretrained(folder, trust_remote_code=False)
