"""Rows of a Parquet or Arrow file, read by pyarrow in a process of its own, with limits of time and memory.

Takes a name and bytes, gives rows. Dates become text; what is no text, such as a picture, is left out.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bakeoff.apart.process import call
from bakeoff.errors import InputError


def arrow_rows(name: str, content: bytes) -> list[Mapping[str, Any]]:
    """The rows. Raises InputError, without the file's name, if it cannot be read or takes too much."""
    rows: list[Mapping[str, Any]] = call(f"{__name__}:plain_rows", name, content)
    return rows


def plain_rows(name: str, content: bytes) -> list[dict[str, Any]]:
    """What the other process does."""
    import pyarrow

    try:
        return [_plain(row) for batch in _batches(name, pyarrow.py_buffer(content)) for row in batch.to_pylist()]
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(f"{' '.join(str(error).split())[:200]}", "save the data set again") from error


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return None if isinstance(value, bytes) else value


def _batches(name: str, content: Any) -> Iterator[Any]:
    """The record batches of a file. Arrow is written as a stream by `datasets`, as a file by others."""
    import pyarrow
    import pyarrow.parquet

    if name.lower().endswith(".parquet"):
        yield from pyarrow.parquet.ParquetFile(pyarrow.BufferReader(content)).iter_batches()
        return
    try:
        reader = pyarrow.ipc.open_stream(content)
    except pyarrow.ArrowInvalid:
        whole = pyarrow.ipc.open_file(content)
        yield from (whole.get_batch(n) for n in range(whole.num_record_batches))
        return
    yield from reader
