"""Files of data sets as rows: Parquet, Arrow as Hugging Face's `save_to_disk` writes it, and question files.

Takes a file or a folder, gives rows with their split. Downloads nothing.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bakeoff.apart.limits import limits
from bakeoff.corpus.sources.folders import content_of
from bakeoff.errors import InputError
from bakeoff.formats.part import UnreadableError
from bakeoff.importing.arrow_rows import arrow_rows
from bakeoff.importing.rows import SPLITS
from bakeoff.questions.rows.table import read_table

TABLES = (".jsonl", ".csv", ".tsv", ".json", ".yaml", ".yml", ".xlsx", ".xls", ".ods")
BINARY = (".parquet", ".arrow")
_ABOUT = ("dataset_info.json", "dataset_dict.json", "state.json", "dataset_infos.json")


def data_files(path: Path) -> list[Path]:
    """The files with rows of a data set: the file itself, or those of the folder, binary ones if there are any."""
    if path.is_file():
        return [path]
    files = [file for file in sorted(path.rglob("*")) if file.is_file() and file.name not in _ABOUT]
    files = [
        file for file in files if not any(part.startswith((".", "cache-")) for part in file.relative_to(path).parts)
    ]
    binary = [file for file in files if file.suffix.lower() in BINARY]
    return binary or [file for file in files if file.suffix.lower() in TABLES]


def rows_in(path: Path) -> list[tuple[str, Mapping[str, Any]]]:
    """All rows with their splits. Raises InputError if there is no file with rows, or one cannot be read."""
    files = data_files(path)
    if not files:
        raise InputError(
            f"{path} holds no file of a data set: no {', '.join((*BINARY, *TABLES[:3]))}.",
            "name a folder of BEIR, of Hugging Face's save_to_disk, or a file with rows",
        )
    return [(split_of(file, path), row) for file in files for row in _rows(file)]


def split_of(file: Path, root: Path) -> str:
    """The split that a file belongs to by its own name (`train-00000-of-00002.parquet`) or its folder's; else empty."""
    parts = [file.stem, *(part for part in reversed(file.relative_to(root).parts[:-1])), *root.parts[-1:]]
    for part in parts:
        name = part.lower().partition("-")[0].partition("_")[0]
        if name in SPLITS:
            return name
    return ""


def _rows(file: Path) -> Iterator[Mapping[str, Any]]:
    if file.suffix.lower() not in BINARY:
        for record in read_table(file).records:
            yield dict(zip(record.names, record.values, strict=False))
        return
    try:
        content, _ = content_of(file, limits().megabytes * 2**20)  # a larger one cannot be read in that memory
        yield from arrow_rows(file.name, content)
    except (InputError, UnreadableError) as error:
        raise InputError(f"{file} cannot be read: {error.message.rstrip('.')}.", error.remedy) from error
