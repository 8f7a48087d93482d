"""The documents of a run, for whoever reads them after it.

Takes a run's folder, gives its store. Makes none: a run that has lost its documents says so.
"""

from bakeoff.corpus.store import SqlStore
from bakeoff.corpus.stores import check_store, existing_store
from bakeoff.runs.folder import RunFolder


def run_store(folder: RunFolder) -> SqlStore:
    """The documents that the run read. Raises RunFolderError if they are gone, or if it has an empty store instead."""
    return existing_store(folder.world, holds=has_read_documents(folder))


def check_run_store(folder: RunFolder) -> None:
    """Raises RunFolderError as `run_store`. Asks no database and no bucket."""
    check_store(folder.world, holds=has_read_documents(folder))


def has_read_documents(folder: RunFolder) -> bool:
    """Whether the run read documents. One that classifies may have none."""
    return folder.data_path.exists() and folder.data().documents.n > 0
