"""The decision matrix: every factor scored 1 to 5 for RAG, fine-tuning and a hybrid, weighted, with its uncertainty.

Takes a `Profile` with its `factor_weights`. Gives a `Matrix`: rows with reasons, totals, how often each approach wins
when the weights vary, and what would change the answer. Knows nothing about models or files.
Unknown factors get no scores. In the draws each of their bands is equally likely, which adds uncertainty but no bias.
Source: weighted sums, Fishburn 1967, doi:10.1287/mnsc.13.7.435; random weights from a Dirichlet distribution, Jia,
Fischer and Dyer 1998, doi:10.1002/(SICI)1099-0771(199806)11:2<85::AID-BDM282>3.0.CO;2-K.
"""

import difflib
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from bakeoff.decide.advise.budgets import assumed_costs, with_bands
from bakeoff.decide.advise.factors import Factor, read_factors
from bakeoff.decide.situation.approaches import APPROACHES, NAMES, Standing
from bakeoff.decide.situation.profile import Profile
from bakeoff.errors import ConfigError
from bakeoff.records import Record

N_DRAWS = 4000
WEIGHT_SPREAD = 0.5
"""Standard deviation of an average weight in the draws, as a share of it: each varies by about half."""
LEADS_FROM, RIVALS_FROM = 0.8, 0.1
"""A leader that wins at least the first share of draws leads alone. If not, rivals with at least the second tie."""


class Option(Record):
    """What a row would score for another value of the profile. `label` is such as 'below 30 days'."""

    label: str
    scores: dict[str, float]
    rules_out: tuple[str, ...] = ()


class Row(Record):
    """One factor: its scores by approach (empty if unknown), the reason, and the scores of its other bands."""

    factor: str
    title: str
    articles: dict[str, str]
    weight: float
    basis: Literal["assumed", "measured", "unknown"]
    value: str = ""
    band: str = ""
    scores: dict[str, float] = Field(default_factory=dict)
    why: str = ""
    rules_out: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()


class Matrix(Record):
    """The rows and what follows from them. `totals` are weighted mean scores (1 to 5) over the known rows.

    `wins` is the share of draws that each approach wins. `tied_with` are the approaches that the leader is not clearly
    ahead of. `leader` is None if nothing is known. `margin` is the leader's total minus the next one's. `ruled_out`
    gives the reason by approach.
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


class Flip(Record):
    """One change that alone gives another leader: another value, another weight, or an answer to an unknown factor."""

    factor: str
    kind: Literal["value", "weight", "answer"]
    leader: str
    sentence: str


def decision_matrix(
    profile: Profile, standing: Standing, factors: Sequence[Factor] | None = None, seed: int = 0
) -> Matrix:
    """The matrix of a profile before anything is measured. `standing` is the contender that represents each approach.

    Raises ConfigError if a weight names an unknown factor, or if the weights sum to zero.
    """
    table = read_factors() if factors is None else factors
    weights, costs = factor_weights(profile, table), assumed_costs(profile, standing)
    rows = [_row(with_bands(factor, costs), profile, weights[factor.name]) for factor in table]
    return judged(rows, APPROACHES, seed)


def factor_weights(profile: Profile, factors: Sequence[Factor]) -> dict[str, float]:
    """The weight of every factor, by default 1. Raises ConfigError if one names no factor or all sum to zero."""
    names = [factor.name for factor in factors]
    for name in profile.factor_weights:
        if name not in names:
            close = difflib.get_close_matches(name, names, 1)
            raise ConfigError(
                f"factor_weights: there is no factor {name!r}.",
                f"did you mean {close[0]!r}?" if close else f"choose among {', '.join(names)}",
            )
    weights = {name: profile.factor_weights.get(name, 1.0) for name in names}
    if not sum(weights.values()) > 0:
        raise ConfigError("factor_weights: the weights sum to zero.", "give at least one factor a weight above 0")
    return weights


def _row(factor: Factor, profile: Profile, weight: float) -> Row:
    band = factor.band(profile)
    options = tuple(
        Option(label=factor.label(other), scores=_named(other.scores), rules_out=other.rules_out)
        for other in factor.bands
    )
    row = Row(
        factor=factor.name,
        title=factor.title,
        articles=factor.articles,
        weight=weight,
        basis="unknown",
        why=_unknown(factor),
        options=options,
    )
    if band is None:
        return row
    return row.model_copy(
        update={
            "basis": "assumed",
            "value": factor.shown(profile),
            "band": factor.label(band),
            "scores": _named(band.scores),
            "why": band.sentence(factor.value(profile)),
            "rules_out": band.rules_out,
        }
    )


def _unknown(factor: Factor) -> str:
    if factor.bands:
        return "the profile does not say"
    return "there is no cost to compare it with" if factor.field else "only a pilot can measure it"


def _named(scores: Sequence[float]) -> dict[str, float]:
    return dict(zip(APPROACHES, map(float, scores), strict=True))


def judged(
    rows: Sequence[Row], approaches: Sequence[str], seed: int = 0, samples: Mapping[str, np.ndarray] | None = None
) -> Matrix:
    """The matrix of these rows. `samples` holds drawn scores of shape (N_DRAWS, n_approaches) by factor."""
    known = [row for row in rows if row.scores and row.weight > 0]
    ruled_out = {name: row.why for row in known for name in row.rules_out}
    totals = _totals(known, approaches)
    open_to = [name for name in approaches if name not in ruled_out]
    ranked = sorted(open_to, key=lambda name: -totals[name]) if totals else []
    wins = _wins(rows, approaches, open_to, seed, samples or {}) if ranked else {}
    leader = ranked[0] if ranked else None
    return Matrix(
        approaches=tuple(approaches),
        rows=tuple(rows),
        totals=totals,
        wins=wins,
        unknown=tuple(row.factor for row in rows if row.basis == "unknown"),
        leader=leader,
        margin=totals[ranked[0]] - totals[ranked[1]] if len(ranked) > 1 else 0.0,
        tied_with=tuple(name for name in ranked[1:] if wins[ranked[0]] < LEADS_FROM and wins[name] >= RIVALS_FROM),
        ruled_out=ruled_out,
    )


def _totals(known: Sequence[Row], approaches: Sequence[str]) -> dict[str, float]:
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


def flips(matrix: Matrix) -> list[Flip]:
    """Every single change that gives another leader: values first, then the smallest change of a weight, then answers.

    Measured rows are not tried, because another answer in the profile would not change them.
    """
    if matrix.leader is None:
        return []
    values = [flip for row in matrix.rows if row.basis == "assumed" for flip in _value_flips(matrix, row)]
    weight = _weight_flip(matrix)
    answers = [flip for row in matrix.rows if row.basis == "unknown" for flip in _value_flips(matrix, row)]
    return [*values, *([weight] if weight else []), *answers]


def _value_flips(matrix: Matrix, row: Row) -> list[Flip]:
    """Values of this row that give another leader: the nearest band per leader, or all bands of an unknown row."""
    if not row.weight:
        return []
    others = [other for other in matrix.rows if other.factor != row.factor and other.scores and other.weight]
    labels: dict[str, list[str]] = {}
    for option in _nearest_first(row):
        changed = row.model_copy(update={"scores": option.scores, "rules_out": option.rules_out})
        leader = _leader([*others, changed], matrix.approaches)
        if leader and leader != matrix.leader:
            labels.setdefault(leader, []).append(option.label)
    if row.basis == "assumed":
        return [
            _flip(row, "value", leader, f"were {bands[0]} instead of {row.value}") for leader, bands in labels.items()
        ]
    return [_flip(row, "answer", leader, f"turned out to be {' or '.join(bands)}") for leader, bands in labels.items()]


def _nearest_first(row: Row) -> list[Option]:
    """The row's other bands, nearest to its own first; all bands in order if it has none."""
    here = next((i for i, option in enumerate(row.options) if option.label == row.band), None)
    if here is None:
        return list(row.options)
    order = sorted(range(len(row.options)), key=lambda i: abs(i - here))
    return [row.options[i] for i in order if i != here]


def _flip(row: Row, kind: Literal["value", "answer"], leader: str, change: str) -> Flip:
    return Flip(
        factor=row.factor, kind=kind, leader=leader, sentence=f"{NAMES[leader]} would lead if “{row.title}” {change}"
    )


def _leader(known: Sequence[Row], approaches: Sequence[str]) -> str | None:
    totals = _totals(known, approaches)
    ruled_out = {name for row in known for name in row.rules_out}
    open_to = [name for name in approaches if name not in ruled_out]
    return max(open_to, key=lambda name: totals[name]) if totals and open_to else None


def _weight_flip(matrix: Matrix) -> Flip | None:
    """The smallest change of one weight that makes the leader and a rival equal."""
    known = [row for row in matrix.rows if row.scores and row.weight > 0]
    best: tuple[float, Row, float, str] | None = None
    for rival in matrix.approaches:
        if rival == matrix.leader or rival in matrix.ruled_out:
            continue
        leads = {row.factor: row.scores[matrix.leader] - row.scores[rival] for row in known}  # type: ignore[index]
        lead = sum(row.weight * leads[row.factor] for row in known)
        if lead < 1e-9:  # equal as they are
            continue
        for row in known:
            weight = row.weight - lead / leads[row.factor] if leads[row.factor] else -1.0
            if weight > 1e-9 and not row.rules_out and (best is None or abs(weight - row.weight) < best[0]):
                best = (abs(weight - row.weight), row, weight, rival)
    if best is None:
        return None
    _, row, weight, rival = best
    way = "above" if weight > row.weight else "below"
    return Flip(
        factor=row.factor,
        kind="weight",
        leader=rival,
        sentence=f"{NAMES[rival]} would lead if the weight of “{row.title}” were {way} {weight:.2g} "
        f"instead of {row.weight:g}",
    )
