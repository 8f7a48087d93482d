"""Are more data worth it? The value of perfect information, and of so many more test questions or labels.

Takes draws of each candidate's worth, split into parts that different data would settle. Gives, for each offer, what it
is worth: in US dollars a year where the value of answers is known, else in the chance to choose right. Knows nothing
about where questions come from.

n more facts leave a share n0 / (n0 + n) of the variance that n0 facts left. What the mean will be after seeing them is
drawn with the rest of the variance. Source: the Gaussian approximation of Jalal and Alarid-Escudero 2018,
doi:10.1177/0272989X17715627; EVPI and EVSI: Raiffa and Schlaifer 1961.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bakeoff.records import Record

SIZES = (50, 100, 200, 400, 800)
LABELS = "labels"
ALL = "all"


class Offer(Record):
    """So many more questions of a slice ('all': as the test is mixed), or labels of the unsure answers.

    `gain` is what they are worth: US dollars over the horizon, or points of the chance to choose right. `cost_usd` is
    what collecting them costs.
    """

    what: str
    n: int
    gain: float
    cost_usd: float


class Information(Record):
    """What is left to learn. `in_money`: gains are in US dollars over the horizon, else chances to choose right.

    `p_right` is the chance that the present choice is the best one. `perfect` is the gain of knowing everything that
    the data leave open. `best` is the offer with the highest net gain, None if none is worth its cost.
    """

    in_money: bool
    p_right: float
    perfect: float
    offers: tuple[Offer, ...] = ()
    best: Offer | None = None
    horizon_months: int = 12


@dataclass(frozen=True)
class Part:
    """One source of what is not known: the deviations it causes, (draw, candidate), and how many facts inform it now.

    `n0` is 0 for what looking settles at once (labels): then `n` is how many there are.
    """

    what: str
    deviations: np.ndarray
    n0: int
    n: int = 0
    cost_usd: float = 0.0


def information(
    means: Sequence[float], parts: Sequence[Part], rest: np.ndarray, months: int, in_money: bool, seed: int = 0
) -> Information:
    """What more data are worth for choosing among candidates.

    `means` are the candidates' expected worth, `rest` the deviations that no test question informs (costs), as those of
    `parts`: (draw, candidate). `cost_usd` of a part is the cost of one more question or label. No offer is worth more
    than knowing everything: parts are drawn by themselves, so what they share would count twice.
    """
    mean = np.asarray(means, dtype=float)
    if len(mean) < 2:
        return Information(in_money=in_money, p_right=1.0, perfect=0.0, horizon_months=months)
    truth = mean + rest + sum((part.deviations for part in parts), np.zeros_like(rest))
    p_right = _chance(truth, np.broadcast_to(mean, truth.shape))
    perfect = _positive(float(truth.max(axis=1).mean() - mean.max()) if in_money else 1 - p_right)
    offers = [
        _offer(part.what, n, [part], parts, mean, rest, in_money, p_right, seed)
        for part in parts
        for n in (SIZES if part.n0 else (part.n,))
        if part.deviations.any()
    ]
    asked = [part for part in parts if part.n0]
    if len(asked) > 1:
        offers += [_offer(ALL, n, asked, parts, mean, rest, in_money, p_right, seed) for n in SIZES]
    offers = [offer.model_copy(update={"gain": min(offer.gain, perfect)}) for offer in offers]
    worth_it = [offer for offer in offers if in_money and offer.gain > offer.cost_usd]
    best = max(worth_it, key=lambda offer: offer.gain - offer.cost_usd, default=None)
    return Information(
        in_money=in_money,
        p_right=p_right,
        perfect=perfect,
        offers=tuple(offers),
        best=best,
        horizon_months=months,
    )


def _offer(
    what: str,
    n: int,
    seen: Sequence[Part],
    parts: Sequence[Part],
    mean: np.ndarray,
    rest: np.ndarray,
    in_money: bool,
    p_right: float,
    seed: int,
) -> Offer:
    """What n more questions of these parts, shared out as the test is, are worth."""
    total = sum(part.n0 for part in seen)
    known, left = np.zeros_like(rest), np.zeros_like(rest)
    order = np.random.default_rng(seed).permutation(len(rest))
    for part in parts:
        more = (n * part.n0 / total if part.n0 else np.inf) if any(part is one for one in seen) else 0.0
        learned = 1.0 if np.isinf(more) else more / (more + part.n0) if more else 0.0
        known += np.sqrt(learned) * part.deviations
        left += np.sqrt(1 - learned) * part.deviations[order]
    expected = mean + known
    cost = n * max((part.cost_usd for part in seen), default=0.0)
    if in_money:
        return Offer(what=what, n=n, gain=_positive(float(expected.max(axis=1).mean() - mean.max())), cost_usd=cost)
    gain = _chance(expected + left + rest[order], expected) - p_right
    return Offer(what=what, n=n, gain=_positive(gain), cost_usd=cost)


def _positive(gain: float) -> float:
    """A gain without the noise of rounding."""
    return max(0.0, round(gain, 6))


def _chance(truth: np.ndarray, expected: np.ndarray) -> float:
    """How often the candidate with the highest expected worth is the best one."""
    chosen = expected.argmax(axis=1)
    return float((truth[np.arange(len(truth)), chosen] >= truth.max(axis=1) - 1e-12).mean())


def deviations(tables: Mapping[str, np.ndarray], candidates: Sequence[str]) -> np.ndarray:
    """Draws less their mean, (draw, candidate)."""
    table = np.stack([tables[name] for name in candidates], axis=1)
    return np.asarray(table - table.mean(axis=0))
