"""Declining in the report: when each contender declines and why, and the risk-coverage curves.

Takes a comparison, gives sentences and curves as numbers. Knows nothing about HTML, Markdown or terminals.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bakeoff.measure.comparison import Comparison, Declining
from bakeoff.sentences import DASH, listed, percent


@dataclass(frozen=True)
class Curve:
    """A contender's risk over coverage. `answered` and `wrong` are its place in the test; no curve if it gives no
    confidence."""

    name: str
    coverage: tuple[float, ...]
    risk: tuple[float, ...]
    answered: float
    wrong: float


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
        found.append(Curve(name, coverage, risk, 1 - declined, min(1.0, hallucinated / (1 - declined))))
    return found


def sentences(comparison: Comparison) -> list[str]:
    """When the contenders decline: the thresholds, then one sentence for all that have none for the same reason."""
    fitted = {name: found for name, found in comparison.declining.items() if found.below is not None}
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
            f"{listed(names)} {'decline' if len(names) > 1 else 'declines'} only in {_own(names)} words: {reason}."
            for reason, names in silent.items()
        ),
        *(f"{name} declines as the contenders behind it do." for name in routers),
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
