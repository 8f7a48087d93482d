"""What a run or a deployment changes in its place: this user must be able to write it.

Takes a folder, gives paths. Files that are only ever replaced (`current`, `index.json`) are not among them: for these
the folder must be writable.
"""

from collections.abc import Iterator
from pathlib import Path

from bakeoff.retrieval.opening import INDEXES

ENDINGS = (".sqlite", ".jsonl", ".lock")
"""Of the files that are opened for writing: stores, lines that are appended, locks."""
ANSWERS = "answers"


def changed_in(folder: Path) -> Iterator[Path]:
    """The files and folders that are changed, those in the folders of indexes and of answers too."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() or path.name.endswith(ENDINGS):
            yield path
    yield from sorted(path for path in (folder / INDEXES).rglob("*") if path.is_dir())
    yield from sorted((folder / ANSWERS).glob("*.jsonl"))
