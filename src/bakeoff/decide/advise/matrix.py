"""The decision matrix: what rules approaches out, then every factor scored 1 to 5, weighted by its swing.

Takes a `Profile` with its `factor_weights`. Gives a `Matrix`: rows with reasons, totals, how often each approach wins
when the weights vary. `flips.py` says what would change the answer. Knows nothing about models or files.
Unknown factors get no scores. In the draws each of their bands is equally likely, which adds uncertainty but no bias.
Sources: additive value, Keeney and Raiffa 1976, *Decisions with Multiple Objectives*; swing weights, Edwards and Barron
1994, doi:10.1006/obhd.1994.1087; random weights from a Dirichlet distribution, Jia, Fischer and Dyer 1998,
doi:10.1002/(SICI)1099-0771(199806)11:2<85::AID-BDM282>3.0.CO;2-K.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from bakeoff.decide.advise.constraints import Constraints, constraints
from bakeoff.decide.advise.estimated import importance, scores_of, sentence, states_of
from bakeoff.decide.advise.estimates import Estimates, estimates
from bakeoff.decide.advise.factors import Factor, read_factors
from bakeoff.decide.requirements.standing import State
from bakeoff.decide.situation.approaches import APPROACHES, Standing
from bakeoff.decide.situation.profile import Profile
from bakeoff.errors import ConfigError
from bakeoff.files.did_you_mean import similar
from bakeoff.records import Record

N_DRAWS = 4000
WEIGHT_SPREAD = 0.5
"""Standard deviation of an average weight in the draws, as a share of it: each varies by about half."""
LEADS_FROM, RIVALS_FROM = 0.8, 0.1
"""A leader that wins at least the first share of draws leads alone. If not, rivals with at least the second tie."""
MOST_SWING = 100.0


class Option(Record):
    """What a row would score for another value of the profile. `label` is such as 'below 30 days'."""

    label: str
    scores: dict[str, float]


class Row(Record):
    """One factor: its scores by approach (empty if unknown), the reason, and the scores of its other bands.

    `weight` is the profile's weight times the factor's swing (1 at most). `states` says by approach whether a limit is
    met, missed or not shown yet.
    """

    factor: str
    title: str
    articles: dict[str, str]
    weight: float
    basis: Literal["assumed", "measured", "unknown"]
    value: str = ""
    band: str = ""
    scores: dict[str, float] = Field(default_factory=dict)
    why: str = ""
    states: dict[str, State] = Field(default_factory=dict)
    options: tuple[Option, ...] = ()


class Matrix(Record):
    """The rows and what follows from them. `totals` are weighted mean scores (1 to 5) over the known rows.

    `wins` is the share of draws that each approach wins. `leader` wins most draws (of equals, it has the highest
    total); None if nothing is known or everything is ruled out. `tied_with` are those that it is not clearly ahead of.
    `margin` is the leader's total minus the highest other one: below 0 if it leads more often with a lower mean score.
    `ruled_out` gives the reason by approach, `unpaid` those that are out only because they cannot pay for themselves.
    `notes` names limits that no approach keeps.
    """

    approaches: tuple[str, ...]
    rows: tuple[Row, ...]
    totals: dict[str, float]
    wins: dict[str, float]
    unknown: tuple[str, ...]
    leader: str | None
    margin: float
    tied_with: tuple[str, ...]
    ruled_out: dict[str, str]
    notes: tuple[str, ...] = ()
    unpaid: tuple[str, ...] = ()

    @property
    def open_to(self) -> list[str]:
        """The approaches that nothing rules out."""
        return [name for name in self.approaches if name not in self.ruled_out]


def decision_matrix(
    profile: Profile, standing: Standing, factors: Sequence[Factor] | None = None, seed: int = 0
) -> Matrix:
    """The matrix of a profile before anything is measured. `standing` is the contender that represents each approach.

    Raises ConfigError if a weight names an unknown factor, or if the weights sum to zero.
    """
    rows, limited = _rows_and_limits(profile, standing, read_factors() if factors is None else factors)
    matrix = judged(rows, APPROACHES, seed, ruled_out=limited.ruled_out)
    return matrix.model_copy(update={"notes": limited.notes, "unpaid": limited.unpaid})


def _rows_and_limits(profile: Profile, standing: Standing, factors: Sequence[Factor]) -> tuple[list[Row], Constraints]:
    weights, known = factor_weights(profile, factors), estimates(profile, standing)
    rows = [_row(factor, profile, weights[factor.name], known) for factor in factors]
    return rows, constraints(profile, standing, factors, weights, known)


def factor_weights(profile: Profile, factors: Sequence[Factor]) -> dict[str, float]:
    """The weight of every factor, by default 1. Raises ConfigError if one names no factor or all sum to zero."""
    names = [factor.name for factor in factors]
    for name in profile.factor_weights:
        if name not in names:
            close = similar(name, names)
            raise ConfigError(
                f"factor_weights: there is no factor {name!r}.",
                f"did you mean {close[0]!r}?" if close else f"choose among {', '.join(names)}",
            )
    weights = {name: profile.factor_weights.get(name, 1.0) for name in names}
    if not sum(weights.values()) > 0:
        raise ConfigError("factor_weights: the weights sum to zero.", "give at least one factor a weight above 0")
    return weights


def _row(factor: Factor, profile: Profile, weight: float, known: Estimates) -> Row:
    row = Row(
        factor=factor.name,
        title=factor.title,
        articles=factor.articles,
        weight=weight * factor.swing / MOST_SWING * importance(factor, profile, known),
        basis="unknown",
        why=_unknown(factor, known),
        options=tuple(Option(label=factor.label(band), scores=_named(band.scores)) for band in factor.bands),
    )
    if factor.estimate:
        is_known = factor.field in profile.model_fields_set
        return row.model_copy(update=_estimated(factor, profile, known)) if is_known else row
    band = factor.band(profile)
    if band is None:
        return row
    return row.model_copy(
        update={
            "basis": "assumed",
            "value": factor.shown(profile),
            "band": factor.label(band),
            "scores": _named(band.scores),
            "why": band.sentence(factor.value(profile)),
        }
    )


def _estimated(factor: Factor, profile: Profile, known: Estimates) -> dict[str, object]:
    """What a row says that the cost model scores; {} if there is no cost."""
    scores = scores_of(factor, profile, known)
    if not scores:
        return {}
    return {
        "basis": "assumed",
        "value": factor.shown(profile),
        "scores": scores,
        "why": sentence(factor, profile, known),
        "states": states_of(factor, profile, known),
    }


def _unknown(factor: Factor, known: Estimates) -> str:
    if factor.estimate and known.problem:
        return "there is no cost to compare it with"
    return "the profile does not say" if factor.field else "only a pilot can measure it"


def _named(scores: Sequence[float]) -> dict[str, float]:
    return dict(zip(APPROACHES, map(float, scores), strict=True))


def judged(
    rows: Sequence[Row],
    approaches: Sequence[str],
    seed: int = 0,
    samples: Mapping[str, np.ndarray] | None = None,
    ruled_out: Mapping[str, str] | None = None,
) -> Matrix:
    """The matrix of these rows. `samples` holds drawn scores of shape (N_DRAWS, n_approaches) by factor."""
    known = [row for row in rows if row.scores and row.weight > 0]
    out = {name: why for name, why in (ruled_out or {}).items() if name in approaches}
    totals = weighted_means(known, approaches)
    open_to = [name for name in approaches if name not in out]
    wins = _wins(rows, approaches, open_to, seed, samples or {}) if totals and open_to else {}
    ranked = sorted(open_to, key=lambda name: (-wins[name], -totals[name])) if wins else []
    leader = ranked[0] if ranked else None
    return Matrix(
        approaches=tuple(approaches),
        rows=tuple(rows),
        totals=totals,
        wins=wins,
        unknown=tuple(row.factor for row in rows if row.basis == "unknown"),
        leader=leader,
        margin=totals[ranked[0]] - max(totals[name] for name in ranked[1:]) if len(ranked) > 1 else 0.0,
        tied_with=tuple(name for name in ranked[1:] if wins[ranked[0]] < LEADS_FROM and wins[name] >= RIVALS_FROM),
        ruled_out=out,
    )


def weighted_means(known: Sequence[Row], approaches: Sequence[str]) -> dict[str, float]:
    """The weighted mean score of each approach; {} if no row counts."""
    total = sum(row.weight for row in known)
    if not total:
        return {}
    return {name: sum(row.weight * row.scores[name] for row in known) / total for name in approaches}


def _wins(
    rows: Sequence[Row], approaches: Sequence[str], open_to: Sequence[str], seed: int, samples: Mapping[str, np.ndarray]
) -> dict[str, float]:
    """The share of draws in which each approach has the highest total. A draw won by several is split equally."""
    counted = [row for row in rows if row.weight > 0 and (row.scores or row.options)]
    rng = np.random.default_rng(seed)
    weights = np.array([row.weight for row in counted])
    drawn = rng.dirichlet(weights / weights.mean() / WEIGHT_SPREAD**2, N_DRAWS)
    totals = np.zeros((N_DRAWS, len(approaches)))
    for i, row in enumerate(counted):
        scores = samples.get(row.factor)
        totals += drawn[:, [i]] * (_drawn_scores(row, approaches, rng) if scores is None else scores)
    totals[:, [j for j, name in enumerate(approaches) if name not in open_to]] = -np.inf
    best = totals >= totals.max(axis=1, keepdims=True) - 1e-9
    shares = (best / best.sum(axis=1, keepdims=True)).mean(axis=0)
    return {name: float(share) for name, share in zip(approaches, shares, strict=True)}


def _drawn_scores(row: Row, approaches: Sequence[str], rng: np.random.Generator) -> np.ndarray:
    """Scores of shape (1, n_approaches) if they are known, else (N_DRAWS, n_approaches) drawn from the possible bands.

    Drawn scores are relative to each approach's mean over the bands: they add uncertainty and favour no approach.
    """
    if row.scores:
        return np.array([[row.scores[name] for name in approaches]])
    table = np.array([[option.scores[name] for name in approaches] for option in row.options])
    return (table - table.mean(axis=0))[rng.integers(0, len(table), N_DRAWS)]
