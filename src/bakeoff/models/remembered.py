"""What transformers said of a model's small files, remembered in the cache: to ask it takes seconds, since it imports
torch.

Takes files and a function that asks. The memory holds for these contents and this version of transformers.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bakeoff.files.cache import cache_folder
from bakeoff.files.jsonl import write_text
from bakeoff.models.checksums import file_sha256


def remembered(what: str, files: Iterable[Path], ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `ask` gave for files with these names and contents, as JSON holds it.

    It is called if nothing is remembered, or a file or the cache cannot be read. What it raises is raised.
    """
    try:
        sums = [f"{path.name} {file_sha256(path)}" for path in files]
    except OSError:
        return ask()
    key = "\0".join([what, version("transformers"), *sums])
    memory = cache_folder() / "transformers" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"
    with contextlib.suppress(OSError, ValueError):
        known = json.loads(memory.read_text(encoding="utf-8"))
        if isinstance(known, dict):
            return known
    text = json.dumps(ask())
    with contextlib.suppress(OSError):
        write_text(memory, text)
    asked: dict[str, Any] = json.loads(text)
    return asked
