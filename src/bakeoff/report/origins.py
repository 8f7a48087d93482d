"""How the figures differ on questions that people asked and on synthetic ones that a person accepted for the test.

Takes a comparison, gives rows and sentences. Knows nothing about HTML or Markdown.
"""

import math
from collections.abc import Mapping

from bakeoff.measure.comparison import Comparison, Estimate
from bakeoff.measures import ACCURACY
from bakeoff.report.gather import ReportData
from bakeoff.sentences import DASH, counted, listed, percent, points

HEADS = ["Contender", "Asked", "Synthetic, accepted", "Difference in points"]
Difference = tuple[float, float, float]


def difference(asked: Estimate, synthetic: Estimate) -> Difference | None:
    """(synthetic - asked, low, high) of two shares with their 95 % intervals; None if one of them has none.

    The two groups hold other questions, so nothing is paired. Source: Zou and Donner 2008, Construction of confidence
    limits about effect measures, doi:10.1002/sim.3095 (the square-and-add rule of Newcombe 1998 for any intervals). A
    fact that both groups ask for makes the interval wider than needed, never narrower.
    """
    ends = (asked.value, asked.low, asked.high, synthetic.value, synthetic.low, synthetic.high)
    if any(end is None for end in ends):
        return None
    a, a_low, a_high, b, b_low, b_high = (float(end) for end in ends if end is not None)
    return (
        b - a,
        b - a - math.hypot(b - b_low, a_high - a),
        b - a + math.hypot(b_high - b, a - a_low),
    )


def origin_rows(data: ReportData) -> tuple[list[str], list[list[str]]]:
    """The heads and a row for each contender: accuracy on both kinds of questions, and the difference."""
    return HEADS, [[name, *_cells(of)] for name, of in _by_origin(data.comparison).items()]


def _by_origin(comparison: Comparison) -> dict[str, Mapping[str, Estimate]]:
    found = {name: comparison.estimate(name, ACCURACY.name).by_origin for name in comparison.names}
    return {name: {str(origin): part for origin, part in of.items()} for name, of in found.items() if len(of) == 2}


def _cells(of: Mapping[str, Estimate]) -> list[str]:
    gap = difference(of["asked"], of["synthetic"])
    shown = f"{points(gap[0])} ({points(gap[1])} to {points(gap[2])})" if gap else DASH
    return [*(_share(of[origin]) for origin in ("asked", "synthetic")), shown]


def _share(estimate: Estimate) -> str:
    span = ACCURACY.interval(estimate.low, estimate.high)
    return f"{percent(estimate.value or 0.0)} of {estimate.n}" + (f" ({span})" if span else "")


def origin_sentences(data: ReportData) -> list[str]:
    """What the table means: how many of the test's questions are synthetic, and for whom they are easier or harder."""
    rows = _by_origin(data.comparison)
    if not rows:
        return []
    n_synthetic = max(of["synthetic"].n for of in rows.values())
    gaps = {name: difference(of["asked"], of["synthetic"]) for name, of in rows.items()}
    easier = [name for name, gap in gaps.items() if gap and gap[1] > 0]
    harder = [name for name, gap in gaps.items() if gap and gap[2] < 0]
    parts = [
        f"{counted(n_synthetic, 'question')} of the test nobody asked: a rule or a model made them, and a person "
        "accepted them. They count in all figures above."
    ]
    if easier:
        parts.append(f"They are easier than asked ones for {listed(easier)}.")
    if harder:
        parts.append(f"They are harder than asked ones for {listed(harder)}.")
    if not easier and not harder:
        parts.append("No interval of a difference excludes 0: that does not show that both are equally hard.")
    return [" ".join(parts)]
