"""What a run needs beside its folder: the database or the bucket of its documents, and its workers.

Takes a configuration, gives findings. Connects as a run does at its start, and changes nothing. What is missing is
raised as the BakeoffError that the run would raise.
"""

from collections.abc import Iterable
from pathlib import Path

from bakeoff.corpus.buckets.objects import Objects
from bakeoff.corpus.buckets.place import BucketPlace
from bakeoff.corpus.buckets.store import WORLD
from bakeoff.corpus.place import new_place
from bakeoff.corpus.postgres.database import Database
from bakeoff.corpus.postgres.place import Place
from bakeoff.corpus.postgres.schema import check_server
from bakeoff.doctor.finding import Finding, fine
from bakeoff.pilot.executors.opening import executing
from bakeoff.runs.config import Config

SCHEMA = "bakeoff_doctor"
"""A name for the search path. No schema is made."""


def database(config: Config) -> Iterable[Finding]:
    """The database of `store:`: whether it answers, and has pgvector. Or the bucket: whether it can be read."""
    if not config.store:
        return []
    place = new_place(config.store, Path("doctor"))
    if isinstance(place, BucketPlace):
        Objects(place).get(WORLD)
        return [fine("database", f"{config.store} can be read")]
    database = Database(Place(address=config.store, schema_name=SCHEMA))
    try:
        with database.reading() as connection:
            version = check_server(connection, config.store)
    finally:
        database.close()
    return [fine("database", f"{config.store} answers, and has pgvector {version}")]


def workers(config: Config) -> Iterable[Finding]:
    """The workers of `executor:`: a cluster is joined and left again, a bucket to share is tried."""
    if config.executor is None:
        return []
    with executing(config.executor, lambda line: None) as executor:
        return [fine("workers", executor.label)] if executor else []
