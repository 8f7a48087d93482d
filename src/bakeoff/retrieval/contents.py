"""One SHA-256 sum over all that an index holds: which passages, in which documents, with which vectors.

Takes the folder of an index. The order in which rows were written does not count, nor how the table stores them.
"""

import hashlib
from pathlib import Path

import numpy as np

from bakeoff.errors import RunFolderError
from bakeoff.files.unreadable import is_there
from bakeoff.retrieval.lance_table import REMEDY, STATE, explained, open_table, read_state

COLUMNS = ("id", "document_id", "source", "start", "end", "heading", "passage", "readable", "access")


def folder_sha256(folder: Path) -> str:
    """The sum of the rows of the table and of the settings they were made with. Empty if there is no index.

    Raises RunFolderError if the index is damaged.
    """
    with explained(folder):
        state = read_state(folder)
        if state is None:
            return ""
        table = open_table(folder, state.table).to_arrow().sort_by([("id", "ascending"), ("start", "ascending")])
    digest = hashlib.sha256(f"{state.embedder}\0{state.dimension}\0{state.max_tokens}\0{len(table)}".encode())
    for name in (name for name in COLUMNS if name in table.column_names):
        digest.update(f"\0{name}".encode())
        for value in table[name].to_pylist():
            digest.update(f"\0{value!r}".encode("utf-8", "surrogatepass"))
    vectors = table["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    digest.update(np.ascontiguousarray(vectors, np.float32).data)
    return digest.hexdigest()


def check_folder(folder: Path) -> int:
    """The number of rows of the index in this folder, whose files are opened and not read through.

    Raises RunFolderError if there is no index, or if it is damaged.
    """
    with explained(folder):
        if not is_there(folder / STATE):
            raise RunFolderError(f"The index in {folder} is missing.", REMEDY)
        state = read_state(folder)
        assert state is not None  # its file is there
        return int(open_table(folder, state.table).count_rows())
