"""Where the documents of a folder are if they are in object storage: the address of a bucket, and the world's name.

Takes and gives values. Connects to nothing.
"""

import re
import uuid
from pathlib import Path

from pydantic import field_validator

from bakeoff.corpus.sources.bucket import CREDENTIALS, checked_address
from bakeoff.records import Record

BEGINNINGS = tuple(CREDENTIALS)
COPY = "documents.sqlite"
"""The file of a folder that holds what was read of its documents."""


class BucketPlace(Record):
    """The objects below `address/world`. Every world has a name of its own, so that one is copied and removed without
    the others.
    """

    address: str
    world: str

    @field_validator("address")
    @classmethod
    def _is_address(cls, address: str) -> str:
        return checked_address(address)

    @field_validator("world")
    @classmethod
    def _is_plain(cls, world: str) -> str:
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", world):
            raise ValueError(f"{world!r} is no plain name of a world: small letters, digits and -")
        return world

    @classmethod
    def new(cls, address: str, folder: Path) -> "BucketPlace":
        """A world that nobody uses, named after the folder."""
        slug = re.sub(r"[^a-z0-9]+", "-", folder.absolute().name.lower()).strip("-")[:30]
        return cls(address=address.rstrip("/"), world="-".join(filter(None, (slug, uuid.uuid4().hex[:8]))))

    @property
    def where(self) -> str:
        """The place in messages."""
        return f"{self.address}/{self.world}"
