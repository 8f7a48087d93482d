"""One row of the table of speeds: what was measured, beside what, and whether it reaches its goal."""

from dataclasses import dataclass

MARK = "bench row "  # before a row in what a part prints


@dataclass(frozen=True)
class Row:
    """`times_goal` is the ratio to the library that is wanted, `most` the largest value that is wanted."""

    what: str
    unit: str
    ours: float
    library: float | None = None
    limit: float | None = None
    times_goal: float | None = None
    most: float | None = None
    is_more_better: bool = True
    memory: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times as fast as the library."""
        if self.library is None:
            return None
        return self.ours / self.library if self.is_more_better else self.library / self.ours

    def cells(self) -> list[str]:
        ratio, goal, met = self.ratio, "", ""
        if self.times_goal is not None:
            goal = f"{self.times_goal:g} x"
            met = "not measured" if ratio is None else _yes(ratio >= self.times_goal)
        if self.most is not None:
            goal, met = f"{self.most:g} {self.unit}", _yes(self.ours <= self.most)
        amounts = (
            "" if value is None else f"{_short(value)} {self.unit}" for value in (self.ours, self.library, self.limit)
        )
        return [self.what, *amounts, "" if ratio is None else f"{ratio:.1f} x", goal, met]


def _short(value: float) -> str:
    """Three digits, or all digits before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _yes(is_met: bool) -> str:
    return "yes" if is_met else "**no**"
