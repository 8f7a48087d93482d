"""The measures as a reader meets them: a name in plain words, what it means, its unit, and which way is better.

Takes numbers, gives text. Knows nothing about runs, pages or models.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

NARROW = "\N{NARROW NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
NOT_MEASURED = DASH


@dataclass(frozen=True)
class Measure:
    """How one measure is named, explained and written."""

    name: str
    title: str
    meaning: str
    write: Callable[[float], str]
    better: Literal["higher", "lower", ""] = "higher"

    def interval(self, low: float | None, high: float | None) -> str:
        """Both ends with the unit once where they share it; empty where one is missing or both read the same."""
        if low is None or high is None or self.write(low) == self.write(high):
            return ""
        a, b = self.write(low), self.write(high)
        unit = _unit(b)
        return (a.removesuffix(unit) if unit and _unit(a) == unit else a) + DASH + b

    def best(self, values: Mapping[str, float]) -> list[str]:
        """The keys that hold the best of the values: several where they are equal."""
        if not values:
            return []
        best = (max if self.better == "higher" else min)(values.values())
        return [key for key, value in values.items() if value == best]


def percent(fraction: float) -> str:
    """A fraction as whole percent, never rounded to a 0 or a 100 that it is not."""
    if 0 < fraction < 0.005:
        return f"<1{NARROW}%"
    if 0.995 < fraction < 1:
        return f">99{NARROW}%"
    return f"{100 * fraction:.0f}{NARROW}%"


def points(difference: float) -> str:
    """A difference of fractions in signed percentage points, without the word."""
    rounded = round(100 * difference)
    return f"+{rounded}" if rounded > 0 else f"{MINUS}{-rounded}" if rounded < 0 else "0"


def milliseconds(ms: float) -> str:
    """Milliseconds below a second, seconds above."""
    if ms < 999.5:
        return f"{ms:.2g}{NARROW}ms" if ms < 10 else f"{ms:.0f}{NARROW}ms"
    return f"{ms / 1000:.1f}{NARROW}s" if ms < 99_950 else f"{ms / 1000:.0f}{NARROW}s"


def usd(amount: float) -> str:
    """Dollars: whole from ten on, else with two decimals, or more where two would show fewer than two digits."""
    if amount == 0:
        return f"0{NARROW}USD"
    if 0 < amount < 0.0001:
        return f"<0.0001{NARROW}USD"
    if abs(amount) >= 10:
        return f"{amount:,.0f}{NARROW}USD"
    return f"{amount:.{_leading_zeros(abs(amount)) + 2}f}{NARROW}USD"


def _leading_zeros(amount: float) -> int:
    zeros = 0
    while amount < 0.1 and zeros < 8:
        amount, zeros = amount * 10, zeros + 1
    return zeros


def duration(seconds: float) -> str:
    """Seconds, minutes or hours, whichever reads best."""
    if seconds == 0:
        return f"0{NARROW}s"
    if seconds < 0.05:
        return f"<0.1{NARROW}s"
    if seconds < 9.95:
        return f"{seconds:.1f}{NARROW}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}{NARROW}s"
    if whole < 3600:
        return f"{whole // 60}{NARROW}min" + (f" {whole % 60}{NARROW}s" if whole % 60 else "")
    minutes = round(seconds / 60)
    return f"{minutes // 60}{NARROW}h" + (f" {minutes % 60}{NARROW}min" if minutes % 60 else "")


def count(number: float) -> str:
    """A whole number with its thousands apart."""
    return f"{number:,.0f}"


def _unit(text: str) -> str:
    """The unit at the end of a written number, with the space before it; empty where two units are mixed."""
    return NARROW + text.rsplit(NARROW, 1)[1] if text.count(NARROW) == 1 else ""


EIGHT = (
    Measure(
        "accuracy",
        "Accuracy",
        "questions answered correctly; declining is correct only where the documents hold no answer",
        percent,
    ),
    Measure(
        "hallucination",
        "Hallucination",
        "answered, and wrong; an honest “I don't know” is not one (see Declined)",
        percent,
        "lower",
    ),
    Measure(
        "latency_ms",
        "Latency",
        "time to a whole answer, one question at a time: half of them take less than this",
        milliseconds,
        "lower",
    ),
    Measure(
        "cost_per_1k",
        "Cost of 1,000 answers",
        "what answering 1,000 questions costs at the prices in the configuration",
        usd,
        "lower",
    ),
    Measure(
        "retention",
        "Retention",
        "what is kept of the base model's general knowledge: 100" + NARROW + "% is as much as before tuning",
        percent,
    ),
    Measure("freshness", "Freshness", "accuracy on what changed, once the documents were updated", percent),
    Measure(
        "consistency",
        "Consistency",
        "the same answer to the same question asked in other words (declining both times is one: see Declined)",
        percent,
    ),
    Measure(
        "setup_s", "Set-up", "time from nothing to ready to answer, training and indexing included", duration, "lower"
    ),
)

BESIDE = (
    Measure(
        "accuracy_by_traffic",
        "Accuracy by traffic",
        "accuracy with every question counted as often as users ask it",
        percent,
    ),
    Measure("abstention", "Declined", "questions it declined to answer, rightly or not", percent, ""),
    Measure(
        "retrieval_recall",
        "Evidence retrieved",
        "questions for which a passage holding the answer was among those retrieved",
        percent,
    ),
    Measure("knowledge", "Knowledge", "answerable questions it would get right if it never declined", percent),
    Measure("exact_match", "Exact match", "answers that are one of the accepted ones, word for word", percent),
    Measure("f1", "Token F1", "the overlap of an answer's words with an accepted one's", percent),
    Measure("tokens_per_question", "Tokens", "read and written for a question", count, "lower"),
    Measure("errors", "Errors", "questions that got no answer at all: neither right nor wrong", percent, "lower"),
)

STAGES = {
    "read": "Read documents",
    "load": "Load models",
    "index": "Index",
    "train": "Train",
    "calibrate": "Calibrate",
    "latency": "Ask one by one",
    "answer": "Ask the test",
    "update-index": "Index the update",
    "update-train": "Train on the update",
    "answer-updated": "Ask about the update",
    "compare": "Compare",
}

BY_NAME = {measure.name: measure for measure in EIGHT + BESIDE}
