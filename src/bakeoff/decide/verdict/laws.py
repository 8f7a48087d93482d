"""Laws of the literature that Bakeoff tested in miniature, for the claims that they are about.

Takes the id of a claim, gives a sentence. Reads no file except laws.yaml. Measures nothing: what was measured is in
docs/results/laws.md, on one small model, and says nothing about the pilot that quotes it.
"""

from functools import cache
from importlib import resources
from typing import Literal

import yaml

from bakeoff.records import Record

PAGE = "docs/results/laws.md"
WORDS = {"undecided": "left undecided"}


class Law(Record):
    """A law, its source, what a test in miniature found, and the ids of the claims that it is about."""

    law: int
    says: str
    source: str
    here: Literal["reproduced", "not reproduced", "undecided", "not run"]
    claims: tuple[str, ...]


@cache
def laws() -> tuple[Law, ...]:
    """All laws, in the order of laws.yaml."""
    content = yaml.safe_load((resources.files("bakeoff.decide.verdict") / "laws.yaml").read_text(encoding="utf-8"))
    return tuple(Law.model_validate(law) for law in content["laws"])


def quoted(claim_id: str) -> str:
    """What a ledger says about the laws behind a claim; empty if no law that was run is about it.

    >>> quoted("hybrid-retriever")
    'In miniature (docs/results/laws.md): "Retrieval tuned in the domain beats untuned retrieval" was reproduced'
    >>> quoted("latency-rag")
    ''
    """
    about = [law for law in laws() if claim_id in law.claims and law.here != "not run"]
    found = " and ".join(f'"{law.says}" was {WORDS.get(law.here, law.here)}' for law in about)
    return f"In miniature ({PAGE}): {found}" if found else ""
