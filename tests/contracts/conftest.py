"""The two places of documents: files in a folder, and a schema of PostgreSQL."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bakeoff.corpus.stores import keep_in


@pytest.fixture(params=["files", "postgres"])
def keeping(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Path]:
    """Makes a new folder whose documents and indexes are in files, or in a database."""
    address = request.getfixturevalue("vectors_address") if request.param == "postgres" else ""
    made: list[str] = []

    def new(name: str) -> Path:
        made.append(name)
        folder = tmp_path / f"{name}{len(made)}"
        folder.mkdir()
        keep_in(folder, address)
        return folder

    return new
