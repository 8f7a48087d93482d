"""The folder of an index: one LanceDB table of chunks, and a file that describes the state of the table.

Takes chunks with their vectors, gives rows. Knows nothing about searching or about the origin of the chunks. A table
can be rewritten beside itself: a copy is compacted while the table is in use, and then takes its place.
"""

import errno
import os
import re
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field, ValidationError

from bakeoff.errors import BakeoffError, DamagedIndexError, RunFolderError, disk_is_full
from bakeoff.files import jsonl
from bakeoff.files.format_number import refuse_other_format
from bakeoff.files.room import room_remedy
from bakeoff.files.unreadable import is_not_allowed
from bakeoff.records import Chunk, Record
from bakeoff.retrieval.search_words import search_words
from bakeoff.retrieval.searching import Filter
from bakeoff.retrieval.words import word_rules

SCHEMA_VERSION = 2
TEXT_COLUMN = "words"
FIRST_TABLE = "chunks"
STATE = "index.json"
CACHE_BYTES = 512 * 1024 * 1024  # of LanceDB, for each table: its index and its metadata
_OF_LANCE = re.compile(r"(?<![\w/\\.-])lance\b(?![/\\])", re.IGNORECASE)
"""Words of its errors, and no part of a path."""
_IN_SOURCE = re.compile(r"(?:\s*,)?\s*\(?(?:\bat )?[^\s,()]+\.rs:\d+(?::\d+)?\)?")
"""A line of a source file in Rust, with what leads to it: ', /root/.cargo/registry/src/a/b.rs:258:9'."""
OTHER_STORE = "restore the right store.sqlite; or delete this folder: the index is made again of the present documents"
REMEDY = "delete this folder and start again: the index is made again; no document is lost, they are all in the store"


class State(Record):
    """The content of `index.json`: the table, whose name is `table`, holds the store's documents as of `version`, which
    was recorded at `stamp`.

    `erases`, if not 0, is the version from which on no file may hold texts that are deleted: then all rows are written
    again. `language` (ISO 639-1) is that of most documents at the first sync: words are stemmed by its rules. The
    documents in `pending` may be in any state. `n_chunks`, `n_tokens` and `seconds` count what a running sync has done
    so far, so that the work is still known after a kill. If the table follows a log (retrieval/buckets), `log` is its
    name and `entry` the number of the last entry that it holds.
    """

    schema_version: int = SCHEMA_VERSION
    embedder: str
    dimension: int
    max_tokens: int
    store: str = ""
    version: int = 0
    table: str = FIRST_TABLE
    language: str = "en"
    pending: tuple[str, ...] = ()
    n_chunks: int = 0
    n_tokens: int = 0
    seconds: float = 0.0
    stamp: str = Field(default="", exclude_if=lambda stamp: not stamp)
    erases: int = Field(default=0, exclude_if=lambda version: not version)
    log: str = Field(default="", exclude_if=lambda log: not log)
    entry: int = Field(default=0, exclude_if=lambda entry: not entry)


def _state_path(folder: Path) -> Path:
    return folder / STATE


def discard(folder: Path) -> None:
    """Marks the folder as one without an index, by deleting its state file."""
    _state_path(folder).unlink(missing_ok=True)


def write_state(folder: Path, state: State) -> None:
    """Replaces the content of the state file, all or nothing."""
    jsonl.write_text(_state_path(folder), state.model_dump_json() + "\n")


def read_state(folder: Path) -> State | None:
    """The state of the table. None if there is no index. Raises DamagedIndexError for a file that cannot be read,
    RunFolderError for one of a later version.
    """
    path = _state_path(folder)
    if not path.exists():
        return None
    try:
        content = path.read_bytes()
        refuse_other_format(path, content, "schema_version", SCHEMA_VERSION, SCHEMA_VERSION, REMEDY)
        return State.model_validate_json(content)
    except ValueError as error:
        if isinstance(error, ValidationError) and any(one["type"] == "extra_forbidden" for one in error.errors()):
            raise RunFolderError(
                f"{path} was written by a later version of Bakeoff.", f"use that one; or {REMEDY}"
            ) from error
        raise DamagedIndexError(
            f"{path} cannot be read: it was damaged or written by another version.", REMEDY
        ) from error


def new_table(folder: Path, state: State) -> Any:
    """A new empty table with its full-text index. The state file is written last: without it there is no index."""
    folder.mkdir(parents=True, exist_ok=True)
    remove_tables(folder)
    table = _connection(folder).create_table(state.table, schema=table_schema(state.dimension))
    index_words(table, state.language)
    write_state(folder, state)
    return table


def table_schema(dimension: int) -> Any:
    """The columns of a table whose vectors have so many numbers."""
    import pyarrow as pa

    text, place = pa.string(), pa.int64()
    return pa.schema(
        {
            "id": text,
            "document_id": text,
            "source": text,
            "text": text,
            "start": place,
            "end": place,
            "heading": text,
            "readable": text,
            "passage": text,
            TEXT_COLUMN: text,
            "access": pa.list_(text),
            "vector": pa.list_(pa.float32(), dimension),
        }
    )


def index_words(table: Any, language: str) -> None:
    """Makes the full-text index of an empty table, or replaces it. Languages without a stemmer get the English one."""
    from lancedb.index import FTS

    table.create_index(TEXT_COLUMN, config=FTS(**word_rules(language)), replace=True)


def open_table(folder: Path, name: str = FIRST_TABLE) -> Any:
    """The existing table. Raises DamagedIndexError if it is missing."""
    try:
        return _connection(folder).open_table(name)
    except ValueError as error:
        if _is_refused(error) or _is_newer(error):
            raise
        raise DamagedIndexError(f"The table of the index in {folder} is missing ({_words(error)}).", REMEDY) from error


def pinned(table: Any, version: int) -> Any:
    """The table as of this version, whatever is written to it later. It shares the caches of `table`."""
    view = table._conn.open_table(table.name)
    view.checkout(version)
    return view


def copy_table(folder: Path, state: State) -> str:
    """Copies the table, as links to the same files where possible, and returns the name of the copy.

    Files of a table are never written again, so the copy does not change with the table. The table must not be written
    meanwhile.
    """
    name = _next_name(folder, state)
    shutil.copytree(_table_path(folder, state.table), _table_path(folder, name), copy_function=_link_or_copy)
    return name


def rewritten_table(folder: Path, state: State, table: Any) -> str:
    """Writes the rows of the table, and no deleted ones, to new files, and returns the name of the new table.

    LanceDB only marks rows as deleted, and leaves their texts in the file as long as most of its rows are there.
    """
    name = _next_name(folder, state)
    rows = table.search().limit(int(table.count_rows()) + 1).to_arrow()
    index_words(_connection(folder).create_table(name, data=rows, schema=table_schema(state.dimension)), state.language)
    return name


def _next_name(folder: Path, state: State) -> str:
    """The name of the table after that of the state. What a kill left under it is removed."""
    name = f"{FIRST_TABLE}-{int(state.table.partition('-')[2] or 0) + 1}"
    shutil.rmtree(_table_path(folder, name), ignore_errors=True)
    return name


def table_names(folder: Path) -> set[str]:
    """The names of all tables in the folder."""
    return {path.stem for path in folder.glob(f"{FIRST_TABLE}*.lance")}


def remove_tables(folder: Path, except_for: Collection[str] = ()) -> None:
    """Removes all tables but these."""
    for name in table_names(folder).difference(except_for):
        shutil.rmtree(_table_path(folder, name), ignore_errors=True)


def _table_path(folder: Path, name: str) -> Path:
    return folder / f"{name}.lance"


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, target)


def _connection(folder: Path) -> Any:
    """A connection with caches of its own: they are released with the table."""
    import lancedb

    session = lancedb.Session(index_cache_size_bytes=CACHE_BYTES, metadata_cache_size_bytes=CACHE_BYTES)
    return lancedb.connect(folder, session=session)


def arrow_rows(chunks: Sequence[Chunk], access: Sequence[tuple[str, ...]], vectors: np.ndarray, schema: Any) -> Any:
    """Chunks, their access labels and vectors as rows of the table. `vectors` has shape (len(chunks), dimension)."""
    import pyarrow as pa

    columns: dict[str, Any] = {name: [getattr(chunk, name) for chunk in chunks] for name in Chunk.model_fields}
    columns["passage"] = [chunk.passage for chunk in chunks]
    columns[TEXT_COLUMN] = list(map(search_words, columns["passage"]))
    columns["access"] = [list(labels) for labels in access]
    flat = pa.array(np.ascontiguousarray(vectors, np.float32).ravel())
    columns["vector"] = pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])
    return pa.table(columns, schema=schema)


def quoted(text: str) -> str:
    """The text as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def condition(where: Filter) -> str:
    """The filter as an SQL condition on the table's columns. Empty if everything may be seen."""
    conditions = []
    if where.source_prefix:
        conditions.append(f"starts_with(source, {quoted(where.source_prefix)})")
    if where.access is not None:
        held = [f"array_has(access, {quoted(label)})" for label in where.access]
        conditions.append(f"({' OR '.join(['coalesce(array_length(access), 0) = 0', *held])})")
    return " AND ".join(conditions)


def those(documents: Sequence[str]) -> str:
    """The SQL condition for the rows of these documents."""
    return f"document_id IN ({', '.join(map(quoted, documents))})"


def warm(table: Any) -> None:
    """Reads the full-text index into memory, so that the first question does not wait for it."""
    table.prewarm_index(f"{TEXT_COLUMN}_idx")


def _is_refused(error: Exception) -> bool:
    """Whether the system refused an operation, as it does without permission, on a full disk or with too many open
    files. A file that is not found (number 2) is damage.
    """
    if disk_is_full(error):
        return True
    numbers = {getattr(error, "errno", None), *map(int, re.findall(r"(?:os error |\[Errno )(\d+)", str(error)))}
    return bool(numbers - {None, errno.ENOENT})


def _words(error: BaseException) -> str:
    """What an error says, on one line and without the places in Rust's source at which LanceDB raised it."""
    return " ".join(_IN_SOURCE.sub("", str(error)).split()).rstrip(".")


def _is_newer(error: Exception) -> bool:
    """Whether a later version of LanceDB wrote the table: it is whole, and can only not be read here."""
    return re.search(r"by this version of lance|please upgrade", str(error), re.IGNORECASE) is not None


def _is_of_index(error: Exception) -> bool:
    """Whether the files of the index are the cause, and not the embedder that a sync asks: the system said so, or
    LanceDB or Arrow raised it, whose errors have no class of their own.
    """
    modules = [type(error).__module__, *_modules(error)]
    if any(module.startswith("bakeoff.models.") for module in modules):
        return False
    if getattr(error, "errno", None) is not None or isinstance(error, shutil.Error):
        return True
    ours = max((i for i, module in enumerate(modules) if module.startswith("bakeoff.")), default=0)
    called = {module.split(".")[0] for module in [modules[0], *modules[ours:]]}
    return bool(called & {"lancedb", "pyarrow"} or _OF_LANCE.search(str(error)))


def _modules(error: Exception) -> Iterator[str]:
    """Those through which the error came, the innermost last."""
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame.f_globals.get("__name__", "")
        trace = trace.tb_next


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turns the errors of LanceDB and the file system into errors that a person can act on."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        if not _is_of_index(error):
            raise
        if _is_refused(error):
            helps = f"{room_remedy(error)}, or check the permissions"
            if is_not_allowed(error):
                helps = "allow this user to read and write there"
            raise BakeoffError(
                f"The index in {folder} cannot be read or written: {_words(error)}.",
                f"{helps}; then run it again: the index repairs itself",
            ) from error
        if _is_newer(error):
            raise RunFolderError(
                f"A later version of LanceDB wrote the index in {folder}: {_words(error)}.",
                f"install that one; or {REMEDY}",
            ) from error
        raise DamagedIndexError(f"The index in {folder} is damaged: {_words(error)}.", REMEDY) from error
    except BaseException as error:
        if "Panic" not in type(error).__name__:  # LanceDB's Rust code stopped; its classes cannot be imported
            raise
        raise DamagedIndexError(f"The index in {folder} is damaged: {_words(error)}.", REMEDY) from error
