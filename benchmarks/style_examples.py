"""What the check of a classifier of style says of examples with a style, without one, and with another difference.

    python benchmarks/style_examples.py

Makes four sets of examples from the bundled example's lines of evidence: the same lines in a polite and a casual
wording; lines with labels by chance; bare answers against whole lines (length); lines about two groups of products
(subject). The default embedder reads them.
"""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bakeoff.measure.comparison import Estimate
from bakeoff.models.embed import load_embedder
from bakeoff.style.classifier import trained
from bakeoff.style.examples import StyleExample

QUESTIONS = Path(__file__).parents[1] / "examples" / "support-desk" / "questions.csv"
N_FACTS = 80
Rows = dict[str, dict[str, str]]


def main() -> None:
    embedder = load_embedder()
    print("| examples | texts | right | by length alone | by subject alone | used | warnings |")
    print("|---|---|---|---|---|---|---|")
    for name, examples in sets(by_fact()):
        check = trained(examples, lambda: embedder).check
        simple = f"{written(check.by_length)} | {written(check.by_subject)}"
        warnings = ", ".join(warning.split()[1] for warning in check.warnings) or "none"
        used = "yes" if check.is_usable else "no"
        print(f"| {name} | {len(examples)} | {written(check.accuracy)} | {simple} | {used} | {warnings} |", flush=True)


def by_fact() -> Rows:
    """The first question of each fact that has evidence, by fact."""
    first: Rows = {}
    with QUESTIONS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["evidence"]:
                first.setdefault(row["fact"], row)
    return first


def sets(rows: Rows) -> Iterator[tuple[str, list[StyleExample]]]:
    """The four sets, each with its name."""
    lines = {fact: row["evidence"].splitlines()[0].strip() for fact, row in rows.items()}
    some = dict(list(lines.items())[:N_FACTS])
    yield (
        "polite, casual",
        [
            StyleExample(text=text, in_style=kind, group=fact)
            for fact, line in some.items()
            for kind, text in ((True, polite(line)), (False, casual(line)))
        ],
    )
    draw = np.random.default_rng(0)
    yield (
        "labels by chance",
        [StyleExample(text=line, in_style=bool(draw.integers(2)), group=fact) for fact, line in some.items()],
    )
    yield (
        "bare answer, whole line",
        [
            StyleExample(text=text, in_style=kind, group=fact)
            for fact, line in some.items()
            for kind, text in ((True, rows[fact]["answers"].split("|")[0].strip()), (False, line))
            if rows[fact]["answers"].split("|")[0].strip() != line
        ],
    )
    folder = {fact: row["source"].split("/")[0] for fact, row in rows.items()}
    both = [name for name, _ in Counter(folder.values()).most_common(2)]
    yield (
        " and ".join(both),
        [
            StyleExample(text=line, in_style=folder[fact] == both[0], group=fact)
            for fact, line in lines.items()
            if folder[fact] in both
        ],
    )


def polite(line: str) -> str:
    return f"Thank you for asking: {line} Glad to help."


def casual(line: str) -> str:
    return f"ok so {line[:1].lower()}{line[1:].rstrip('.')}, got that? cool stuff"


def written(estimate: Estimate) -> str:
    """In whole percent."""
    return f"{100 * (estimate.value or 0):.0f} ({100 * (estimate.low or 0):.0f}–{100 * (estimate.high or 0):.0f})"


if __name__ == "__main__":
    main()
