"""The shapes of a server's own lines (`bakeoff serve --log-format json`): how many of each, and how long they took.

Takes lines, gives counts. An event, a path or a field that does not stand in Bakeoff's code is counted as other.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from bakeoff.doctor.bundle.failures import shape_of
from bakeoff.doctor.bundle.plain import OTHER, known
from bakeoff.files.plain_json import plain_json

EVENTS = ("start", "request", "error", "message", "cut off", "not a request", "stopping", "stopped")
LEVELS = ("info", "warning", "error", "critical", "debug")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
OUTCOMES = ("answered", "declined", "failed", "cancelled", "refused")
FIELDS = (
    "time", "level", "event", "request_id", "method", "path", "status", "ms", "bytes", "key", "contender", "outcome",
    "source", "message", "reason", "traceback", "error", "signal", "grace_s", "up_s",
)  # fmt: skip
LONGEST = 1_000_000
"""Longer lines are counted and not read."""


def shapes(lines: Iterable[str]) -> dict[str, Any]:
    """How many lines of each shape there are."""
    counted: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    slowest: dict[str, float] = {}
    for line in lines:
        entry = _entry(line)
        shape = _shape(entry) if entry is not None else "not JSON"
        counted[shape] += 1
        if entry is None:
            continue
        milliseconds = entry.get("ms")
        if isinstance(milliseconds, int | float) and 0 <= milliseconds < 1e9:
            slowest[shape] = max(slowest.get(shape, 0.0), float(milliseconds))
        if isinstance(entry.get("traceback"), str):
            errors[shape_of(entry["traceback"])] += 1
    return {"lines": dict(counted), "slowest_ms": slowest, "errors": dict(errors)}


def _entry(line: str) -> dict[str, Any] | None:
    if len(line) > LONGEST:
        return None
    try:
        entry = plain_json(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def _shape(entry: dict[str, Any]) -> str:
    """The event, level, method, status and outcome, and how many other fields there are."""
    status = entry.get("status")
    words = [
        known(str(entry.get("event", "")), EVENTS),
        known(str(entry.get("level", "")), LEVELS),
        known(str(entry["method"]), METHODS) if "method" in entry else "",
        str(status) if isinstance(status, int) and 100 <= status < 600 else "",
        known(str(entry["outcome"]), OUTCOMES) if "outcome" in entry else "",
        f"{sum(name not in FIELDS for name in entry)} {OTHER} fields" if any(n not in FIELDS for n in entry) else "",
    ]
    return " ".join(filter(None, words))
