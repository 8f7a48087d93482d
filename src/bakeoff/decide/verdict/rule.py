"""The verdict's rule: which contender to choose, by what it is worth.

Takes each candidate's expected worth, gives the choice. Knows nothing about sentences or how worth was measured.

1. Candidates are the contenders that meet every need and miss no hard limit.
2. Where the profile says what answers are worth, the candidate with the highest expected net value is chosen. Doing
   nothing and the base models are candidates too.
3. Where it does not, the candidate with the highest mean utility is chosen. Of those that an equivalence test shows to
   be as good, within the margin, the cheapest is. A base model (untuned, shown nothing) and doing nothing are not
   chosen: they are what a contender has to beat.
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from bakeoff.measure.statistics import CONFIDENCE, Z


def top(worth: Mapping[str, float], candidates: Sequence[str], cost: Mapping[str, float]) -> str | None:
    """The candidate with the highest worth; of equal ones the cheapest. None without candidates."""
    named = [name for name in candidates if name in worth]
    return max(named, key=lambda name: (worth[name], -cost.get(name, np.inf)), default=None)


def cheapest(leader: str, as_good: Collection[str], cost: Mapping[str, float]) -> str:
    """The cheapest of the leader and those shown to be as good; the leader if no cost is known or all are equal."""
    return min((leader, *as_good), key=lambda name: (cost.get(name, np.inf), name != leader))


def picked_level(drawn: Mapping[str, np.ndarray], candidates: Sequence[str]) -> float:
    """The level at which the bounds of a picked contender hold, .95 if there was nothing to pick from.

    The best of several is also a lucky one. The level is that of the largest of the candidates' standardised errors
    over the draws (max-T, Westfall and Young 1993): it is the higher, the more candidates there are and the less alike.
    """
    tables = [drawn[name] for name in candidates if name in drawn and np.std(drawn[name]) > 0]
    if len(tables) < 2:
        return CONFIDENCE
    table = np.stack(tables, axis=1)
    errors = (table - table.mean(axis=0)) / table.std(axis=0)
    return max(CONFIDENCE, Z.cdf(float(np.quantile(errors.max(axis=1), CONFIDENCE))))
