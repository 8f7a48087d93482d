"""The page's sliders: each one's position, its range, and how a position becomes a value.

A 'factor' slider multiplies `default` by 10^(position / per_decade), rounded to `digits`. A 'linear' slider has the
value `position * unit`. In its initial position, each gives exactly the profile's value. `verdict.js` moves them.
"""

from typing import Any

PER_DECADE = 20


def factor_slider(
    field: str, title: str, default: float, ends: tuple[int, int] = (-PER_DECADE, PER_DECADE)
) -> dict[str, Any]:
    """A slider over multiples of a value above 0. `ends` are its first and last position."""
    how = {"kind": "factor", "default": default, "per_decade": PER_DECADE, "digits": 2}
    return {"field": field, "title": title, "position": 0, "low": ends[0], "high": ends[1], **how}


def linear_slider(field: str, title: str, default: float, unit: float, ends: tuple[int, int]) -> dict[str, Any]:
    """A slider in steps of `unit`; its range is widened to hold the default."""
    position = round(default / unit)
    how = {"kind": "linear", "default": default, "unit": unit}
    return {"field": field, "title": title, "position": position, "low": ends[0], "high": max(ends[1], position), **how}
