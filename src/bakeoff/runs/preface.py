"""What stands before a run's own verdict in its report: a decision that was made elsewhere about the same measurements.

A frozen record in `preface.json` of a run folder, which most runs do not have. Knows nothing about the decision.
"""

from collections.abc import Mapping

from bakeoff.records import Record


class Preface(Record):
    """A title, sentences, and pages to read on: their titles with their addresses, relative to the run folder."""

    title: str
    sentences: tuple[str, ...] = ()
    links: Mapping[str, str] = {}
