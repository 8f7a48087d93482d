"""Models that several test files use."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of the tiny model of a shape, written once."""
    from tests.unit.shapes import write_shape

    root = tmp_path_factory.mktemp("shapes")

    def folder(name: str) -> Path:
        return root / name if (root / name).exists() else write_shape(name, root / name)

    return folder
