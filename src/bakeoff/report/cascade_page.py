"""The section about cascades for the page: for each one its sentence, two charts and its table.

Takes a comparison and the contenders' colours, gives plain values in which every number is text.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from bakeoff.measure.comparison import CascadeCurve, Comparison
from bakeoff.report.cascade_chart import Side, accuracy_side, cascade_chart, value_side
from bakeoff.report.cascades import about_value, rows, sentences, settings

WIDE, NARROW, HEIGHT = 500, 342, 330


@dataclass(frozen=True)
class CascadePanel:
    """One cascade: what it saves in words, its charts and its table."""

    name: str
    sentence: str
    accuracy: Markup
    value: Markup
    rows: list[list[str]]
    about_value: str


def cascade_panels(comparison: Comparison, colours: Mapping[str, int]) -> list[CascadePanel]:
    """One for each cascade, in the order of the configuration."""
    css = {name: f"k{colour}" for name, colour in colours.items()}
    return [
        CascadePanel(
            name,
            sentence,
            _chart(name, curve, accuracy_side(curve), css),
            _chart(name, curve, value_side(curve), css),
            rows(curve),
            about_value(curve),
        )
        for (name, curve), sentence in zip(comparison.cascades.items(), sentences(comparison), strict=True)
    ]


def _chart(name: str, curve: CascadeCurve, side: Side, css: Mapping[str, str]) -> Markup:
    """The chart for a laptop and for a phone. The style sheet shows the one that fits."""
    places = "; ".join(f"{setting.name} {side.axis.write(side.of(setting.point))}" for setting in settings(curve))
    label = f"{name}: {side.axis.title} against cost. {places}."
    wide, narrow = (cascade_chart(name, curve, side, css, width, HEIGHT, label) for width in (WIDE, NARROW))
    return Markup(f'<div class="wide">{wide}</div><div class="narrow">{narrow}</div>')
