"""The claims ledger: what five articles say, held against what this pilot measured.

Takes the evidence of a run (values per question, and estimates of what is no per-question value), gives one entry for
each claim: supported, contradicted, undecided or not tested. Knows nothing about models or files but claims.yaml.

A claim about per-question measures is decided by a paired test, adjusted (Holm) over all such claims. A claim about
times and costs is decided where the two intervals do not overlap. What was measured once (a set-up, an update) has no
interval; it decides only by a factor of `CLEAR`.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, Literal

import yaml

from bakeoff.compare import MARGIN, Values, paired, with_holm
from bakeoff.records import Contrast, Record

CLEAR = 1.5
FLATTERS_SILENCE = ("hallucination", "consistency")
"""Measures that look good for whoever declines everything: see docs/claims.md."""
MEASURES = {
    "latency_ms": ("latency", " ms"),
    "cost_per_1k": ("cost of 1,000 answers", " USD"),
    "setup_s": ("time to set up", " s"),
    "update_seconds": ("time to update", " s"),
    "freshness": ("accuracy on what changed", ""),
    "without_retraining": ("accuracy on what changed, without retraining", ""),
}
"""Measures in words with their unit; the others are called by their own names."""
Finding = Literal["supported", "contradicted", "undecided", "not tested"]


class Test(Record):
    """`left` is said to be higher or lower than `right` (than `factor` times right) on a measure."""

    left: str
    right: str
    measure: str
    expect: Literal["higher", "lower"]
    slice: str = "all"
    right_slice: str | None = None
    factor: float = 1.0


class Claim(Record):
    """One claim of one article; without a test it says why a pilot cannot tell."""

    id: str
    article: str
    says: str
    favours: str
    test: Test | None = None
    not_tested: str = ""


class Entry(Record):
    """A claim with what this pilot found, in numbers and in words."""

    claim: Claim
    finding: Finding
    why: str


class Evidence(Record):
    """What a run offers to the ledger.

    `values`: measure -> contender -> question id -> value. `estimates`: measure -> contender -> {value, low, high},
    low and high None where something was measured once. Differences below `margin` count as none.
    """

    values: dict[str, dict[str, dict[str, float]]]
    estimates: dict[str, dict[str, dict[str, float | None]]]
    fact_of: dict[str, str]
    slice_of: dict[str, str]
    margin: float = MARGIN


@cache
def claims() -> tuple[Claim, ...]:
    """The claims that come with Bakeoff, in the order of claims.yaml."""
    content = yaml.safe_load((resources.files("bakeoff.decide") / "claims.yaml").read_text(encoding="utf-8"))
    return tuple(Claim.model_validate(one) for one in content["claims"])


@cache
def articles() -> dict[str, str]:
    """Short names of the articles with their titles."""
    content = yaml.safe_load((resources.files("bakeoff.decide") / "claims.yaml").read_text(encoding="utf-8"))
    return dict(content["articles"])


def ledger(evidence: Evidence, against: Sequence[Claim] | None = None) -> list[Entry]:
    """Every claim with its finding, in the order given."""
    listed = claims() if against is None else against
    contrasts = _contrasts(evidence, listed)
    return [_entry(claim, evidence, contrasts.get(claim.id)) for claim in listed]


def _contrasts(evidence: Evidence, listed: Sequence[Claim]) -> dict[str, Contrast]:
    """The paired contrast of each claim about per-question values, adjusted over all of them."""
    found = {}
    for claim in listed:
        test = claim.test
        if test is None or test.right_slice or test.measure not in evidence.values:
            continue
        contrast = _contrast(evidence, test, test.measure)
        if contrast is not None:
            found[claim.id] = contrast
    return dict(zip(found, with_holm(list(found.values())), strict=True))


def _contrast(evidence: Evidence, test: Test, measure: str) -> Contrast | None:
    """The two contenders of a test on the questions of its slice, by one measure."""
    left, right = (_on_slice(evidence, measure, name, test.slice) for name in (test.left, test.right))
    differences = {key: left[key] - right[key] for key in left if key in right}
    return paired(test.left, test.right, differences, evidence.fact_of, measure, evidence.margin)


def _on_slice(evidence: Evidence, measure: str, contender: str, part: str) -> Values:
    values = evidence.values.get(measure, {}).get(contender, {})
    if part == "all":
        return {key: value for key, value in values.items() if evidence.slice_of[key] != "general"}
    return {key: value for key, value in values.items() if evidence.slice_of[key] == part}


def _entry(claim: Claim, evidence: Evidence, contrast: Contrast | None) -> Entry:
    test = claim.test
    if test is None:
        return Entry(claim=claim, finding="not tested", why=claim.not_tested)
    if contrast is not None:
        return _by_questions(claim, test, contrast, evidence)
    if test.right_slice:
        return _by_slices(claim, test, evidence)
    return _by_estimates(claim, test, evidence)


def _by_questions(claim: Claim, test: Test, contrast: Contrast, evidence: Evidence) -> Entry:
    """The finding of the contrast, left open where it may be owed to nothing but silence."""
    finding, why = _by_contrast(test, contrast), _told(test, contrast)
    if finding in ("supported", "contradicted") and test.measure in FLATTERS_SILENCE:
        left_looks_better = (contrast.difference > 0) == (test.measure == "consistency")
        better, other = (test.left, test.right) if left_looks_better else (test.right, test.left)
        sides = test.model_copy(update={"left": better, "right": other})
        declined, accuracy = (_contrast(evidence, sides, measure) for measure in ("declined", "accuracy"))
        if declined is not None and _clearly_more(declined) and not _clearly_more(accuracy):
            points = 100 * declined.difference
            why = f"{why}; but {better} declined {points:.0f} points more often and is not more accurate"
            return Entry(claim=claim, finding="undecided", why=why)
    return Entry(claim=claim, finding=finding, why=why)


def _clearly_more(contrast: Contrast | None) -> bool:
    return contrast is not None and contrast.finding == "different" and contrast.difference > 0


def _by_contrast(test: Test, contrast: Contrast) -> Finding:
    if contrast.finding == "different":
        return "supported" if (contrast.difference > 0) == (test.expect == "higher") else "contradicted"
    return "contradicted" if contrast.finding == "tied" else "undecided"


def _told(test: Test, contrast: Contrast) -> str:
    points, low, high = (100 * value for value in (contrast.difference, contrast.low, contrast.high))
    where = "" if test.slice == "all" else f" on {test.slice}"
    return (
        f"{test.left} against {test.right}, {_words(test.measure)}{where}: {points:+.1f} points "
        f"({low:+.1f} to {high:+.1f}, {contrast.n} questions)"
    )


def _by_slices(claim: Claim, test: Test, evidence: Evidence) -> Entry:
    """One contender on two slices: different questions, so the two intervals are held against each other."""
    from bakeoff.compare import share_estimate

    found = []
    for name, part in ((test.left, test.slice), (test.right, test.right_slice or "all")):
        estimate = share_estimate(_on_slice(evidence, test.measure, name, part), evidence.fact_of)
        found.append(estimate.model_dump(exclude={"n"}))
    told = f"{test.left}, {_words(test.measure)} on {test.slice} against {test.right_slice}"
    return _held(claim, test, told, found[0], found[1])


def _by_estimates(claim: Claim, test: Test, evidence: Evidence) -> Entry:
    shares = {name: {"value": 1.0} for name, one in evidence.values.get(test.measure, {}).items() if one}
    measured: Mapping[str, Any] = evidence.estimates.get(test.measure, shares)
    left, right = measured.get(test.left), measured.get(test.right)
    return _held(claim, test, f"{test.left} against {test.right}, {_words(test.measure)}", left, right)


def _held(claim: Claim, test: Test, told: str, left: Any, right: Any) -> Entry:
    """The finding from two estimates, with their intervals where they have them."""
    missing = [name for name, one in ((test.left, left), (test.right, right)) if not one or one["value"] is None]
    if missing:
        why = f"{_words(test.measure)} of {' and '.join(dict.fromkeys(missing))} was not measured in this run"
        return Entry(claim=claim, finding="not tested", why=why)
    (low, high), (right_low, right_high) = _range(left), _range(right)
    low_target, high_target = right_low * test.factor, right_high * test.factor
    below, above = high < low_target, low > high_target
    finding: Finding = "undecided"
    if below or above:
        finding = "supported" if (test.expect == "lower") == below else "contradicted"
    by = f" times {test.factor:g}" if test.factor != 1 else ""
    unit = MEASURES.get(test.measure, ("", ""))[1]
    why = f"{told}: {_number(left, unit)} against {_number(right, unit)}{by}"
    return Entry(claim=claim, finding=finding, why=why)


def _range(one: Mapping[str, float | None]) -> tuple[float, float]:
    """The interval, or for what was measured once a range of a factor CLEAR in all."""
    value = one["value"] or 0.0
    if one.get("low") is None or one.get("high") is None:
        return value / CLEAR**0.5, value * CLEAR**0.5
    return one["low"] or 0.0, one["high"] or 0.0


def _number(one: Mapping[str, float | None], unit: str) -> str:
    if one.get("low") is None or one.get("high") is None:
        return f"{one['value']:.4g}{unit} (measured once)"
    return f"{one['value']:.4g}{unit} ({one['low']:.4g} to {one['high']:.4g}{unit})"


def _words(measure: str) -> str:
    return MEASURES.get(measure, (measure, ""))[0]
