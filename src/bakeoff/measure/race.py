"""The rule of a race: which candidates drop out while facts are still being asked, and which are tied.

Takes the value of every candidate's answers to each fact, in the order in which facts are asked; says who is out. Does
not know what a candidate is or who asks.

Two candidates are compared on the facts that both were asked, after each of which a fortune of 1 is bet on one of them:
it is multiplied by 1 + stake x difference, for several stakes side by side. If the other one is at least as good, no
bet is expected to win. A candidate drops out when the fortunes of the n - 1 others against it make (n - 1) / alpha
together: if it is the best one, their mean is expected to stay 1, so it ever reaches 1 / alpha in at most alpha of all
races (Ville 1939), however often one looks. Facts on which both do equally well multiply by 1: only discordant ones
count. A tie is bet on in the same way, by each candidate against the leader: against a difference of at least the
margin, and against one of at least the margin the other way round.

A candidate that joins later is compared on facts that were asked after it joined. So whoever proposes it may have seen
all values before without harm.

Sources: betting, Waudby-Smith and Ramdas 2021, arXiv:2010.09686; stakes side by side, Cover 1991; stopping and merging
e-values, Ramdas, Grünwald, Vovk and Shafer 2023, arXiv:2210.01948; racing, Maron and Moore 1997.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from bakeoff.records import Record

ALPHA = 0.05
STAKES = np.array([0.1, 0.25, 0.5, 0.9])
"""Of the fortune. Few, since candidates that differ little need more facts than there are."""
Fate = Literal["running", "behind", "tied", "leads"]


class Standing(Record):
    """How a candidate does: the mean value of its facts, and how many it was asked.

    `ahead` is its mean difference to `against` on the facts of both: who it dropped out against, else the leader.
    """

    name: str
    fate: Fate
    n_facts: int
    value: float | None
    against: str = ""
    ahead: float | None = None


class Race:
    """A race of up to `n_candidates`. Values are in `low`..`high`; `margin` is a difference of values that is a tie.

    Raises ValueError for fewer than two candidates, or a margin that is not below the range of values.
    """

    def __init__(
        self, n_candidates: int, low: float = 0.0, high: float = 1.0, margin: float = 0.03, alpha: float = ALPHA
    ) -> None:
        if n_candidates < 2:
            raise ValueError("a race needs at least two candidates")
        self._span = high - low
        if not 0 < margin < self._span:
            raise ValueError(f"the margin must be above 0 and below {self._span:g}, the range of values")
        self._margin = margin / self._span
        self._limit = math.log((n_candidates - 1) / alpha)
        self._n = n_candidates
        self._names: list[str] = []
        self._fates: dict[str, Fate] = {}
        self._against: dict[str, str] = {}
        self._values: list[list[float]] = []
        shape = (n_candidates, n_candidates, len(STAKES))
        self._better = np.zeros(shape)  # [i, j]: bets that i is better than j
        self._near = np.zeros(shape)  # [i, j]: bets that i is not better than j by the margin or more
        self._sums = np.zeros((n_candidates, n_candidates))
        self._common = np.zeros((n_candidates, n_candidates), int)

    def join(self, name: str) -> None:
        """A candidate joins. It takes part in the facts that are added from now on."""
        if name in self._fates or len(self._names) == self._n:
            raise ValueError(f"{name} cannot join: it has joined before, or {self._n} have")
        self._names.append(name)
        self._fates[name] = "running"
        self._values.append([])

    @property
    def running(self) -> tuple[str, ...]:
        """The candidates that are still asked."""
        return tuple(name for name in self._names if self._fates[name] == "running")

    def add(self, facts: Sequence[Mapping[str, float]]) -> None:
        """Adds facts, each with the value of the running candidates that could be asked. Nobody drops out yet."""
        rows = [i for i, name in enumerate(self._names) if self._fates[name] == "running"]
        for fact in facts:
            asked = [i for i in rows if self._names[i] in fact]
            values = np.array([fact[self._names[i]] for i in asked]) / self._span
            for i, value in zip(asked, values, strict=True):
                self._values[i].append(float(value))
            differences = values[:, None] - values[None, :]
            where = np.ix_(asked, asked)
            self._sums[where] += differences
            self._common[where] += 1
            self._better[where] += np.log1p(differences[:, :, None] * STAKES)
            near = (self._margin - differences) / (1 + self._margin)
            self._near[where] += np.log1p(near[:, :, None] * STAKES)

    def judge(self) -> tuple[str, ...]:
        """Drops who is significantly behind, stops who is tied with the leader. Returns who has gone."""
        before = self.running
        better, near = _mixed(self._better), _mixed(self._near)
        every = range(len(self._names))
        for j in self._rows():
            others = [i for i in every if i != j]
            if len(self._rows()) > 1 and np.logaddexp.reduce(better[others, j]) >= self._limit:
                best = others[int(better[others, j].argmax())]
                self._fates[self._names[j]], self._against[self._names[j]] = "behind", self._names[best]
        lead = self._leading()
        for j in self._rows():
            if j != lead and min(near[lead, j], near[j, lead]) >= self._limit:
                self._fates[self._names[j]], self._against[self._names[j]] = "tied", self._names[lead]
        return tuple(name for name in before if self._fates[name] != "running")

    @property
    def leader(self) -> str:
        """Of the candidates that are still asked, the best on the facts that it shares with each other one."""
        return self._names[self._leading()]

    @property
    def is_over(self) -> bool:
        """Whether at most one candidate is left to ask."""
        return len(self.running) <= 1

    def standings(self) -> tuple[Standing, ...]:
        """Every candidate's standing, the leader first, then by value."""
        lead = self._leading()
        rows = [self._standing(i, lead) for i in range(len(self._names))]
        return tuple(sorted(rows, key=lambda one: (one.fate != "leads", -(one.value or 0.0))))

    def _standing(self, i: int, lead: int) -> Standing:
        name, values = self._names[i], self._values[i]
        against = self._against.get(name, "" if i == lead else self._names[lead])
        other = self._names.index(against) if against else i
        n = int(self._common[i, other])
        return Standing(
            name=name,
            fate="leads" if i == lead else self._fates[name],
            n_facts=len(values),
            value=float(np.mean(values)) * self._span if values else None,
            against=against,
            ahead=float(self._sums[i, other] / n) * self._span if against and n else None,
        )

    def _rows(self) -> list[int]:
        return [i for i, name in enumerate(self._names) if self._fates[name] == "running"]

    def _leading(self) -> int:
        """Of the running candidates, the one that is ahead of the others on the facts it shares with each.

        One that has answered nothing leads only where nobody has.
        """
        rows = self._rows()
        rows = [i for i in rows if self._values[i]] or rows
        mean = self._sums / np.maximum(1, self._common)
        return max(rows, key=lambda i: (mean[i, rows].sum(), -i))


def _mixed(logarithms: np.ndarray) -> np.ndarray:
    """The logarithm of each fortune that was divided equally over the stakes. Shape (n, n)."""
    most = logarithms.max(axis=2)
    return np.asarray(most + np.log(np.exp(logarithms - most[:, :, None]).mean(axis=2)))
