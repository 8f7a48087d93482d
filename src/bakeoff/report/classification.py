"""Classification in the report: its measures, the labels of each contender, and what it takes for what.

Takes `ReportData`, gives a table and rows of text. Empty for a run whose accepted answers are no labels. Knows nothing
about HTML, Markdown or terminals.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from bakeoff.measures import ACCURACY, BY_NAME, CLASSIFICATION, Measure
from bakeoff.report.gather import ReportData
from bakeoff.sentences import percent

SHOWN: tuple[Measure, ...] = (ACCURACY, *CLASSIFICATION, BY_NAME["latency_ms"])
MOST_CONFUSED, MOST_LABELS = 5, 10
OUT_OF_SCOPE = "out of scope"
ABOUT = (
    "Every accepted answer is a label of a closed set, and questions without one are out of scope. A contender "
    "declines below a confidence that is fitted on dev; see Declining."
)
CONFUSED_HEADS = ("Contender", "Right label", "Given label", "Questions")


@dataclass(frozen=True)
class OfLabel:
    """One label of one contender: the questions that have it, and how well it was given (shares)."""

    contender: str
    label: str
    n: int
    precision: float
    recall: float
    f1: float


def is_classified(data: ReportData) -> bool:
    """Whether the run measured labels."""
    return bool(data.values(CLASSIFICATION[0].name))


def of_labels(data: ReportData) -> Iterator[OfLabel]:
    """Each label of each contender, in the order of the configuration, then of the labels."""
    for name in data.contenders:
        for label, row in data.estimate(name, CLASSIFICATION[0].name).detail.get("labels", {}).items():
            yield OfLabel(name, label, int(row["n"]), row["precision"], row["recall"], row["f1"])


def confusions(data: ReportData) -> list[tuple[str, str, str, str]]:
    """The most frequent wrong labels of each contender: contender, right label, given label, questions."""
    return [
        (name, pair["right"] or OUT_OF_SCOPE, pair["given"], str(pair["n"]))
        for name in data.contenders
        for pair in data.estimate(name, CLASSIFICATION[0].name).detail.get("confused", [])[:MOST_CONFUSED]
    ]


def hardest(data: ReportData) -> tuple[list[str], list[list[str]]]:
    """The labels with the lowest mean F1 over contenders: the heads, and rows of label, questions, and F1 of each."""
    by_label: dict[str, dict[str, OfLabel]] = {}
    for row in of_labels(data):
        by_label.setdefault(row.label, {})[row.contender] = row
    names = [name for name in data.contenders if any(name in row for row in by_label.values())]
    order = sorted(by_label, key=lambda label: sum(row.f1 for row in by_label[label].values()))[:MOST_LABELS]
    rows = [
        [
            label,
            str(max(row.n for row in by_label[label].values())),
            *(percent(by_label[label][name].f1) if name in by_label[label] else "" for name in names),
        ]
        for label in order
    ]
    return ["Label", "Questions", *names], rows
