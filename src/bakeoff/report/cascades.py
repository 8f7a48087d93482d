"""What cascades save, in the report: sentences and rows of tables, from their curves.

Takes a comparison, gives texts and numbers. Knows nothing about HTML, Markdown or terminals.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from bakeoff.measure.comparison import CascadeCurve, CascadePoint, Comparison, Estimate
from bakeoff.sentences import milliseconds, percent, usd

HEADS = ("Setting", "Answered by", "Accuracy", "Value of an answer", "Cost of 1,000", "Time", "Tokens")
ABOUT_TABLE = (
    "A cascade asks cheap contenders first and goes on where they are not sure. Thresholds are fitted on dev and only "
    "measured here: as the cascade answers in this run, and as dev would choose them if a right answer were worth less "
    "and less, so that cost counts more and more."
)
ABOUT_CHART = (
    "Solid line: what dev chooses. Dashed line: every level keeps the same share of its answers, from none to all; it "
    "is for comparison, nothing is chosen by it. Dots: each level alone, and the cascade as it answers, with its "
    "95\u202f% interval."
)


class Setting(NamedTuple):
    """One row: how the thresholds are set, and what that gives."""

    name: str
    kind: str
    point: CascadePoint


def settings(curve: CascadeCurve) -> Iterator[Setting]:
    """Each level alone, the cascade as it answers, then what dev chooses as cost counts more and more."""
    for name, point in curve.alone.items():
        yield Setting(f"{name} alone", "alone", point)
    yield Setting("as it answers here", "chosen", curve.chosen)
    for point in curve.by_price:
        worth = point.right_answer_usd
        told = "if cost did not count" if worth is None else f"if 1,000 right answers were worth {usd(1000 * worth)}"
        yield Setting(told, "by price", point)


def every_setting(curve: CascadeCurve) -> Iterator[Setting]:
    """As `settings`, and those in which all levels keep the same share of their answers."""
    yield from settings(curve)
    for point in curve.by_share:
        yield Setting(f"every level keeps {percent(point.share or 0.0)}", "by share", point)


def rows(curve: CascadeCurve) -> list[list[str]]:
    """A row of texts for each setting, under `HEADS`; of settings that dev chooses with the same texts, the first."""
    shown: list[list[str]] = []
    for setting in settings(curve):
        cells = _cells(curve, setting.point)
        if setting.kind != "by price" or setting.point is curve.by_price[0] or cells != shown[-1][1:]:
            shown.append([setting.name, *cells])
    return shown


def _cells(curve: CascadeCurve, point: CascadePoint) -> list[str]:
    return [
        answered_by(curve, point.answered_by),
        percent(point.accuracy),
        f"{point.value:.2f}",
        usd(1000 * point.usd),
        milliseconds(1000 * point.seconds),
        f"{point.tokens:.0f}",
    ]


def about_value(curve: CascadeCurve) -> str:
    """What the value of an answer means, and what it was measured on."""
    return (
        f"Value of an answer: 1 if it is right, -{curve.wrong_answer_penalty:g} if it is wrong, 0 if it is declined "
        f"(1 if it cannot be answered). {curve.n} questions, as graded; not corrected by labels."
    )


def answered_by(curve: CascadeCurve, shares: Mapping[str, float]) -> str:
    """The share of the questions that each level answers, in the order of the levels."""
    return ", ".join(f"{name} {percent(shares[name])}" for name in curve.levels if name in shares)


def sentences(comparison: Comparison) -> list[str]:
    """For each cascade: its value and cost against those of its last level alone."""
    return [_sentence(name, curve) for name, curve in comparison.cascades.items()]


def _sentence(name: str, curve: CascadeCurve) -> str:
    last, ratio = curve.levels[-1], curve.cost_ratio
    cost = "" if ratio.value is None else f", at {percent(ratio.value)} of its cost{_interval(ratio, percent)}"
    accuracy = f"{percent(curve.accuracy.value or 0.0)} accuracy{_interval(curve.accuracy, percent)}"
    value = f"an answer is worth {curve.value.value or 0.0:.2f}{_interval(curve.value, _two)}"
    gain = f"{curve.gain.value or 0.0:+.2f}{_interval(curve.gain, _signed)} against {last} alone"
    by = answered_by(curve, curve.chosen.answered_by)
    if curve.asked == (last,):
        return f"{name}: {accuracy}; {value}. {last} answers all questions: on dev, no level before it is worth asking."
    return f"{name}: {accuracy}; {value}, {gain}{cost}. Answered by {by}."


def _interval(estimate: Estimate, write: Callable[[float], str]) -> str:
    if estimate.low is None or estimate.high is None:
        return ""
    return f" ({write(estimate.low)} to {write(estimate.high)})"


def _two(value: float) -> str:
    return f"{value:.2f}"


def _signed(value: float) -> str:
    return f"{value:+.2f}"
