"""The folders of tuned parts of retrieval: what is in them, and their names, which follow from their weights.

Takes tensors and the folder that the training began with. Since two trainings with the same settings may give other
weights, as after new questions, a part is named after its weights, and an index after its embedder. A name may hold
what a folder's cannot, such as a slash: `folder_name` says where it lies.
"""

import re
import shutil
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

from bakeoff.errors import RunFolderError
from bakeoff.files.flush import folder_to_disk
from bakeoff.models.checksums import model_sha256
from bakeoff.models.sentence_model import read_sentence_model

TOKENIZER = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.txt",
    "sentence_bert_config.json",
)
SETTINGS = (".json", ".txt", ".model", ".jinja", ".md")
"""The files of an embedder's folder that are not weights, by their endings."""
DIGITS = 12
_TUNED = re.compile(r"(.+)-tuned-[0-9a-f]{12}")


def is_tuned_part(name: str, models: Container[str]) -> bool:
    """Whether a name is that of a tuned part. What is in `models:` is none, whatever its name looks like.

    >>> is_tuned_part("embedder-tuned-0123456789ab", ["embedder"]), is_tuned_part("embedder", ["embedder"])
    (True, False)
    """
    return name not in models and _TUNED.fullmatch(name) is not None


def untuned_name(name: str, models: Container[str]) -> str:
    """The name of the model in `models:` that a tuned part was made from; other names as they are.

    >>> untuned_name("embedder-tuned-0123456789ab", ["embedder"]), untuned_name("mine", ["mine"])
    ('embedder', 'mine')
    """
    match = None if name in models else _TUNED.fullmatch(name)
    return match[1] if match else name


def folder_name(name: str) -> str:
    """The name of the folder of a tuned model or part: what may be no part of a path becomes a hyphen.

    >>> folder_name("BAAI/bge small-tuned-0123456789ab")
    'BAAI-bge-small-tuned-0123456789ab'
    """
    return re.sub(r"[^A-Za-z0-9._-]", "-", name)


def write_embedder(source: Path, tensors: Mapping[str, Any], adapters: Path, base: str) -> str:
    """Writes a tuned embedder beside the other tuned models. Returns its name."""
    half = _half(adapters, base)
    projections = {projection.weights.parent for projection in read_sentence_model(source).projections}
    folders = [source, *sorted(source.glob("*_Pooling")), *sorted(projections)]
    for path in (path for folder in folders for path in sorted(folder.iterdir())):
        is_kept = path.suffix in SETTINGS and not path.name.endswith(".index.json")
        if path.is_file() and (is_kept or (path.parent in projections and path.name == "model.safetensors")):
            (half / path.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, half / path.relative_to(source))
    return _named(half, tensors, adapters, base)


def write_reranker(source: Path, config: Any, tensors: Mapping[str, Any], adapters: Path) -> str:
    """The same for a reranker; `config` is that of its model."""
    half = _half(adapters, "reranker")
    for name in TOKENIZER:
        if (source / name).exists():
            shutil.copyfile(source / name, half / name)
    config.save_pretrained(half)
    return _named(half, tensors, adapters, "reranker")


def check_part(folder: Path) -> Path:
    """The folder of a tuned part. Raises RunFolderError if it is missing or its weights are not those of its name."""
    remedy = "restore it, or run the pilot again: bakeoff run CONFIG"
    if not (folder / "config.json").exists():
        raise RunFolderError(f"The tuned part of retrieval in {folder} is missing.", remedy)
    found = model_sha256(folder)[:DIGITS]
    if found != folder.name.rpartition("-")[2]:
        raise RunFolderError(f"The weights in {folder} are not those that were tuned: SHA-256 {found}...", remedy)
    return folder


def _half(adapters: Path, base: str) -> Path:
    half = adapters / f".{folder_name(base)}.part"
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    return half


def _named(half: Path, tensors: Mapping[str, Any], adapters: Path, base: str) -> str:
    """Writes the weights in 16 bits, then gives the folder its name."""
    import torch
    from safetensors.torch import save_file

    plain = {
        name: (tensor.to(torch.float16) if tensor.is_floating_point() else tensor).cpu().contiguous()
        for name, tensor in sorted(tensors.items())
    }
    save_file(plain, half / "model.safetensors", {"format": "pt"})
    folder_to_disk(half)
    name = f"{base}-tuned-{model_sha256(half)[:DIGITS]}"
    target = adapters / folder_name(name)
    if target.exists():
        shutil.rmtree(half)
    else:
        half.rename(target)
    return name
