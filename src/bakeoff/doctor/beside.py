"""What a run needs beside its folder: the database or the bucket of its documents, and its workers.

Takes a configuration, gives findings. Connects as a run does at its start, and changes nothing. What is missing is
raised as the BakeoffError that the run would raise.
"""

from collections.abc import Iterable

from bakeoff.corpus.stores import check_address
from bakeoff.doctor.finding import Finding, fine
from bakeoff.pilot.executors.opening import executing
from bakeoff.runs.config import Config


def database(config: Config) -> Iterable[Finding]:
    """The database of `store:`: whether it answers, and has pgvector. Or the bucket: whether it can be read."""
    if not config.store:
        return []
    return [fine("database", f"{config.store} {check_address(config.store)}")]


def workers(config: Config) -> Iterable[Finding]:
    """The workers of `executor:`: a cluster is joined and left again, a bucket to share is tried."""
    if config.executor is None:
        return []
    with executing(config.executor, lambda line: None) as executor:
        return [fine("workers", executor.label)] if executor else []
