"""What contenders are worth, for the page: rows with intervals, table, charts by the value of an answer, sliders.

Takes a `Judgement` and the contenders' colours, gives text, SVG and the JSON that `value.js` calculates with. All
arithmetic is in `decide/value/`. Knows nothing about the page's layout.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from bakeoff.decide.situation.currency import currency_note
from bakeoff.decide.value.joint import terms_of
from bakeoff.decide.value.worth import NOTHING, Range, lines, shares_best, titled
from bakeoff.decide.verdict.case import MAYBE_BEST
from bakeoff.decide.verdict.judgement import Judgement
from bakeoff.decide.wording import money
from bakeoff.report.charts import round_step
from bakeoff.report.drilldown import script_safe
from bakeoff.report.sliders import factor_slider, linear_slider
from bakeoff.report.value_charts import Best, Over, Spot, chance_chart, compact_signed, front_chart, net_chart
from bakeoff.report.value_payload import value_payload
from bakeoff.report.verdict_charts import Line, label_room
from bakeoff.report.verdict_text import MARKS, marks
from bakeoff.report.worth_text import (
    HANDED,
    Valued,
    chance_of_answers,
    changed_sentence,
    dominated,
    handed,
    nothing_is,
    of_100,
    offer_heads,
    offer_rows,
    only_beaten,
    range_sentences,
    shares,
    small_usd,
    span,
    span_of_100,
    valued,
    whether_more,
    worth_sentence,
)
from bakeoff.sentences import NOT_MEASURED, percent

HALF, NARROW_WIDE, HEIGHT = 520, 342, 340
N_VALUES = 41
LEAST_CHANCE = 0.02
"""A contender that is never the best with this chance has no line in the chart of chances."""
ROUND_ABOUT = 100.0
"""The axis of values reaches this many times below the lowest and above the highest value of interest."""
VALUE_ENDS = (-40, 40)
NOTHING_CSS = "kn"


def value_context(judgement: Judgement, colours: Mapping[str, int]) -> dict[str, Any]:
    """The values for the picture at the top and for the section on worth. Without known costs, only utility."""
    of = valued(judgement)
    css = {name: f"k{colours.get(name, 0)}" for name in judgement.draws.outcomes.names} | {NOTHING: NOTHING_CSS}
    context: dict[str, Any] = {
        "is_given": bool(of and of.is_given),
        "currency": currency_note(judgement.profile) if of else "",
        "utility_rows": _utility_rows(judgement, css),
        "nothing": NOTHING,
        "nothing_is": nothing_is(judgement),
        "handed": HANDED if handed(judgement) else "",
        "changed": changed_sentence(judgement),
        "only_beaten": only_beaten(judgement),
        "more": whether_more(judgement),
        "offer_heads": offer_heads(judgement.information),
        "offers": offer_rows(judgement.information),
        "table": _table(judgement, of),
        "money": None,
        "told": "",
    }
    if of is None:
        return context
    over = axis(of)
    return {
        **context,
        "told": worth_sentence(of),
        "money": {
            "rows": _net_rows(judgement, of, css),
            "ranges": range_sentences(of.ranges),
            "chances": _chances(of, over, css),
            "nets": _nets(of, over, css),
            "front": _front(judgement, of, css),
            "dominated": dominated(judgement, {name: net.cost.value for name, net in of.nets.items()}),
            "sliders": value_sliders(judgement, of),
            "right": small_usd(of.right_usd),
            "payload": Markup(_payload(judgement, of, over, css)),
        },
    }


def row_marks(judgement: Judgement) -> dict[str, str]:
    """The marks of the verdict by name, with one for doing nothing where answers have a value.

    Doing nothing is the choice if the verdict recommends it, and tied if it may be the best.
    """
    given, nothing = marks(judgement), judgement.worth.nets.get(NOTHING)
    if nothing is None:
        return given
    highest = max(judgement.worth.candidates, key=lambda name: judgement.worth.nets[name].net.value, default="")
    if judgement.winner is None and highest == NOTHING:
        return {**given, NOTHING: "winner"}
    return {**given, NOTHING: "tied"} if nothing.best >= MAYBE_BEST else given


def _rows(judgement: Judgement, ranges: Mapping[str, Range], css: Mapping[str, str], write: Callable[[float], str],
          write_span: Callable[[Range], str], tick: Callable[[float], str]) -> dict[str, Any]:  # fmt: skip
    """Rows with a dot and an interval on one axis, all positions in percent of its width."""
    given = row_marks(judgement)
    low, high, ticks = row_axis(list(ranges.values()))
    place = lambda value: 100 * (value - low) / ((high - low) or 1.0)  # noqa: E731
    ordered = sorted(ranges, key=lambda name: -ranges[name].value)
    return {
        "ticks": [(place(value), tick(value)) for value in ticks],
        "zero": place(0.0),
        "rows": [
            {
                "name": name,
                "label": titled(name),
                "css": css[name],
                "mark": MARKS.get(given.get(name, ""), ""),
                "is_first": given.get(name) == "winner",
                "is_out": given.get(name) == "excluded",
                "left": place(ranges[name].low),
                "width": place(ranges[name].high) - place(ranges[name].low),
                "dot": place(ranges[name].value),
                "value": write(ranges[name].value),
                "span": write_span(ranges[name]),
            }
            for name in ordered
        ],
    }


def row_axis(ranges: Sequence[Range]) -> tuple[float, float, list[float]]:
    """The ends of an axis that holds 0 and all intervals, and its ticks. `value.js` does the same."""
    low, high = min([0.0, *(of.low for of in ranges)]), max([0.0, *(of.high for of in ranges)])
    step = round_step(max((high - low) / 4, 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return first * step, last * step, [step * i for i in range(first, last + 1)]


def _utility_rows(judgement: Judgement, css: Mapping[str, str]) -> dict[str, Any]:
    return _rows(
        judgement,
        judgement.worth.utility,
        css,
        of_100,
        span_of_100,
        lambda value: f"{100 * value:+.0f}" if value else "0",
    )


def _net_rows(judgement: Judgement, of: Valued, css: Mapping[str, str]) -> dict[str, Any]:
    ranges = {name: net.net for name, net in of.nets.items()}
    return _rows(judgement, ranges, css, money, span, lambda value: compact_signed(value) if value else "0")


def _table(judgement: Judgement, of: Valued | None) -> list[dict[str, str]]:
    """One row for each contender as text: what becomes of questions, utility, and money if costs are known."""
    outcomes, utility = shares(judgement), judgement.worth.utility
    names = of.by_net if of else sorted(utility, key=lambda name: -utility[name].value)
    given = row_marks(judgement)
    rows = []
    for name in names:
        right, wrong, declined = (
            (percent(share) for share in outcomes[name]) if name in outcomes else [NOT_MEASURED] * 3
        )
        row = {
            "name": name, "label": titled(name), "mark": MARKS.get(given.get(name, ""), ""), "right": right,
            "wrong": wrong, "declined": declined, "utility": of_100(utility[name].value),
            "utility_span": span_of_100(utility[name]),
            "chance": chance_of_answers(judgement, name),
        }  # fmt: skip
        rows.append({**row, **(_money_cells(of, name) if of else {})})
    return rows


def _money_cells(of: Valued, name: str) -> dict[str, str]:
    net = of.nets[name]
    return {
        "answers": money(net.answers.value), "cost": money(net.cost.value), "net": money(net.net.value),
        "net_span": span(net.net), "best": of.chance(name), "loss": of.loss(name),
    }  # fmt: skip


def axis(of: Valued) -> Over:
    """Whole powers of ten around the values at which the best contender changes, and around the page's value."""
    changes = tuple(best.low for best in of.ranges if best.low > 0)
    around = [*changes, of.right_usd]
    low = 10.0 ** math.floor(math.log10(min(around) / ROUND_ABOUT))
    high = 10.0 ** math.ceil(math.log10(max(around) * ROUND_ABOUT))
    room = label_room([titled(name) for name in of.nets])
    return Over(low, high, changes, of.right_usd, now_label(of.right_usd, of.is_given), room)


def now_label(usd: float, is_given: bool) -> str:
    return f"{small_usd(usd)}{' (yours)' if is_given else ' (what if)'}"


def values_of(over: Over) -> np.ndarray:
    """The values of a right answer at which lines are drawn."""
    return np.geomspace(over.low, over.high, N_VALUES)


def _chances(of: Valued, over: Over, css: Mapping[str, str]) -> Markup:
    xs = values_of(over)
    drawn = [shares_best(of.draws.net(float(x)), of.payable) for x in xs]
    curves = {name: tuple(one.get(name, 0.0) for one in drawn) for name in of.payable}
    named = [name for name in of.payable if max(curves[name]) >= LEAST_CHANCE]
    drawn_lines = [
        Line(titled(name), tuple(map(float, xs)), curves[name], css[name], name == of.leader) for name in named
    ]
    best = strip(of, over, css)
    label = "Who is best on average by the value of a right answer. " + " ".join(range_sentences(of.ranges))
    return _drawn(lambda width: chance_chart(best, drawn_lines, over, width, HEIGHT, label), "chances")


def strip(of: Valued, over: Over, css: Mapping[str, str]) -> list[Best]:
    """Who is best on average in each part of the axis."""
    return [
        Best(
            titled(best.contender), max(best.low, over.low), min(best.high or over.high, over.high), css[best.contender]
        )
        for best in of.ranges
        if best.low < over.high and (best.high or over.high) > over.low
    ]


def _nets(of: Valued, over: Over, css: Mapping[str, str]) -> Markup:
    xs, found = values_of(over), lines(of.draws)
    drawn = [
        Line(
            titled(name),
            tuple(map(float, xs)),
            tuple(float(slope * x + start) for x in xs),
            css[name],
            name == of.leader,
        )
        for name, (slope, start) in found.items()
    ]
    label = "Expected net value a year by the value of a right answer. " + worth_sentence(of)
    return _drawn(lambda width: net_chart(drawn, over, bend(found), width, HEIGHT, label), "nets")


def bend(found: Mapping[str, tuple[float, float]]) -> float:
    """Where the axis of net values turns from linear to logarithmic: a power of ten below the highest cost."""
    return float(10.0 ** math.floor(math.log10(max(1.0, max(abs(start) for _, start in found.values())) / 3)))


def _front(judgement: Judgement, of: Valued, css: Mapping[str, str]) -> Markup:
    cost = {name: net.cost.value for name, net in of.nets.items()}
    faint, given = dominated(judgement, cost), row_marks(judgement)
    spots = [
        Spot(
            name, " ".join(filter(None, (MARKS.get(given.get(name, ""), ""), name))), right, wrong, cost[name],
            money(cost[name]), css[name], name in faint, given.get(name) == "winner",
        )
        for name, (right, wrong, _) in shares(judgement).items()
        if name in cost
    ]  # fmt: skip
    label = "Right answers against wrong ones. " + "; ".join(
        f"{spot.name} {percent(spot.right)} right, {percent(spot.wrong)} wrong, {spot.cost} a year" for spot in spots
    )
    frames = (("wide", 640), ("narrow", NARROW_WIDE))
    return Markup(
        "".join(
            f'<div class="{name} front">{front_chart(spots, wide, 360, f"{label}.")}</div>' for name, wide in frames
        )
    )


def _drawn(draw: Callable[[int], str], kind: str) -> Markup:
    """A chart for a laptop and for a phone, each in an element that the script can find."""
    frames = (("wide", HALF), ("narrow", NARROW_WIDE))
    return Markup("".join(f'<div class="{css}" data-value-chart="{kind}">{draw(width)}</div>' for css, width in frames))


def value_sliders(judgement: Judgement, of: Valued) -> list[dict[str, Any]]:
    """Sliders for what answers are worth. Costs of wrong and declined answers are multiples of a right one's worth."""
    terms = terms_of(judgement.profile, judgement.draws.outcomes.own)
    stakes, declining = terms.utility, "Handing a question over costs" if terms.to else "Declining costs"
    title = "A right answer is worth" if of.is_given else "What if a right answer is worth"
    sliders = [
        factor_slider("right_usd", title, of.right_usd, VALUE_ENDS),
        linear_slider("wrong_times", "A wrong answer costs, times a right one", stakes.wrong, 0.1, (0, 50)),
        linear_slider("declined_times", f"{declining}, times a right one", stakes.declined, 0.05, (0, 20)),
    ]
    return [{**slider, "text": stake_text(slider["field"], slider["default"], of.right_usd)} for slider in sliders]


def stake_text(field: str, value: float, right_usd: float) -> str:
    """The value of a slider in words: '4 USD', or '1.5× (6 USD)', which is 1.5 times the worth of a right answer."""
    if field == "right_usd":
        return small_usd(value)
    return f"{value:.3g}× ({money(value * right_usd)})"


def _payload(judgement: Judgement, of: Valued, over: Over, css: Mapping[str, str]) -> str:
    """The JSON that the script calculates with."""
    content = {
        **value_payload(judgement, of.payable),
        "is_given": of.is_given,
        "sliders": value_sliders(judgement, of),
        "css": css,
        "labels": {name: titled(name) for name in css},
        "shares": {name: [right, wrong] for name, (right, wrong, _) in shares(judgement).items()},
        "axis": {"low": over.low, "high": over.high, "n": N_VALUES, "least_chance": LEAST_CHANCE, "right": over.room},
    }
    return script_safe(json.dumps(content, ensure_ascii=False, separators=(",", ":")))
