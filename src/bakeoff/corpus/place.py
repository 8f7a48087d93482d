"""Where the documents of a folder are if they are not in its files: in a database or in object storage.

Takes and gives `store.json`. Connects to nothing and knows no driver.
"""

import re
from pathlib import Path

from pydantic import ValidationError

from bakeoff.corpus.buckets import place as buckets
from bakeoff.corpus.buckets.place import BucketPlace
from bakeoff.corpus.postgres import place as postgres
from bakeoff.corpus.postgres.place import Place
from bakeoff.errors import RunFolderError
from bakeoff.files import jsonl
from bakeoff.files.plain_types import message_of

PLACE = "store.json"


def checked_address(address: str) -> str:
    """The address as `store:` gives it. Raises ValueError for another kind, or one with a password."""
    check = buckets.checked_address if _is_bucket(address) else postgres.checked_address
    return check(address)


def new_place(address: str, folder: Path) -> Place | BucketPlace:
    """A place at this address that nobody uses, named after the folder."""
    return BucketPlace.new(address, folder) if _is_bucket(address) else Place.new(address, folder)


def place_of(folder: Path) -> Place | BucketPlace | None:
    """Where this folder's documents are. None if they are in its files."""
    path = folder / PLACE
    return read_place(path) if path.exists() else None


def read_place(path: Path) -> Place | BucketPlace:
    """The place that this file names. Raises RunFolderError if it names none."""
    content = path.read_text(encoding="utf-8")
    kind = BucketPlace if re.search(r'"world"\s*:', content) else Place
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        raise RunFolderError(
            f"{path} does not say where the documents are: {message_of(error.errors()[0])}.",
            'write it like {"address": "postgresql://user@host/database", "schema_name": "bakeoff_name"} or '
            '{"address": "s3://bucket/prefix", "world": "name"}',
        ) from None  # the cause would show what the file holds


def note_place(folder: Path, place: Place | BucketPlace, name: str = PLACE) -> None:
    """Writes where this folder's documents are, all or nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    jsonl.write_text(folder / name, place.model_dump_json(indent=1) + "\n")


def _is_bucket(address: str) -> bool:
    return address.partition("://")[0] in buckets.BEGINNINGS
