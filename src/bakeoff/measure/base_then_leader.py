"""Two questions of the verdict in one family: who beats every base model, and does the leader beat the others?

Takes graded values by contender and question. First all contenders are compared with the base models, then those that
are better than all of these with each other. The chance of any false difference in both steps together is at most 5 %.
Knows nothing about prices or profiles.

The base models come first because without being better than them nothing is worth building: testing all pairs at once
would pay for pairs that do not matter. A later test is only open after earlier ones were significant (gatekeeping:
Dmitrienko and Tamhane 2007, doi:10.1002/pst.291), and each state of the procedure keeps 5 % in sum (sequential
rejection: Goeman and Solari 2010, doi:10.1214/10-AOS829):

- As long as no pair with a base model is significant, nothing else can be, and these pairs have the whole 5 %.
- After the first one they keep `OF_BASE`, and the contenders that passed are compared at the rest.
- If all pairs with base models are significant, these cannot be false any more, and the whole 5 % goes on.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import combinations
from typing import NamedTuple

import numpy as np

from bakeoff.measure import ppi_intervals
from bakeoff.measure.contrasts import Method, Pair, Span, as_family, tests_of, whole
from bakeoff.measure.graded import Graded, Values
from bakeoff.measure.max_t import LEVEL, Adjusted, gate, step_down
from bakeoff.measure.ppi import Corrected
from bakeoff.measure.statistics import MARGIN, Facts
from bakeoff.records import Contrast

OF_BASE = 0.8
"""The share of the error that pairs with base models keep after the first of them is significant."""


class BaseThenLeader(NamedTuple):
    """What the two steps found.

    `against_base` holds every contender (a) against every base model (b). `passed` are the contenders that are
    significantly better than all of them, in the order of the values. `leader` is the best of them, None if there is
    none. `against_leader` holds the leader (a) against the others that passed (b).
    """

    against_base: tuple[Contrast, ...]
    passed: tuple[str, ...]
    leader: str | None
    against_leader: tuple[Contrast, ...]


def base_then_leader(
    values: Mapping[str, Values | Graded] | Corrected,
    fact_of: Facts,
    baselines: Sequence[str],
    leader_of: Callable[[Sequence[str]], str],
    measure: str = "utility",
    margin: float = MARGIN,
    weights: Values | None = None,
    span: Span = 1.0,
) -> BaseThenLeader:
    """Both steps for the contenders of `values`. `leader_of` chooses from the names that passed, knowing the data.

    All other arguments are as in `contrasts`. Values corrected by labels are tested as in `ppi_intervals`; plain
    pseudo-values would not do. Without a baseline all contenders pass. Since the data choose the leader, its contrasts
    are adjusted for all pairs among those that passed.
    """

    def family(pairs: Sequence[Pair], method: Method) -> list[Contrast]:
        if isinstance(values, Corrected):
            return ppi_intervals.contrasts(values, fact_of, measure, pairs, margin, weights, whole(span), method=method)
        return as_family(tests_of(values, fact_of, measure, pairs, margin, weights, span), whole(span), method)

    names = list(values.pseudos if isinstance(values, Corrected) else values)
    bases = [name for name in baselines if name in names]
    contenders = [name for name in names if name not in bases]
    against_base = family([(a, b) for a in contenders for b in bases], partial(gate, kept=OF_BASE))
    passed = tuple(name for name in contenders if _is_better(name, against_base, len(bases)))
    if not passed:
        return BaseThenLeader(tuple(against_base), (), None, ())
    leader = leader_of(passed)
    share = 1.0 if all(pair.p_adjusted < LEVEL for pair in against_base) else 1 - OF_BASE
    among = family(_leader_first(leader, passed), partial(step_down_at, share=share))
    return BaseThenLeader(tuple(against_base), passed, leader, tuple(pair for pair in among if pair.a == leader))


def _is_better(name: str, against_base: Sequence[Contrast], n_bases: int) -> bool:
    """Than every base model. A difference within the margin does not count, however significant."""
    pairs = [pair for pair in against_base if pair.a == name]
    return len(pairs) == n_bases and all(pair.finding == "different" and pair.difference > 0 for pair in pairs)


def _leader_first(leader: str, passed: Sequence[str]) -> list[Pair]:
    """All pairs, those of the leader as (leader, other)."""
    return list(combinations([leader, *(name for name in passed if name != leader)], 2))


def step_down_at(
    observed: np.ndarray, by_chance: np.ndarray, own: np.ndarray | None = None, share: float = 1.0
) -> Adjusted:
    """As `step_down`, with only this share of the level."""
    given = step_down(observed, by_chance, own, LEVEL * share)
    return Adjusted(np.minimum(1.0, given.p / share), given.critical)
