"""Folders, files and globs with labels or a prefix: `{files: [docs/**], labels: [hr]}`.

Plain paths in `documents:` need no settings; they are read in the same way.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from bakeoff.corpus.sources.folder_source import FolderSource
from bakeoff.corpus.sources.settings import SourceSettings, Texts, resolved


class FileSettings(SourceSettings):
    """`files` are folders, files or globs."""

    kind: ClassVar[str] = "files"

    files: Texts = Field(min_length=1)

    @classmethod
    def absolute(cls, values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
        return {**values, "files": resolved(values.get("files"), folder)}

    def open(self, folder: Path | None = None) -> FolderSource:
        return FolderSource(self.files)

    @property
    def where(self) -> str:
        return ", ".join(self.files)
