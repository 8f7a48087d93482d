"""How far each source was read for the documents of one server: its cursor, and what it gave.

Takes a folder, keeps one file for each source in it. A state is written after the documents are; it is checked against
what the server lists, so an old or a lost one costs a full reading and nothing else. Reads no source.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import Field, ValidationError

from bakeoff.corpus.sources.folders import READING
from bakeoff.errors import BakeoffError
from bakeoff.files import jsonl
from bakeoff.files.plain_json import plain_json
from bakeoff.records import Record
from bakeoff.serve.documents.views import Listed

FORMAT = 1


class SourceState(Record):
    """What is known of a source: its cursor (empty: read everything), and a content hash of each of its documents.

    `reading` is the way in which its files were read: with a newer one, what did not change may be another document.
    """

    format: int = FORMAT
    reading: int = 1
    where: str
    cursor: str = ""
    documents: dict[str, str] = Field(default_factory=dict)

    def fits(self, listed: Mapping[str, Listed]) -> bool:
        """Whether all its documents are there as it gave them, and would be read in the same way now."""
        return self.reading == READING and all(
            source in listed and listed[source].sha256 == hash_ for source, hash_ in self.documents.items()
        )


class SourceStates:
    """The states in one folder, by the keys of their sources."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self) -> dict[str, SourceState]:
        """Every state. One that is broken or of another format is left out: its source is read in full."""
        states = {}
        for path in sorted(self._folder.glob("*.json")):
            try:
                state = SourceState.model_validate(plain_json(path.read_text(encoding="utf-8")))
            except (OSError, ValueError, ValidationError):
                continue
            if state.format == FORMAT:
                states[path.stem] = state
        return states

    def write(self, states: Mapping[str, SourceState], before: Mapping[str, SourceState]) -> None:
        """Writes those that changed, one by one. Raises BakeoffError if the disk refuses."""
        try:
            for key, state in states.items():
                if before.get(key) != state:
                    jsonl.write_text(self._folder / f"{key}.json", state.model_dump_json())
            self._remove(key for key in before if key not in states)
        except OSError as error:
            raise BakeoffError(
                f"The documents are up to date, but the cursors could not be written to {self._folder} "
                f"({error.strerror}).",
                "free disk space and sync again; nothing is embedded twice",
            ) from error

    def _remove(self, keys: Iterable[str]) -> None:
        for key in keys:
            (self._folder / f"{key}.json").unlink(missing_ok=True)
