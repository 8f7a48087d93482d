"""Cuts: from which score one contender answers a question and not another one, fitted on dev.

Takes the outcomes of both and a score for each question, gives the least score. Does not know what the score is.

The facts of dev are drawn again many times. Each draw has a best share of the questions, those with the highest scores,
for the first contender (of equally good shares, the fastest), and the mean of these shares is used. So no single
question decides.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

NEVER, ALWAYS = 1e9, -1e9
"""Finite cuts that no score, and that every score reaches (JSON has no infinity)."""
NO_FACTS: Mapping[str, str] = MappingProxyType({})
N_DRAWS = 100
FEWEST_FACTS = 20
"""With fewer facts in dev, a cut says little."""

Worth = Mapping[str, tuple[float, float]]
"""(value, seconds) of a contender's answer to each question, by the question's id."""


def fit_cut(first: Worth, second: Worth, scores: Mapping[str, float], facts: Mapping[str, str]) -> float:
    """The score from which `first` answers the questions that all three name. `facts` groups a question's phrasings."""
    ids = sorted((key for key in scores if key in first and key in second), key=lambda key: (-scores[key], key))
    n = _n_first(ids, first, second, scores, facts) if ids else 0
    if n == 0:
        return NEVER
    if n == len(ids):
        return ALWAYS
    return (scores[ids[n - 1]] + scores[ids[n]]) / 2


def _n_first(
    ids: Sequence[str], first: Worth, second: Worth, scores: Mapping[str, float], facts: Mapping[str, str]
) -> int:
    """How many of these questions, highest scores first, go to `first`."""
    names = sorted({facts.get(key, key) for key in ids})
    number = {name: place for place, name in enumerate(names)}
    fact = np.array([number[facts.get(key, key)] for key in ids])
    gains = np.array([first[key][0] - second[key][0] for key in ids])
    saved = np.array([second[key][1] - first[key][1] for key in ids])
    counts = np.random.default_rng(0).multinomial(len(names), np.full(len(names), 1 / len(names)), size=N_DRAWS)
    ends = [0, *(i + 1 for i in range(len(ids)) if i + 1 == len(ids) or scores[ids[i]] > scores[ids[i + 1]])]
    worth, faster = (_sums(counts[:, fact] * values)[:, ends] for values in (gains, saved))
    worth = np.round(worth, 9)
    most = worth == worth.max(axis=1, keepdims=True)
    best = np.where(most, np.round(faster, 3), -np.inf).argmax(axis=1)
    share = np.mean([ends[i] for i in best])
    return min(ends, key=lambda end: abs(end - share))


def _sums(values: np.ndarray) -> np.ndarray:
    """The sums of the first 0, 1, ... values of each row."""
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
