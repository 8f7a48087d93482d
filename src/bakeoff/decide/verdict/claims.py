"""The claims ledger: what five articles say, compared with what this pilot measured.

Takes the evidence of a run (values per question, and estimates for other measures). Gives one entry for each claim:
supported, contradicted, undecided or not tested. Knows nothing about models. Reads no file except claims.yaml
and, for what was found in miniature elsewhere, laws.yaml.

A claim is about recipes. The first contender of the run that follows a recipe represents it; if possible, both sides
are on the same model. Every entry names them.

Per-question measures are decided by a paired test, adjusted (Holm) over all such tests. Times and costs are decided if
the two intervals do not overlap. Numbers without an interval (set-up and update are measured once) decide only if they
differ by a factor of `CLEAR`. Assumed numbers decide nothing, and neither does a router that sends nearly all questions
one way. Only the direction is tested. The size that an article gives is shown next to the measured one.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from itertools import product
from typing import Any, Literal

import yaml
from pydantic import Field

from bakeoff.decide.verdict.laws import quoted
from bakeoff.decide.wording import interval_words, is_surprising, not_significant
from bakeoff.measure.comparison import Entrant
from bakeoff.measure.graded import NONE, Graded, combined
from bakeoff.measure.statistics import MARGIN, graded_share, paired, with_holm
from bakeoff.records import Contrast, Record

CLEAR = 1.5
ONE_WAY = 0.95
"""A router that sends more than this share of the questions one way does not test routing."""
ASSUMED = 0.1
"""A number of which more than this share is assumed decides nothing."""
RETRIEVING_PART = "its retrieving part"
"""As `right`: the contender that the router on the left sends questions to that need passages."""
FLATTERS_SILENCE = ("hallucination", "consistency")
"""Measures that look good for a contender that declines everything: see docs/claims.md."""
MEASURES = {
    "latency_ms": ("latency", " ms"),
    "cost_per_1k": ("cost of 1,000 answers", " USD"),
    "compute_usd": ("cost of computing", " USD"),
    "setup_usd": ("cost of set-up", " USD"),
    "upkeep_usd": ("upkeep of a year", " USD"),
    "update_seconds": ("time to update", " s"),
    "freshness": ("accuracy after the update on what changed", ""),
    "before_update": ("before the update", ""),
    "without_retraining": ("accuracy without retraining on what changed", ""),
}
"""Measures in words, with their unit. The others go by their own names."""
SLICES = {
    "all": "of the documents' domain",
    "answerable": "that the documents answer",
    "seen": "on facts seen in training",
    "unseen": "on facts not seen in training",
    "general": "of general knowledge",
}
ANSWERABLE = ("seen", "unseen")
Finding = Literal["supported", "contradicted", "undecided", "not tested"]
WEAKEST_FIRST: tuple[Finding, ...] = ("contradicted", "not tested", "undecided", "supported")


class Test(Record):
    """The claim that `left` is higher or lower than `right` on a measure; see the top of claims.yaml."""

    left: str
    right: str
    measure: str
    expect: Literal["higher", "lower", "no lower"]
    slice: str = "all"
    right_slice: str | None = None
    right_measure: str | None = None
    claimed: str = ""

    @property
    def compared(self) -> tuple[str | None, ...]:
        """A key for what is compared. Tests with different expectations of the same comparison share one contrast."""
        return self.left, self.right, self.measure, self.right_measure, self.slice


class Claim(Record):
    """One claim of one article. Without tests, `not_tested` says why a pilot cannot test it."""

    id: str
    article: str
    says: str
    favours: str
    tests: tuple[Test, ...] = ()
    note: str = ""
    not_tested: str = ""


class Entry(Record):
    """A claim with the pilot's finding in numbers and words. `contenders` maps its recipes to the run's contenders."""

    claim: Claim
    finding: Finding
    why: str
    contenders: dict[str, str] = Field(default_factory=dict)


class Evidence(Record):
    """The evidence of a run.

    `entrants` are the run's contenders in the order of the configuration. `values`: measure -> contender -> values
    by question. `estimates`: measure -> contender -> {value, low, high}; low and high are None if there is no interval;
    `firm` is the part of the value that is not assumed. `routes`: measure -> routing contender -> target contender ->
    number of questions behind that measure. Differences below `margin` count as no difference.
    """

    entrants: tuple[Entrant, ...]
    values: dict[str, dict[str, Graded]]
    estimates: dict[str, dict[str, dict[str, float | None]]]
    routes: dict[str, dict[str, dict[str, int]]] = Field(default_factory=dict)
    fact_of: dict[str, str]
    slice_of: dict[str, str]
    margin: float = MARGIN


Result = tuple[Finding, str]
"""The finding of a test, and a sentence with the numbers."""
Contrasts = Mapping[tuple[str | None, ...], Contrast]


@cache
def claims() -> tuple[Claim, ...]:
    """The claims that come with Bakeoff, in the order of claims.yaml."""
    content = yaml.safe_load((resources.files("bakeoff.decide.verdict") / "claims.yaml").read_text(encoding="utf-8"))
    return tuple(Claim.model_validate(claim) for claim in content["claims"])


@cache
def articles() -> dict[str, str]:
    """The articles' titles by their short names."""
    content = yaml.safe_load((resources.files("bakeoff.decide.verdict") / "claims.yaml").read_text(encoding="utf-8"))
    return dict(content["articles"])


def ledger(evidence: Evidence, against: Sequence[Claim] | None = None) -> list[Entry]:
    """Every claim with its finding, in the order given."""
    listed = claims() if against is None else against
    tests = {claim.id: [_named(test, evidence) for test in claim.tests] for claim in listed}
    contrasts = _contrasts(evidence, [test for some in tests.values() for test in some])
    entries = []
    for claim in listed:
        results = [_result(test, evidence, contrasts) for test in tests[claim.id]]
        sides = zip(claim.tests, tests[claim.id], strict=True)
        contenders = {
            recipe: name for before, after in sides for recipe, name in _sides(before, after) if recipe != name
        }
        entries.append(_entry(claim, results).model_copy(update={"contenders": contenders}))
    return entries


def _sides(before: Test, after: Test) -> tuple[tuple[str, str], tuple[str, str]]:
    return (before.left, after.left), (before.right, after.right)


def _named(test: Test, evidence: Evidence) -> Test:
    """The test with contenders instead of recipes. A recipe without a contender keeps its name."""
    if test.right == RETRIEVING_PART:
        router = next((entrant.name for entrant in evidence.entrants if entrant.recipe == test.left), test.left)
        return test.model_copy(update={"left": router, "right": _retrieving_part(router, evidence)})
    lefts, rights = (
        [entrant for entrant in evidence.entrants if entrant.recipe == recipe] for recipe in (test.left, test.right)
    )
    if test.left == test.right or not lefts or not rights:
        sides: tuple[Entrant | None, Entrant | None] = next(iter(lefts), None), next(iter(rights), None)
    else:
        sides = max(product(lefts, rights), key=lambda pair: _alike(*pair))
    left, right = sides
    return test.model_copy(
        update={"left": left.name if left else test.left, "right": right.name if right else test.right}
    )


def _alike(a: Entrant, b: Entrant) -> tuple[bool, bool, int]:
    """How comparable two contenders are: is one part of the other, same model, number of equal settings."""
    is_part = b.name in a.behind or a.name in b.behind
    if a.axes is None or b.axes is None:
        return is_part, a.model is not None and a.model == b.model, 0
    ours, theirs = a.axes, b.axes
    shared = (ours.tuning == theirs.tuning) + (ours.knowledge == theirs.knowledge)
    return is_part, ours.model == theirs.model, shared


def _retrieving_part(router: str, evidence: Evidence) -> str:
    """The contender behind the router that retrieves; of several, the one that gets the most questions."""
    own = next((entrant for entrant in evidence.entrants if entrant.name == router), None)
    behind = [entrant.name for entrant in evidence.entrants if own and entrant.name in own.behind and entrant.retrieves]
    routes = evidence.routes.get("accuracy", {}).get(router, {})
    return max(behind, key=lambda name: routes.get(name, 0), default=RETRIEVING_PART)


def _entry(claim: Claim, results: Sequence[Result]) -> Entry:
    """The entry of a claim: its finding is the weakest of its tests' findings."""
    quote = quoted(claim.id)
    if not results:
        return Entry(claim=claim, finding="not tested", why=_sentences(claim.not_tested, quote))
    finding = min((finding for finding, _ in results), key=WEAKEST_FIRST.index)
    why = "; ".join(dict.fromkeys(why for _, why in results))
    return Entry(claim=claim, finding=finding, why=_sentences(why, claim.note * (finding != "not tested"), quote))


def _sentences(*sentences: str) -> str:
    """Those that say something, with full stops between them."""
    return ". ".join(sentence.rstrip(".") for sentence in sentences if sentence)


def _contrasts(evidence: Evidence, tests: Sequence[Test]) -> Contrasts:
    """The paired contrasts of the tests of per-question values, adjusted over all of them."""
    contrasts = {}
    for test in tests:
        if test.right_slice or test.measure not in evidence.values or _one_way(test, evidence):
            continue
        contrast = _contrast(evidence, test, test.measure)
        if contrast is not None:
            contrasts[test.compared] = contrast
    return dict(zip(contrasts, with_holm(list(contrasts.values())), strict=True))


def _contrast(evidence: Evidence, test: Test, measure: str) -> Contrast | None:
    """The paired contrast of the two sides of a test on its slice; None if they share no question."""
    left = _on_slice(evidence, measure, test.left, test.slice)
    right = _on_slice(evidence, test.right_measure or measure, test.right, test.slice)
    differences = combined([(1.0, left), (-1.0, right)])
    return paired(test.left, test.right, differences, evidence.fact_of, measure, evidence.margin)


def _on_slice(evidence: Evidence, measure: str, contender: str, part: str) -> Graded:
    given = evidence.values.get(measure, {}).get(contender, NONE)
    return given.only({key for key in given.values if _is_in(evidence.slice_of[key], part)})


def _is_in(actual: str, part: str) -> bool:
    if part == "all":
        return actual != "general"
    return actual in ANSWERABLE if part == "answerable" else actual == part


def _result(test: Test, evidence: Evidence, contrasts: Contrasts) -> Result:
    """The finding of one test, with its sentence."""
    one_way = _one_way(test, evidence)
    if one_way:
        return "not tested", one_way
    if test.measure not in evidence.values:
        return _by_estimates(test, evidence)
    if test.right_slice:
        return _by_slices(test, evidence)
    contrast = contrasts.get(test.compared)
    return (
        _by_questions(test, contrast, evidence, len(contrasts))
        if contrast
        else ("not tested", _lacking(test, evidence))
    )


def _one_way(test: Test, evidence: Evidence) -> str:
    """Why a router was not tested: it sent nearly all test questions, or nearly all timed ones, one way. Else empty."""
    for measure in ("accuracy", test.measure):
        routes = evidence.routes.get(measure, {}).get(test.left, {})
        to, n = max(routes.items(), key=lambda route: route[1], default=("", 0))
        if n > ONE_WAY * sum(routes.values()):
            kind = "test" if measure == "accuracy" else "timed"
            return f"{test.left} sent {n} of {sum(routes.values())} {kind} questions to {to}, so routing was not tested"
    return ""


def _lacking(test: Test, evidence: Evidence) -> str:
    """Why no question can be compared: a measure is missing, a slice is empty, or no question was answered by both."""
    sides = ((test.left, test.measure), (test.right, test.right_measure or test.measure))
    absent = [name for name, measure in sides if not evidence.values.get(measure, {}).get(name, NONE).values]
    if absent:
        return _unmeasured(test, absent)
    for part in (test.slice, test.right_slice or test.slice):
        if not any(_is_in(actual, part) for actual in evidence.slice_of.values()):
            return f"there is no test question {SLICES[part]}"
    return f"there is no test question that both {test.left} and {test.right} answered"


def _unmeasured(test: Test, names: Iterable[str]) -> str:
    return f"{_words(test.measure)} was not measured for {' and '.join(dict.fromkeys(names))} in this run"


def _by_questions(test: Test, contrast: Contrast, evidence: Evidence, n_compared: int) -> Result:
    """The finding of the contrast; 'undecided' if declining more may be the only cause."""
    finding, why = _by_contrast(test, contrast), _sentence(test, contrast, n_compared)
    if finding in ("supported", "contradicted") and test.measure in FLATTERS_SILENCE:
        left_looks_better = (contrast.difference > 0) == (test.measure == "consistency")
        better, other = (test.left, test.right) if left_looks_better else (test.right, test.left)
        sides = test.model_copy(update={"left": better, "right": other})
        declined, accuracy = (_contrast(evidence, sides, measure) for measure in ("declined", "accuracy"))
        if declined is not None and _clearly_more(declined) and not _clearly_more(accuracy):
            points = 100 * declined.difference
            return "undecided", f"{why}; but {better} declined {points:.0f} points more often and is not more accurate"
    return finding, why


def _clearly_more(contrast: Contrast | None) -> bool:
    return contrast is not None and contrast.finding == "different" and contrast.difference > 0


def _by_contrast(test: Test, contrast: Contrast) -> Finding:
    if contrast.finding == "different":
        return "supported" if (contrast.difference > 0) == (test.expect != "lower") else "contradicted"
    if contrast.finding == "open":
        return "undecided"
    return "supported" if test.expect == "no lower" else "contradicted"


def _sentence(test: Test, contrast: Contrast, n_compared: int) -> str:
    where = "" if test.slice == "all" else f" on {test.slice}"
    who = f"{test.left} against {test.right}, {_words(test.measure)}{where}"
    if test.right_measure:
        who = f"{test.left}, {_words(test.measure)} against {_words(test.right_measure)}"
    points = 100 * contrast.difference
    sentence = f"{who}: {points:+.1f} points ({interval_words(contrast)}, {contrast.n} questions)"
    if is_surprising(contrast):
        sentence += f", {not_significant(contrast, n_compared)}"
    return f"{sentence}; the article says {test.claimed}" if test.claimed else sentence


def _by_slices(test: Test, evidence: Evidence) -> Result:
    """A test of one contender on two slices. The questions differ, so the two intervals are compared."""
    sides = ((test.left, test.slice), (test.right, test.right_slice or "all"))
    values = [_on_slice(evidence, test.measure, name, part) for name, part in sides]
    if not all(side.values for side in values):
        return "not tested", _lacking(test, evidence)
    left, right = (
        graded_share(share, evidence.fact_of).model_dump(include={"value", "low", "high"}) for share in values
    )
    return _held(test, f"{test.left}, {_words(test.measure)} on {test.slice} against {test.right_slice}", left, right)


def _by_estimates(test: Test, evidence: Evidence) -> Result:
    measured: Mapping[str, Any] = evidence.estimates.get(test.measure, {})
    left, right = measured.get(test.left), measured.get(test.right)
    sides = ((test.left, left), (test.right, right))
    missing = [name for name, estimate in sides if not estimate or estimate["value"] is None]
    if missing:
        return "not tested", _unmeasured(test, missing)
    return _held(test, f"{test.left} against {test.right}, {_words(test.measure)}", left, right)


def _held(test: Test, what: str, left: Any, right: Any) -> Result:
    """The finding from two estimates, with their intervals if they have any."""
    unit = MEASURES.get(test.measure, ("", ""))[1]
    why = f"{what}: {_number(left, unit)} against {_number(right, unit)}"
    if test.claimed and right["value"]:
        why = f"{why}, a ratio of {left['value'] / right['value']:.2g}; the article says {test.claimed}"
    if _is_assumed(left) or _is_assumed(right):
        firm = f"without them {_figure(left['firm'])} against {_figure(right['firm'])}{unit}"
        return "not tested", f"{why}; but most of this is assumed days of work ({firm}): give your own in the profile"
    (low, high), (right_low, right_high) = _range(left), _range(right)
    below, above = high < right_low, low > right_high
    if not below and not above:
        return "undecided", why
    return ("supported" if (test.expect == "lower") == below else "contradicted"), why


def _is_assumed(estimate: Mapping[str, float | None]) -> bool:
    value, firm = estimate["value"] or 0.0, estimate.get("firm")
    return firm is not None and firm < (1 - ASSUMED) * value


def _range(estimate: Mapping[str, float | None]) -> tuple[float, float]:
    """The interval; without one, a range around the value whose ends differ by the factor CLEAR."""
    value = estimate["value"] or 0.0
    if estimate.get("low") is None or estimate.get("high") is None:
        return value / CLEAR**0.5, value * CLEAR**0.5
    return estimate["low"] or 0.0, estimate["high"] or 0.0


def _number(estimate: Mapping[str, float | None], unit: str) -> str:
    value = f"{_figure(estimate['value'])}{unit}"
    if "firm" in estimate:
        return value
    if estimate.get("low") is None or estimate.get("high") is None:
        return f"{value} (measured once)"
    return f"{value} ({_figure(estimate['low'])} to {_figure(estimate['high'])}{unit})"


def _figure(value: float | None) -> str:
    value = value or 0.0
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _words(measure: str) -> str:
    return MEASURES.get(measure, (measure, ""))[0]
