"""What would change the leader of a decision matrix: each input alone moved to its other values, and one weight.

Takes the profile and the table that a `Matrix` was made of. Every change is tried by making the matrix again, so needs,
limits and costs count as they would, and the leader is the one that wins most draws, as there. Gives `Flip`s, each with
a sentence.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from bakeoff.decide.advise.estimated import other_values
from bakeoff.decide.advise.estimates import estimates
from bakeoff.decide.advise.factors import Band, Factor, read_factors
from bakeoff.decide.advise.matrix import Matrix, Row, decision_matrix, judged
from bakeoff.decide.situation.approaches import NAMES, Standing
from bakeoff.decide.situation.profile import Profile, validate_profile
from bakeoff.errors import ConfigError
from bakeoff.records import Record

LEAST_TIMES, MOST_TIMES = 0.01, 10.0
"""The multiples of a weight that are tried: less is 'does not count', more is not a small change."""


class Flip(Record):
    """One change that alone gives another leader: another value, another weight, or an answer to an unknown factor."""

    factor: str
    kind: Literal["value", "weight", "answer"]
    leader: str
    sentence: str


def flips(matrix: Matrix, profile: Profile, standing: Standing, factors: Sequence[Factor] | None = None) -> list[Flip]:
    """Every single change that gives another leader: values first, then the smallest change of a weight, then answers.

    Measured rows are not tried, because another answer in the profile would not change them. Where no approach can pay
    for itself, these are the changes with which one would lead.
    """
    if matrix.leader is None and not matrix.unpaid:
        return []
    table = read_factors() if factors is None else factors
    by_name = {factor.name: factor for factor in table}
    tried = [
        (row, _leaders(matrix, row, by_name[row.factor], profile, standing, table))
        for row in matrix.rows
        if row.basis != "measured" and row.weight and row.factor in by_name and by_name[row.factor].field
    ]
    values = [
        _flip(row, "value", leader, f"were {labels[0]} instead of {row.value}")
        for row, leaders in tried
        if row.basis == "assumed"
        for leader, labels in leaders.items()
    ]
    answers = [
        _flip(row, "answer", leader, f"turned out to be {' or '.join(labels)}")
        for row, leaders in tried
        if row.basis == "unknown"
        for leader, labels in leaders.items()
    ]
    weight = _weight_flip(matrix)
    return [*values, *([weight] if weight else []), *answers]


def _leaders(
    matrix: Matrix, row: Row, factor: Factor, profile: Profile, standing: Standing, table: Sequence[Factor]
) -> dict[str, list[str]]:
    """The other leaders that other values of this factor's field give, with those values, the nearest first."""
    leaders: dict[str, list[str]] = {}
    for label, value in _nearest_first(row, list(_other_values(factor, profile, standing)), factor.value(profile)):
        changed = _changed(profile, factor, value)
        leader = decision_matrix(changed, standing, table).leader if changed else None
        if leader is not None and leader != matrix.leader:
            leaders.setdefault(leader, []).append(label)
    return leaders


def _changed(profile: Profile, factor: Factor, value: Any) -> Profile | None:
    """The profile with another value of a factor's field; None if that contradicts another field."""
    if factor.per:
        divisor = getattr(profile, factor.per)
        if divisor is None:
            return None
        value = round(value * divisor)
    own = profile.model_dump(include=profile.model_fields_set)
    try:
        return validate_profile({**own, factor.field: value})
    except ConfigError:
        return None


def _other_values(factor: Factor, profile: Profile, standing: Standing) -> Iterator[tuple[str, Any]]:
    if factor.estimate:
        yield from other_values(factor, estimates(profile, standing))
    for band in factor.bands:
        yield factor.label(band), inside(factor, band)


def inside(factor: Factor, band: Band) -> Any:
    """A value of the factor's field that is in this band: the lowest, for the lowest band half its bound."""
    if band.absent:
        return None
    if band.when is not None:
        return band.when
    stretches = [other for other in factor.bands if not other.absent]
    i = stretches.index(band)
    if i:
        return stretches[i - 1].below
    kind = Profile.model_fields[factor.field].annotation
    below = band.below or 1.0
    return max(0, int(below) - 1) if kind in (int, int | None) and not factor.per else below / 2


def _nearest_first(row: Row, values: list[tuple[str, Any]], own: float | None) -> list[tuple[str, Any]]:
    """All but the row's own band, nearest first; all in order if it has none."""
    here = next((i for i, (label, _) in enumerate(values) if label == row.band), None)
    if here is not None:
        order = sorted(range(len(values)), key=lambda i: abs(i - here))
        return [values[i] for i in order if i != here]
    if row.basis == "unknown" or own is None:
        return values
    return sorted(values, key=lambda pair: abs(pair[1] - own) if pair[1] is not None else float("inf"))


def _flip(row: Row, kind: Literal["value", "answer"], leader: str, change: str) -> Flip:
    return Flip(
        factor=row.factor, kind=kind, leader=leader, sentence=f"{NAMES[leader]} would lead if “{row.title}” {change}"
    )


def _weight_flip(matrix: Matrix) -> Flip | None:
    """The smallest change of one weight that gives another leader, as a multiple of what it is; None if none does."""
    best: tuple[float, Row, float, str] | None = None
    for row in matrix.rows if matrix.leader and len(matrix.open_to) > 1 else ():
        if not (row.scores and row.weight > 0):
            continue
        for end in (LEAST_TIMES, MOST_TIMES):
            farthest = end if best is None else _within(end, best[0] / row.weight)
            leader = _leader_at(matrix, row, farthest)
            if leader != matrix.leader:
                times, leader = _turning_point(matrix, row, farthest, leader)
                best = (abs(times - 1) * row.weight, row, times, leader)
    if best is None:
        return None
    _, row, times, rival = best
    return Flip(
        factor=row.factor,
        kind="weight",
        leader=rival,
        sentence=f"{NAMES[rival]} would lead if the weight of “{row.title}” were {'above' if times > 1 else 'below'} "
        f"{times:.2g} times what it is",
    )


def _within(end: float, change: float) -> float:
    """The multiple that changes a weight by this part of it, towards `end` but not beyond it."""
    return min(end, 1 + change) if end > 1 else max(end, 1 - change)


def _leader_at(matrix: Matrix, row: Row, times: float) -> str:
    """Who leads if the weight of this row is so many times what it is."""
    heavier = row.model_copy(update={"weight": times * row.weight})
    rows = [heavier if other.factor == row.factor else other for other in matrix.rows]
    return str(judged(rows, matrix.approaches, ruled_out=matrix.ruled_out).leader)


def _turning_point(matrix: Matrix, row: Row, end: float, leader: str) -> tuple[float, str]:
    """The multiple of a row's weight nearest to 1 at which another approach leads, to about one percent, and which."""
    near, far = 1.0, end
    while abs(far - near) > 0.01 * far:
        middle = (near + far) / 2
        at_middle = _leader_at(matrix, row, middle)
        if at_middle == matrix.leader:
            near = middle
        else:
            far, leader = middle, at_middle
    return far, leader
