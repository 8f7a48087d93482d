"""Which contenders a round builds if some are named: these, and all that they are like or send questions to."""

import pytest

from bakeoff.contenders.spec import Entry
from bakeoff.learn.rounds import _behind, _with_those_they_need
from bakeoff.runs.config import Config


@pytest.mark.parametrize(
    ("named", "built"),
    [
        (("rag",), ["rag"]),
        (("router",), ["rag", "tuned", "hybrid", "router"]),
        (("cascade",), ["rag", "faq", "tuned", "hybrid", "cascade"]),
        (("large",), ["rag", "large"]),
        (("named",), ["rag", "large", "tuned", "named"]),
    ],
)
def test_what_it_needs_is_built_too(named, built):
    """A router and a cascade without parts find theirs among all contenders, as in the run."""
    entries = (
        *(Entry(like=name) for name in ("base", "rag", "faq", "tuned", "hybrid", "router", "cascade")),
        Entry(name="large", like="rag", retrieval={"k": 8}),
        Entry(name="named", like="router", parts={"near": "tuned", "far": "large"}),
    )
    config = Config(name="x", documents=("d",), questions=("q",), contenders=entries)
    found = [entry.called for entry in _with_those_they_need(entries, named, _behind(config))]
    assert set(found) >= set(built) and "base" not in found
    assert named != ("rag",) or found == ["rag"]
    assert found == [entry.called for entry in entries if entry.called in found]
