"""Declining in the report: when each contender declines and why, and the risk-coverage curves.

Takes a comparison, gives sentences and curves as numbers. Knows nothing about HTML, Markdown or terminals.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bakeoff.measure.comparison import Comparison, Declining
from bakeoff.sentences import DASH, listed, percent

N_REST = 20
"""How many pieces the part of a curve has that counts as wrong."""


@dataclass(frozen=True)
class Curve:
    """A contender's risk over coverage. `answered` and `wrong` are its place in the test; no curve if it gives no
    confidence. `rest` goes on from the curve's end, where it declines in its own words, to all questions: (coverage,
    risk). What it declines there counts as wrong, as in AURC."""

    name: str
    coverage: tuple[float, ...]
    risk: tuple[float, ...]
    answered: float
    wrong: float
    rest: tuple[tuple[float, float], ...] = ()


def curves(comparison: Comparison) -> list[Curve]:
    """One for each contender that answers at least one question, in the order of the configuration."""
    found = []
    for name in comparison.names:
        declined = comparison.estimate(name, "abstention").value
        hallucinated = comparison.estimate(name, "hallucination").value
        if declined is None or hallucinated is None or declined >= 1:
            continue
        detail = comparison.estimate(name, "aurc").detail
        coverage, risk = (tuple(detail.get(key, ())) for key in ("coverage", "risk"))
        wrong = min(1.0, hallucinated / (1 - declined))
        found.append(Curve(name, coverage, risk, 1 - declined, wrong, _rest(coverage, risk)))
    return found


def _rest(coverage: Sequence[float], risk: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """Risks from the curve's end on, if each further answer is wrong; empty if the curve ends at all questions."""
    if not coverage or coverage[-1] >= 1:
        return ()
    end, right = coverage[-1], coverage[-1] * (1 - risk[-1])
    shares = [end + (1 - end) * i / N_REST for i in range(N_REST + 1)]
    return tuple((share, 1 - right / share) for share in shares)


def sentences(comparison: Comparison) -> list[str]:
    """When the contenders decline: the fitted thresholds, then those of contenders' own, then one sentence for all that
    have none for the same reason.
    """
    thresholds = {name: found for name, found in comparison.declining.items() if found.below is not None}
    fitted = {name: found for name, found in thresholds.items() if found.fitted}
    silent: dict[str, list[str]] = {}
    for name, found in comparison.declining.items():
        if found.below is None:
            silent.setdefault(found.reason, []).append(name)
    routers = [entrant.name for entrant in comparison.entrants if entrant.behind] if comparison.declining else []
    return [
        *(_thresholds(next(iter(fitted.values()))) if fitted else ()),
        *(
            f"{name} also declines if its confidence is below {found.below:.3g}; on facts left out, that earned "
            f"{found.gain:.2f} for each answer."
            for name, found in fitted.items()
        ),
        *(
            f"{name} also declines if its confidence is below {found.below:.3g}; that threshold is its own and was not "
            f"fitted: {found.reason}."
            for name, found in thresholds.items()
            if not found.fitted
        ),
        *(
            f"{listed(names)} {'decline' if len(names) > 1 else 'declines'} only in {_own(names)} words: {reason}."
            for reason, names in silent.items()
        ),
        *(
            f"{name} answers from thresholds of its own for each level, fitted on dev; what is left, its last level "
            "answers or declines."
            if name in comparison.cascades
            else f"{name} declines as the contenders behind it do."
            for name in routers
        ),
    ]


def _thresholds(found: Declining) -> list[str]:
    return [
        f"Thresholds were fitted on {found.n_answerable} answerable and {found.n_unanswerable} unanswerable facts of "
        f"dev. A correct answer earns 1, a wrong answer costs {found.wrong_answer_penalty:g}."
    ]


def _own(names: Sequence[str]) -> str:
    return "their own" if len(names) > 1 else "its own"


def compared_at(comparison: Comparison) -> str:
    """The share of questions at which hallucination is compared; a dash if it is not compared."""
    details = (comparison.estimate(name, "hallucination_at_equal_coverage").detail for name in comparison.names)
    coverage = next((detail["coverage"] for detail in details if "coverage" in detail), None)
    return DASH if coverage is None else percent(coverage)
