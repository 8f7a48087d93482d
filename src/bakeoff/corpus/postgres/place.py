"""Where the documents of a folder are if they are in PostgreSQL: the address without a password, and the schema.

Takes and gives `store.json`. Connects to nothing and knows no driver.
"""

import re
import uuid
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from pydantic import ValidationError, field_validator

from bakeoff.corpus.sources.settings import without_password, without_secrets
from bakeoff.errors import RunFolderError
from bakeoff.files import jsonl
from bakeoff.records import Record

PLACE = "store.json"
BEGINNINGS = ("postgresql", "postgres")
LONGEST_NAME = 63
"""PostgreSQL cuts longer names."""


def checked_address(address: str) -> str:
    """The address of a database as `store:` gives it. Raises ValueError for what is none, or holds a password."""
    without_password(address)
    beginning, found, _ = address.partition("://")
    if not found or beginning not in BEGINNINGS:
        raise ValueError(
            f"it should be the address of a database, such as postgresql://user@host/database, not {address[:40]!r}; "
            "leave it out to keep the documents in the run folder"
        )
    parts = urlsplit(address)
    without_secrets(dict(parse_qsl(parts.query)))
    if not parts.path.strip("/") and "service=" not in parts.query:
        raise ValueError("it names no database: write it like postgresql://user@host/database")
    return address


class Place(Record):
    """A schema in a database. Every world has one of its own, so that one is copied and dropped without the others."""

    address: str
    schema_name: str

    @field_validator("address")
    @classmethod
    def _is_address(cls, address: str) -> str:
        return checked_address(address)

    @field_validator("schema_name")
    @classmethod
    def _is_plain(cls, name: str) -> str:
        if not re.fullmatch(r"[a-z_][a-z0-9_]*", name) or len(name) > LONGEST_NAME:
            raise ValueError(f"{name!r} is no plain name of a schema: small letters, digits and _")
        return name

    @classmethod
    def new(cls, address: str, folder: Path) -> "Place":
        """A schema that nobody uses, named after the folder."""
        slug = re.sub(r"[^a-z0-9]+", "_", folder.absolute().name.lower()).strip("_")[:30]
        return cls(address=address, schema_name="_".join(filter(None, ("bakeoff", slug, uuid.uuid4().hex[:8]))))

    @property
    def where(self) -> str:
        """The place in messages."""
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}{parts.path} (schema {self.schema_name})"


def place_of(folder: Path) -> Place | None:
    """Where this folder's documents are. None if they are not in a database."""
    path = folder / PLACE
    if not path.exists():
        return None
    try:
        return Place.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        raise RunFolderError(
            f"{path} does not say where the documents are: {error.errors()[0]['msg']}.",
            'write it like {"address": "postgresql://user@host/database", "schema_name": "bakeoff_name"}',
        ) from None


def note_place(folder: Path, place: Place, name: str = PLACE) -> None:
    """Writes where this folder's documents are, all or nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    jsonl.write_text(folder / name, place.model_dump_json(indent=1) + "\n")
